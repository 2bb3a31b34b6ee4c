"""Conformal cuts: coverage on synthetic ECGs, and what they say of a code."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.evaluate.conformal import count_verdicts, fit_conformal, fit_cuts
from lamae.inference.bundle import CodeCalibration
from lamae.results.verdict import CANNOT_SAY, NOT_SUGGESTED, SUGGESTED, Conformal, Cuts, verdict


def draw(rng, count, prevalence=0.1, apart=1.5):
    labels = rng.random(count) < prevalence
    score = rng.normal(size=count) + apart * labels - 2
    return 1 / (1 + np.exp(-score)), labels


@pytest.mark.parametrize("level", [0.8, 0.9])
@pytest.mark.parametrize("apart", [0.0, 1.5, 4.0])
def test_either_kind_of_ecg_is_covered_at_the_stated_level(level, apart):
    """Whether the score is worthless or good, and of the rare kind as of the common one."""
    rng = np.random.default_rng(0)
    kept = {True: [], False: []}
    for _ in range(150):
        cuts = fit_cuts(*draw(rng, 481, apart=apart), level)
        probability, labels = draw(rng, 400, apart=apart)
        kept[True].append(np.mean(probability[labels] >= cuts.present_from))
        kept[False].append(np.mean(probability[~labels] <= cuts.absent_to))
    for covered in kept.values():
        # Never less than promised, but for chance; and not much more, so that it says something.
        assert level - 0.012 < np.mean(covered) < level + 0.035


def test_errors_of_the_verdict_are_bounded_and_a_worthless_score_says_little():
    rng = np.random.default_rng(1)
    shares = {}
    for apart in (0.0, 4.0):
        cuts = fit_cuts(*draw(rng, 5000, apart=apart))
        probability, labels = draw(rng, 5000, apart=apart)
        said = np.array([verdict(cuts, p, 0.35) for p in probability.tolist()])
        assert np.mean(said[labels] == NOT_SUGGESTED) < 0.13
        assert np.mean(said[~labels] == SUGGESTED) < 0.13
        shares[apart] = np.mean(said == CANNOT_SAY)
    assert shares[0.0] > 0.75
    assert shares[4.0] < 0.25


def test_too_few_ecgs_exclude_nothing():
    labels = np.arange(100) < 8
    cuts = fit_cuts(np.linspace(0.99, 0.01, 100), labels)
    assert cuts.present_from == 0.0
    assert cuts.absent_to < 1.0
    # With nine, the lowest of them is the cut at 90 %.
    labels = np.arange(100) < 9
    probability = np.linspace(0.99, 0.01, 100)
    assert fit_cuts(probability, labels).present_from == probability[8]


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.05, NOT_SUGGESTED), (0.2, CANNOT_SAY), (0.45, CANNOT_SAY), (0.7, SUGGESTED)],
)
def test_where_the_cuts_overlap_nothing_is_said(probability, expected):
    assert verdict(Cuts(0.1, 0.5), probability, 0.3) == expected


def test_an_ecg_unlike_either_kind_gets_no_verdict():
    cuts = Cuts(present_from=0.8, absent_to=0.2)
    assert verdict(cuts, 0.1, 0.5) == NOT_SUGGESTED
    assert verdict(cuts, 0.5, 0.5) == CANNOT_SAY
    assert verdict(cuts, 0.9, 0.5) == SUGGESTED


def test_what_goes_against_the_threshold_is_not_said():
    assert verdict(Cuts(0.05, 0.1), 0.2, 0.3) == CANNOT_SAY
    assert verdict(Cuts(0.4, 0.6), 0.35, 0.3) == CANNOT_SAY


def test_without_cuts_the_threshold_decides():
    assert verdict(None, 0.3, 0.3) == SUGGESTED
    assert verdict(None, 0.29, 0.3) == NOT_SUGGESTED


def test_the_cuts_of_a_model_are_those_of_each_code(tiny):
    rng = np.random.default_rng(2)
    calibration = tiny.bundle.calibration
    scores = rng.normal(size=(300, len(calibration))).astype(np.float32)
    labels = scores + rng.normal(size=scores.shape) > 1
    found = fit_conformal(calibration, scores, labels)
    assert found.level == 0.9
    assert list(found.codes) == [each.code for each in calibration]
    each = calibration[1]
    probability = 1 / (1 + np.exp(-(each.slope * scores[:, 1].astype(float) + each.intercept)))
    positives = int(labels[:, 1].sum())
    expected = replace(
        fit_cuts(probability, labels[:, 1]), positives=positives, negatives=300 - positives
    )
    assert found.codes[each.code] == expected


def test_calibration_does_not_change_who_is_covered():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(300, 1)).astype(np.float32)
    labels = scores + rng.normal(size=scores.shape) > 1
    flat = CodeCalibration("I48.91", 1.0, 0.0, 0.5)
    inside = []
    for each in (flat, replace(flat, slope=3.0, intercept=-1.0)):
        cuts = fit_conformal([each], scores, labels).codes
        chance = 1 / (1 + np.exp(-(each.slope * scores[:, 0].astype(float) + each.intercept)))
        inside.append(chance >= cuts[each.code].present_from)
    np.testing.assert_array_equal(*inside)


def test_verdicts_are_counted_for_those_who_carry_a_code_and_the_others():
    calibration = [CodeCalibration(code, 1.0, 0.0, 0.5) for code in ("I48.91", "I25.2")]
    conformal = Conformal(0.9, {each.code: Cuts(0.4, 0.6) for each in calibration})
    probability = np.array([[0.9, 0.1], [0.55, 0.2], [0.3, 0.7]])
    labels = np.array([[True, True], [True, False], [False, False]])
    assert count_verdicts(conformal, calibration, probability, labels) == {
        "carried": {SUGGESTED: 1, NOT_SUGGESTED: 1, CANNOT_SAY: 1},
        "not_carried": {SUGGESTED: 1, NOT_SUGGESTED: 2, CANNOT_SAY: 0},
    }
    assert count_verdicts(None, calibration, probability, labels) is None
