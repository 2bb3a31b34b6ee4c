"""AUROC and average precision, with bootstrap intervals.

Scores have one row an ECG and one column a code; any monotone scale will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

from lamae.errors import DataError
from lamae.evaluate import resample

MINIMUM_POSITIVES = 5


@dataclass(frozen=True, eq=False)
class MacroResult:
    """Macro AUROC and the AUROC of each code, with 95 % bootstrap intervals.

    Attributes:
        macro: Mean AUROC of the codes that have enough positives.
        interval: Its 2.5 and 97.5 percentiles over the resamples.
        auroc: AUROC of each code; NaN for codes that are not counted.
        intervals: Lower and upper bound for each code; NaN likewise.
        counted: The codes that enter the macro.
    """

    macro: float
    interval: tuple[float, float]
    auroc: Float64[np.ndarray, " codes"]
    intervals: Float64[np.ndarray, "codes 2"]
    counted: Bool[np.ndarray, " codes"]


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
    once = np.ones((1, len(labels)))
    return float(resample.weighted_auroc(scores[:, counted], labels[:, counted], once).mean())


def bootstrap_auroc(
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    minimum_positives: int = MINIMUM_POSITIVES,
    groups: Shaped[np.ndarray, " ecgs"] | None = None,
    only: Bool[np.ndarray, " codes"] | None = None,
) -> MacroResult:
    """Macro AUROC, and that of each code, with percentile bootstrap intervals.

    Args:
        scores: Higher means more likely.
        labels: Which codes each ECG carries.
        rng: Draws the resamples.
        resamples: How many times the ECGs are drawn again with replacement.
        minimum_positives: Codes with fewer positives, or fewer negatives, are left out.
        groups: The patient of each ECG, to draw patients; None to draw ECGs.
        only: Codes that may be counted; None for all.

    A resample without positives of a code has no AUROC of it; its macro is the mean of the others.

    Raises:
        DataError: No code has enough positives.
    """
    counted = _enough(labels, minimum_positives, only)
    weights = resample.draw(len(labels), resamples, rng, groups)
    found = resample.estimate(resample.weighted_auroc, scores, labels, counted, weights)
    return MacroResult(found.macro, found.interval, found.values, found.intervals, counted)


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
    """Ranking of all codes and of each, ready for JSON; arguments as in `bootstrap_auroc`.

    Returns:
        "macro_auroc" and its 95 % interval "ci"; "macro_auprc" (mean average precision) and its
        interval "auprc_ci"; "counted", the number of codes in both; and "codes". Each code has
        "positives" and "prevalence" (their share of the ECGs) and, None where there are too few
        positives, "auroc", "ci", "auprc" and "auprc_ci".

    Raises:
        DataError: No code has enough positives.
    """
    counted = _enough(labels, minimum_positives)
    weights = resample.draw(len(labels), resamples, rng, groups)
    ranked, precise = (
        resample.estimate(metric, scores, labels, counted, weights)
        for metric in (resample.weighted_auroc, resample.weighted_average_precision)
    )
    entries: dict[str, object] = {}
    for column, code in enumerate(codes):
        known = counted[column]
        entries[code] = {
            "auroc": float(ranked.values[column]) if known else None,
            "ci": ranked.intervals[column].tolist() if known else None,
            "auprc": float(precise.values[column]) if known else None,
            "auprc_ci": precise.intervals[column].tolist() if known else None,
            "positives": int(labels[:, column].sum()),
            "prevalence": float(labels[:, column].mean()),
        }
    return {
        "macro_auroc": ranked.macro,
        "ci": list(ranked.interval),
        "macro_auprc": precise.macro,
        "auprc_ci": list(precise.interval),
        "counted": int(counted.sum()),
        "codes": entries,
    }


def countable(
    labels: Bool[np.ndarray, "ecgs codes"],
    minimum_positives: int = MINIMUM_POSITIVES,
    only: Bool[np.ndarray, " codes"] | None = None,
) -> Bool[np.ndarray, " codes"]:
    """Which codes have enough positives and negatives; arguments as in `bootstrap_auroc`.

    There may be none, and there may be no ECG.
    """
    positives = labels.sum(axis=0)
    least = max(minimum_positives, 1)
    counted = (positives >= least) & (len(labels) - positives >= least)
    return np.asarray(counted if only is None else counted & only)


def _enough(
    labels: Bool[np.ndarray, "ecgs codes"],
    minimum_positives: int,
    only: Bool[np.ndarray, " codes"] | None = None,
) -> Bool[np.ndarray, " codes"]:
    counted = countable(labels, minimum_positives, only)
    if not counted.any():
        considered = labels.shape[1] if only is None else int(only.sum())
        raise DataError(
            f"None of the {considered} codes has {max(minimum_positives, 1)} positives among "
            f"{len(labels)} ECGs. Evaluate on more ECGs or ask for fewer positives."
        )
    return counted
