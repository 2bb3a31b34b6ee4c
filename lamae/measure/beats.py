"""Where the heart beats are, seen in all leads together."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Float64
from scipy import ndimage, signal

from lamae.ecg import ECG, INDEPENDENT_LEADS

WORKING_FS = 250.0
FLAT = 0.02  # mV
BAND = (5.0, 20.0)  # Hz, where QRS stands out from P, T and muscle noise
SMOOTHING = 0.1  # s
REFRACTORY = 0.22  # s
T_WAVE = 0.36  # s
SEEN = 3.0
EDGE = 0.05  # s
R_REACH = 0.08  # s
QUIET = 25  # percentile of the signal's activity that lies between beats
STILL = 1.0  # s
STILL_SIZE = 0.005  # mV, one step of the coarsest usual converter


@dataclass(frozen=True, eq=False)
class HeartRate:
    """Heart beats found in an ECG; an estimate of ours.

    Attributes:
        rate: 60 over the mean RR interval, in bpm; None with fewer than two beats.
        rr_range: Shortest and longest RR interval in ms; None with fewer than two beats.
        r_times: When the QRS of each beat is largest over the leads, in s.
    """

    rate: float | None
    rr_range: tuple[float, float] | None
    r_times: Float64[np.ndarray, " beats"]


def heart_rate(ecg: ECG) -> HeartRate:
    """Find the heart beats and their rate.

    Source: after Pan and Tompkins, IEEE TBME 32:230-236, 1985: squared slope of the
        band-passed signal, averaged over a moving window, adaptive threshold, T-wave check
        and search-back. Ours adds up leads, each weighted by how quiet it is between beats,
        and takes its threshold from before and after, since the whole recording is there.
    """
    leads = [lead for lead in INDEPENDENT_LEADS if lead in ecg.leads] or list(ecg.leads)
    signals = np.stack([ecg.lead(lead) for lead in leads]).astype(np.float64)
    fs = ecg.fs
    step = int(fs // WORKING_FS)
    if step > 1:
        # Electrodes have offsets: padded with zeros, they would jump at both ends.
        signals = signal.resample_poly(signals, 1, step, axis=1, padtype="line")
        fs /= step
    signals = signals[np.ptp(signals, axis=1) > FLAT]
    peaks = _beats(signals, fs) if len(signals) else np.zeros(0, dtype=np.intp)
    r_times = _r_times(signals, peaks, fs)
    if r_times.size < 2:
        return HeartRate(rate=None, rr_range=None, r_times=r_times)
    rr = np.diff(r_times)
    return HeartRate(
        rate=float(60 / rr.mean()),
        rr_range=(float(rr.min() * 1000), float(rr.max() * 1000)),
        r_times=r_times,
    )


def _activity(signals: Float[np.ndarray, "leads time"], fs: float) -> Float64[np.ndarray, " time"]:
    """How strongly the leads together move as in a QRS: about 1 between beats."""
    sos = signal.butter(2, BAND, "bandpass", fs=fs, output="sos")
    filtered = signal.sosfiltfilt(sos, signals, axis=1, padlen=min(int(fs), signals.shape[1] - 1))
    slope = np.gradient(filtered, 1 / fs, axis=1)
    width = max(3, round(SMOOTHING * fs))
    # A running sum that has left a beat for a constant ends a little below zero.
    energy = np.maximum(ndimage.uniform_filter1d(slope**2, width, axis=1), 0.0)
    moving = ~still(signals, fs, STILL_SIZE)
    # A lead that is off for a while is not quiet for that: it would outweigh all others.
    quiet = [
        np.percentile(lead[moves] if moves.any() else lead, QUIET)
        for lead, moves in zip(energy, moving, strict=True)
    ]
    # 2 uV of noise at 10 Hz keeps a noise-free lead from doing so.
    floor = np.array(quiet) + (2 * np.pi * 10 * 0.002) ** 2
    return _together(np.sqrt(energy / floor[:, None]), moving, fs)


def still(
    signals: Float[np.ndarray, "leads time"],
    fs: float,
    size: float | Float64[np.ndarray, "leads 1"],
) -> Bool[np.ndarray, "leads time"]:
    """Which samples lie in a segment of 1 s, or a longer one, over which a lead does not move.

    Args:
        signals: Voltage in mV.
        fs: Sampling rate in Hz.
        size: What counts as no movement, from lowest to highest, in mV; one for all leads, or one
            row for each.
    """
    half = round(STILL * fs / 2)
    width = 2 * half + 1
    swing = ndimage.maximum_filter1d(signals, width) - ndimage.minimum_filter1d(signals, width)
    calm = swing <= size
    # Where the recording ends within the segment, nobody knows.
    calm[:, :half] = calm[:, max(0, calm.shape[1] - half) :] = False
    return ndimage.maximum_filter1d(calm.astype(np.uint8), width) > 0


def _together(
    strengths: Float64[np.ndarray, "leads time"],
    moving: Bool[np.ndarray, "leads time"],
    fs: float,
) -> Float64[np.ndarray, " time"]:
    """Mean over the leads that move, in which a jolt in one does not look like a beat in all."""
    usual = np.array([np.median(_tallest(lead, fs)[1]) for lead in strengths])
    shared = np.where(moving, np.minimum(strengths, 1.5 * usual[:, None]), 0.0)
    return shared.sum(axis=0) / np.maximum(moving.sum(axis=0), 1)


def _beats(signals: Float[np.ndarray, "leads time"], fs: float) -> np.ndarray:
    """Sample of each beat."""
    activity = _activity(signals, fs)
    padded = np.concatenate([[0.0], activity, [0.0]])
    peaks = signal.find_peaks(padded, distance=max(1, round(REFRACTORY * fs)))[0] - 1
    if peaks.size == 0:
        return peaks
    level = _level(activity, fs)
    height = activity[peaks]
    clear = height > 0.25 * level[peaks]
    # A wide beat has gentle slopes but is large; a T wave has gentle slopes and is small.
    size = ndimage.maximum_filter1d(_size(signals, fs), 2 * round(R_REACH * fs) + 1)
    large = size[peaks] > 0.7 * np.median(size[peaks[clear]])
    keep = clear | (large & (height > 0.15 * level[peaks]))
    keep = _without_p_and_t_waves(peaks[keep], large[keep], activity, fs)
    keep = _search_back(keep, peaks[height > 0.18 * level[peaks]], activity, fs)
    # Noise alone has peaks, too, but they hardly rise above what lies between them. Between
    # each two, since elsewhere the recording may be empty.
    ends = pairwise([0, *keep.tolist(), activity.size - 1])
    between = [np.percentile(activity[first : last + 1], QUIET) for first, last in ends]
    if keep.size == 0 or np.median(activity[keep]) < SEEN * np.median(between):
        return keep[:0]
    return keep


def _level(activity: Float64[np.ndarray, " time"], fs: float) -> Float64[np.ndarray, " time"]:
    """Usual height of a beat around each sample: median over the tallest of each 2 s."""
    centres, tallest = _tallest(activity, fs)
    usual = ndimage.median_filter(tallest, size=min(5, tallest.size), mode="nearest")
    # Neither may one large beat mask small ones, nor a pause make noise look like beats.
    usual = np.clip(usual, 0.5 * np.median(tallest), 1.5 * np.median(tallest))
    return np.interp(np.arange(activity.size), centres, usual)


def _tallest(
    activity: Float64[np.ndarray, " time"], fs: float
) -> tuple[Float64[np.ndarray, " chunks"], Float64[np.ndarray, " chunks"]]:
    """Middle of each 2 s, in samples, and the largest value in it."""
    chunk = max(1, round(2.0 * fs))
    starts = range(0, max(1, activity.size - chunk // 2), chunk)
    tallest = np.array([activity[start : start + chunk].max() for start in starts])
    return np.array(starts) + chunk / 2, tallest


def _without_p_and_t_waves(
    peaks: np.ndarray, large: np.ndarray, activity: np.ndarray, fs: float
) -> np.ndarray:
    """Drop peaks close to a beat that are much weaker than it and not large."""
    kept: list[int] = []
    unsure = False
    for peak, wide in zip(peaks.tolist(), large.tolist(), strict=True):
        if kept and peak - kept[-1] < T_WAVE * fs:
            if not wide and activity[peak] < 0.4 * activity[kept[-1]]:
                continue
            if unsure and activity[kept[-1]] < 0.4 * activity[peak]:
                kept.pop()
        kept.append(peak)
        unsure = not wide
    return np.array(kept, dtype=np.intp)


def _search_back(
    beats: np.ndarray, candidates: np.ndarray, activity: np.ndarray, fs: float
) -> np.ndarray:
    """Add weaker peaks where a gap is far longer than usual."""
    if beats.size < 3:
        return beats
    usual = float(np.median(np.diff(beats)))
    found = beats.tolist()
    for left, right in zip(beats[:-1].tolist(), beats[1:].tolist(), strict=True):
        if right - left < 1.7 * usual:
            continue
        room = [
            peak
            for peak in candidates.tolist()
            if left + max(T_WAVE * fs, 0.5 * usual) < peak < right - 0.4 * usual
        ]
        if room:
            found.append(max(room, key=lambda peak: activity[peak]))
    return np.array(sorted(found), dtype=np.intp)


def _size(signals: Float[np.ndarray, "leads time"], fs: float) -> Float64[np.ndarray, " time"]:
    """Distance of the leads together from their baseline in mV."""
    sos = signal.butter(2, 2.0, "highpass", fs=fs, output="sos")
    padlen = min(int(fs), signals.shape[1] - 1)
    size = np.abs(signal.sosfiltfilt(sos, signals, axis=1, padlen=padlen))
    return _together(size, ~still(signals, fs, STILL_SIZE), fs)


def _r_times(
    signals: Float[np.ndarray, "leads time"], peaks: np.ndarray, fs: float
) -> Float64[np.ndarray, " beats"]:
    """When the leads together are farthest from the baseline around each peak, in s."""
    if peaks.size == 0:
        return np.zeros(0)
    size = _size(signals, fs)
    reach = round(R_REACH * fs)
    times = []
    for peak in peaks.tolist():
        first = max(0, peak - reach)
        times.append(first + int(size[first : peak + reach + 1].argmax()))
    found = np.unique(times).astype(np.float64) / fs
    # What the recording's end cuts through may be anything.
    return found[(found >= EDGE) & (found <= signals.shape[1] / fs - EDGE)]
