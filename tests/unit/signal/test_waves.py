"""Waves of the beat as samples, and errors and attention by wave."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.results.measurement import MedianBeat
from lamae.signal.waves import (
    BEAT_PARTS,
    OUTSIDE,
    beat_parts,
    beat_spans,
    wave_samples,
    wave_shares,
)

BEAT = MedianBeat(
    signal=np.zeros((1, 10), np.float32),
    leads=("I",),
    fs=500.0,
    r=0.3,
    marks={"P": (-0.2, -0.1), "QRS": (-0.05, 0.05), "T": (0.2, 0.35)},
    used=3,
    found=3,
)


def test_every_sample_belongs_to_one_wave():
    waves = wave_samples(np.array([1.0, 2.0]), BEAT, 300, 100.0)
    assert list(waves) == ["P", "QRS", "ST", "T", "rest"]
    assert (np.sum(list(waves.values()), axis=0) == 1).all()
    assert np.flatnonzero(waves["QRS"][:150]).tolist() == list(range(95, 106))
    assert np.flatnonzero(waves["T"][:150]).tolist() == list(range(120, 136))
    assert np.flatnonzero(waves["ST"][:150]).tolist() == list(range(106, 120))
    assert np.flatnonzero(waves["P"][150:]).tolist() == list(range(30, 41))


def test_a_part_ends_before_its_offset_unless_closed():
    """Beats of one segmentation: sums of attributions leave the offset out, errors include it."""
    times, r_times = np.arange(300) / 100.0, np.array([1.0, 2.0])
    part = beat_parts(times, r_times, beat_spans(BEAT))
    closed = beat_parts(times, r_times, beat_spans(BEAT), closed=True)
    ends = np.flatnonzero(part != closed)
    # P and T end outside, QRS ends in ST.
    assert ends.tolist() == [90, 105, 135, 190, 205, 235]
    assert [BEAT_PARTS[closed[end]] for end in ends] == 2 * ["P", "QRS", "T"]
    assert [part[end] for end in ends[:3]] == [OUTSIDE, BEAT_PARTS.index("ST"), OUTSIDE]
    waves = wave_samples(r_times, BEAT, 300, 100.0)
    for index, name in enumerate((*BEAT_PARTS, "rest")):
        np.testing.assert_array_equal(waves[name], closed == index)


@pytest.mark.parametrize(("closed", "expected"), [(False, "ST"), (True, "T")])
def test_after_a_premature_qrs_st_follows_unless_closed(closed, expected):
    """At 1.37 s lie the T of the first beat and the ST of the second."""
    spans = {"QRS": (-0.05, 0.05), "ST": (0.05, 0.1), "T": (0.1, 0.4)}
    times = np.array([1.2, 1.3, 1.37, 1.5])
    part = beat_parts(times, np.array([1.0, 1.3]), spans, closed=closed)
    assert [BEAT_PARTS[index] for index in part] == ["T", "QRS", expected, "T"]


def test_without_a_median_beat_there_are_qrs_and_the_rest():
    waves = wave_samples(np.array([1.0]), None, 200, 100.0)
    assert list(waves) == ["QRS", "rest"]
    assert waves["QRS"].sum() == pytest.approx(12, abs=1)
    assert wave_samples(np.zeros(0), None, 50, 100.0)["rest"].all()


def test_an_early_p_wave_on_a_t_wave_counts_as_t():
    waves = wave_samples(np.array([1.0, 1.5]), BEAT, 300, 100.0)
    assert not (waves["P"] & waves["T"]).any()
    assert waves["T"][130]
    assert not waves["P"][130]


def test_attention_by_wave_is_that_of_its_patches(tiny, sinus):
    attention = tiny.attention(sinus)
    inside = np.zeros(1000, dtype=bool)
    inside[100:300] = True
    shares = {
        share.wave: share for share in wave_shares(attention, {"QRS": inside, "rest": ~inside})
    }
    assert shares["QRS"].time == pytest.approx(0.2)
    assert shares["QRS"].attention == pytest.approx(attention.over_time[:, 5:15].sum(), rel=1e-5)
    assert shares["QRS"].attention + shares["rest"].attention == pytest.approx(1.0, abs=1e-5)
    even = replace(attention, over_time=np.full_like(attention.over_time, 1 / 600))
    assert wave_shares(even, {"QRS": inside})[0].attention == pytest.approx(0.2, abs=1e-5)
