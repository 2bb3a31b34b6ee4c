"""Whether each lead, and the recording as a whole, can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy import signal

from lamae.ecg import ECG, LEADS
from lamae.measure.beats import FLAT, HeartRate, heart_rate

VERDICTS = ("good", "baseline wander", "noisy", "clipped", "flat", "missing")
READABLE = ("good", "baseline wander")

FLAT_WINDOW = 2.0  # s
CLIPPED_RUN = 0.03  # s
CLIPPED_SHARE = 0.01
NOISE_BAND = (20.0, 70.0)  # Hz
NOISE_RATIO = 0.12
NOISE_SMALL = 0.03  # mV
WANDER = 0.5  # Hz
WANDER_RATIO = 0.6
WANDER_SMALL = 0.3  # mV
QRS_REACH = 0.1  # s


@dataclass(frozen=True)
class LeadQuality:
    """What can be said of one lead's signal.

    Attributes:
        lead: Its name.
        verdict: One of `VERDICTS`.
        reason: Why, with the number that decided, in a few words.
    """

    lead: str
    verdict: str
    reason: str


def signal_quality(ecg: ECG) -> tuple[LeadQuality, ...]:
    """Judge each of the twelve standard leads over the whole recording.

    The first of these that holds is the verdict: missing; flat (over at least half of the
    stretches of 2 s the lead moves by less than 20 uV); clipped (it stays at its highest or
    lowest value, for at least 30 ms each time, during 1 % of the recording); noisy (between
    beats, what lies above 20 Hz exceeds 0.03 mV and 12 % of the QRS height, or no beats can
    be seen in any lead); baseline wander (what lies below 0.5 Hz swings by more than 0.3 mV
    and 60 % of the QRS height); good.
    """
    beats = heart_rate(ecg)
    return tuple(_lead_quality(ecg, lead, beats) for lead in LEADS)


def usable(quality: Sequence[LeadQuality]) -> tuple[bool, str]:
    """Whether a prediction from a recording of this quality makes sense, and why.

    Missing leads alone forbid nothing, since the model works with any set of leads; nor
    does baseline wander, which its filter removes. Of the leads that were recorded, at
    least half must be readable: "good" or "baseline wander".
    """
    recorded = [lead for lead in quality if lead.verdict != "missing"]
    unreadable = [lead for lead in recorded if lead.verdict not in READABLE]
    named = ", ".join(f"{lead.lead} {lead.verdict}" for lead in unreadable)
    if not recorded:
        return False, "The recording holds none of the twelve standard leads."
    if len(unreadable) == len(recorded):
        return False, f"No lead can be read: {named}."
    if len(unreadable) * 2 > len(recorded):
        return False, (
            f"{len(unreadable)} of {len(recorded)} leads cannot be read: {named}. "
            "At least half must be."
        )
    if unreadable:
        return True, f"{len(recorded) - len(unreadable)} leads can be read; not {named}."
    return True, f"{_count(len(recorded))} recorded can be read."


def _count(leads: int) -> str:
    return "The one lead" if leads == 1 else f"All {leads} leads"


def _lead_quality(ecg: ECG, lead: str, beats: HeartRate) -> LeadQuality:
    """Verdict on one lead, given the beats seen in all."""
    if lead not in ecg.leads:
        return LeadQuality(lead, "missing", "not recorded")
    values, fs = ecg.lead(lead).astype(np.float64), ecg.fs

    still = _still_share(values, fs)
    if still >= 0.5:
        return LeadQuality(lead, "flat", f"moves by less than 20 uV for {still:.0%} of the time")
    clipped = _clipped_share(values, fs)
    if clipped >= CLIPPED_SHARE:
        limit = f"{values.max():.2f}" if True else ""
        return LeadQuality(lead, "clipped", f"{clipped:.1%} of the time at its limit, {limit} mV")
    if beats.r_times.size == 0:
        return LeadQuality(lead, "noisy", "no heart beats can be seen")
    qrs = _qrs_height(values, fs, beats.r_times)
    noise = _noise(values, fs, beats.r_times)
    if noise > max(NOISE_SMALL, NOISE_RATIO * qrs):
        return LeadQuality(lead, "noisy", f"{noise:.2f} mV of noise against QRS of {qrs:.2f} mV")
    wander = _wander(values, fs)
    if wander > max(WANDER_SMALL, WANDER_RATIO * qrs):
        return LeadQuality(lead, "baseline wander", f"{wander:.2f} mV baseline wander")
    return LeadQuality(lead, "good", f"{noise * 1000:.0f} uV of noise, QRS of {qrs:.2f} mV")


def _still_share(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Share of stretches in which the lead hardly moves."""
    size = min(values.size, round(FLAT_WINDOW * fs))
    starts = range(0, values.size - size + 1, max(1, size // 2))
    return float(np.mean([np.ptp(values[start : start + size]) < FLAT for start in starts]))


def _clipped_share(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Share of the recording spent in plateaus at the highest or the lowest value."""
    tolerance = max(1e-3, 0.002 * float(np.ptp(values)))
    shortest = max(3, round(CLIPPED_RUN * fs))
    share = 0.0
    for limit in (values.max(), values.min()):
        edges = np.diff(np.concatenate([[0], np.abs(values - limit) <= tolerance, [0]]))
        runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        share = max(share, float(runs[runs >= shortest].sum() / values.size))
    return share


def _near_beats(size: int, fs: float, r_times: Float64[np.ndarray, " beats"]) -> np.ndarray:
    """Which samples lie within `QRS_REACH` s of a beat."""
    near = np.zeros(size, dtype=bool)
    for time in r_times.tolist():
        near[max(0, round((time - QRS_REACH) * fs)) : round((time + QRS_REACH) * fs) + 1] = True
    return near


def _qrs_height(
    values: Float64[np.ndarray, " time"], fs: float, r_times: Float64[np.ndarray, " beats"]
) -> float:
    """Median over the beats of the QRS's height from lowest to highest, in mV."""
    heights = []
    for time in r_times.tolist():
        first = max(0, round((time - QRS_REACH) * fs))
        heights.append(np.ptp(values[first : round((time + QRS_REACH) * fs) + 1]))
    return float(np.median(heights))


def _noise(
    values: Float64[np.ndarray, " time"], fs: float, r_times: Float64[np.ndarray, " beats"]
) -> float:
    """Root mean square in mV of what lies in `NOISE_BAND` between beats."""
    band = (NOISE_BAND[0], min(NOISE_BAND[1], 0.45 * fs))
    sos = signal.butter(2, band, "bandpass", fs=fs, output="sos")
    filtered = signal.sosfiltfilt(sos, values, padlen=min(int(fs), values.size - 1))
    between = ~_near_beats(values.size, fs, r_times)
    return float(np.sqrt(np.mean(filtered[between] ** 2))) if between.any() else 0.0


def _wander(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Highest less lowest value in mV of what lies below `WANDER`."""
    sos = signal.butter(2, WANDER, "lowpass", fs=fs, output="sos")
    padlen = min(int(2 * fs), values.size - 1)
    return float(np.ptp(signal.sosfiltfilt(sos, values, padtype="even", padlen=padlen)))
