"""A simulator of 12-lead ECGs whose R times, intervals and axis are known exactly.

The heart is one electric dipole in three dimensions; P, Q, R, S and T are Gaussian waves
of it, and each lead sees the dipole through its lead vector. Waves are placed in time from
each R rather than in phase, so that the intervals of the signal are those of the truth.

Source: McSharry, Clifford, Tarassenko, Smith, IEEE TBME 50:289-294, 2003 (waves, RR
    intervals); Sameni, Clifford, Jutten, Shamsollahi, EURASIP J Adv Signal Process 2007,
    043407 (the dipole in three dimensions); Clifford, Nemati, Sameni, Physiol Meas
    31:595-609, 2010 (abnormal beats and rhythms).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from lamae.ecg import ECG, INDEPENDENT_LEADS, LEADS
from lamae.errors import InputError
from lamae.simulate import rhythm as timing
from lamae.simulate.beats import SHAPES, Beat, place, vary
from lamae.simulate.waves import Wave, dipole, independent_leads, reach, twelve_leads

__all__ = ["RHYTHMS", "Simulated", "Truth", "simulate"]

MARGIN = 15.0  # s of rhythm beyond the recording, to choose where it starts


@dataclass(frozen=True)
class _Rhythm:
    """How a rhythm differs from a normal one; rates in bpm, intervals in ms."""

    title: str
    rates: tuple[float, float] = (62.0, 88.0)
    shape: str = "normal"
    beat: str = "N"
    pr: float = 160.0
    qrs: tuple[float, float] = (84.0, 98.0)
    qtc: float = 405.0
    fibrillates: bool = False
    premature: bool = False


_RHYTHMS = {
    "sinus_rhythm": _Rhythm("Sinus rhythm"),
    "sinus_bradycardia": _Rhythm("Sinus bradycardia", rates=(42.0, 54.0), pr=168.0),
    "sinus_tachycardia": _Rhythm("Sinus tachycardia", rates=(108.0, 135.0), pr=140.0),
    "atrial_fibrillation": _Rhythm("Atrial fibrillation", rates=(75.0, 120.0), fibrillates=True),
    "premature_ventricular_beats": _Rhythm(
        "Premature ventricular beats", rates=(64.0, 82.0), premature=True
    ),
    "first_degree_av_block": _Rhythm("First-degree AV block", rates=(58.0, 78.0), pr=260.0),
    "left_bundle_branch_block": _Rhythm(
        "Left bundle branch block",
        shape="left bundle branch block",
        beat="L",
        pr=180.0,
        qrs=(144.0, 160.0),
        qtc=445.0,
    ),
    "right_bundle_branch_block": _Rhythm(
        "Right bundle branch block",
        shape="right bundle branch block",
        beat="R",
        pr=170.0,
        qrs=(132.0, 146.0),
        qtc=430.0,
    ),
    "left_ventricular_hypertrophy": _Rhythm(
        "Left ventricular hypertrophy",
        shape="left ventricular hypertrophy",
        pr=172.0,
        qrs=(96.0, 108.0),
        qtc=420.0,
    ),
    "inferior_st_elevation": _Rhythm(
        "Inferior ST elevation", rates=(55.0, 75.0), shape="inferior injury", pr=176.0
    ),
    "anterior_st_elevation": _Rhythm(
        "Anterior ST elevation", rates=(75.0, 98.0), shape="anterior injury"
    ),
}
RHYTHMS: Mapping[str, str] = MappingProxyType(
    {name: rhythm.title for name, rhythm in _RHYTHMS.items()}
)


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a simulated ECG because it was made so, exact before noise.

    A wave begins and ends where the length of its own dipole, all other waves and noise
    aside, passes a share of its largest value: 0.05 for P and T, 0.02 for QRS. Where there
    are premature beats, intervals and axis are those of the sinus beats.

    Attributes:
        r_times: When the QRS dipole of each beat is largest, in s.
        beat_types: PhysioNet's code for each beat: "N" normal, "V" premature ventricular,
            "L" and "R" left and right bundle branch block.
        heart_rate: 60 over the mean RR interval of `r_times`, in bpm.
        pr: Onset of P to onset of QRS in ms; None where there is no P.
        qrs: Onset to offset of QRS in ms.
        qt: Onset of QRS to offset of T in ms.
        qrs_axis: Frontal axis in degrees, from the net area of QRS in I and aVF, aVF
            enlarged by 2/sqrt(3) to the strength of I.
    """

    r_times: Float64[np.ndarray, " beats"]
    beat_types: tuple[str, ...]
    heart_rate: float
    pr: float | None
    qrs: float
    qt: float
    qrs_axis: float


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated ECG and the truth about it."""

    ecg: ECG
    truth: Truth


def simulate(
    rhythm: str,
    *,
    seconds: float = 10.0,
    fs: float = 500.0,
    noise: float = 0.01,
    rng: np.random.Generator,
    heart_rate: float | None = None,
    pr: float | None = None,
    qrs: float | None = None,
    qt: float | None = None,
    amplitude: float = 1.0,
    wander: float = 0.015,
) -> Simulated:
    """Make a 12-lead ECG of a rhythm; what is not given varies with `rng`.

    Args:
        rhythm: One of `RHYTHMS`.
        seconds: Length in s, 3 to 3,600.
        fs: Sampling rate in Hz, 50 to 20,000.
        noise: Standard deviation in mV of white noise in each of I, II and V1-V6.
        rng: Source of all randomness.
        heart_rate: Rate aimed at in bpm, 30 to 200; the truth holds the one that came out.
        pr: PR interval in ms.
        qrs: QRS duration in ms.
        qt: QT interval in ms.
        amplitude: Factor on every wave, to make small or large ECGs.
        wander: Amplitude in mV of the baseline's drift with breathing.

    Raises:
        InputError: The rhythm is unknown or a value lies outside its range.
    """
    if rhythm not in _RHYTHMS:
        raise InputError(f"There is no rhythm {rhythm!r}; expected one of {', '.join(RHYTHMS)}.")
    _require("length", seconds, 3.0, 3600.0, "s")
    _require("sampling rate", fs, 50.0, 20_000.0, "Hz")
    kind = _RHYTHMS[rhythm]
    rate = rng.uniform(*kind.rates) if heart_rate is None else heart_rate
    _require("heart rate", rate, 30.0, 200.0, "bpm")
    mean_rr = 60 / rate
    # Fridericia's relation; slower hearts conduct a little slower, too.
    intervals = {
        "p": 104.0,
        "pr": kind.pr + rng.uniform(-8, 8) if pr is None else pr,
        "qrs": rng.uniform(*kind.qrs) if qrs is None else qrs,
        "qt": (kind.qtc + rng.uniform(-12, 12)) * mean_rr ** (1 / 3) if qt is None else qt,
    }
    _require("PR interval", intervals["pr"], 90.0, 400.0, "ms")
    _require("QRS duration", intervals["qrs"], 60.0, 220.0, "ms")
    _require("QT interval", intervals["qt"], intervals["qrs"] + 120, 700.0, "ms")
    _require("noise", noise, 0.0, 5.0, "mV")
    _require("baseline wander", wander, 0.0, 5.0, "mV")
    _require("amplitude", amplitude, 0.05, 5.0, "times the normal")
    beat = place(vary(SHAPES[kind.shape], rng), amplitude=amplitude, **intervals)
    early = place(
        vary(SHAPES["ventricular"], rng),
        amplitude=amplitude,
        p=0.0,
        pr=0.0,
        qrs=rng.uniform(146, 164),
        qt=intervals["qt"] + 45,
    )
    times = _times(kind, mean_rr, seconds, rng)

    t = np.arange(round(seconds * fs)) / fs
    vectors = np.zeros((3, t.size))
    for time, ventricular in zip(times.beats, times.ventricular, strict=True):
        source: Beat = early if ventricular else beat
        _add(vectors, t, float(time), (*source.qrs, *source.st_t))
    for time in times.p:
        _add(vectors, t, float(time), beat.p)
    if kind.fibrillates:
        vectors += timing.fibrillation(t, 0.08 * amplitude, rng)

    independent = independent_leads(vectors)
    shape = (len(INDEPENDENT_LEADS), 1)
    drift = np.sin(2 * np.pi * timing.BREATHING * t + rng.uniform(0, 2 * np.pi))
    independent += wander * rng.uniform(-1, 1, shape) * drift
    independent += noise * rng.standard_normal(independent.shape)

    inside = (times.beats >= 0) & (times.beats < seconds)
    r_times = times.beats[inside]
    types = tuple("V" if early else kind.beat for early in times.ventricular[inside].tolist())
    return Simulated(
        ecg=ECG(
            signal=twelve_leads(independent).astype(np.float32),
            fs=fs,
            leads=LEADS,
            source=f"simulated: {kind.title.lower()}",
        ),
        truth=Truth(
            r_times=r_times,
            beat_types=types,
            heart_rate=float(60 / np.diff(r_times).mean()),
            pr=None if kind.fibrillates else float(intervals["pr"]),
            qrs=float(intervals["qrs"]),
            qt=float(intervals["qt"]),
            qrs_axis=beat.axis,
        ),
    )


def _times(kind: _Rhythm, mean_rr: float, seconds: float, rng: np.random.Generator) -> timing.Times:
    """When the beats and P waves of a recording fall."""
    length = seconds + 2 * MARGIN
    if kind.fibrillates:
        beats = timing.fibrillating(mean_rr, length, rng)
        times = timing.Times(beats, np.zeros(beats.size, dtype=bool), np.zeros(0))
    else:
        regular = timing.sinus(mean_rr, length, rng)
        beats, ventricular = regular, np.zeros(regular.size, dtype=bool)
        if kind.premature:
            beats, ventricular = timing.with_premature_beats(regular, rng)
        times = timing.Times(beats, ventricular, regular)
    return timing.window(times, seconds, rng)


def _add(
    vectors: Float64[np.ndarray, "3 time"],
    t: Float64[np.ndarray, " time"],
    r_time: float,
    waves: tuple[Wave, ...],
) -> None:
    """Add waves in ms from `r_time` to the dipole in place, where they are not zero."""
    first, last = reach(waves)
    near = slice(*np.searchsorted(t, [r_time + first / 1000, r_time + last / 1000]))
    vectors[:, near] += dipole(waves, (t[near] - r_time) * 1000)


def _require(what: str, value: float, low: float, high: float, unit: str) -> None:
    """Refuse a value outside its range."""
    if not low <= value <= high:
        raise InputError(f"The {what} is {value:g} {unit}; expected {low:g} to {high:g} {unit}.")
