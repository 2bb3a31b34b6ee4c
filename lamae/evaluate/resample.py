"""Metrics of all bootstrap resamples in one pass.

A resample is a row of weights: how often each ECG was drawn. One sort of a code's scores gives
the metric of every row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Estimate:
    """A metric of each code and its mean, with 95 % bootstrap intervals.

    Attributes:
        macro: Mean over the codes counted.
        interval: Its 2.5 and 97.5 percentiles over the resamples.
        values: The metric of each code; NaN for codes that are not counted.
        intervals: Lower and upper bound for each code; NaN likewise.
    """

    macro: float
    interval: tuple[float, float]
    values: Float64[np.ndarray, " codes"]
    intervals: Float64[np.ndarray, "codes 2"]


def draw(
    ecgs: int,
    resamples: int,
    rng: np.random.Generator,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
) -> Float64[np.ndarray, "resamples ecgs"]:
    """How often each ECG is drawn in each resample; with `groups`, all of a group at once."""
    if groups is None:
        member, count = np.arange(ecgs), ecgs
    else:
        unique, member = np.unique(groups, return_inverse=True)
        count = len(unique)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return draws[:, member].astype(np.float64)


def estimate(
    metric: Metric,
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    counted: Bool[np.ndarray, " codes"],
    weights: Float64[np.ndarray, "resamples ecgs"],
) -> Estimate:
    """Evaluate a weighted metric on the ECGs as they are and on their resamples.

    Args:
        metric: `weighted_auroc` or `weighted_average_precision`.
        scores: Higher means more likely.
        labels: Which codes each ECG carries.
        counted: The codes to evaluate, at least one.
        weights: As `draw` gives them.
    """
    every_ecg_once = np.ones((1, len(labels)))
    both = metric(scores[:, counted], labels[:, counted], np.concatenate([every_ecg_once, weights]))
    values = np.full(len(counted), np.nan)
    values[counted] = both[0]
    intervals = np.full((len(counted), 2), np.nan)
    intervals[counted] = np.nanpercentile(both[1:], PERCENTILES, axis=0).T
    return Estimate(float(both[0].mean()), interval(macro(both[1:])), values, intervals)


def weighted_auroc(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    weights: Float64[np.ndarray, "resamples ecgs"],
) -> Float64[np.ndarray, "resamples codes"]:
    """AUROC of every code in every resample; NaN where a class is missing.

    AUROC is the weighted share of (positive, negative) pairs in the right order, ties
    counting half.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982 for its equality with the area.
    """
    result = np.full((len(weights), labels.shape[1]), np.nan)
    for column in range(labels.shape[1]):
        positive, negative = _sums(scores[:, column], labels[:, column], weights)
        below = np.cumsum(negative, axis=1) - negative / 2
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        right = (positive * below).sum(axis=1)
        np.divide(right, pairs, out=result[:, column], where=pairs > 0)
    return result


def weighted_average_precision(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    weights: Float64[np.ndarray, "resamples ecgs"],
) -> Float64[np.ndarray, "resamples codes"]:
    """Average precision of every code in every resample; NaN without positives.

    It is the mean over positives of the precision at their score, equal scores being taken
    together, as scikit-learn does.
    """
    result = np.full((len(weights), labels.shape[1]), np.nan)
    for column in range(labels.shape[1]):
        positive, negative = _sums(-scores[:, column], labels[:, column], weights)
        found = np.cumsum(positive, axis=1)
        suggested = found + np.cumsum(negative, axis=1)
        precision = np.divide(found, suggested, out=np.zeros_like(found), where=suggested > 0)
        total = found[:, -1]
        np.divide((positive * precision).sum(axis=1), total, out=result[:, column], where=total > 0)
    return result


def macro(drawn: Float64[np.ndarray, "resamples codes"]) -> Float64[np.ndarray, " resamples"]:
    """Mean over the codes with a value in each resample; NaN where none has one."""
    known = ~np.isnan(drawn)
    mean = np.full(len(drawn), np.nan)
    return np.divide(np.nansum(drawn, axis=1), known.sum(axis=1), out=mean, where=known.any(axis=1))


def interval(values: Float64[np.ndarray, " resamples"]) -> tuple[float, float]:
    """The 2.5 and 97.5 percentiles, over the resamples that have a value."""
    low, high = np.nanpercentile(values, PERCENTILES)
    return float(low), float(high)


def _sums(
    scores: Float[np.ndarray, " ecgs"],
    labels: Bool[np.ndarray, " ecgs"],
    weights: Float64[np.ndarray, "resamples ecgs"],
) -> tuple[
    Float64[np.ndarray, "resamples distinct"],
    Float64[np.ndarray, "resamples distinct"],
]:
    """Weight of positives and of negatives at each distinct score, the lowest first."""
    order = np.argsort(scores, kind="stable")
    ranked, truth = scores[order], labels[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    drawn = weights[:, order]
    positive = np.add.reduceat(drawn * truth, starts, axis=1)
    negative = np.add.reduceat(drawn * ~truth, starts, axis=1)
    return positive, negative
