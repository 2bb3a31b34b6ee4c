"""Where P, QRS and T of a median beat begin and end, in all leads together.

Each mark is read from one curve over all leads, so it falls where the first lead moves and
where the last comes to rest; and again with each lead left out in turn. The median of these
is the mark, so that one poor lead cannot move it, and their spread says how far it can be
trusted.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy import signal

from lamae.measure.median import Median

# A Gaussian's tangent at its steepest point meets the baseline at 2 standard deviations; it
# falls to 5 % of its peak at 2.45. The tangent is prolonged by that share of its own length.
BEYOND_TANGENT = 0.45


@dataclass(frozen=True)
class Mark:
    """Onset and offset of one wave.

    Attributes:
        onset: In s from R.
        offset: In s from R.
        onset_spread: How far the onset moves, in s, when any one lead is left out.
        offset_spread: The same of the offset.
    """

    onset: float
    offset: float
    onset_spread: float
    offset_spread: float


def from_level_before(beat: Median, qrs: Mark) -> Median:
    """The beat with each lead's level in the last 12 ms before QRS as its zero."""
    onset = max(1, beat.r + round(qrs.onset * beat.fs))
    first = max(0, onset - round(0.012 * beat.fs))
    level = beat.signal[:, first : onset + 1].mean(axis=1)[:, None]
    return replace(beat, signal=beat.signal - level, beats=beat.beats - level)


def leave_one_out(found: list[tuple[float, float] | None], beat: Median) -> Mark | None:
    """The median of marks found with each lead left out, and how far they lie apart."""
    ends = np.array([mark for mark in found if mark is not None])
    if found[0] is None or len(ends) < 0.7 * len(found):
        return None
    onset, offset = (np.median(ends, axis=0) - beat.r) / beat.fs
    spread = np.ptp(ends, axis=0) / 2 / beat.fs
    return Mark(float(onset), float(offset), float(spread[0]), float(spread[1]))


def second_latest(ends: list[float], together: float, within: float) -> float:
    """The second latest end in single leads, if later than and near that of all together.

    The second, so that one poor lead cannot decide.
    """
    later = sorted((end for end in ends if end <= together + within), reverse=True)
    return max(together, later[1]) if len(later) > 1 else together


def subsets(beat: Median) -> list[Float64[np.ndarray, " leads"]]:
    """Weights of the leads: all of them, then with each left out, where enough remain."""
    weights = _weights(beat)
    if weights.size < 3:
        return [weights]
    return [weights * (np.arange(weights.size) != out) for out in range(-1, weights.size)]


def _weights(beat: Median) -> Float64[np.ndarray, " leads"]:
    """How much each lead counts: less where it is noisier than most."""
    noise = beat.noise[list(beat.rows)]
    usual = max(float(np.median(noise)), 1e-4)
    return np.minimum(1.0, usual / np.maximum(noise, 1e-6))


def smooth(beat: Median) -> Float64[np.ndarray, "leads time"]:
    """The median beat below 25 Hz, where P and T are."""
    sos = signal.butter(2, 25.0, fs=beat.fs, output="sos")
    return signal.sosfiltfilt(sos, beat.signal, axis=1)


def components(
    beat: Median, first: int, last: int, *, centred: bool = False
) -> list[Float64[np.ndarray, " time"]]:
    """The direction in which the leads together vary most in a segment, one curve a subset.

    Each curve is in mV, has its sign such that the wave is upright, and low-pass filtered.
    """
    values = smooth(beat)[list(beat.rows)]
    curves = []
    for weights in subsets(beat):
        weighted = weights[:, None] * values
        wave = weighted[:, first:last]
        if centred:
            wave = wave - wave.mean(axis=1, keepdims=True)
        direction = np.linalg.svd(wave, full_matrices=False)[0][:, 0]
        curve = direction @ weighted
        peak = curve[first:last][np.abs(curve[first:last]).argmax()]
        curves.append(curve * np.sign(peak))
    return curves


def lobe_ends(
    curve: Float64[np.ndarray, " time"],
    first: int,
    last: int,
    top: int,
    *,
    biphasic: bool = False,
    rises_from_start: bool = False,
) -> tuple[float, float] | None:
    """Ends of a wave between two samples, by tangents to its largest lobe.

    Where it may be biphasic and a lobe of the other sign follows or comes before it, half as
    large, the wave ends or begins with that one. Lobes that peak from sample `top` on belong
    to another wave. A wave that `rises_from_start`, as T does out of a raised ST, need
    have no onset.
    """
    wave = curve[first:last]
    tops = signal.find_peaks(np.abs(wave))[0]
    tops = tops[tops < top - first]
    if tops.size == 0 and rises_from_start:
        tops = np.array([np.abs(wave[: max(1, top - first)]).argmax()])
    if tops.size == 0:
        return None
    tops = tops[np.abs(wave[tops]) >= 0.5 * np.abs(wave[tops]).max()]
    peak = tops[np.abs(wave[tops]).argmax()]
    other = tops[wave[tops] * wave[peak] < 0]
    start, end = peak, peak
    if biphasic:
        start = int(min([peak, *other[other < peak][-1:]]))
        end = int(max([peak, *other[other > peak][:1]]))
    onset = tangent(wave[start::-1] * np.sign(wave[start]))
    offset = tangent(wave[end:] * np.sign(wave[end]))
    if offset is None or (onset is None and not rises_from_start):
        return None
    return first + (0.0 if onset is None else start - onset[1]), first + end + offset[1]


def tangent(
    side: Float64[np.ndarray, " time"], beyond: float = BEYOND_TANGENT
) -> tuple[float, float] | None:
    """How a lobe ends, seen from its upright peak outwards.

    The tangent at the steepest point is drawn to the lowest level before another wave rises,
    and prolonged by the share `beyond` of its length.

    Returns:
        Samples from the peak to the steepest point and to the end.
    """
    falling = np.diff(side) < 0
    rises = np.flatnonzero(~falling & (side[:-1] < 0.5 * side[0]))
    stop = int(rises[0]) if rises.size else side.size - 1
    if stop < 4 or side[stop] > 0.6 * side[0]:
        return None
    slope = np.gradient(side[: stop + 1])
    steepest = int(slope.argmin())
    meets = steepest + (side[steepest] - side[stop]) / -slope[steepest]
    end = min(meets + beyond * (meets - steepest), stop + 0.25 * (stop - steepest))
    return float(steepest), float(end)
