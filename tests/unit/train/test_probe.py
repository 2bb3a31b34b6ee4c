"""The linear probe is a regularised logistic regression, whatever it meets."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from lamae.ecg.statements import ICD10_CODES, SCP, STATEMENT_NAMES
from lamae.evaluate import code_scores
from lamae.train.probe import best_probe, fit_probes

ECGS, FEATURES = 300, 8
AFIB = STATEMENT_NAMES.index("AFIB")


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Features of which the first two say whether there is atrial fibrillation."""
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, size=(ECGS, FEATURES)).astype(np.float32)
    y = np.zeros((ECGS, 71), dtype=bool)
    y[:, AFIB] = x[:, 0] - x[:, 1] + rng.normal(size=ECGS) > 0
    y[:, 0] = True
    return x, y


def test_it_is_logistic_regression(data):
    x, y = data
    (probe,) = fit_probes(x, y, strengths=(0.02,))
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    # scikit-learn minimises C * sum of losses + weights squared / 2.
    reference = LogisticRegression(C=1 / (2 * 0.02 * ECGS), tol=1e-8, max_iter=1000)
    reference.fit(standard, y[:, AFIB])
    np.testing.assert_allclose(probe(x)[:, AFIB], reference.decision_function(standard), atol=5e-3)


def test_what_was_never_or_always_seen_gets_a_finite_constant(data):
    x, y = data
    logits = fit_probes(x, y, strengths=(0.02,))[0](x)
    never = STATEMENT_NAMES.index("WPW")
    assert np.ptp(logits[:, never]) == np.ptp(logits[:, 0]) == 0
    assert logits[0, never] < -4
    assert logits[0, 0] > 4
    one = fit_probes(x[:1], y[:1])[0](x)
    assert np.isfinite(one).all()


def test_rounding_of_a_constant_feature_is_not_blown_up(data):
    x, y = data
    constant = x.copy()
    constant[:, 3] = 0.5
    rounded = constant.copy()
    rounded[:, 3] += np.where(y[:, AFIB], 1e-6, -1e-6).astype(np.float32)
    one, other = (fit_probes(part, y, strengths=(0.02,))[0] for part in (constant, rounded))
    np.testing.assert_allclose(one(constant), other(rounded), atol=1e-2)


def test_the_strength_is_chosen_by_the_codes_of_other_ecgs(data):
    x, y = data
    probes = fit_probes(x[:30], y[:30], strengths=(1000.0, 0.1, 1e-5))
    codes = np.stack([y[:, list(m)].any(axis=1) for m in SCP.members()], axis=1)
    chosen = best_probe(probes, x[30:], codes[30:], SCP)
    column = ICD10_CODES.index("I48.91")

    def auroc(probe) -> float:
        score = code_scores(probe(x[30:]), SCP)[:, column]
        truth = codes[30:, column]
        return float((score[truth][:, None] > score[~truth]).mean())

    reached = [auroc(probe) for probe in probes]
    assert min(reached) < auroc(chosen) == max(reached)
