"""The device's global measurements among the annotations of a DICOM waveform.

Source: DICOM PS3.3 C.10.10 (annotations), PS3.16 CID 3227-3229 (QTc, intervals, axes).
"""

from collections.abc import Sequence

from pydicom.dataset import Dataset

# By meaning in lower case, without "global" and punctuation.
_NAMES = {
    "heart rate": "heart_rate", "ventricular rate": "heart_rate",
    "ventricular heart rate": "heart_rate", "vent rate": "heart_rate",
    "rr interval": "rr", "rr time period": "rr", "mean rr interval": "rr",
    "p duration": "p", "pr interval": "pr", "pq interval": "pr", "pr time period": "pr",
    "qrs duration": "qrs", "qt interval": "qt", "qt duration": "qt",
    "qtc interval": "qtc", "qtc": "qtc",
    "qtc interval fridericia": "qtc_fridericia", "qtc fridericia": "qtc_fridericia",
    "qtc using fredericia formula": "qtc_fridericia",
    "qtc interval bazett": "qtc_bazett", "qtc bazett": "qtc_bazett",
    "qtc using bazett formula": "qtc_bazett",
    "p axis": "p_axis", "qrs axis": "qrs_axis", "t axis": "t_axis",
}  # fmt: skip
# The same in the numbers of SCP-ECG, MDC and LOINC, for meanings that are not in English.
_CODES = {
    "5.10.2.1-3": "rr", "5.13.5-7": "pr", "5.13.5-9": "qrs", "5.13.5-11": "qt",
    "5.10.2.5-5": "qtc", "5.10.3-11": "p_axis", "5.10.3-13": "qrs_axis", "5.10.3-15": "t_axis",
    "2:16000": "rr", "2:16168": "rr", "2:16184": "p", "2:15872": "pr", "2:16144": "pr",
    "2:16156": "qrs", "2:16160": "qt", "2:15876": "qtc", "2:15880": "qtc_bazett",
    "2:15892": "qtc_fridericia", "2:16128": "p_axis", "2:16132": "qrs_axis", "2:16136": "t_axis",
    "8867-4": "heart_rate",
}  # fmt: skip


def measurements(annotations: Sequence[Dataset]) -> dict[str, float]:
    """Heart rate in bpm, intervals in ms and axes in degrees, of all leads together.

    Values that mean "not computed", and those of a single lead or beat, are left out.
    """
    found: dict[str, float] = {}
    for annotation in annotations:
        concepts = annotation.get("ConceptNameCodeSequence") or []
        number = annotation.get("NumericValue")
        if not concepts or number is None or _is_of_a_part(annotation):
            continue
        name = _NAMES.get(_plain(str(concepts[0].get("CodeMeaning") or ""))) or _CODES.get(
            str(concepts[0].get("CodeValue") or "").strip()
        )
        units = annotation.get("MeasurementUnitsCodeSequence") or []
        value = _in_our_unit(
            name, float(number), str(units[0].get("CodeValue") or "") if units else ""
        )
        if name and value is not None:
            found.setdefault(name, value)
    interval = found.pop("rr", None)
    if interval and "heart_rate" not in found:
        found["heart_rate"] = 60_000 / interval
    return found


def _plain(meaning: str) -> str:
    words = "".join(mark if mark.isalnum() else " " for mark in meaning.lower()).split()
    return " ".join(word for word in words if word != "global")


def _is_of_a_part(annotation: Dataset) -> bool:
    """Whether it points at one beat, or at one channel (0 stands for all of a group)."""
    if annotation.get("ReferencedSamplePositions"):
        return True
    pairs = list(annotation.get("ReferencedWaveformChannels") or [])
    channels = {int(channel) for channel in pairs[1::2]}
    return len(channels) == 1 and channels != {0}


def _in_our_unit(name: str | None, value: float, unit: str) -> float | None:
    if name is None:
        return None
    if name.endswith("axis"):
        return value if unit in ("deg", "") and -360 <= value <= 360 else None
    if name == "heart_rate":
        return value if 10 <= value <= 400 else None
    factor = {"ms": 1.0, "s": 1000.0}.get(unit)
    return value * factor if factor and 5 <= value * factor <= 6000 else None
