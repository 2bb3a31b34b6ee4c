"""XML of GE's resting ECG devices: Sapphire (MAC 800 and others) and CardioSoft's CardiologyXML.

Source: the elements of GE's "urn:ge:sapphire:dcar_1" files and of CardioSoft's XML export.
"""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from lamae.errors import ReadError
from lamae.io import xml_values
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import LONGEST_UNIT, mv_per_unit, standard_lead
from lamae.io.xml import attribute, text

KIND = "GE CardioSoft XML"
_SAPPHIRE = (
    ("p", "P_Dur"), ("pr", "PR_Interval"), ("qrs", "QRS_Duration"), ("qt", "QT_Interval"),
    ("qtc", "QT_Corrected"), ("p_axis", "P_Axis"), ("qrs_axis", "R_Axis"), ("t_axis", "T_Axis"),
)  # fmt: skip
_CARDIOSOFT = (
    ("heart_rate", "VentricularRate"), ("p", "PDuration"), ("pr", "PQInterval"),
    ("pr", "PRInterval"), ("qrs", "QRSDuration"), ("qt", "QTInterval"), ("qtc", "QTCInterval"),
    ("p_axis", "PAxis"), ("qrs_axis", "RAxis"), ("t_axis", "TAxis"),
)  # fmt: skip
_MAINS = re.compile(r"\b(50|60)\s*Hz", re.IGNORECASE)


