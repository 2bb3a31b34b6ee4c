"""Whether what was read can be an ECG in mV with correctly labelled leads."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from jaxtyping import Float64

from lamae.ecg import ECG, LIMB_LEADS, limb_lead_disagreement
from lamae.errors import ReadError

# Above every correctly labelled PTB-XL record we measured (at most 0.39), below nearly every one
# whose aVL and aVF we exchanged (99 % above 0.48).
LIMB_TOLERANCE = 0.4
LIMB_FLOOR = 0.03
LARGEST_PLAUSIBLE = 20.0
SMALLEST_PLAUSIBLE = 0.005


def check_amplitude(leads: Mapping[str, Float64[np.ndarray, " time"]]) -> list[str]:
    """Refuse amplitudes that show a wrong unit.

    Args:
        leads: Voltage in mV of each lead.

    Returns:
        Notes on single leads that stand out.

    Raises:
        ReadError: The typical lead is too large, or all are too small, to be in mV.
    """
    # About the median: a DC-coupled electrode offset of 100 mV and more is no fault.
    centred = {lead: np.abs(values - np.median(values)) for lead, values in leads.items()}
    height = {lead: float(np.percentile(values, 99)) for lead, values in centred.items()}
    typical = float(np.median(list(height.values())))
    if typical > LARGEST_PLAUSIBLE:
        raise ReadError(
            f"The signal reaches {typical:,.0f} mV; an ECG stays within a few mV. The unit is "
            "probably wrong: check whether the values are in mV, uV or steps of the device."
        )
    peak = max(float(values.max()) for values in centred.values())
    if 0 < peak < SMALLEST_PLAUSIBLE:
        raise ReadError(
            f"The signal stays within {peak:.2g} mV; an ECG reaches about 1 mV. The unit is "
            "probably wrong: check whether the values are in mV, uV or V."
        )
    notes = []
    if peak == 0:
        notes.append("Every lead is a flat line.")
    high = [lead for lead, value in height.items() if value > LARGEST_PLAUSIBLE]
    if high:
        notes.append(
            f"Beyond {LARGEST_PLAUSIBLE:g} mV (loose electrode or wrong gain): {', '.join(high)}."
        )
    return notes


def _off_relations(ecg: ECG) -> bool:
    off = limb_lead_disagreement(ecg)
    if off is None:
        return False
    size = float(np.sqrt(np.mean(np.square([ecg.lead("I"), ecg.lead("II")]))))
    return off > max(LIMB_FLOOR, LIMB_TOLERANCE * size)


def limb_fault(ecg: ECG, may_name: bool) -> str | None:
    """What is wrong with the limb leads, if they contradict each other strongly.

    Args:
        ecg: The recording; its first minute is looked at.
        may_name: Whether to name the labels at fault, where one exchange alone explains it.

    Returns:
        One sentence; None where they agree or cannot be checked.
    """
    first = ecg.window(0.0, 60.0)
    centred = replace(first, signal=first.signal - np.median(first.signal, axis=1, keepdims=True))
    if not _off_relations(centred):
        return None
    limb = [row for row, lead in enumerate(ecg.leads) if lead in LIMB_LEADS]
    cures = []
    for pair in combinations(limb, 2):
        exchanged = centred.signal.copy()
        exchanged[list(pair)] = exchanged[list(pair[::-1])]
        if not _off_relations(replace(centred, signal=exchanged)):
            cures.append(f"{ecg.leads[pair[0]]} and {ecg.leads[pair[1]]} look exchanged")
    for row in limb:
        turned = centred.signal.copy()
        turned[row] *= -1
        if not _off_relations(replace(centred, signal=turned)):
            cures.append(f"{ecg.leads[row]} looks inverted")
    likely = cures[0] if may_name and len(cures) == 1 else "labels exchanged or units wrong"
    return f"The limb leads contradict Einthoven's and Goldberger's relations: {likely}."
