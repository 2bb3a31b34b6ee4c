"""From an ECG to the array the model takes, and back to the ECG's own time axis.

Training and serving both call `prepare`, so the model never meets a signal that was made
another way. Every step is linear and the same for all leads, so the relations between limb
leads survive it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.signal import butter, resample_poly, sosfiltfilt

from lamae.ecg import ECG, LEADS, lead_indices
from lamae.errors import InputError

FILTER_PADDING_SECONDS = 2.0


@dataclass(frozen=True)
class InputSpec:
    """What the model takes; stored in every checkpoint.

    Attributes:
        fs: Sampling rate in Hz.
        seconds: Length of the window.
        leads: Names of the rows.
        band: Edges of the zero-phase band-pass in Hz.
        scale: mV for one unit of the model's input. One number for all leads and records: a
            scale of its own for each lead would destroy the voltages that hypertrophy is read
            from. 0.2 mV is about the root mean square of PTB-XL's training folds after the filter.
    """

    fs: float = 100.0
    seconds: float = 10.0
    leads: tuple[str, ...] = LEADS
    band: tuple[float, float] = (0.5, 40.0)
    scale: float = 0.2

    @property
    def samples(self) -> int:
        """Samples in the window."""
        return round(self.fs * self.seconds)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A window of an ECG as the model takes it.

    Attributes:
        values: Signal in units of `InputSpec.scale` mV; zero where there is none.
        present: Samples that the recording has.
        start: Where the window starts in the recording, in s.
        seconds: How much of the window the recording fills, in s.
    """

    values: Float32[np.ndarray, "12 time"]
    present: Bool[np.ndarray, "12 time"]
    start: float
    seconds: float


def prepare(ecg: ECG, spec: InputSpec, start: float = 0.0) -> Prepared:
    """Resample, filter, cut the window and scale; leads and time that are missing stay zero.

    What the recording holds for `FILTER_PADDING_SECONDS` around the window is filtered with it:
    where a recording ends within a beat, the filter bends the last half second.

    Args:
        ecg: A recording of any length and sampling rate.
        spec: What the model takes.
        start: Where the window starts, in s.

    Raises:
        InputError: The window holds less than one second of the recording.
    """
    if not 0 <= start <= ecg.duration - 1:
        raise InputError(
            f"A window from {start:g} s holds less than one second of this recording of "
            f"{ecg.duration:g} s; choose an earlier start."
        )
    # Whole samples of the model before the window, so that its own begin at `start`.
    before = int(min(start, FILTER_PADDING_SECONDS) * spec.fs)
    around = ecg.window(
        max(start - before / spec.fs, 0.0),
        before / spec.fs + spec.seconds + FILTER_PADDING_SECONDS,
    )
    filtered = band_pass(resample(around.signal, ecg.fs, spec.fs), spec)
    signal = filtered[:, before : before + spec.samples]
    values = np.zeros((len(spec.leads), spec.samples), dtype=np.float32)
    present = np.zeros(values.shape, dtype=bool)
    rows = lead_indices(ecg.leads)
    values[rows, : signal.shape[1]] = signal / spec.scale
    present[rows, : signal.shape[1]] = True
    return Prepared(values, present, start, signal.shape[1] / spec.fs)


def resample(
    signal: Float[np.ndarray, "leads time"], fs: float, target_fs: float
) -> Float[np.ndarray, "leads resampled"]:
    """Polyphase resampling with an anti-aliasing filter, free of steps at the ends."""
    ratio = Fraction(target_fs / fs).limit_denominator(10_000)
    if ratio == 1:
        return signal.astype(np.float64)
    return resample_poly(
        signal.astype(np.float64), ratio.numerator, ratio.denominator, axis=-1, padtype="line"
    )


def band_pass(
    signal: Float[np.ndarray, "leads time"], spec: InputSpec
) -> Float[np.ndarray, "leads time"]:
    """Zero-phase Butterworth band-pass at the model's sampling rate."""
    # scipy-stubs leaves the result of butter's output="sos" open.
    sections: Any = butter(2, spec.band, "bandpass", fs=spec.fs, output="sos")
    padding = min(signal.shape[-1] - 1, round(FILTER_PADDING_SECONDS * spec.fs))
    return sosfiltfilt(sections, signal, axis=-1, padlen=padding)


def to_recording(
    values: Float32[np.ndarray, "12 time"], ecg: ECG, spec: InputSpec, start: float = 0.0
) -> Float32[np.ndarray, "leads samples"]:
    """Bring values on the model's time axis to the recording's own leads and samples.

    Returns:
        Linearly interpolated values inside the window, zero outside it.
    """
    times = np.arange(ecg.signal.shape[1]) / ecg.fs - start
    inside = (times >= 0) & (times < spec.seconds)
    grid = np.arange(spec.samples) / spec.fs
    out = np.zeros(ecg.signal.shape, dtype=np.float32)
    for row, lead in enumerate(lead_indices(ecg.leads)):
        out[row, inside] = np.interp(times[inside], grid, values[lead])
    return out
