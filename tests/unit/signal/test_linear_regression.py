"""What algebra and regression can reconstruct."""

import numpy as np
from signal_builders import showing

from lamae.signal.linear_regression import algebra_estimate, linear_estimate


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
