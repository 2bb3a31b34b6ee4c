"""Calibration: error, curve, Platt scaling and the threshold above which a code is suggested."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Shaped
from scipy.optimize import minimize
from scipy.stats import binned_statistic, binomtest

from lamae.errors import DataError
from lamae.evaluate import resample

BINS = 15


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
    probability: Float[np.ndarray, "*any"], labels: Bool[np.ndarray, "*any"], bins: int = BINS
) -> CalibrationCurve:
    """Compare predicted with observed frequency in bins of equal width.

    A matrix of ECGs by codes is pooled: every pair counts once.
    """
    return _binned(probability, labels, bins)[0]


def expected_calibration_error(
    probability: Float[np.ndarray, "*any"], labels: Bool[np.ndarray, "*any"], bins: int = BINS
) -> float:
    """Mean gap between predicted and observed frequency, each bin weighted by its size.

    Source: Guo et al. 2017, "On calibration of modern neural networks", equation 3, with
        the probability of the code in place of the confidence of the top class.
    """
    curve = calibration_curve(probability, labels, bins)
    gap = np.abs(curve.observed - curve.predicted)
    return float(gap @ curve.count / curve.count.sum())


def calibration_report(
    probability: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
    bins: int = BINS,
) -> dict[str, Any]:
    """Calibration curve and error of several codes, pooled, ready for JSON.

    Args:
        probability: Of each code.
        labels: Which codes each ECG carries.
        rng: Draws the resamples.
        resamples: How many times the ECGs are drawn again with replacement.
        groups: The patient of each ECG, to draw patients rather than ECGs.
        bins: How many bins of equal width.

    Returns:
        "ece", the expected calibration error, and its 95 % interval "ece_ci"; under "curve" one
        entry for each bin that is not empty: "edges", its lower and upper bound, "predicted",
        "observed" and "count" as in `CalibrationCurve`, and "observed_ci", the 95 % interval of
        the share of positives.

    The interval of the error is widened to hold the error itself: resampling adds gaps by
    chance, so its percentiles lie high, which is the cautious side. The interval of a bin is
    Wilson's, which stays honest with a single ECG.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    curve, which = _binned(probability, labels, bins)
    error = expected_calibration_error(probability, labels, bins)
    chance = probability.astype(np.float64)
    # Summed over codes for each ECG and bin, whose gap is |sum of (positive - probability)|.
    excess = np.stack([((labels - chance) * (which == b)).sum(axis=1) for b in range(bins)], 1)
    weights = resample.draw(len(labels), resamples, rng, groups)
    drawn = np.abs(weights @ excess).sum(axis=1) / (weights.sum(axis=1) * labels.shape[1])
    low, high = resample.interval(drawn)
    return {
        "ece": error,
        "ece_ci": [min(low, error), max(high, error)],
        "curve": {
            "edges": [[b / bins, (b + 1) / bins] for b in np.unique(which).tolist()],
            "predicted": curve.predicted.tolist(),
            "observed": curve.observed.tolist(),
            "observed_ci": [
                _wilson(share, count)
                for share, count in zip(curve.observed.tolist(), curve.count.tolist(), strict=True)
            ],
            "count": curve.count.tolist(),
        },
    }


def fit_platt(
    score: Float[np.ndarray, " ecgs"], labels: Bool[np.ndarray, " ecgs"]
) -> tuple[float, float]:
    """Fit probability = sigmoid(slope * score + intercept), the score being a log-odds.

    The targets are smoothed. A normal prior of width 1 draws the slope towards 1, that of
    uncalibrated scores, so that a handful of positives cannot drive it to extremes; it stays
    positive, so that calibration never reorders ECGs.

    Args:
        score: Log-odds of one code.
        labels: Which ECGs carry it.

    Returns:
        Slope and intercept.

    Raises:
        DataError: All labels are the same.

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
    """The threshold of the probability with the best F1.

    It lies midway between the lowest probability suggested and the next one below, so that
    rounding cannot move an ECG across it; of equal optima it is the highest.

    Args:
        probability: Of one code.
        labels: Which ECGs carry it.

    Raises:
        DataError: There are no positives.
    """
    if not labels.any():
        raise DataError(
            "The operating point needs at least one positive ECG and found none. "
            "Leave the code out or validate on more ECGs."
        )
    cuts, which = np.unique(probability.astype(np.float64), return_inverse=True)
    # At each cut, the ECGs suggested, and the true positives among them.
    suggested = np.bincount(which)[::-1].cumsum()[::-1]
    right = np.bincount(which, weights=labels)[::-1].cumsum()[::-1]
    f1 = 2 * right / (suggested + labels.sum())
    best = int(np.flatnonzero(np.isclose(f1, f1.max()))[-1])
    below = cuts[best - 1] if best > 0 else cuts[best]
    return float((cuts[best] + below) / 2)


def _binned(
    probability: Float[np.ndarray, "*any"], labels: Bool[np.ndarray, "*any"], bins: int
) -> tuple[CalibrationCurve, Int[np.ndarray, "*any"]]:
    """The curve, and the bin of each probability."""
    chance = np.ravel(probability).astype(np.float64)
    both = [chance, np.ravel(labels).astype(np.float64)]
    means, _, number = binned_statistic(chance, both, "mean", bins, (0, 1))
    which = number - 1
    count = np.bincount(which, minlength=bins)
    predicted, observed = means[:, count > 0]
    curve = CalibrationCurve(predicted, observed, count[count > 0])
    return curve, which.reshape(np.shape(probability))


def _wilson(share: float, count: int) -> list[float]:
    """The 95 % interval of a share of positives."""
    test = binomtest(round(share * count), count)
    return [float(bound) for bound in test.proportion_ci(0.95, method="wilson")]
