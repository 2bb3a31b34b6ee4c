"""Beats and waves as places in time, and sums over them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lamae.inference.attribution import beat_map, explain, find_beats, wave_sums
from lamae.inference.attribution.baselines import median_beat_throughout, without_waves
from lamae.inference.attribution.beats import Beats
from lamae.results.attribution import PARTS
from lamae.signal.preprocess import prepare

FS = 100.0


@pytest.fixture(scope="module")
def beats(sinus):
    return find_beats(sinus.window(0.0, 10.0))


def test_waves_follow_each_other_and_cover_part_of_each_beat(beats):
    part = beats.parts(np.arange(1000) / FS)
    assert set(part.tolist()) == set(range(len(PARTS)))
    middle = beats.r_times[len(beats.r_times) // 2]
    around = beats.parts(middle + np.arange(-0.4, 0.5, 0.001))
    order = [PARTS[i] for i in around[np.flatnonzero(np.diff(around, prepend=-1))]]
    assert [wave for wave in order if wave != "other"] == ["P", "QRS", "ST", "T"]
    assert PARTS[beats.parts(np.array([middle]))[0]] == "QRS"


def test_a_qrs_is_never_taken_for_the_t_of_the_beat_before():
    close = Beats(
        r_times=np.array([1.0, 1.3]),
        usual=np.array([True, True]),
        spans={"QRS": (-0.05, 0.05), "T": (0.1, 0.4)},
        median=None,
    )
    assert PARTS[close.parts(np.array([1.3]))[0]] == "QRS"
    assert PARTS[close.parts(np.array([1.2]))[0]] == "T"


def test_premature_ventricular_beats_have_no_waves_of_the_median_beat(beats):
    odd = replace(beats, usual=np.arange(len(beats.r_times)) != 3)
    assert PARTS[odd.parts(beats.r_times[3:4])[0]] == "other"


def test_each_time_belongs_to_the_nearest_beat(beats):
    times = np.arange(1000) / FS
    expected = np.abs(times[:, None] - beats.r_times).argmin(axis=1)
    np.testing.assert_array_equal(beats.nearest(times), expected)


def test_sums_over_waves_add_up_to_the_lead(tiny, sinus, beats):
    attribution = explain(tiny, sinus, "I25.2", method="input_x_gradient")
    sums = wave_sums(attribution, beats, sinus.fs, 0.0)
    np.testing.assert_allclose(sums.values.sum(axis=1), attribution.per_lead, atol=1e-5)
    qrs = beats.parts(np.arange(attribution.values.shape[1]) / sinus.fs) == PARTS.index("QRS")
    np.testing.assert_allclose(
        sums.values[:, PARTS.index("QRS")], attribution.values[:, qrs].sum(axis=1), atol=1e-5
    )


def test_the_average_over_beats_shows_what_recurs_where_it_recurs(tiny, sinus, beats):
    attribution = explain(tiny, sinus, "I25.2", method="lead_ablation")
    time = np.arange(sinus.signal.shape[1]) / sinus.fs
    marked = np.zeros(sinus.signal.shape, dtype=np.float32)
    for r in beats.r_times:
        marked[1, np.abs(time - (r + 0.25)) < 0.02] = 1.0
    found = beat_map(replace(attribution, values=marked), beats, sinus.fs, 0.0)
    offsets = np.arange(found.values.shape[1]) / beats.median.fs - beats.median.r
    inside = np.abs(offsets - 0.25) < 0.015
    np.testing.assert_allclose(found.values[1, inside], sinus.fs, rtol=0.01)
    assert not found.values[1, np.abs(offsets - 0.25) > 0.03].any()
    assert not found.values[0].any()
    assert found.beats == beats.usual.sum()


def test_without_a_median_beat_there_is_no_average(tiny, sinus, beats):
    attribution = explain(tiny, sinus, "I25.2")
    assert beat_map(attribution, replace(beats, median=None), sinus.fs, 0.0) is None


def test_the_median_beat_throughout_has_alike_beats_and_nothing_of_one_odd_beat(tiny, sinus, beats):
    x = prepare(sinus, tiny.spec).values
    odd = x.copy()
    middle = round(beats.r_times[4] * FS)
    odd[:, middle - 10 : middle + 10] += 9.0
    plain, mended = (median_beat_throughout(values, beats, FS) for values in (x, odd))
    assert np.abs(mended - plain).max() < 0.5
    cuts = [plain[:, round(r * FS) - 20 : round(r * FS) + 30] for r in beats.r_times[1:-1]]
    np.testing.assert_allclose(cuts, np.broadcast_to(cuts[0], np.shape(cuts)), atol=1e-6)
    assert np.corrcoef(plain[1], x[1])[0, 1] > 0.9


def test_levelled_waves_are_gone_and_the_rest_stays(tiny, sinus, beats):
    x = prepare(sinus, tiny.spec).values
    level = without_waves(x, beats, FS)
    part = beats.parts(np.arange(1000) / FS)
    rest = part == PARTS.index("other")
    np.testing.assert_array_equal(level[:, rest], x[:, rest])
    assert np.ptp(level[1]) < 0.35 * np.ptp(x[1])
    runs = np.flatnonzero(np.diff(part, prepend=-1, append=-1))
    for first, stop in itertools.pairwise(runs.tolist()):
        if PARTS[part[first]] == "QRS" and stop - first > 3:
            bend = np.diff(level[:, first:stop], n=2, axis=1)
            assert np.abs(bend).max() < 1e-4
