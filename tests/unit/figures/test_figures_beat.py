import numpy as np
import pytest

from lamae.ecg import LEADS
from lamae.figures import median_beats
from lamae.results.measurement import MedianBeat

MARKS = {"P": (-0.2, -0.09), "QRS": (-0.04, 0.05), "T": (0.15, 0.33)}


def beat(leads: tuple[str, ...] = LEADS, marks=MARKS) -> MedianBeat:
    t = np.arange(700) / 500 - 0.6
    wave = np.exp(-0.5 * (t / 0.01) ** 2)
    signal = np.stack([(k + 1) / 6 * wave for k in range(len(leads))]).astype(np.float32)
    return MedianBeat(signal, leads, 500.0, 0.6, marks, 9, 10)


def trace(figure, name: str):
    (found,) = [one for one in figure.data if one.name == name]
    return found


@pytest.mark.parametrize("leads", [LEADS, ("I",), ("II", "V1", "V5")])
def test_every_lead_stands_once_at_its_own_place(leads):
    figure = median_beats(beat(leads))
    places = {(one.meta["r"], one.meta["offset"]) for one in figure.data if one.name in LEADS}
    assert [one.name for one in figure.data if one.name in LEADS].sort() == list(leads).sort()
    assert len(places) == len(leads)
    for k, lead in enumerate(leads):
        line = trace(figure, lead)
        assert max(line.y) - line.meta["offset"] == pytest.approx((k + 1) / 6, abs=0.01)
        assert line.x[int(np.argmax(line.y))] == pytest.approx(line.meta["r"], abs=0.003)
    low, high = figure.layout.yaxis.range
    assert all(low < min(one.y) and max(one.y) < high for one in figure.data if one.name in LEADS)


def test_marks_stand_at_the_ends_of_their_waves_in_every_lead():
    figure = median_beats(beat())
    dashes = set()
    for wave, ends in MARKS.items():
        lines = trace(figure, f"{wave} onset and offset")
        dashes.add(lines.line.dash)
        x = [value for value in lines.x if value is not None]
        for lead in LEADS:
            at = trace(figure, lead).meta["r"]
            for end in ends:
                assert min(abs(value - at - end) for value in x) < 1e-6
        assert list(trace(figure, f"{wave} letters").text) == [wave] * 12
    # Told apart without colour.
    assert len(dashes) == 3


def test_waves_that_were_not_found_are_not_marked():
    figure = median_beats(beat(marks={"QRS": MARKS["QRS"]}))
    assert not [one for one in figure.data if one.name.startswith(("P ", "T "))]
    assert "P from" not in figure.layout.meta["alt"]


def test_the_figure_says_what_it_shows_and_its_squares_are_square():
    figure = median_beats(beat(), dark=True, width=1000)
    assert "Median of 9 beats" in figure.layout.meta["alt"]
    assert "P from −200 to −90 ms" in figure.layout.meta["alt"]
    assert figure.layout.xaxis.dtick * 2.5 == pytest.approx(figure.layout.yaxis.dtick)
    assert figure.layout.paper_bgcolor != median_beats(beat()).layout.paper_bgcolor
