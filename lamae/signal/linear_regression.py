"""What the visible leads say of the masked ones without a neural network."""

import numpy as np
from jaxtyping import Bool, Float32, Float64

from lamae.ecg import LIMB_FROM_I_II, LIMB_LEADS

# Limb leads are sums of each other; a little ridge keeps the regression well defined.
RIDGE = 1e-4


def linear_estimate(
    signal: Float32[np.ndarray, "12 time"],
    visible: Bool[np.ndarray, "12 time"],
    moments: Float64[np.ndarray, "12 12"],
) -> Float64[np.ndarray, "12 time"]:
    """Ridge regression of every lead from the leads visible at the same time.

    `lamae.model.linear_regression.linear_leads` is the same regression as the decoder needs it.

    Args:
        signal: Voltage in mV; masked samples are not used.
        visible: Samples that may be used.
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

    Args:
        signal: Voltage in mV; masked samples are not used.
        visible: Samples that may be used.

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


def _patterns(
    visible: Bool[np.ndarray, "leads time"],
) -> list[tuple[Bool[np.ndarray, " leads"], np.ndarray]]:
    """Each set of leads visible together, and the samples at which it is the visible one."""
    patterns, which = np.unique(visible, axis=1, return_inverse=True)
    return [
        (patterns[:, number], np.flatnonzero(which.ravel() == number))
        for number in range(patterns.shape[1])
    ]
