"""Filters for the display: chosen by the reader, printed on the sheet, never fed to the model."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.signal import butter, iirnotch, sosfiltfilt

from lamae.ecg import ECG
from lamae.errors import InputError

# What monitors and electrocardiographs offer, in Hz.
HIGH_PASS = (0.05, 0.5)
LOW_PASS = (40.0, 100.0, 150.0)
NOTCH = (50.0, 60.0)

ORDER = 2
# Centre frequency over the width of the notch. Two passes widen it: 3 dB down 1.3 Hz from 50 Hz.
NOTCH_QUALITY = 30.0
Pass = Literal["highpass", "lowpass"]
# Beyond this much signal on either side, nothing changes what a filter shows, in s.
MARGIN = 30.0


@dataclass(frozen=True)
class FilterSettings:
    """What is filtered for the display; None leaves a filter off.

    Attributes:
        high_pass: High-pass cutoff in Hz, at -3 dB.
        low_pass: Low-pass cutoff in Hz, at -3 dB.
        notch: Mains frequency in Hz that the notch removes.
    """

    high_pass: float | None = None
    low_pass: float | None = None
    notch: float | None = None

    def __bool__(self) -> bool:
        return any(edge is not None for edge in (self.high_pass, self.low_pass, self.notch))

    def __str__(self) -> str:
        """What is printed on the sheet: "high-pass 0.5 Hz, notch 50 Hz, zero-phase"."""
        named = (
            ("high-pass", self.high_pass),
            ("low-pass", self.low_pass),
            ("notch", self.notch),
        )
        words = [f"{name} {edge:g} Hz" for name, edge in named if edge is not None]
        return ", ".join([*words, "zero-phase"]) if words else ""


def display_filter(ecg: ECG, settings: FilterSettings) -> ECG:
    """Filter an ECG forwards and backwards, so that no wave is moved in time.

    Butterworth filters of second order and a notch, whose two passes together are 3 dB down at
    the frequencies named. Beyond its ends the recording is taken to be mirrored, so that an end
    within a QRS complex does not bend the baseline before it.

    Args:
        ecg: A recording, or a segment of one (see `segment`); it stays as it is.
        settings: What to filter.

    Returns:
        The same recording with another signal; itself where all filters are off.

    Raises:
        InputError: A frequency is not positive, lies at or above half the sampling rate, or the
            high-pass lies above the low-pass.

    Source: edges of 0.05 Hz (0.5 or 0.67 Hz if zero-phase) and 150 Hz after Kligfield et al.,
        Recommendations for the standardization and interpretation of the electrocardiogram,
        part I, Circulation 115, 1306 (2007).
    """
    if not settings:
        return ecg
    sections = np.concatenate(_sections(settings, ecg.fs))
    # Three periods of the slowest wave that is filtered: the mirror image masks the start.
    slowest = settings.high_pass or settings.low_pass or 1.0
    padding = min(ecg.signal.shape[1] - 1, round(max(3 / slowest, 1.0) * ecg.fs))
    filtered = sosfiltfilt(
        sections, ecg.signal.astype(np.float64), axis=1, padtype="even", padlen=padding
    )
    return replace(ecg, signal=filtered.astype(np.float32))


def segment(ecg: ECG, start: float, seconds: float) -> tuple[ECG, float]:
    """The part of a recording that a filter needs to show `seconds` s from `start` s.

    Returns:
        The part, and the recording time in s of its first sample.

    Raises:
        InputError: `start` lies outside the recording.
    """
    first = round(max(0.0, start - MARGIN) * ecg.fs) / ecg.fs
    return ecg.window(first, start + seconds + MARGIN - first), first


def _sections(settings: FilterSettings, fs: float) -> list[Float64[np.ndarray, "sections 6"]]:
    """Second-order sections of each filter that is on."""
    high, low, notch = settings.high_pass, settings.low_pass, settings.notch
    for name, edge in (("high-pass", high), ("low-pass", low), ("notch", notch)):
        if edge is not None and not 0 < edge < fs / 2:
            raise InputError(
                f"A {name} at {edge:g} Hz does not fit this recording of {fs:g} Hz, which holds "
                f"frequencies below {fs / 2:g} Hz only. Choose a lower one or turn it off."
            )
    if high is not None and low is not None and high >= low:
        raise InputError(
            f"A high-pass at {high:g} Hz and a low-pass at {low:g} Hz leave nothing between "
            "them. Choose a lower high-pass."
        )
    edges: tuple[tuple[Pass, float | None], ...] = (("highpass", high), ("lowpass", low))
    sections = [
        butter(ORDER, _corrected(edge, fs, kind), kind, fs=fs, output="sos")
        for kind, edge in edges
        if edge is not None
    ]
    if notch is not None:
        b, a = iirnotch(notch, NOTCH_QUALITY, fs=fs)
        sections.append(np.concatenate([b, a])[None])
    return sections


def _corrected(edge: float, fs: float, kind: Pass) -> float:
    """The edge in Hz of one pass that makes two passes 3 dB down at `edge`."""
    # Two passes have the gain 1 / (1 + ratio^(2 order)), which is 1/sqrt(2) at this ratio.
    ratio = (np.sqrt(2) - 1) ** (1 / (2 * ORDER))
    warped = np.tan(np.pi * edge / fs)
    warped = warped * ratio if kind == "highpass" else warped / ratio
    return float(fs / np.pi * np.arctan(warped))