@dataclass(frozen=True)
class _Strip:
    """Leads by name with their samples as text; `missing` marks a sample without a value."""

    leads: tuple[tuple[str, str], ...]
    fs: float | None
    step: float | None
    unit: str
    declared: tuple[float | None, ...]
    missing: float | None = None
    commas: bool = False


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm recording of one resting ECG.

    Args:
        file: The file, with the root sapphire or CardiologyXML element.
        fs: Rate in Hz, used only where the file has none.
        unit: Unit of the samples, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no rate or unit.
        ReadError: It holds no readable recording.
    """
    root = file.root
    if root.tag == "sapphire":
        patient = root.find("dcarRecord/patientInfo")
        strip, filters, found = _sapphire_strip(root), _sapphire_filters(root), _sapphire(root)
        age = xml_values.age(
            xml_values.number(attribute(patient, "V", "age")), attribute(patient, "U", "age")
        )
        sex = xml_values.sex(attribute(patient, "V", "gender"))
    else:
        patient = next(root.iter("PatientInfo"), None)
        strip, filters, found = _strip_data(root), _filter_setting(root), _resting(root)
        age = xml_values.age(
            xml_values.number(text(patient, "Age")), attribute(patient, "units", "Age")
        )
        sex = xml_values.sex(text(patient, "Gender"))
    channels, rate = _channels(strip, fs, unit)
    return Recording(
        channels=channels,
        fs=rate,
        source=KIND,
        age=age,
        sex=sex,
        measurements=found,
        filters=filters,
    )


def _channels(
    strip: _Strip, fs: float | None, unit: str | None
) -> tuple[tuple[Channel, ...], float]:
    if not any(standard_lead(name) for name, _ in strip.leads):
        raise ReadError(
            f"This {KIND} file holds no rhythm recording of a standard lead; expected a 12-lead "
            "resting ECG. Export it with waveforms."
        )
    if not strip.step or strip.step < 0:
        raise ReadError(
            f"This {KIND} file does not say how large a step of its samples is, so its voltage "
            "is unknown. Export the recording again."
        )
    scale = mv_per_unit(strip.unit) if strip.unit else None
    if strip.unit and scale is None:
        raise ReadError(
            f"The samples in this {KIND} file are in a unit that is not a voltage; expected uV. "
            "Export the recording again."
        )
    rate, factor = settle(strip.fs, scale, fs, unit)
    channels = []
    for (name, words), declared in zip(strip.leads, strip.declared, strict=True):
        if not standard_lead(name):
            channels.append(Channel("other", np.empty(0)))
            continue
        values = xml_values.samples(words, KIND, commas=strip.commas)
        if declared not in (None, len(values)):
            raise ReadError(
                f"A lead in this {KIND} file has {len(values):,} samples where {declared:,.0f} "
                "are announced; it may be cut short. Export it again."
            )
        values[values == strip.missing] = np.nan
        channels.append(Channel(name, scaled(values, strip.step * factor)))
    lengths = [len(channel.values) for channel in channels if channel.name != "other"]
    check_size(len(lengths), xml_values.check_lengths(lengths, KIND))
    return tuple(channels), rate


def _sapphire_strip(root: Element) -> _Strip:
    # The averaged beat has the same elements, but not below "wav".
    found = next((w for wav in root.iter("wav") for w in wav.findall("ecgWaveformMXG")), None)
    waves = [] if found is None else found.findall("ecgWaveform")
    return _Strip(
        leads=tuple((attribute(w, "lead"), attribute(w, "V")) for w in waves),
        fs=_hertz(found, "sampleRate"),
        step=xml_values.number(attribute(found, "S")),
        unit=attribute(found, "U"),
        declared=tuple(xml_values.number(attribute(w, "asizeVT")) for w in waves),
        missing=xml_values.number(attribute(found, "INV")),
    )


def _hertz(element: Element | None, path: str) -> float | None:
    if attribute(element, "U", path) not in ("", "Hz"):
        return None
    return xml_values.number(attribute(element, "V", path))


def _sapphire_filters(root: Element) -> str | None:
    section = root.find(".//wav/ecgWaveformMXG/filters")
    algorithms = [] if section is None else section.findall("algorithm")
    mains = [_MAINS.search(attribute(a, "V", "purpose")) for a in algorithms]
    return xml_values.filters(
        _hertz(section, "highPass/frequency"),
        _hertz(section, "lowPass/frequency"),
        next((float(match[1]) for match in mains if match), None),
    )


def _sapphire(root: Element) -> dict[str, float]:
    numbers = root.find(".//ecg/num")
    section = root.find(".//medianTemplate/measurements/global")
    pairs = [("heart_rate", _valid(numbers, "ventricularRate"))]
    return xml_values.measurements(
        pairs + [(name, _valid(section, tag)) for name, tag in _SAPPHIRE]
    )


def _valid(section: Element | None, tag: str) -> float | None:
    value = xml_values.number(attribute(section, "V", tag))
    invalid = xml_values.number(attribute(section, "INV", tag))
    unit = attribute(section, "U", tag)
    return value if value != invalid and unit in ("ms", "deg", "{beat}/min", "") else None


def _strip_data(root: Element) -> _Strip:
    found = root.find(".//StripData")
    waves = [] if found is None else found.findall("WaveformData")
    per_step = attribute(found, "units", "Resolution")
    total = xml_values.number(text(found, "ChannelSampleCountTotal"))
    return _Strip(
        leads=tuple((attribute(w, "lead"), w.text or "") for w in waves),
        fs=xml_values.number(text(found, "SampleRate")),
        step=xml_values.number(text(found, "Resolution")),
        unit=re.sub(r"per\w+$", "", per_step[:LONGEST_UNIT], flags=re.IGNORECASE),
        declared=(total,) * len(waves),
        commas=True,
    )


def _filter_setting(root: Element) -> str | None:
    section = next(root.iter("FilterSetting"), None)
    mains = [hz for hz in (50.0, 60.0) if text(section, f"Filter{hz:.0f}Hz").lower() == "yes"]
    return xml_values.filters(
        xml_values.number(text(section, "HighPass")),
        xml_values.number(text(section, "LowPass")),
        mains[0] if mains else None,
    )


def _resting(root: Element) -> dict[str, float]:
    section = next(root.iter("RestingECGMeasurements"), None)
    return xml_values.measurements(
        (name, xml_values.number(text(section, tag))) for name, tag in _CARDIOSOFT
    )
