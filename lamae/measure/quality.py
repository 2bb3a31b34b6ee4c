"""Whether each lead, and the recording as a whole, can be read."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy import signal

from lamae.ecg import ECG, LEADS
from lamae.measure.beats import FLAT, heart_rate, still
from lamae.results.quality import LeadQuality

NO_BEATS = "without clear beats"
VERDICTS = ("good", "baseline wander", "noisy", NO_BEATS, "clipped", "flat", "missing")
READABLE = ("good", "baseline wander")

FLAT_WINDOW = 2.0  # s
DEAD_SHARE = 0.2
DEAD_SIZE = (0.005, FLAT)  # mV
DEAD_OF_QRS = 0.05
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


def signal_quality(ecg: ECG) -> tuple[LeadQuality, ...]:
    """Judge each of the twelve standard leads over the whole recording.

    The first of these that holds is the verdict: missing; flat (over at least half of the
    segments of 2 s the lead moves by less than 20 uV, or for a fifth of the recording it stays
    still, for 1 s or longer each time, through beats of the other leads); clipped (it stays at
    its highest or lowest value, more than 0.3 mV from the baseline, for at least 20 ms each time,
    during 1 % of the recording); without clear beats (none can be told in all leads together,
    because of noise or of a rhythm without separate QRS complexes); noisy (between beats, what
    lies above 20 Hz exceeds 0.025 mV and 6 % of the QRS height); baseline wander (what lies
    below 0.5 Hz swings by more than 0.3 mV and 60 % of the QRS height); good.
    """
    signals, r_times = ecg.signal.astype(np.float64), heart_rate(ecg).r_times
    sizes = _sizes(signals, ecg.fs, r_times)
    dead = _dead_shares(signals, ecg.fs, r_times, np.array([size["qrs"] for size in sizes]))
    found = {
        lead: _verdict(lead, values, ecg.fs, beats_seen=r_times.size > 0, dead=share, **size)
        for lead, values, share, size in zip(ecg.leads, signals, dead, sizes, strict=True)
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
        return False, f"No lead can be read: {_why_none(unreadable, named)}."
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


def _why_none(unreadable: Sequence[LeadQuality], named: str) -> str:
    """Why no lead can be read; an arrhythmia that kills must not pass for a poor recording."""
    verdicts = {lead.verdict for lead in unreadable}
    if verdicts == {"flat"}:
        return f"{named}; electrodes that are off, or asystole: look at the ECG itself"
    if NO_BEATS not in verdicts:
        return named
    others = ", ".join(f"{q.lead} {q.verdict}" for q in unreadable if q.verdict != NO_BEATS)
    return (
        "heart beats could not be told, because of noise or of a rhythm without separate QRS "
        "complexes (ventricular tachycardia, ventricular fibrillation, asystole): look at the "
        f"ECG itself{'; ' * bool(others)}{others}"
    )


def _verdict(
    lead: str,
    values: Float64[np.ndarray, " time"],
    fs: float,
    *,
    beats_seen: bool,
    dead: float,
    qrs: float,
    noise: float,
    wander: float,
) -> LeadQuality:
    """Verdict on one lead; sizes in mV."""
    flat = _flat_share(values, fs)
    if flat >= 0.5:
        return LeadQuality(lead, "flat", f"moves by less than 20 µV for {flat:.0%} of the time")
    if dead >= DEAD_SHARE:
        why = f"still for {dead:.0%} of the time while other leads show beats"
        return LeadQuality(lead, "flat", why)
    clipped = _clipped_share(values, fs)
    if clipped >= CLIPPED_SHARE:
        return LeadQuality(lead, "clipped", f"at its limit for {clipped:.0%} of the time")
    if not beats_seen:
        return LeadQuality(lead, NO_BEATS, "no QRS complexes can be told in the leads together")
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


def _dead_shares(
    signals: Float64[np.ndarray, "leads time"],
    fs: float,
    r_times: Float64[np.ndarray, " beats"],
    qrs: Float64[np.ndarray, " leads"],
) -> list[float]:
    """Share of the recording for which each lead stays still although the heart beats.

    A pause, or the calm between slow beats, holds no beat; a lead that is off sleeps through
    whole QRS complexes.
    """
    sizes = np.clip(DEAD_OF_QRS * qrs, *DEAD_SIZE)[:, None]
    shares = []
    for calm in still(signals, fs, sizes):
        edges = np.diff(np.concatenate([[0], calm, [0]]))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        slept = sum(
            end - start
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
            if ((r_times >= start / fs + QRS_REACH) & (r_times <= end / fs - QRS_REACH)).any()
        )
        shares.append(slept / calm.size)
    return shares


def _flat_share(values: Float64[np.ndarray, " time"], fs: float) -> float:
    """Share of segments in which the lead hardly moves."""
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
