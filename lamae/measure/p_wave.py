"""Where P begins and ends, and whether it is one."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy import ndimage, signal

from lamae.measure.delineation import Mark, components, leave_one_out, tangent
from lamae.measure.median import Median

# Less than for T: with T's share, PR exceeded 200 ms in 15 to 20 % of normal ECGs of PTB-XL.
BEYOND_P_TANGENT = 0.25
P_SMOOTHING = 0.02  # s
P_LONGEST = 0.2  # s
P_FROM = 0.45  # s before QRS
P_OVER_T = 0.05  # s that a P may begin before the T before it has ended
P_SMALLEST = 0.02  # mV
CONSISTENT = 0.5


def p_mark(beat: Median, qrs: Mark, since: float) -> Mark | None:
    """Onset and offset of P, should there be one.

    Args:
        beat: The median beat without the T wave before.
        qrs: Its QRS.
        since: When the T wave before ends, in s from R.
    """
    last = beat.r + round((qrs.onset - 0.012) * beat.fs)
    first = max(0, beat.r + round(max(since - P_OVER_T, qrs.onset - P_FROM) * beat.fs))
    if last - first < round(0.08 * beat.fs):
        return None
    curves = [curve[first:last] for curve in components(beat, first, last, centred=True)]
    bumps = [_bump(curve) for curve in curves]
    if bumps[0] is None:
        return None
    mark = leave_one_out(
        [None if bump is None else (first + bump[0], first + bump[1]) for bump in bumps], beat
    )
    if mark is None or mark.offset - mark.onset > P_LONGEST:
        return None
    return replace(mark, offset=min(mark.offset, qrs.onset))


def p_consistency(beat: Median, p: Mark) -> float:
    """How alike P is from beat to beat: 1 the same, 0 nothing in common.

    The median correlation of each beat with the median of the others, so that waves which
    bear no relation to the QRS, as in atrial fibrillation, come out near 0.

    Args:
        beat: The median beat without the T wave before, and its beats.
        p: Its P.
    """
    first, last = (max(0, beat.r + round(edge * beat.fs)) for edge in (p.onset, p.offset))
    waves = beat.beats[:, list(beat.rows), first:last]
    waves = waves[np.isfinite(waves).all(axis=(1, 2))]
    if len(waves) < 3 or last - first < 4:
        return 1.0
    waves = ndimage.uniform_filter1d(waves, round(P_SMOOTHING * beat.fs), axis=2, mode="nearest")
    waves = signal.detrend(waves, axis=2).reshape(len(waves), -1)
    found = []
    for k, wave in enumerate(waves):
        rest = np.median(np.delete(waves, k, axis=0), axis=0)
        found.append(wave @ rest / max(np.linalg.norm(wave) * np.linalg.norm(rest), 1e-12))
    return float(np.median(found))


def _bump(curve: Float64[np.ndarray, " time"]) -> tuple[float, float] | None:
    """Ends of the most prominent bump of a curve, upright or inverted, by tangents."""
    found = []
    for upright in (curve, -curve):
        tops, heights = signal.find_peaks(upright, prominence=P_SMALLEST)
        found += [
            (height, top, upright)
            for top, height in zip(tops.tolist(), heights["prominences"].tolist(), strict=True)
        ]
    if not found:
        return None
    _, top, upright = max(found, key=lambda bump: bump[0])
    rise, fall = upright[top::-1], upright[top:]
    onset = tangent(rise - rise.min(), BEYOND_P_TANGENT)
    offset = tangent(fall - fall.min(), BEYOND_P_TANGENT)
    return None if onset is None or offset is None else (top - onset[1], top + offset[1])
