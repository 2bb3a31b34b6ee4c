"""How far each lead swings, as numbers beside the drawn signal."""

from dataclasses import dataclass

import numpy as np

from lamae.ecg import ECG
from lamae.measure.beats import heart_rate

QRS_REACH = 0.1  # s


@dataclass(frozen=True)
class Amplitude:
    """The size of one lead's signal.

    Attributes:
        lead: Its name.
        lowest: Lowest voltage in mV.
        highest: Highest voltage in mV.
        qrs: Height of the median QRS complex in mV, from its deepest to its highest point; None
            where no beats can be seen.
    """

    lead: str
    lowest: float
    highest: float
    qrs: float | None


def amplitudes(ecg: ECG) -> tuple[Amplitude, ...]:
    """The size of every recorded lead; each QRS within 0.1 s around its R."""
    r_times = heart_rate(ecg).r_times
    heights: list[float | None] = [None] * len(ecg.leads)
    if r_times.size:
        reach = np.arange(-round(QRS_REACH * ecg.fs), round(QRS_REACH * ecg.fs) + 1)
        samples = np.round(r_times * ecg.fs).astype(np.intp)[:, None] + reach
        # A complex cut off at an end would be measured too small.
        whole = samples[(samples[:, 0] >= 0) & (samples[:, -1] < ecg.signal.shape[1])]
        if len(whole):
            beats = np.median(ecg.signal[:, whole], axis=1)  # [leads, samples]
            heights = [float(height) for height in np.ptp(beats, axis=1)]
    return tuple(
        Amplitude(lead, float(signal.min()), float(signal.max()), height)
        for lead, signal, height in zip(ecg.leads, ecg.signal, heights, strict=True)
    )
