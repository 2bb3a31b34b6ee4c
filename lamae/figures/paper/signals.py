"""Signals as they are drawn on paper: the segment, its baseline and its resolution."""

import numpy as np
from jaxtyping import Float32

from lamae.ecg import ECG
from lamae.errors import InputError

# Beyond this rate a screen shows no more; the extremes of each segment are kept instead.
MAX_FS = 1000.0
# Electrode offsets up to this many mV are shown where they are.
MAX_OFFSET = 1.0


def cut(ecg: ECG, start: float, seconds: float) -> tuple[int, Float32[np.ndarray, "leads time"]]:
    """Index of the sample at `start` s, and up to `seconds` s of signal from there.

    Args:
        ecg: The recording.
        start: In s from its first sample.
        seconds: Length in s.

    Raises:
        InputError: `start` lies outside the recording.
    """
    if not 0 <= start < ecg.duration:
        raise InputError(
            f"The paper starts at {start:g} s; the recording lasts {ecg.duration:g} s."
        )
    first = min(round(start * ecg.fs), ecg.signal.shape[1] - 1)
    return first, ecg.signal[:, first : first + round(seconds * ecg.fs)]


def centred(
    signals: dict[str, Float32[np.ndarray, " time"]],
) -> tuple[dict[str, Float32[np.ndarray, " time"]], dict[str, float]]:
    """The signals with each lead more than 1 mV off zero moved to its baseline.

    Args:
        signals: Voltage in mV of each recorded lead.

    Returns:
        The signals, and the offset in mV subtracted from each lead that was moved.
    """
    moved = {
        lead: float(np.round(np.median(signal), 1))
        for lead, signal in signals.items()
        if abs(np.median(signal)) > MAX_OFFSET
    }
    return {lead: s - np.float32(moved.get(lead, 0.0)) for lead, s in signals.items()}, moved


def envelope(
    signal: Float32[np.ndarray, " time"], fs: float
) -> tuple[Float32[np.ndarray, " points"], float]:
    """Lowest and highest sample of each 2 ms, in the order they occur, above `MAX_FS`.

    Args:
        signal: Voltage in mV.
        fs: Sampling rate in Hz.

    Returns:
        The points to draw, and their rate in Hz.
    """
    width = int(np.ceil(2 * fs / MAX_FS)) if fs > MAX_FS else 0
    if width < 3 or len(signal) < width:
        return signal, fs
    bins = signal[: len(signal) // width * width].reshape(-1, width)
    ends = np.sort(np.stack([bins.argmin(axis=1), bins.argmax(axis=1)], axis=1), axis=1)
    return np.take_along_axis(bins, ends, axis=1).reshape(-1), 2 * fs / width
