"""GE MUSE XML (RestingECG): the rhythm waveform, as int16 in base64, usually of eight leads.

Source: the elements of GE's restecg.dtd, as MUSE exports them. HighPassFilter is in hundredths of
Hz; the checksum of a lead is the CRC-32 of its bytes.
"""

import zlib
from xml.etree.ElementTree import Element

import numpy as np
from jaxtyping import Float64

from lamae.errors import ReadError
from lamae.io import xml_values
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import mv_per_unit, standard_lead
from lamae.io.xml import text

KIND = "GE MUSE XML"
_UNITS = {"MICROVOLTS": "uV", "MILLIVOLTS": "mV", "VOLTS": "V"}
# In order: of two values of one name the first counts.
_MEASURED = (
    ("heart_rate", "VentricularRate"), ("p", "PDuration"), ("pr", "PRInterval"),
    ("qrs", "QRSDuration"), ("qt", "QTInterval"), ("qtc", "QTCorrected"),
    ("qtc_fridericia", "QTcFrederica"),
    ("p_axis", "PAxis"), ("qrs_axis", "RAxis"), ("t_axis", "TAxis"),
)  # fmt: skip


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm waveform.

    Args:
        file: The file, with the root RestingECG element.
        fs: Rate in Hz, used only where the file has none.
        unit: Unit of the samples, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no rate or unit.
        ReadError: It holds no readable rhythm waveform.
    """
    root = file.root
    waveform = _rhythm(root)
    leads = [lead for lead in waveform.findall("LeadData") if standard_lead(text(lead, "LeadID"))]
    if not leads:
        raise ReadError(
            f"The rhythm waveform in this {KIND} file holds none of the twelve standard leads; "
            "expected I, II and V1-V6. Export the recording again."
        )
    steps = {text(lead, "LeadID"): _step(lead) for lead in leads}
    stated = [scale for _, scale in steps.values()]
    rate, factor = settle(_rate(waveform), None if None in stated else stated[0], fs, unit)
    raw, starts = [], []
    for lead in leads:
        raw.append(_samples(lead))
        starts.append(_start(lead, rate))
    check_size(len(leads), max(map(len, raw)))
    raw, notes = _together(raw, starts, rate)
    channels = []
    for lead, values in zip(leads, raw, strict=True):
        name = text(lead, "LeadID")
        step, scale = steps[name]
        channels.append(Channel(name, scaled(values, step * (scale or factor))))
    others = len(waveform.findall("LeadData")) - len(leads)
    channels += [Channel("other", np.empty(0))] * others
    off = [text(lead, "LeadID") for lead in leads if text(lead, "LeadOff").upper() == "TRUE"]
    if off:
        names = ", ".join(found[0] for name in off if (found := standard_lead(name)))
        notes.append(f"The device reported electrodes off in {names}.")
    return Recording(
        channels=tuple(channels),
        fs=rate,
        source=KIND,
        age=_age(root),
        sex=xml_values.sex(text(root, "PatientDemographics/Gender")),
        measurements=_measurements(root),
        filters=_filters(waveform),
        notes=tuple(notes),
    )


def _rhythm(root: Element) -> Element:
    waveforms = root.findall("Waveform")
    rhythm = [w for w in waveforms if text(w, "WaveformType").lower() == "rhythm"]
    if not rhythm:
        averaged = " but an averaged beat" if waveforms else ""
        raise ReadError(
            f"This {KIND} file holds no rhythm waveform{averaged}; expected the recording "
            "itself. Export it with waveforms."
        )
    return max(rhythm, key=lambda w: len(w.findall("LeadData")))


def _rate(waveform: Element) -> float | None:
    base = xml_values.number(text(waveform, "SampleBase"))
    exponent = xml_values.number(text(waveform, "SampleExponent") or "0")
    if not base or exponent is None or not -6 <= exponent <= 6:
        return None
    return base * 10.0**exponent


def _step(lead: Element) -> tuple[float, float | None]:
    """Units a step, and mV a unit; None where the unit is absent."""
    step = xml_values.number(text(lead, "LeadAmplitudeUnitsPerBit"))
    if not step or step < 0:
        raise ReadError(
            f"This {KIND} file does not say how large a step of its samples is, so its voltage "
            "is unknown. Export the recording again."
        )
    name = text(lead, "LeadAmplitudeUnits").upper()
    scale = mv_per_unit(_UNITS.get(name, name)) if name else None
    if name and scale is None:
        raise ReadError(
            f"The samples in this {KIND} file are in a unit that is not a voltage; expected "
            "microvolts. Export the recording again."
        )
    return step, scale


def _samples(lead: Element) -> Float64[np.ndarray, " time"]:
    if text(lead, "LeadSampleSize") not in ("", "2"):
        raise ReadError(
            f"The samples in this {KIND} file do not have two bytes each, as expected. "
            "Export the recording again."
        )
    content = xml_values.unpacked(text(lead, "WaveFormData"), KIND)
    declared = xml_values.number(text(lead, "LeadSampleCountTotal"))
    if len(content) % 2 or declared not in (None, len(content) // 2):
        raise ReadError(
            f"A lead in this {KIND} file has {len(content) // 2:,} samples where "
            f"{declared or 0:,.0f} are announced; it may be cut short. Export it again."
        )
    checksum = text(lead, "LeadDataCRC32")
    if checksum.isdecimal() and int(checksum[:12]) not in (0, zlib.crc32(content)):
        raise ReadError(
            f"The samples of a lead in this {KIND} file do not match their checksum: the file is "
            "damaged or was changed. Export the recording again."
        )
    return np.frombuffer(content, "<i2").astype(np.float64)


def _start(lead: Element, rate: float) -> int:
    """Where the lead's first sample lies, in samples after the waveform's own start."""
    milliseconds = xml_values.number(text(lead, "LeadTimeOffset") or "0")
    first = xml_values.number(text(lead, "LeadOffsetFirstSample") or "0")
    if milliseconds is None or first is None or max(abs(milliseconds), abs(first)) > 1e8:
        raise ReadError(
            f"This {KIND} file does not say where a lead begins in a way that can be read. "
            "Export the recording again."
        )
    return round(milliseconds * rate / 1000 + first)


def _together(
    raw: list[Float64[np.ndarray, " _"]], starts: list[int], rate: float
) -> tuple[list[Float64[np.ndarray, " _"]], list[str]]:
    """The segment that all leads share."""
    ends = [start + len(values) for start, values in zip(starts, raw, strict=True)]
    first, last = max(starts), min(ends)
    if last - first < rate:
        raise ReadError(
            f"The leads in this {KIND} file were not recorded at the same time, or for less than "
            "1 s together; expected all leads at once. Export the full recording."
        )
    if (min(starts), max(ends)) == (first, last):
        return raw, []
    cut = [values[first - start : last - start] for start, values in zip(starts, raw, strict=True)]
    return cut, [f"The leads begin or end apart; the {(last - first) / rate:g} s they share kept."]


def _age(root: Element) -> float | None:
    patient = root.find("PatientDemographics")
    stated = xml_values.age(
        xml_values.number(text(patient, "PatientAge")), text(patient, "AgeUnits")
    )
    if stated is not None:
        return stated
    return xml_values.age_at(
        text(patient, "DateofBirth"), text(root, "TestDemographics/AcquisitionDate")
    )


def _measurements(root: Element) -> dict[str, float]:
    section = root.find("RestingECGMeasurements")
    return xml_values.measurements(
        (name, xml_values.number(text(section, tag))) for name, tag in _MEASURED
    )


def _filters(waveform: Element) -> str | None:
    high = xml_values.number(text(waveform, "HighPassFilter"))
    mains = text(waveform, "ACFilter")
    return xml_values.filters(
        None if high is None else high / 100,
        xml_values.number(text(waveform, "LowPassFilter")),
        0.0 if mains.upper() in ("NONE", "OFF") else xml_values.number(mains),
    )
