"""Where T begins and ends, and what remains when it is taken away."""

from dataclasses import replace

import numpy as np

from lamae.measure.delineation import (
    BEYOND_TANGENT,
    Mark,
    components,
    leave_one_out,
    lobe_ends,
    second_latest,
    smooth,
)
from lamae.measure.median import Median

T_FROM = 0.07  # s after QRS
LATEST_T_PEAK = 0.48  # s after the onset of QRS at an RR of 1 s; a QTc of about 600 ms
LATEST_T_PEAK_SHARE = 0.72  # of RR, beyond which the next P may lie
T_SMALLEST = 0.035  # mV over all leads together
T_LARGE = 0.3  # of the largest T
T_LATER = 0.05  # s


def t_mark(beat: Median, qrs: Mark, rr: float) -> tuple[Mark | None, str]:
    """Onset and offset of T.

    Args:
        beat: The median beat.
        qrs: Its QRS.
        rr: Usual interval to the next beat in s.

    Returns:
        The mark, or None and why.

    Source: the tangent of Lepeschkin and Surawicz, Circulation 6:378-388, 1952, on the first
        principal component of the leads (Castells et al., EURASIP J Adv Signal Process 2007,
        074580).
    """
    first = beat.r + round((qrs.offset + T_FROM) * beat.fs)
    until = rr + qrs.onset - 0.04
    peaks_by = min(qrs.onset + LATEST_T_PEAK * rr ** (1 / 3), LATEST_T_PEAK_SHARE * rr)
    last = min(beat.r + round(until * beat.fs), beat.signal.shape[1])
    if last - first < round(0.12 * beat.fs):
        return None, "no room for a T wave before the next beat"
    top = min(last, max(first + 4, beat.r + round(peaks_by * beat.fs)))
    curves = components(beat, first, top)
    if np.abs(curves[0][first:top]).max() < T_SMALLEST:
        return None, "the T wave is too flat"
    ends = [
        lobe_ends(curve, first, last, top, biphasic=True, rises_from_start=True) for curve in curves
    ]
    mark = leave_one_out(ends, beat)
    if mark is None:
        return None, "the end of T cannot be seen"
    return replace(mark, offset=_latest_t_end(beat, first, last, top, mark.offset)), ""


def _latest_t_end(beat: Median, first: int, last: int, top: int, together: float) -> float:
    """The end of T in s from R where it is seen longest, but for one lead.

    Some leads see T longer than the direction in which it is largest. The second latest is
    taken, so that one lead cannot decide, and only within `T_LATER` of all leads together.
    """
    waves = smooth(beat)[list(beat.rows)]
    heights = np.abs(waves[:, first:top]).max(axis=1)
    found = [
        lobe_ends(wave, first, last, top, biphasic=True, rises_from_start=True)
        for wave, height in zip(waves, heights.tolist(), strict=True)
        if height >= max(T_SMALLEST, T_LARGE * heights.max())
    ]
    return second_latest(
        [(ends[1] - beat.r) / beat.fs for ends in found if ends], together, T_LATER
    )


def without_t(beat: Median, qrs: Mark, t: Mark) -> Median:
    """The median beat without the end of the T wave before it, over which P may lie.

    Beyond its steepest point T is taken to fall like a Gaussian, as long before each beat
    as the beat before was.
    """
    top = beat.r + round((qrs.offset + T_FROM) * beat.fs)
    end = beat.r + round(t.offset * beat.fs)
    curve = components(beat, top, min(end, beat.signal.shape[1]))[0]
    slope = np.gradient(curve[top:end])
    steepest = top + int((slope * np.sign(curve[top:end])).argmin())
    spread = (end - steepest) / (1 + BEYOND_TANGENT)
    # The beat before, in samples from its own R: as measured, then falling.
    whole = smooth(beat)
    after = np.arange(whole.shape[1] - steepest) / spread + 1
    template = whole.copy()
    template[:, steepest:] = whole[:, [steepest]] * np.exp(0.5 - 0.5 * after**2)
    size = whole.shape[1]
    beats = beat.beats.copy()
    for k, since in enumerate(beat.since.tolist()):
        shift = round(since * beat.fs) if np.isfinite(since) else size
        if shift < size:
            beats[k, :, : size - shift] -= template[:, shift:]
    return replace(beat, signal=np.nanmedian(beats, axis=0), beats=beats)
