"""Whether each lead, and the recording as a whole, can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy import signal

from lamae.ecg import ECG, LEADS
from lamae.measure.beats import FLAT, heart_rate

VERDICTS = ("good", "baseline wander", "noisy", "clipped", "flat", "missing")
READABLE = ("good", "baseline wander")

FLAT_WINDOW = 2.0  # s
CLIPPED_RUN = 0.02  # s
CLIPPED_SHARE = 0.01
CLIPPED_FROM = 0.3  # mV from the baseline
NOISE_BAND = (20.0, 70.0)  # Hz
NOISE_RATIO = 0.06
NOISE_SMALL = 0.025  # mV
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
    lowest value, more than 0.3 mV from the baseline, for at least 20 ms each time, during 1 %
    of the recording); noisy (between beats, what lies above 20 Hz exceeds 0.025 mV and 6 %
    of the QRS height, or no beats can be seen in any lead); baseline wander (what lies below
    0.5 Hz swings by more than 0.3 mV and 60 % of the QRS height); good.
    """
    signals, r_times = ecg.signal.astype(np.float64), heart_rate(ecg).r_times
    found = {
        lead: _verdict(lead, values, ecg.fs, beats_seen=r_times.size > 0, **sizes)
        for lead, values, sizes in zip(
            ecg.leads, signals, _sizes(signals, ecg.fs, r_times), strict=True
        )
    }
    return tuple(found.get(lead, LeadQuality(lead, "missing", "not recorded")) for lead in LEADS)


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
        readable = len(recorded) - len(unreadable)
        return True, f"{readable} of {len(recorded)} leads can be read; not {named}."
    count = "The one lead" if len(recorded) == 1 else f"All {len(recorded)} leads"
    return True, f"{count} recorded can be read."


def _verdict(
    lead: str,
    values: Float64[np.ndarray, " time"],
    fs: float,
    *,
    beats_seen: bool,
    qrs: float,
    noise: float,
    wander: float,
) -> LeadQuality:
    """Verdict on one lead; sizes in mV."""
    still = _still_share(values, fs)
    if still >= 0.5:
        return LeadQuality(lead, "flat", f"moves by less than 20 µV for {still:.0%} of the time")
    clipped = _clipped_share(values, fs)
    if clipped >= CLIPPED_SHARE:
        return LeadQuality(lead, "clipped", f"at its limit for {clipped:.0%} of the time")
    if not beats_seen:
        return LeadQuality(lead, "noisy", "no heart beats can be seen")
    if noise > max(NOISE_SMALL, NOISE_RATIO * qrs):
        return LeadQuality(lead, "noisy", f"{noise:.2f} mV of noise against QRS of {qrs:.2f} mV")
    if wander > max(WANDER_SMALL, WANDER_RATIO * qrs):
        return LeadQuality(lead, "baseline wander", f"{wander:.2f} mV baseline wander")
    return LeadQuality(lead, "good", f"{noise * 1000:.0f} µV of noise, QRS of {qrs:.2f} mV")


def _sizes(
    signals: Float64[np.ndarray, "leads time"], fs: float, r_times: Float64[np.ndarray, " beats"]
) -> list[dict[str, float]]:
    """Of each lead in mV: height of QRS, noise between beats, and swing of the baseline."""
    size = signals.shape[1]
    reach = round(QRS_REACH * fs)
    middles = np.round(r_times * fs).astype(np.intp)
    inside = np.clip(middles[:, None] + np.arange(-reach, reach + 1), 0, size - 1)
    # The median over beats leaves the QRS and little of the noise.
    qrs = (
        np.ptp(np.median(signals[:, inside], axis=1), axis=1)
        if r_times.size
        else np.zeros(len(signals))
    )

    band = (NOISE_BAND[0], min(NOISE_BAND[1], 0.45 * fs))
    between = np.ones(size, dtype=bool)
    between[inside] = False
    rest = _filtered(signals, fs, band, "bandpass")[:, between]
    noise = np.sqrt((rest**2).sum(axis=1) / max(1, int(between.sum())))

    wander = np.ptp(_filtered(signals, fs, WANDER, "lowpass"), axis=1)
    return [
        {"qrs": float(a), "noise": float(b), "wander": float(c)}
        for a, b, c in zip(qrs, noise, wander, strict=True)
    ]


def _filtered(
    signals: Float64[np.ndarray, "leads time"],
    fs: float,
    band: float | tuple[float, float],
    kind: Literal["bandpass", "lowpass"],
) -> Float64[np.ndarray, "leads time"]:
    """The part of each lead in a band in Hz, without delay."""
    sos = signal.butter(2, band, kind, fs=fs, output="sos")
    padlen = min(int(2 * fs), signals.shape[1] - 1)
    return signal.sosfiltfilt(sos, signals, axis=1, padtype="even", padlen=padlen)


def _still_share(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Share of stretches in which the lead hardly moves."""
    size = min(values.size, round(FLAT_WINDOW * fs))
    starts = range(0, values.size - size + 1, max(1, size // 2))
    return float(np.mean([np.ptp(values[start : start + size]) < FLAT for start in starts]))


def _clipped_share(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Share of the recording spent in plateaus at the highest or the lowest value."""
    tolerance = 1e-3
    baseline = float(np.median(values))
    # Where every wave points one way, the baseline itself is an extreme value.
    away = max(CLIPPED_FROM, 0.3 * float(np.ptp(values)))
    shortest = max(3, round(CLIPPED_RUN * fs))
    share = 0.0
    for limit in (float(values.max()), float(values.min())):
        if abs(limit - baseline) < away:
            continue
        edges = np.diff(np.concatenate([[0], np.abs(values - limit) <= tolerance, [0]]))
        runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        share = max(share, float(runs[runs >= shortest].sum() / values.size))
    return share
