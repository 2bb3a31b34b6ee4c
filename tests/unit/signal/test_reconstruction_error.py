"""Errors of a reconstruction, of linear regression and of algebra."""

import numpy as np
import pytest
from signal_builders import showing

from lamae.ecg import CHEST_LEADS
from lamae.signal.reconstruction_error import (
    algebra_error,
    compare,
    lead_errors,
    rmse,
    wave_errors,
)


def test_rmse_counts_what_it_is_told_to():
    difference = np.array([[3.0, 4.0, 100.0], [1.0, 1.0, 7.0]], dtype=np.float32)
    where = np.array([[True, True, False], [False, False, True]])
    np.testing.assert_allclose(rmse(difference, where), [np.sqrt(12.5), 7.0])
    np.testing.assert_allclose(rmse(difference[:, :2]), [np.sqrt(12.5), 1.0])
    np.testing.assert_array_equal(rmse(difference, ~where & where), [0.0, 0.0])


def test_rmse_of_single_precision_is_summed_in_double():
    difference = np.full(1_000_000, 0.1, dtype=np.float32)
    assert float(rmse(difference)) == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_errors_count_masked_samples_only(signal):
    masked = np.zeros((12, 400), dtype=bool)
    masked[6, :100] = True
    output = signal.astype(np.float64).copy()
    output[6, :100] += 0.5
    output[6, 100:] += 9
    nothing = np.full(signal.shape, np.nan)
    (error,) = lead_errors(
        signal,
        output,
        signal.astype(np.float64),
        nothing,
        masked=masked,
        present=np.ones_like(masked),
    )
    assert error.lead == CHEST_LEADS[0]
    assert error.rmse == pytest.approx(0.5)
    assert error.masked_share == 0.25
    assert error.pearson_r == pytest.approx(1.0)
    assert error.linear_rmse == 0.0
    assert error.algebra_rmse is None
    assert error.algebra_reach == 0


def test_algebra_and_model_are_compared_on_what_algebra_determines(signal):
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
    together = algebra_error(found)
    assert together.share == pytest.approx(3 / 8)
    assert together.leads == ("III",)
    assert together.rmse == pytest.approx(0, abs=1e-4)
    assert together.model_rmse == pytest.approx(0.1, abs=1e-4)


def test_algebra_that_determines_nothing_has_no_error(signal):
    masked = showing("V1", "II")
    present = np.ones_like(masked)
    seen = showing("I", "V2")
    found = compare(signal, signal, seen, masked, present, np.eye(12), fs=100.0, start=0.0)
    assert algebra_error(found) is None
    assert {error.algebra_reach for error in found.errors} == {0.0}


def test_an_output_that_is_no_number_is_not_taken_for_perfect(signal):
    masked = np.zeros((12, 400), dtype=bool)
    masked[6] = True
    nothing = np.full(signal.shape, np.nan)
    (error,) = lead_errors(
        signal, nothing, nothing, nothing, masked=masked, present=np.ones_like(masked)
    )
    assert np.isnan(error.rmse)
    assert error.linear_rmse is None


def test_errors_by_wave_add_up_to_the_lead_s(tiny, sinus):
    found = tiny.reconstruct(sinus, mask=("V3",))
    third = np.arange(1000) % 3
    waves = {name: third == number for number, name in enumerate(("P", "QRS", "rest"))}
    errors = wave_errors(found, waves)
    assert [error.wave for error in errors] == list(waves)
    total = sum(error.rmse**2 * error.seconds for error in errors) / 10
    assert np.sqrt(total) == pytest.approx(found.errors[0].rmse, rel=1e-4)
    assert all(error.algebra_rmse is None for error in errors)
    linear = sum(error.linear_rmse**2 * error.seconds for error in errors) / 10
    assert np.sqrt(linear) == pytest.approx(found.errors[0].linear_rmse, rel=1e-4)
