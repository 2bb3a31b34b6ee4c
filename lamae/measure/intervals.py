"""All measurements of a recording, each with its confidence or why it is withheld."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lamae.ecg import ECG
from lamae.measure.axes import axis
from lamae.measure.beats import heart_rate
from lamae.measure.clean import Working, levelled, working
from lamae.measure.delineation import Mark, from_level_before
from lamae.measure.median import Median, median
from lamae.measure.morphology import Classes, classes
from lamae.measure.p_wave import CONSISTENT, p_consistency, p_mark
from lamae.measure.pacing import PACED, paced_share
from lamae.measure.premature import Rhythm, rhythm
from lamae.measure.qrs import qrs_mark
from lamae.measure.quality import READABLE, signal_quality, usable
from lamae.measure.t_wave import t_mark, without_t
from lamae.results.measurement import ESTIMATED, Measured, Measurements, MedianBeat

LONGEST = 60.0  # s
FEWEST = 3
STEADY = 5  # beats from which a median is steady
FIRM, FAIR = 8.0, 20.0  # ms or degrees, as `lamae.results.measurement.CONFIDENCE` says
NO_AXIS = 0.12
IRREGULAR = 0.08  # of RR, from one interval to the next
PLAUSIBLE = (0.27, 0.65)  # s of QTc
SURE_P = 0.75
NO_P = "no P wave precedes the QRS regularly"


@dataclass(frozen=True, eq=False)
class _Waves:
    """A median beat with its marks; `p_withheld` and `t_withheld` say why one is missing."""

    beat: Median
    p_beat: Median
    qrs: Mark
    p: Mark | None
    p_withheld: str
    t: Mark | None
    t_withheld: str


def median_beat(ecg: ECG) -> MedianBeat | None:
    """The median beat of the commonest shape, with the ends of its waves.

    Returns:
        None where the signal is poor or holds fewer than three such beats;
        `measurements` says which.
    """
    return measurements(ecg).beat


def measurements(ecg: ECG) -> Measurements:
    """Measure heart rate, rhythm, intervals, axes and premature beats.

    Only the first 60 s of a longer recording are measured: rhythm and intervals of a day
    have no one value. Intervals come from the median beat over all readable leads: the
    earliest onset, the latest offset. Values that the signal does not support are withheld.

    Source: AHA/ACCF/HRS recommendations for the standardization and interpretation of the
        electrocardiogram, parts I and III, J Am Coll Cardiol 49:1109-1127, 2007 and
        53:976-981, 2009 (global intervals from leads aligned in time); Fridericia 1920;
        Bazett 1920.
    """
    ecg = ecg.window(0.0, LONGEST)
    quality = signal_quality(ecg)
    fit, why = usable(quality)
    if not fit:
        return _nothing(why[0].lower() + why[1:].rstrip("."))
    readable = frozenset(lead.lead for lead in quality if lead.verdict in READABLE)
    found = working(ecg, readable)
    seen = heart_rate(ecg)
    beats = classes(found, seen.r_times)
    if seen.rate is None or seen.rr_range is None or beats.r_times.size < 2:
        return _nothing("fewer than two beats were found")
    paced = paced_share(ecg, seen.r_times) >= PACED
    values = levelled(found, beats.r_times[beats.usual])
    used = int(beats.usual.sum())
    waves = _waves(median(values, found, beats), beats, paced=paced) if used >= FEWEST else None
    timing = rhythm(
        beats, _widths(values, found, beats), waves.qrs.offset - waves.qrs.onset if waves else None
    )
    reason = f"{seen.r_times.size} beats in {ecg.duration:.0f} s"
    sure = "high" if seen.r_times.size >= STEADY else "moderate"
    results = [
        Measured("heart_rate", seen.rate, sure, reason),
        Measured("rr_shortest", seen.rr_range[0], sure, reason),
        Measured("rr_longest", seen.rr_range[1], sure, reason),
    ]
    if waves is None:
        few = f"only {used} beats of one shape; expected at least {FEWEST}"
        if used >= FEWEST:
            few = "the ends of QRS cannot be seen"
        results += [Measured(name, None, None, few) for name in ESTIMATED[len(results) :]]
    else:
        results += _intervals(waves, used, 60 / seen.rate)
        results += _axes(waves, used, ecg.leads, readable)
    no_p = waves is not None and waves.p is None
    chaotic = no_p and timing.scatter > IRREGULAR
    return Measurements(
        values={value.name: value for value in results},
        regular=timing.regular,
        rhythm=_in_words(timing, chaotic=chaotic),
        premature=tuple(
            beat for beat in timing.premature if not (chaotic and beat.origin == "atrial")
        ),
        premature_withheld="atrial premature beats cannot be told from an irregular rhythm "
        "without P waves"
        if chaotic
        else None,
        beat=None if waves is None else _value(waves, ecg, used, seen.r_times.size),
    )


def _nothing(reason: str) -> Measurements:
    """Every value withheld for one reason."""
    return Measurements(
        values={name: Measured(name, None, None, reason) for name in ESTIMATED},
        regular=None,
        rhythm=f"Rhythm not judged: {reason}.",
        premature=(),
        premature_withheld=reason,
        beat=None,
    )


def _waves(beat: Median, beats: Classes, *, paced: bool) -> _Waves | None:
    """Mark the waves of a median beat; None where not even its QRS has clear ends."""
    qrs = qrs_mark(beat)
    if qrs is None:
        return None
    beat = from_level_before(beat, qrs)
    rr = float(np.nanmedian(np.diff(beats.r_times)[beats.usual[:-1]]))
    t, t_withheld = t_mark(beat, qrs, rr)
    if t and not PLAUSIBLE[0] <= (qtc := (t.offset - qrs.onset) / rr ** (1 / 3)) <= PLAUSIBLE[1]:
        t, t_withheld = None, f"the end of T found would mean a QTc of {qtc * 1000:.0f} ms"
    p_beat = without_t(beat, qrs, t) if t else beat
    p = p_mark(p_beat, qrs, (t.offset if t else 0.6 * rr) - rr)
    p_withheld = "" if p else NO_P
    intervals = np.diff(beats.r_times)
    scatter = float(np.median(np.abs(np.diff(intervals))) / intervals.mean())
    # Among irregular beats, fibrillation waves look alike by chance more often than P differ.
    if p and p_consistency(p_beat, p) < (SURE_P if scatter > IRREGULAR else CONSISTENT):
        p, p_withheld = None, NO_P
    if paced:
        p, p_withheld = None, "pacing spikes: what precedes the QRS may be no P wave"
    return _Waves(beat, p_beat, qrs, p, p_withheld, t, t_withheld)


def _widths(
    values: Float64[np.ndarray, "leads time"], found: Working, beats: Classes
) -> Float64[np.ndarray, " beats"]:
    """QRS duration in s of each beat of another shape than the usual one; NaN for the rest."""
    widths = np.full(beats.r_times.size, np.nan)
    for k in np.flatnonzero(~beats.usual).tolist():
        alone = np.arange(beats.usual.size) == k
        mark = qrs_mark(median(values, found, Classes(beats.r_times, beats.likeness, alone)))
        if mark:
            widths[k] = mark.offset - mark.onset
    return widths


def _intervals(waves: _Waves, used: int, rr: float) -> list[Measured]:
    """P duration, PR, QRS, QT and QTc, in ms."""
    qrs, p, t = waves.qrs, waves.p, waves.t
    mean = f"{used} beats"
    found = []
    if p:
        spread = p.onset_spread + p.offset_spread
        found.append(_interval("p", p.offset - p.onset, spread, used, mean))
        spread = p.onset_spread + qrs.onset_spread
        found.append(_interval("pr", qrs.onset - p.onset, spread, used, mean))
    else:
        found += [Measured(name, None, None, waves.p_withheld) for name in ("p", "pr")]
    spread = qrs.onset_spread + qrs.offset_spread
    found.append(_interval("qrs", qrs.offset - qrs.onset, spread, used, mean))
    if t:
        spread = qrs.onset_spread + t.offset_spread
        qt = t.offset - qrs.onset
        at = f"{mean} at {60 / rr:.0f} bpm"
        found.append(_interval("qt", qt, spread, used, mean))
        found.append(_interval("qtc_fridericia", qt / rr ** (1 / 3), spread, used, at))
        found.append(_interval("qtc_bazett", qt / rr**0.5, spread, used, at))
    else:
        found += [
            Measured(name, None, None, waves.t_withheld)
            for name in ("qt", "qtc_fridericia", "qtc_bazett")
        ]
    return found


def _axes(
    waves: _Waves, used: int, leads: tuple[str, ...], readable: frozenset[str]
) -> list[Measured]:
    """Frontal axes in degrees."""
    found = []
    for name, beat, mark, withheld in (
        ("p_axis", waves.p_beat, waves.p, waves.p_withheld),
        ("qrs_axis", waves.beat, waves.qrs, ""),
        ("t_axis", waves.beat, waves.t, waves.t_withheld),
    ):
        if mark is None:
            found.append(Measured(name, None, None, withheld))
            continue
        angle = axis(beat, leads, readable, mark, between_ends=name == "p_axis")
        if angle is None:
            found.append(Measured(name, None, None, "fewer than two limb leads can be read"))
        elif angle.net < NO_AXIS:
            found.append(
                Measured(name, None, None, "as much upright as inverted in the limb leads")
            )
        else:
            reason = f"net area, {used} beats"
            found.append(Measured(name, angle.degrees, _confidence(angle.spread, used), reason))
    return found


def _interval(name: str, seconds: float, spread: float, used: int, reason: str) -> Measured:
    return Measured(name, seconds * 1000, _confidence(spread * 1000, used), reason)


def _confidence(spread: float, used: int) -> str:
    """One of `lamae.results.measurement.CONFIDENCE`."""
    if used < STEADY or spread > FAIR:
        return "low"
    return "high" if spread <= FIRM else "moderate"


def _in_words(timing: Rhythm, *, chaotic: bool) -> str:
    if timing.regular is None:
        return "Too few beats follow one another to tell whether the rhythm is regular."
    apart = f"RR intervals differ by up to {timing.spread * 1000:.0f} ms"
    but = " apart from premature beats" if timing.premature and not chaotic else ""
    if timing.regular:
        return f"Regular rhythm{but}: {apart}."
    if chaotic:
        return (
            f"Irregular rhythm without regular P waves: {apart}. Atrial fibrillation is one cause."
        )
    return f"Irregular rhythm{but}: {apart}."


def _value(waves: _Waves, ecg: ECG, used: int, found: int) -> MedianBeat:
    beat = waves.beat
    marked = {"P": waves.p, "QRS": waves.qrs, "T": waves.t}
    return MedianBeat(
        signal=beat.signal.astype(np.float32),
        leads=ecg.leads,
        fs=beat.fs,
        r=beat.r / beat.fs,
        marks={wave: (mark.onset, mark.offset) for wave, mark in marked.items() if mark},
        used=used,
        found=found,
    )
