"""What algebra and regression can reconstruct."""

import numpy as np
import pytest

from lamae.ecg import CHEST_LEADS, LEADS, LIMB_FROM_I_II
from lamae.signal.linear import (
    algebra_estimate,
    algebra_where_it_reaches,
    compare,
    lead_errors,
    linear_estimate,
)


@pytest.fixture
def signal() -> np.ndarray:
    rng = np.random.default_rng(0)
    independent = rng.normal(size=(8, 400))
    independent[2:] += rng.normal(size=(6, 2)) @ independent[:2]
    limb = LIMB_FROM_I_II @ independent[:2]
    return np.concatenate([limb, independent[2:]]).astype(np.float32)


def showing(*leads: str) -> np.ndarray:
    visible = np.zeros((12, 400), dtype=bool)
    visible[[LEADS.index(lead) for lead in leads]] = True
    return visible


def test_two_limb_leads_determine_the_other_four(signal):
    estimate = algebra_estimate(signal, showing("III", "aVF", "V1"))
    np.testing.assert_allclose(estimate[:6], signal[:6], atol=1e-4)
    assert np.isnan(estimate[6:]).all()


def test_one_limb_lead_determines_itself_alone(signal):
    estimate = algebra_estimate(signal, showing("aVR"))
    np.testing.assert_allclose(estimate[3], signal[3], atol=1e-5)
    assert np.isnan(estimate[[0, 1, 2, 4, 5]]).all()


def test_regression_equals_least_squares_on_the_same_data(signal):
    """With the moments of this very signal, ridge is ordinary least squares but for its ridge."""
    moments = signal.astype(np.float64) @ signal.T.astype(np.float64) / signal.shape[1]
    estimate = linear_estimate(signal, showing("I", "II", "V1"), moments)
    basis = signal[[0, 1, 6]].astype(np.float64)
    fitted = np.linalg.lstsq(basis.T, signal[9].astype(np.float64), rcond=None)[0]
    np.testing.assert_allclose(estimate[9], fitted @ basis, atol=2e-3)


def test_regression_never_looks_at_masked_samples(signal):
    moments = signal.astype(np.float64) @ signal.T.astype(np.float64) / signal.shape[1]
    visible = showing("I", "II")
    visible[8, :200] = True
    other = np.where(visible, signal, 99).astype(np.float32)
    np.testing.assert_array_equal(
        linear_estimate(signal, visible, moments), linear_estimate(other, visible, moments)
    )
    assert np.isnan(linear_estimate(signal, showing(), moments)).all()


def test_errors_count_masked_samples_only(signal):
    masked = np.zeros((12, 400), dtype=bool)
    masked[6, :100] = True
    output = signal.astype(np.float64).copy()
    output[6, :100] += 0.5
    output[6, 100:] += 9
    nothing = np.full(signal.shape, np.nan)
    (error,) = lead_errors(
        signal, output, signal.astype(np.float64), nothing, masked, np.ones_like(masked)
    )
    assert error.lead == CHEST_LEADS[0]
    assert error.rmse == pytest.approx(0.5)
    assert error.masked_share == 0.25
    assert error.pearson_r == pytest.approx(1.0)
    assert error.linear_rmse == 0.0
    assert error.algebra_rmse is None
    assert error.algebra_reach == 0


def test_algebra_is_judged_where_it_reaches_and_the_model_on_the_same_samples(signal):
    """III is masked throughout; II, which with I determines it, in the last quarter."""
    present = np.ones(signal.shape, dtype=bool)
    masked = np.zeros_like(present)
    masked[[2, 6]] = True
    seen = ~masked & showing("I", "II", "V2")
    seen[1, 300:] = False
    reconstructed = signal.copy()
    reconstructed[2, :300] += 0.1
    reconstructed[2, 300:] += 9
    found = compare(signal, reconstructed, seen, masked, present, np.eye(12), fs=100.0, start=0.0)
    third, chest = found.errors
    assert (third.lead, chest.lead) == ("III", "V1")
    assert third.algebra_reach == 0.75
    assert third.algebra_rmse == pytest.approx(0, abs=1e-4)
    assert third.rmse_in_reach == pytest.approx(0.1, abs=1e-4)
    assert third.rmse > 4
    assert (chest.algebra_reach, chest.algebra_rmse, chest.rmse_in_reach) == (0, None, None)
    together = algebra_where_it_reaches(found)
    assert together.share == pytest.approx(3 / 8)
    assert together.leads == ("III",)
    assert together.rmse == pytest.approx(0, abs=1e-4)
    assert together.model_rmse == pytest.approx(0.1, abs=1e-4)


def test_algebra_that_never_reaches_is_said_so(signal):
    masked = showing("V1", "II")
    present = np.ones_like(masked)
    seen = showing("I", "V2")
    found = compare(signal, signal, seen, masked, present, np.eye(12), fs=100.0, start=0.0)
    assert algebra_where_it_reaches(found) is None
    assert {error.algebra_reach for error in found.errors} == {0.0}


def test_an_output_that_is_no_number_is_not_taken_for_perfect(signal):
    masked = np.zeros((12, 400), dtype=bool)
    masked[6] = True
    nothing = np.full(signal.shape, np.nan)
    (error,) = lead_errors(signal, nothing, nothing, nothing, masked, np.ones_like(masked))
    assert np.isnan(error.rmse)
    assert error.linear_rmse is None
