"""An explanation gives what the attribution functions give, once each, cut to its window."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.ecg import ECG
from lamae.errors import InputError
from lamae.inference.analysis import Analysis
from lamae.inference.attribution import explain
from lamae.inference.attribution.checks import completeness_check
from lamae.inference.attribution.curves import curves
from lamae.inference.explanation import Explanation
from lamae.inference.predictor import Predictor
from lamae.simulate import simulate


@pytest.fixture(scope="module")
def analysis(sinus: ECG, tiny: Predictor) -> Analysis:
    return Analysis(sinus, 0.0, tiny)


@pytest.fixture(scope="module")
def explanation(analysis: Analysis, tiny: Predictor) -> Explanation:
    return Explanation(analysis, tiny.codes[0], "integrated_gradients")


def test_the_attribution_is_that_of_explain(explanation: Explanation, sinus: ECG, tiny: Predictor):
    shares: list[float] = []
    found = explanation.attribution(shares.append)
    expected = explain(tiny, sinus, tiny.codes[0], method="integrated_gradients")
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.per_lead, expected.per_lead)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    shares.clear()
    explanation.attribution(shares.append)
    assert shares == []
    assert explanation.completeness == completeness_check(expected)


def test_of_a_long_recording_only_the_window_is_kept(tiny: Predictor):
    rng = np.random.default_rng(2)
    long = simulate("sinus_rhythm", seconds=40.0, fs=250.0, rng=rng).ecg
    analysis = Analysis(long, 20.0, tiny)
    found = Explanation(analysis, tiny.codes[0]).attribution()
    expected = explain(tiny, long, tiny.codes[0], start=20.0)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.values[:, 20 * 250 : 30 * 250].any()
    kept = analysis.chosen(("attribution", tiny.codes[0], "lead_ablation", None), lambda _: None)
    assert kept.values.shape[1] <= 10 * 250 + 2


def test_sums_over_waves_and_time_add_up(explanation: Explanation):
    found, summed = explanation.attribution(), explanation.sums()
    assert summed is not None
    waves, _, beat = summed
    assert beat is not None
    assert waves.values.sum() == pytest.approx(found.per_lead.sum(), abs=1e-3)
    seconds = replace(explanation, method="second_ablation")
    assert seconds.chosen.finest == "second"
    total = seconds.attribution().per_lead.sum()
    assert seconds.over_time().values.sum() == pytest.approx(total, abs=1e-3)


def test_checks_are_computed_once_and_named(explanation: Explanation, sinus: ECG, tiny: Predictor):
    explanation = replace(explanation, method="lead_ablation")
    shares: list[float] = []
    faithful = explanation.faithfulness(shares.append)
    assert [check.name for check in faithful] == ["deletion", "insertion", "agreement"]
    assert shares == sorted(shares)
    assert explanation.faithfulness() is faithful
    expected = curves(tiny, sinus, explanation.attribution())
    np.testing.assert_allclose(explanation.curves().deletion, expected.deletion, rtol=1e-6)
    for compute, name in (
        (explanation.randomisation, "randomisation"),
        (explanation.stability, "stability"),
    ):
        shares.clear()
        check = compute(shares.append)
        assert check.name == name
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert shares == sorted(shares)


def test_one_code_against_another(analysis: Analysis, sinus: ECG, tiny: Predictor):
    first, second = tiny.codes[:2]
    found = Explanation(analysis, first, against=second).attribution()
    np.testing.assert_array_equal(found.values, explain(tiny, sinus, first, against=second).values)


def test_an_unknown_code_is_an_input_error(analysis: Analysis):
    with pytest.raises(InputError):
        Explanation(analysis, "Z99.99").attribution()
