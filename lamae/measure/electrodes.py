"""Whether the limb electrodes may have been swapped: a doubt, never a finding."""

import numpy as np

from lamae.ecg import ECG
from lamae.measure.intervals import measurements
from lamae.results.measurement import Measurements, MedianBeat

FLAT = 0.12  # mV from lowest to highest
TALL = 0.4
SMALL_P = 0.01  # mV
MIRRORED = -0.4


def electrodes(ecg: ECG) -> str | None:
    """A sentence that doubts the placement of the limb electrodes, or None.

    Arms swapped: P and QRS point down in I, aVR less so, while V6 points up and mirrors I.
    The right arm's electrode on the leg that earths, or the left arm's: II, or III, is almost
    flat while the other limb leads are not. Other reversals are not told from disease.

    Source: Batchvarov, Malik, Camm, Europace 9:1081-1090, 2007.
    """
    return doubt(measurements(ecg))


def doubt(found: Measurements) -> str | None:
    """The same, from measurements already made."""
    beat = found.beat
    if beat is None or not {"I", "II", "III"} <= set(beat.leads):
        return None
    heights = {lead: float(np.ptp(beat.lead(lead))) for lead in ("I", "II", "III")}
    for lead, arm in (("II", "right"), ("III", "left")):
        others = [height for name, height in heights.items() if name != lead]
        if heights[lead] < FLAT and min(others) > TALL:
            return (
                f"Lead {lead} is almost flat while the other limb leads are not: the {arm} arm "
                "and right leg electrodes may have been swapped. Check before reading axes or "
                "codes."
            )
    if not _arms_look_swapped(beat):
        return None
    if _progresses(beat):
        return (
            "P and QRS point down in I, against V6, while the chest leads progress as usual: "
            "the arm electrodes may have been swapped. Check before reading axes or codes."
        )
    return (
        "P and QRS point down in I, and R does not grow across the chest leads: "
        "dextrocardia, or swapped arm electrodes with another cause for the chest leads, "
        "may be behind it. Check the placement of the electrodes."
    )


def _arms_look_swapped(beat: MedianBeat) -> bool:
    """Whether all of I points down, P and QRS alike, and QRS does not point down in aVR."""
    return (
        "P" in beat.marks
        and "aVR" in beat.leads
        and _net(beat, "I", "P") < -SMALL_P
        and _net(beat, "I", "QRS") < 0
        and _net(beat, "aVR", "QRS") > _net(beat, "I", "QRS")
    )


def _progresses(beat: MedianBeat) -> bool:
    """Whether V6 points up against I, and more than V1 does."""
    if not {"V1", "V6"} <= set(beat.leads):
        return False
    mirrored = float(np.corrcoef(beat.lead("I"), beat.lead("V6"))[0, 1])
    v1, v6 = (_net(beat, lead, "QRS") for lead in ("V1", "V6"))
    return mirrored < MIRRORED and v6 > max(0.0, v1)


def _net(beat: MedianBeat, lead: str, wave: str) -> float:
    """Mean voltage of a wave in a lead in mV; of P, above the line between its ends."""
    onset, offset = beat.marks[wave]
    first, last = (max(0, round((beat.r + edge) * beat.fs)) for edge in (onset, offset))
    values = beat.lead(lead)[first : last + 1].astype(np.float64)
    if wave == "P":
        values = values - np.linspace(values[0], values[-1], values.size)
    return float(values.mean())
