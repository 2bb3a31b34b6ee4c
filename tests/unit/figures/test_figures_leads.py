import numpy as np
import pytest

from lamae.figures import (
    lead_subset_scores,
    masking_curve,
    next_leads,
    removal_curves,
    robustness,
    wave_errors,
)
from lamae.results.lead_subsets import Robustness, SubsetScores
from lamae.results.reconstruction import MaskingCurve, WaveError

FULL = np.array([0.9, 0.2])


def scores(*subsets: tuple[str, ...]) -> SubsetScores:
    moved = np.array([[-0.1, 0.02]]) * np.arange(len(subsets))[::-1, None]
    return SubsetScores(("I48.91", "R00.1"), FULL, subsets, FULL + moved)


def named(figure, name):
    (found,) = [trace for trace in figure.data if trace.name == name]
    return found


def test_codes_with_some_leads_stand_beside_those_with_all():
    given = scores(("I",), ("I", "II"))
    figure = lead_subset_scores(given, ("R00.1",), ("Bradycardia",), (0.4,))
    assert list(named(figure, "all leads").x) == [pytest.approx(0.2)]
    assert list(named(figure, "leads chosen").x) == [pytest.approx(0.22)]
    assert list(named(figure, "threshold").x) == [0.4]
    assert list(named(figure, "titles").text) == ["<b>R00.1</b>  Bradycardia"]


def test_each_code_is_a_line_as_leads_go():
    figure = removal_curves(scores(("I", "II", "V2"), ("I", "V2"), ("V2",)), ("I48.91", "R00.1"))
    assert list(figure.layout.xaxis.ticktext) == ["all", "−II", "−I"]
    assert list(named(figure, "I48.91").y) == pytest.approx([0.7, 0.8, 0.9])
    assert named(figure, "I48.91").marker.symbol != named(figure, "R00.1").marker.symbol
    assert "the last left is V2" in figure.layout.meta["alt"]


def test_the_lead_that_helps_most_comes_first():
    figure = next_leads(scores(("I",), ("I", "V2"), ("I", "II")))
    bars = named(figure, "with one more lead")
    assert list(bars.x) == ["II", "V2"]
    assert list(bars.y) == pytest.approx([0.0, 0.06])
    assert figure.layout.shapes[0].y0 == pytest.approx(0.12)
    assert "0.120" in figure.layout.annotations[0].text
    assert "none" in next_leads(scores(("I",))).layout.meta["alt"]


def test_a_lead_that_holds_nothing_new_is_hatched_and_never_the_best():
    shown = ("I", "II")
    figure = next_leads(scores(shown, (*shown, "V2"), (*shown, "III")))
    bars = named(figure, "with one more lead")
    assert list(bars.x) == ["V2", "III"]
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert "no new information" in bars.hovertext[1]
    assert "no new" not in bars.hovertext[0]
    assert "the least with V2" in figure.layout.meta["alt"]
    assert "none" in next_leads(scores(shown, (*shown, "III"))).layout.meta["alt"]


def test_robustness_shows_mean_and_range():
    found = Robustness(
        (1, 2), np.array([0.2, 0.1]), np.array([0.1, 0.05]), np.array([0.3, 0.2]), (12, 8)
    )
    figure = robustness(found)
    assert list(named(figure, "mean").y) == [0.2, 0.1]
    assert list(named(figure, "10–90 % of subsets").y) == [0.3, 0.2, 0.05, 0.1]


def test_the_curve_shows_model_and_regression_and_the_share_in_hand():
    curve = MaskingCurve(np.array([0.1, 0.9]), np.array([0.02, 0.1]), np.array([0.03, 0.2]), 2)
    figure = masking_curve(curve, ratio=0.5)
    assert list(named(figure, "model").y) == [0.02, 0.1]
    assert list(named(figure, "linear regression").y) == [0.03, 0.2]
    assert figure.layout.shapes[0].x0 == 0.5
    assert not masking_curve(curve).layout.shapes


def test_errors_by_wave_carry_number_and_ratio():
    errors = (
        WaveError("V1", "QRS", 1.0, 0.05, 0.1, None),
        WaveError("V1", "T", 1.0, 0.03, None, None),
        WaveError("V2", "QRS", 1.0, 0.2, 0.1, None),
    )
    heat = named(wave_errors(errors), "wave errors")
    assert list(heat.x) == ["QRS", "T"]
    assert list(heat.y) == ["V1", "V2"]
    assert [list(row) for row in heat.text] == [["0.050", "0.030"], ["0.200", ""]]
    assert [list(row) for row in heat.customdata] == [[0.5, None], [2.0, None]]
