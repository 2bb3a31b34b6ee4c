"""What can be reconstructed without a neural network, and how far each way is from the truth."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from lamae.ecg import LEADS, LIMB_FROM_I_II, LIMB_LEADS
from lamae.results.reconstruction import LeadError, Reconstruction

# Limb leads are sums of each other; a little ridge keeps the regression well defined.
RIDGE = 1e-4


class Reached(NamedTuple):
    """How well what algebra determines of the masked samples is reconstructed, all leads together.

    Attributes:
        share: Of the masked samples, over 0 to 1.
        leads: Leads in which there are any.
        rmse: Root mean square error of algebra on them in mV.
        model_rmse: That of the model on the same samples.
    """

    share: float
    leads: tuple[str, ...]
    rmse: float
    model_rmse: float


def linear_estimate(
    signal: Float32[np.ndarray, "12 time"],
    visible: Bool[np.ndarray, "12 time"],
    moments: Float64[np.ndarray, "12 12"],
) -> Float64[np.ndarray, "12 time"]:
    """Ridge regression of every lead from the leads visible at the same time.

    Args:
        signal: Voltage in mV; masked samples are not looked at.
        visible: What may be looked at.
        moments: Mean products of the leads over the training ECGs.

    Returns:
        The estimate in mV; not a number where no lead is visible.
    """
    estimate = np.full(signal.shape, np.nan)
    ridge = RIDGE * float(np.mean(np.diag(moments)))
    for pattern, times in _patterns(visible):
        if pattern.any():
            seen = np.flatnonzero(pattern)
            gram = moments[np.ix_(seen, seen)] + ridge * np.eye(len(seen))
            coefficients = np.linalg.solve(gram, moments[seen])  # seen 12
            estimate[:, times] = coefficients.T @ signal[np.ix_(seen, times)]
    return estimate


def algebra_estimate(
    signal: Float32[np.ndarray, "12 time"], visible: Bool[np.ndarray, "12 time"]
) -> Float64[np.ndarray, "12 time"]:
    """Limb leads from the visible limb leads by Einthoven's and Goldberger's relations.

    Returns:
        Voltage in mV; not a number where the visible limb leads do not determine a lead.
    """
    estimate = np.full(signal.shape, np.nan)
    limbs = len(LIMB_LEADS)
    for pattern, times in _patterns(visible[:limbs]):
        seen = np.flatnonzero(pattern)
        if not len(seen):
            continue
        basis = LIMB_FROM_I_II[seen]
        # Each limb lead as a sum of the seen ones, where such a sum exists.
        sums = LIMB_FROM_I_II @ np.linalg.pinv(basis)
        determined = np.isclose(sums @ basis, LIMB_FROM_I_II).all(axis=1)
        values = sums @ signal[np.ix_(seen, times)]
        rows = np.flatnonzero(determined)
        estimate[np.ix_(rows, times)] = values[rows]
    return estimate


def compare(
    target: Float32[np.ndarray, "12 time"],
    reconstructed: Float32[np.ndarray, "12 time"],
    seen: Bool[np.ndarray, "12 time"],
    masked: Bool[np.ndarray, "12 time"],
    present: Bool[np.ndarray, "12 time"],
    moments: Float64[np.ndarray, "12 12"],
    *,
    fs: float,
    start: float,
) -> Reconstruction:
    """Set what a model reconstructed beside the truth, regression and algebra.

    Args:
        target: The true signal in mV.
        reconstructed: The model's in mV; looked at where masked only.
        seen: Samples that the model saw.
        masked: Samples that it did not see but the recording has.
        present: Samples that the recording has.
        moments: Mean products of the leads over the training ECGs.
        fs: Sampling rate in Hz.
        start: Where the window starts in the recording, in s.
    """
    linear = np.where(masked, linear_estimate(target, seen, moments), np.nan)
    algebra = np.where(masked, algebra_estimate(target, seen), np.nan)
    output = np.where(masked, reconstructed, target)
    return Reconstruction(
        fs=fs,
        start=start,
        target=target,
        output=output.astype(np.float32),
        linear=linear.astype(np.float32),
        algebra=algebra.astype(np.float32),
        masked=masked,
        present=present,
        errors=lead_errors(target, output, linear, algebra, masked, present),
    )


def algebra_where_it_reaches(found: Reconstruction) -> Reached | None:
    """Errors of algebra and model where algebra has an answer; None where it never has."""
    where = found.masked & ~np.isnan(found.algebra)
    if not where.any():
        return None
    truth = found.target[where]
    return Reached(
        share=float(where.sum() / found.masked.sum()),
        leads=tuple(lead for row, lead in enumerate(LEADS) if where[row].any()),
        rmse=_rmse(found.algebra[where] - truth),
        model_rmse=_rmse(found.output[where] - truth),
    )


def lead_errors(
    target: Float[np.ndarray, "12 time"],
    output: Float[np.ndarray, "12 time"],
    linear: Float[np.ndarray, "12 time"],
    algebra: Float[np.ndarray, "12 time"],
    masked: Bool[np.ndarray, "12 time"],
    present: Bool[np.ndarray, "12 time"],
) -> tuple[LeadError, ...]:
    """Errors of each lead that is masked at least in part, on its masked samples.

    Regression gets no error for a lead of which it leaves any masked sample open: that happens
    only where nothing at all is visible. Algebra is judged on the samples that it reaches.
    """
    errors = []
    for row, lead in enumerate(LEADS):
        where = masked[row]
        if not where.any():
            continue
        truth, reconstructed = target[row, where], output[row, where]
        reached = ~np.isnan(algebra[row, where])
        constant = min(np.std(truth), np.std(reconstructed)) < 1e-9
        errors.append(
            LeadError(
                lead=lead,
                masked_share=float(where.sum() / present[row].sum()),
                rmse=_rmse(reconstructed - truth),
                pearson_r=None if constant else float(np.corrcoef(truth, reconstructed)[0, 1]),
                linear_rmse=None
                if np.isnan(linear[row, where]).any()
                else _rmse(linear[row, where] - truth),
                algebra_rmse=_rmse((algebra[row, where] - truth)[reached])
                if reached.any()
                else None,
                algebra_reach=float(reached.mean()),
                rmse_in_reach=_rmse((reconstructed - truth)[reached]) if reached.any() else None,
            )
        )
    return tuple(errors)


def _rmse(difference: Float[np.ndarray, " time"]) -> float:
    return float(np.sqrt(np.mean(difference.astype(np.float64) ** 2)))


def _patterns(
    visible: Bool[np.ndarray, "leads time"],
) -> list[tuple[Bool[np.ndarray, " leads"], np.ndarray]]:
    """Each set of leads visible together, and the samples at which it is the visible one."""
    patterns, which = np.unique(visible, axis=1, return_inverse=True)
    return [
        (patterns[:, number], np.flatnonzero(which.ravel() == number))
        for number in range(patterns.shape[1])
    ]
