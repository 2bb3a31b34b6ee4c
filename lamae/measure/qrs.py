"""Where QRS begins and ends."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy import ndimage, signal

from lamae.measure.delineation import Mark, leave_one_out, second_latest, subsets
from lamae.measure.median import Median

SMOOTHING = 0.014  # s, over which slopes are taken
QRS_SURE = 0.10  # of the largest spatial velocity
QRS_SHARE = 0.065  # of it, towards which QRS goes on while the velocity falls
QUIET = 0.024  # s below the former end what is surely QRS
QRS_LARGE = 0.3  # of the largest velocity in any lead
QRS_LATER = 0.06  # s
QRS_REACH = 0.16  # s from R


def qrs_mark(beat: Median) -> Mark | None:
    """Onset and offset of QRS.

    The spatial velocity of all leads decides, or where the second single lead starts earlier
    or ends later, that lead: a slow end of QRS may be seen in few.

    Source: Laguna, Jane, Caminal, Comput Biomed Res 27:45-60, 1994, for the slope as a share
        of its largest and for the order of leads; the shares are ours.
    """
    values = beat.signal[list(beat.rows)]
    width = 2 * round(SMOOTHING * beat.fs / 2) + 1
    slope = signal.savgol_filter(values, max(5, width), 2, deriv=1, delta=1 / beat.fs, axis=1)
    together = [_length(weights[:, None] * slope) for weights in subsets(beat)]
    mark = leave_one_out([_qrs(velocity, beat) for velocity in together], beat)
    if mark is None:
        return None
    alone = [_qrs(velocity, beat) for velocity in _large(slope, beat)]
    earlier = [(beat.r - ends[0]) / beat.fs for ends in alone if ends]
    later = [(ends[1] - beat.r) / beat.fs for ends in alone if ends]
    return replace(
        mark,
        onset=-second_latest(earlier, -mark.onset, QRS_LATER),
        offset=second_latest(later, mark.offset, QRS_LATER),
    )


def _large(
    slope: Float64[np.ndarray, "leads time"], beat: Median
) -> list[Float64[np.ndarray, " time"]]:
    """Velocity in each lead whose QRS is not small, since a small one masks its ends."""
    near = slice(max(0, beat.r - round(0.08 * beat.fs)), beat.r + round(0.08 * beat.fs))
    largest = np.abs(slope[:, near]).max(axis=1)
    return [_length(lead[None]) for lead in slope[largest >= QRS_LARGE * largest.max()]]


def _length(slope: Float64[np.ndarray, "leads time"]) -> Float64[np.ndarray, " time"]:
    """Length of the slope over leads in mV/s, noise taken off."""
    power = (slope**2).sum(axis=0)
    return np.sqrt(np.maximum(power - np.percentile(power, 10), 0))


def _qrs(velocity: Float64[np.ndarray, " time"], beat: Median) -> tuple[float, float] | None:
    reach = round(QRS_REACH * beat.fs)
    low, high = max(0, beat.r - reach), min(velocity.size, beat.r + reach)
    near = velocity[beat.r - round(0.06 * beat.fs) : beat.r + round(0.06 * beat.fs)]
    largest = near.max()
    quiet = max(2, round(QUIET * beat.fs))
    # How fast the leads move at most within the next few samples, on either side.
    after = ndimage.maximum_filter1d(velocity, quiet, origin=-(quiet // 2), mode="nearest")
    before = ndimage.maximum_filter1d(velocity, quiet, origin=(quiet - 1) // 2, mode="nearest")
    starts = np.flatnonzero(before[low : beat.r] < QRS_SURE * largest)
    ends = np.flatnonzero(after[beat.r : high] < QRS_SURE * largest)
    if starts.size == 0 or ends.size == 0:
        return None
    onset, offset = low + int(starts[-1]), beat.r + int(ends[0])
    level = QRS_SHARE * largest
    return onset - _settles(velocity[onset::-1], level), offset + _settles(velocity[offset:], level)


def _settles(outwards: Float64[np.ndarray, " time"], level: float) -> float:
    """After how many samples a curve has come down to a level or no longer falls."""
    stop = np.flatnonzero((outwards[:-1] < level) | (np.diff(outwards) > 0))
    if stop.size == 0:
        return 0.0
    at = int(stop[0])
    if at == 0 or outwards[at] >= level:
        return float(at)
    here, there = outwards[at - 1], outwards[at]
    return float(at - 1 + (here - level) / (here - there))
