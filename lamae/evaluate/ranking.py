"""How well scores rank ECGs: AUROC and average precision, with bootstrap intervals.

Scores have one row an ECG and one column a code; any monotone scale will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped
from sklearn.metrics import average_precision_score, roc_auc_score

from lamae.errors import DataError

MINIMUM_POSITIVES = 5


@dataclass(frozen=True, eq=False)
class MacroResult:
    """Macro AUROC and the AUROC of each code, with 95 % bootstrap intervals.

    Attributes:
        macro: Mean AUROC of the codes that have enough positives.
        interval: Its 2.5 and 97.5 percentiles over the resamples.
        auroc: AUROC of each code; NaN for codes with too few positives.
        intervals: Lower and upper bound for each code; NaN likewise.
        counted: The codes that enter the macro.
    """

    macro: float
    interval: tuple[float, float]
    auroc: Float64[np.ndarray, " codes"]
    intervals: Float64[np.ndarray, "codes 2"]
    counted: Bool[np.ndarray, " codes"]


def auroc(scores: Float[np.ndarray, " ecgs"], labels: Bool[np.ndarray, " ecgs"]) -> float | None:
    """Area under the receiver operating characteristic; None without both classes."""
    if labels.all() or not labels.any():
        return None
    return float(roc_auc_score(labels, scores))


def average_precision(
    scores: Float[np.ndarray, " ecgs"], labels: Bool[np.ndarray, " ecgs"]
) -> float | None:
    """Average precision, the area under the precision-recall steps; None without positives."""
    if not labels.any():
        return None
    return float(average_precision_score(labels, scores))


def macro_auroc(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    minimum_positives: int = MINIMUM_POSITIVES,
) -> float:
    """Mean AUROC of the codes that have enough positives and negatives.

    Raises:
        DataError: No code has enough positives.
    """
    counted = _enough(labels, minimum_positives)
    every_ecg_once = np.ones((1, len(labels)))
    return float(_weighted_auroc(scores[:, counted], labels[:, counted], every_ecg_once).mean())


def bootstrap_auroc(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    minimum_positives: int = MINIMUM_POSITIVES,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
) -> MacroResult:
    """Macro AUROC, and that of each code, with percentile bootstrap intervals.

    Args:
        scores: Higher means more likely.
        labels: Which codes each ECG carries.
        rng: Draws the resamples.
        resamples: How many times the ECGs are drawn again with replacement.
        minimum_positives: Codes with fewer positives, or fewer negatives, are left out.
        groups: The patient of each ECG, to draw patients rather than ECGs; None where every
            ECG stands for itself.

    A resample without a single positive of some code says nothing about that code; its macro
    is the mean of the others.

    Raises:
        DataError: No code has enough positives.
    """
    counted = _enough(labels, minimum_positives)
    weights = _resample(len(labels), resamples, rng, groups)
    drawn = _weighted_auroc(scores[:, counted], labels[:, counted], weights)
    codes = labels.shape[1]
    point = np.full(codes, np.nan)
    point[counted] = _weighted_auroc(
        scores[:, counted], labels[:, counted], np.ones((1, len(labels)))
    )[0]
    intervals = np.full((codes, 2), np.nan)
    intervals[counted] = np.nanpercentile(drawn, (2.5, 97.5), axis=0).T
    return MacroResult(
        macro=float(point[counted].mean()),
        interval=_interval(_macro(drawn)),
        auroc=point,
        intervals=intervals,
        counted=counted,
    )


def paired_difference(
    a: Float[np.ndarray, "ecgs codes"],
    b: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    minimum_positives: int = MINIMUM_POSITIVES,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
) -> tuple[float, tuple[float, float]]:
    """How much the macro AUROC of `a` exceeds that of `b`, both scored on the same resamples.

    Pairing removes what the two have in common, the luck of the test fold, so the interval is
    much narrower than the two single ones suggest. Arguments as in `bootstrap_auroc`.

    Returns:
        The difference and its 95 % interval.

    Raises:
        DataError: No code has enough positives.
    """
    counted = _enough(labels, minimum_positives)
    drawn = _resample(len(labels), resamples, rng, groups)
    weights = np.concatenate([np.ones((1, len(labels))), drawn])
    macros = [
        _macro(_weighted_auroc(scores[:, counted], labels[:, counted], weights))
        for scores in (a, b)
    ]
    difference = macros[0] - macros[1]
    return float(difference[0]), _interval(difference[1:])


def report(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    codes: Sequence[str],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    minimum_positives: int = MINIMUM_POSITIVES,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
) -> dict[str, object]:
    """Macro AUROC and one entry a code, ready for JSON; arguments as in `bootstrap_auroc`.

    Returns:
        "macro_auroc", "ci" and "codes"; each code has "auroc", "ci", "auprc", "positives",
        the first three None where there are too few positives.

    Raises:
        DataError: No code has enough positives.
    """
    result = bootstrap_auroc(
        scores,
        labels,
        rng=rng,
        resamples=resamples,
        minimum_positives=minimum_positives,
        groups=groups,
    )
    entries: dict[str, object] = {}
    for column, code in enumerate(codes):
        counted = result.counted[column]
        entries[code] = {
            "auroc": float(result.auroc[column]) if counted else None,
            "ci": result.intervals[column].tolist() if counted else None,
            "auprc": average_precision(scores[:, column], labels[:, column]) if counted else None,
            "positives": int(labels[:, column].sum()),
        }
    return {"macro_auroc": result.macro, "ci": list(result.interval), "codes": entries}


def _enough(
    labels: Bool[np.ndarray, "ecgs codes"], minimum_positives: int
) -> Bool[np.ndarray, " codes"]:
    positives = labels.sum(axis=0)
    least = max(minimum_positives, 1)
    counted = (positives >= least) & (len(labels) - positives >= least)
    if not counted.any():
        raise DataError(
            f"None of the {labels.shape[1]} codes has {least} positives among {len(labels)} "
            "ECGs. Evaluate on more ECGs or ask for fewer positives."
        )
    return np.asarray(counted)


def _resample(
    ecgs: int,
    resamples: int,
    rng: np.random.Generator,
    groups: Shaped[np.ndarray, " ecgs"] | None,
) -> Float64[np.ndarray, "resamples ecgs"]:
    """How often each ECG is drawn in each resample."""
    if groups is None:
        member, count = np.arange(ecgs), ecgs
    else:
        unique, member = np.unique(groups, return_inverse=True)
        count = len(unique)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return draws[:, member].astype(np.float64)


def _weighted_auroc(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    weights: Float64[np.ndarray, "resamples ecgs"],
) -> Float64[np.ndarray, "resamples codes"]:
    """AUROC of every code in every resample at once; NaN where a class is missing.

    AUROC is the weighted share of (positive, negative) pairs in the right order, ties
    counting half. Sorting once a code and summing the weights of equal scores gives it for
    all resamples in a few passes.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982 for its equality with the area.
    """
    result = np.full((len(weights), labels.shape[1]), np.nan)
    for column in range(labels.shape[1]):
        order = np.argsort(scores[:, column], kind="stable")
        ranked, truth = scores[order, column], labels[order, column]
        starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        drawn = weights[:, order]
        positive = np.add.reduceat(drawn * truth, starts, axis=1)
        negative = np.add.reduceat(drawn * ~truth, starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        right = (positive * below).sum(axis=1)
        np.divide(right, pairs, out=result[:, column], where=pairs > 0)
    return result


def _macro(drawn: Float64[np.ndarray, "resamples codes"]) -> Float64[np.ndarray, " resamples"]:
    """Mean over the codes that have both classes in the resample; NaN where none has."""
    known = ~np.isnan(drawn)
    mean = np.full(len(drawn), np.nan)
    return np.divide(np.nansum(drawn, axis=1), known.sum(axis=1), out=mean, where=known.any(axis=1))


def _interval(values: Float64[np.ndarray, " resamples"]) -> tuple[float, float]:
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return float(low), float(high)
