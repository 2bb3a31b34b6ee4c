"""How far probabilities can be believed, and from which one on a code is suggested."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.optimize import minimize
from sklearn.metrics import precision_recall_curve

from lamae.errors import DataError


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Predicted against observed frequency, one entry for each bin that is not empty.

    Attributes:
        predicted: Mean probability in the bin.
        observed: Share of positives in the bin.
        count: Probabilities in the bin.
    """

    predicted: Float64[np.ndarray, " filled"]
    observed: Float64[np.ndarray, " filled"]
    count: Int[np.ndarray, " filled"]


def calibration_curve(
    probability: Float[np.ndarray, "*any"], labels: Bool[np.ndarray, "*any"], bins: int = 15
) -> CalibrationCurve:
    """Compare predicted with observed frequency in bins of equal width.

    A matrix of ECGs by codes is pooled: every pair counts once.
    """
    chance, truth = np.ravel(probability).astype(np.float64), np.ravel(labels)
    which = np.clip((chance * bins).astype(np.intp), 0, bins - 1)
    count = np.bincount(which, minlength=bins)
    filled = count > 0
    count = count[filled]
    return CalibrationCurve(
        predicted=np.bincount(which, weights=chance, minlength=bins)[filled] / count,
        observed=np.bincount(which, weights=truth, minlength=bins)[filled] / count,
        count=count,
    )


def expected_calibration_error(
    probability: Float[np.ndarray, "*any"], labels: Bool[np.ndarray, "*any"], bins: int = 15
) -> float:
    """Mean gap between predicted and observed frequency, each bin weighted by its size.

    Source: Guo et al. 2017, "On calibration of modern neural networks", equation 3, with
        the probability of the code in place of the confidence of the top class.
    """
    curve = calibration_curve(probability, labels, bins)
    gap = np.abs(curve.observed - curve.predicted)
    return float(gap @ curve.count / curve.count.sum())


def fit_platt(
    score: Float[np.ndarray, " ecgs"], labels: Bool[np.ndarray, " ecgs"]
) -> tuple[float, float]:
    """Fit probability = sigmoid(slope * score + intercept), the score being a log-odds.

    The targets are smoothed and the slope is drawn towards 1 (scores taken as they are) by a
    normal prior of width 1, so that a handful of positives cannot drive it to extremes; it
    stays positive, so that calibration never reorders ECGs.

    Returns:
        Slope and intercept.

    Raises:
        DataError: All labels are alike.

    Source: Platt 1999, "Probabilistic outputs for support vector machines", section 2.2 for
        the targets; the prior is ours. His A and B are -slope and -intercept.
    """
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        raise DataError(
            f"Calibration found {positives} positive and {negatives} negative ECGs; it needs "
            "both. Leave the code out or validate on more ECGs."
        )
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    logit = score.astype(np.float64)

    def loss(parameters: Float64[np.ndarray, " 2"]) -> tuple[float, Float64[np.ndarray, " 2"]]:
        slope, intercept = parameters
        z = slope * logit + intercept
        error = 0.5 * (1 + np.tanh(z / 2)) - target
        value = np.sum(np.logaddexp(0, z) - target * z) + (slope - 1) ** 2 / 2
        return float(value), np.array([error @ logit + slope - 1, error.sum()])

    fit = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.01, None), (None, None)]
    )
    return float(fit.x[0]), float(fit.x[1])


def f1_threshold(
    probability: Float[np.ndarray, " ecgs"], labels: Bool[np.ndarray, " ecgs"]
) -> float:
    """The probability from which on suggesting the code gives the best F1.

    It lies midway between the lowest probability suggested and the next one below, so that
    rounding cannot move an ECG across it; of equal optima the highest is taken.

    Raises:
        DataError: There are no positives.
    """
    if not labels.any():
        raise DataError(
            "The operating point needs at least one positive ECG and found none. "
            "Leave the code out or validate on more ECGs."
        )
    precision, recall, cuts = precision_recall_curve(labels, probability.astype(np.float64))
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.flatnonzero(np.isclose(f1[:-1], f1[:-1].max()))[-1])
    below = cuts[best - 1] if best > 0 else cuts[best]
    return float((cuts[best] + below) / 2)
