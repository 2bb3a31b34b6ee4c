"""Figures about attributions: what they show is where and what it should be."""

import numpy as np
import pytest

from lamae.errors import InputError
from lamae.figures import (
    attribution_by_time,
    attribution_by_wave,
    attribution_on_beat,
    code_bars,
    score_curve,
)
from lamae.results.attribution import PARTS, BeatMap, Curves, TimeSums, WaveSums
from lamae.results.measurement import MedianBeat
from lamae.results.prediction import CodeScore, Prediction

LEADS = ("I", "II", "V1")


@pytest.fixture
def sums():
    values = np.arange(15, dtype=float).reshape(3, 5) / 10 - 0.5
    return WaveSums(values=values, leads=LEADS, found=("QRS", "T", "other"))


@pytest.fixture
def beat():
    time = np.arange(-0.6, 0.8, 0.002)
    signal = np.stack([k * np.exp(-((time / 0.02) ** 2)) for k in (0.5, 1.0, -0.8)])
    return MedianBeat(
        signal=signal.astype(np.float32),
        leads=LEADS,
        fs=500.0,
        r=0.6,
        marks={"QRS": (-0.05, 0.05), "T": (0.2, 0.4)},
        used=9,
        found=10,
    )


def named(figure, name):
    [trace] = [trace for trace in figure.data if trace.name == name]
    return trace


def test_each_number_stands_at_its_lead_and_wave(sums):
    figure = attribution_by_wave(sums, "I25.2")
    values = named(figure, "values")
    shown = dict(zip(zip(values.y, values.x, strict=True), values.text, strict=True))
    for row, lead in enumerate(LEADS):
        for part in sums.found:
            assert float(shown[lead, part]) == pytest.approx(sums.values[row, PARTS.index(part)])
    for part in sums.found:
        total = sums.values[:, PARTS.index(part)].sum()
        assert float(shown["all", part]) == pytest.approx(total)
    assert ("I", "P") not in shown
    heat = named(figure, "attribution")
    assert np.isnan(np.asarray(heat.z, dtype=float)[-1]).all()
    assert heat.zmin == -heat.zmax


def test_a_bar_is_as_wide_as_its_beat_and_the_strongest_is_named():
    starts, ends = np.array([1.0, 1.8, 3.0]), np.array([1.8, 3.0, 3.6])
    figure = attribution_by_time(
        TimeSums(np.array([0.1, 0.5, -0.2]), starts, ends, "beat"), "I25.2"
    )
    bars = named(figure, "attribution")
    np.testing.assert_allclose(bars.x, (starts + ends) / 2)
    np.testing.assert_allclose(np.divide(bars.width, ends - starts), bars.width[0] / 0.8)
    assert len(set(bars.marker.color)) == 2
    assert "the beat from 1.8 s on raises its score most (+0.50" in figure.layout.meta["alt"]


def test_the_wave_that_counts_most_is_named_for_screen_readers(sums):
    total = sums.values.sum(axis=0)[[PARTS.index(part) for part in sums.found]]
    most = sums.found[int(np.abs(total).argmax())]
    alt = attribution_by_wave(sums, "I25.2").layout.meta["alt"]
    assert "I25.2" in alt
    assert most in alt


def test_numbers_without_direction_have_no_sign(sums):
    values = named(attribution_by_wave(sums, "I25.2", signed=False), "values")
    assert not any(text.startswith("+") for text in values.text)


def test_the_band_lies_behind_its_lead_and_its_time(beat):
    values = np.zeros(beat.signal.shape, dtype=np.float32)
    at = np.abs(np.arange(values.shape[1]) / beat.fs - beat.r - 0.3).argmin()
    values[1, at] = 2.0
    figure = attribution_on_beat(beat, BeatMap(values, 9), "I25.2")
    for lead in LEADS:
        line, band = named(figure, lead), named(figure, f"attribution {lead}")
        z = np.asarray(band.z, dtype=float)
        assert z.shape == (1, len(line.x))
        assert band.x0 == pytest.approx(line.x[0])
        low, high = band.y
        assert low < min(line.y)
        assert high > max(line.y)
        if lead == "II":
            time = band.x0 + band.dx * int(z[0].argmax()) - line.meta["r"]
            assert time == pytest.approx(0.3, abs=0.003)
        else:
            assert not z.any()
    scale = figure.layout.coloraxis
    assert scale.cmin == -scale.cmax
    assert "raises" in scale.colorbar.title.text
    assert "9 beats" in figure.layout.meta["alt"]


def test_the_attribution_of_another_beat_is_refused(beat):
    with pytest.raises(InputError, match="samples"):
        attribution_on_beat(beat, BeatMap(np.zeros((3, 7), dtype=np.float32), 9), "I25.2")


@pytest.mark.parametrize("kind", ["deletion", "insertion"])
def test_the_map_is_drawn_against_the_range_of_misplaced_ones(kind):
    rng = np.random.default_rng(0)
    random = rng.normal(size=(2, 19, 5))
    curves = Curves(
        shares=np.array([0.1, 0.3, 0.5, 0.7, 0.9]),
        deletion=np.linspace(1, -4, 5),
        insertion=np.linspace(-3, 2, 5),
        random_deletion=random[0],
        random_insertion=random[1],
    )
    figure = score_curve(curves, kind)
    np.testing.assert_allclose(named(figure, "this map").y, getattr(curves, kind))
    np.testing.assert_allclose(named(figure, "this map").x, [10, 30, 50, 70, 90])
    drawn = random[0 if kind == "deletion" else 1]
    band = named(figure, "19 misplaced maps, lowest to highest")
    np.testing.assert_allclose(band.y[:5], drawn.min(axis=0))
    np.testing.assert_allclose(band.y[5:][::-1], drawn.max(axis=0))
    np.testing.assert_allclose(named(figure, "their median").y, np.median(drawn, axis=0))
    assert ("masked" if kind == "deletion" else "shown") in figure.layout.xaxis.title.text


def test_codes_of_which_nothing_can_be_said_are_hatched_and_named():
    codes = tuple(
        CodeScore(code, f"Title {code}", probability, 0.3, verdict, ())
        for code, probability, verdict in (
            ("I25.2", 0.5, "suggested"),
            ("I48.91", 0.35, "cannot say"),
            ("R00.1", 0.1, "not suggested"),
        )
    )
    prediction = Prediction(codes, (), 0.0, 10.0, LEADS)
    figure = code_bars(prediction)
    bars = named(figure, "probability")
    assert list(bars.marker.pattern.shape) == ["", "/", ""]
    assert "cannot say" in bars.hovertext[1]
    assert "suggested: I25.2; cannot say (hatched): I48.91" in figure.layout.meta["alt"]
