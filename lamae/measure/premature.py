"""Beats that come early, and whether the others are regular."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lamae.measure.morphology import Classes
from lamae.results.measurement import Premature

EARLY = 0.82  # of the usual RR
ABRUPT = 0.85  # of the interval before and of the one after
EARLY_AND_DIFFERENT = 0.9
WIDE = 0.12  # s
UNLIKE = 0.7
WIDER = 0.02  # s than the usual QRS
REGULAR = (0.12, 0.15)  # s, or this share of the mean RR, by which regular intervals differ
NEIGHBOURS = 6
FEWEST = 4


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The rhythm of the beats that are not premature.

    Attributes:
        premature: Beats that come early.
        regular: Whether the other intervals are alike; None with too few of them.
        spread: Largest difference between them in s.
        scatter: Typical difference of each to the next, as a share of their mean.
    """

    premature: tuple[Premature, ...]
    regular: bool | None
    spread: float
    scatter: float


def rhythm(
    beats: Classes, widths: Float64[np.ndarray, " beats"], usual_width: float | None
) -> Rhythm:
    """Tell premature beats from the others.

    A beat is premature that comes after less than 82 % of the usual interval around it, or
    less than 90 % where its QRS has another shape. It is ventricular where that QRS is also
    wide: 120 ms, or 20 ms wider than usual; else atrial, which here includes junctional. Where
    its width is not clear, a likeness below 0.7 to the others counts as wide.

    Args:
        beats: All beats.
        widths: QRS duration in s of each beat that has another shape; NaN where unknown.
        usual_width: QRS duration in s of the usual beats.
    """
    intervals = np.diff(beats.r_times)
    normal = beats.usual[1:] & beats.usual[:-1]
    # A beat cannot be early against intervals that it has shortened and lengthened itself.
    plain = normal if normal.sum() >= 2 else np.ones(intervals.size, dtype=bool)
    found: list[Premature] = []
    early = np.zeros(beats.r_times.size, dtype=bool)
    for k in range(1, beats.r_times.size):
        near = [i for i in range(intervals.size) if plain[i] and abs(i - (k - 1)) <= NEIGHBOURS]
        near = [i for i in near if i not in (k - 1, k)] or near
        usual = float(np.median(intervals[near])) if near else float(np.median(intervals))
        share = float(intervals[k - 1] / usual)
        if share >= (EARLY if beats.usual[k] else EARLY_AND_DIFFERENT):
            continue
        if beats.usual[k] and not _abrupt(intervals, k - 1):
            continue
        early[k] = True
        origin, shape = _origin(beats, widths, usual_width, k)
        found.append(
            Premature(
                time=float(beats.r_times[k]),
                origin=origin,
                reason=f"after {share:.0%} of the usual interval, {shape}",
            )
        )
    calm = intervals[normal & ~early[1:] & ~early[:-1]]
    if calm.size == 0:
        return Rhythm(tuple(found), None, float("nan"), float("nan"))
    spread, mean = float(np.ptp(calm)), float(calm.mean())
    together = normal[1:] & normal[:-1] & ~early[2:] & ~early[1:-1] & ~early[:-2]
    steps = np.abs(np.diff(intervals))[together]
    return Rhythm(
        premature=tuple(found),
        regular=None if calm.size < FEWEST - 1 else spread <= max(REGULAR[0], REGULAR[1] * mean),
        spread=spread,
        scatter=float(np.median(steps) / mean) if steps.size else float("nan"),
    )


def _origin(
    beats: Classes, widths: Float64[np.ndarray, " beats"], usual_width: float | None, k: int
) -> tuple[str, str]:
    """Where an early beat comes from, and what its QRS looks like."""
    if beats.usual[k]:
        return "atrial", "QRS like the others"
    if np.isnan(widths[k]):
        # The ends of a single QRS drown in noise sooner than its shape does.
        far = bool(beats.likeness[k] < UNLIKE)
        return "ventricular" if far else "atrial", "QRS of another shape, its width not clear"
    milliseconds = f"{widths[k] * 1000:.0f} ms"
    if widths[k] >= WIDE or (usual_width is not None and widths[k] >= usual_width + WIDER):
        return "ventricular", f"QRS of another shape, {milliseconds}"
    return "atrial", f"QRS of another shape but not wide, {milliseconds}"


def _abrupt(intervals: Float64[np.ndarray, " n"], k: int) -> bool:
    """Whether an interval is shorter than both its neighbours, as in no sinus arrhythmia."""
    around = intervals[[i for i in (k - 1, k + 1) if 0 <= i < intervals.size]]
    return bool((intervals[k] < ABRUPT * around).all())
