"""Philips Sierra XML, versions 1.03 to 1.04: leads in base64, mostly compressed with XLI.

Compressed files hold III, aVR, aVL and aVF as differences from what I and II imply.

Source: the elements of Philips's SierraECG and PhilipsECG schemas; for the compression see
`lamae.io.philips_xli`.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np
from jaxtyping import Int64

from lamae.ecg import LEADS
from lamae.errors import ReadError
from lamae.io import philips_xli, xml_values
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import standard_lead
from lamae.io.xml import attribute, text

KIND = "Philips Sierra XML"
# Steps are in microvolts; the schema leaves no room for another unit.
_UNIT = 1e-3
# In order: what the algorithm measured, then what the report states.
_SECTIONS = ("crossleadmeasurements", "globalmeasurements", "interpretationmeasurements")
_MEASURED = (
    ("heart_rate", "meanventrate"), ("heart_rate", "heartrate"), ("p", "pdur"),
    ("pr", "meanprint"), ("pr", "print"), ("qrs", "meanqrsdur"), ("qrs", "qrsdur"),
    ("qt", "meanqtint"), ("qt", "qtint"), ("qtc", "meanqtc"),
    ("qtc_fridericia", "qtcf"), ("qtc_bazett", "qtcb"),
    ("p_axis", "pfrontaxis"), ("qrs_axis", "qrsfrontaxis"), ("t_axis", "tfrontaxis"),
)  # fmt: skip
_MARK_MV = 1.0
_SIGNAL = "dataacquisition/signalcharacteristics"


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm recording.

    Args:
        file: The file, with the root restingecgdata element.
        fs: Rate in Hz, used only where the file has none.
        unit: Unit of the samples; the format's own is checked against it.

    Raises:
        AnswerNeeded: The file states no rate.
        ReadError: It holds no readable recording.
    """
    root = file.root
    waves = next(root.iter("parsedwaveforms"), None)
    if waves is None:
        raise ReadError(
            f"This {KIND} file holds no waveforms (it may be a report only); expected a 12-lead "
            "ECG. Export it with waveforms."
        )
    stated = attribute(waves, "samplespersecond") or text(root, f"{_SIGNAL}/samplingrate")
    rate, factor = settle(xml_values.number(stated), _UNIT, fs, unit)
    names = _names(root, waves)
    size, offset = _step(root, waves) * factor, _offset(root, waves)
    steps, notes = _without_mark(_steps(waves, names, _length(waves, rate)), size, rate)
    return Recording(
        channels=tuple(
            Channel(name, scaled(values - offset, size))
            for name, values in zip(names, steps, strict=True)
        ),
        fs=rate,
        source=KIND,
        age=_age(root),
        sex=xml_values.sex(text(root, "patient/generalpatientdata/sex")),
        measurements=xml_values.measurements(
            (name, xml_values.number(text(section, tag)))
            for kind in _SECTIONS
            for section in root.iter(kind)
            for name, tag in _MEASURED
        ),
        filters=_filters(root, waves),
        notes=notes,
    )


def _names(root: Element, waves: Element) -> list[str]:
    """The leads in their order; files without labels have the standard twelve."""
    labels = attribute(waves, "leadlabels").split()
    if labels:
        count = xml_values.number(attribute(waves, "numberofleads") or str(len(labels)))
        if count is None or not 1 <= count <= len(labels):
            raise ReadError(
                f"The number of leads in this {KIND} file contradicts their names; the file may "
                "be damaged. Export the recording again."
            )
        if len(set(labels)) < len(labels):
            raise ReadError(
                f"Two leads in this {KIND} file have one name; expected each lead once. "
                "Export the recording again."
            )
        return labels[: int(count)]
    kind = text(root, f"{_SIGNAL}/acquisitiontype")
    if kind.upper() not in ("STD-12", "10-WIRE"):
        raise ReadError(
            f"This {KIND} file does not name its leads and is no standard 12-lead recording. "
            "Export it as a standard 12-lead ECG."
        )
    return list(LEADS)


def _length(waves: Element, rate: float) -> int:
    """Samples a lead, from the duration in ms."""
    duration = xml_values.number(attribute(waves, "durationperchannel"))
    if duration is None or not 0 < duration <= 1e9:
        raise ReadError(
            f"This {KIND} file does not say how long it is; expected a duration in milliseconds. "
            "Export the recording again."
        )
    return round(duration * rate / 1000)


def _steps(waves: Element, names: Sequence[str], length: int) -> Int64[np.ndarray, "leads time"]:
    """Each lead in steps; leads behind those named (channels not in use) are left out."""
    check_size(len(names), length)
    words = waves.text or ""
    method = attribute(waves, "compressmethod") or attribute(waves, "compression")
    packed = attribute(waves, "compressflag").lower() != "false" and bool(method)
    coding = attribute(waves, "dataencoding").lower()
    if packed and method.upper() not in ("XLI", "UNCOMPRESSED", "NONE"):
        raise ReadError(
            f"The samples in this {KIND} file are compressed in a way that is not read; expected "
            "XLI. Export the recording uncompressed."
        )
    if packed and method.upper() == "XLI":
        leads = philips_xli.decode(xml_values.unpacked(words, KIND), length)[: len(names)]
        _check_count(len(leads), len(names), "leads")
        return _derived_limb_leads(dict(zip(names, leads, strict=True)))
    if coding == "plain":
        numbers = xml_values.samples(words, KIND)
        values = numbers.astype(np.int64)
    else:
        content = xml_values.unpacked(words, KIND)
        values = np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int64)
    _check_count(len(values), len(names) * length, "samples")
    return values[: len(names) * length].reshape(len(names), length)


def _check_count(found: int, expected: int, what: str) -> None:
    if found < expected:
        raise ReadError(
            f"This {KIND} file holds {found:,} {what} where {expected:,} are announced; it may "
            "be cut short. Copy or export it again."
        )


def _derived_limb_leads(
    leads: dict[str, Int64[np.ndarray, " time"]],
) -> Int64[np.ndarray, "leads time"]:
    """The limb leads from I, II and the stored differences from what I and II imply.

    Halves are rounded down, as the device does.
    """
    by_name = {found[0]: name for name in leads if (found := standard_lead(name))}
    if not {"I", "II"} <= set(by_name):
        raise ReadError(
            f"This {KIND} file lacks lead I or II, without which its limb leads cannot be "
            "derived. Export the recording again."
        )
    one, two = leads[by_name["I"]], leads[by_name["II"]]
    three = two - one - leads[by_name["III"]] if "III" in by_name else two - one
    expected = {
        "III": two - one,
        "aVR": -((one + two) >> 1),
        "aVL": (one - three) >> 1,
        "aVF": (two + three) >> 1,
    }
    derived = dict(leads)
    for lead, value in expected.items():
        if lead in by_name:
            derived[by_name[lead]] = value - leads[by_name[lead]]
    return np.stack(list(derived.values()))


def _without_mark(
    steps: Int64[np.ndarray, "leads time"], size: float, rate: float
) -> tuple[Int64[np.ndarray, "leads kept"], tuple[str, ...]]:
    """The recording without the calibration mark of 1 mV that ends every lead alike.

    Args:
        steps: All leads.
        size: mV a step.
        rate: Samples a second.
    """
    apart = np.flatnonzero((steps != steps[0]).any(axis=0))
    end = int(apart[-1]) + 1 if len(apart) else 0
    mark = steps[0, end:]
    if len(steps) < 2 or end < rate or len(mark) < 0.1 * rate or np.ptp(mark) == 0:
        return steps, ()
    height = float(np.ptp(mark)) * size
    note = f"The calibration mark in the last {len(mark) / rate:.2g} s was left out."
    if abs(height - _MARK_MV) > 0.05 * _MARK_MV:
        note = (
            f"The calibration mark at the end, left out, is {height:.3g} mV high instead of "
            f"{_MARK_MV:g} mV; the scale in the file may be wrong."
        )
    return steps[:, :end], (note,)


def _step(root: Element, waves: Element) -> float:
    """The size of a step in uV."""
    stated = (
        attribute(waves, "resolution")
        or text(root, f"{_SIGNAL}/resolution")
        or text(root, f"{_SIGNAL}/signalresolution")
    )
    step = xml_values.number(stated)
    if not step or step < 0:
        raise ReadError(
            f"This {KIND} file does not say how large a step of its samples is, so its voltage "
            "is unknown. Export the recording again."
        )
    return step


def _offset(root: Element, waves: Element) -> int:
    """The step that means 0 mV."""
    stated = attribute(waves, "signaloffset") or text(root, f"{_SIGNAL}/signaloffset") or "0"
    offset = xml_values.number(stated)
    if offset is None or not abs(offset) <= 1 << 16:
        raise ReadError(
            f"The signal offset in this {KIND} file is not a number; the file may be damaged. "
            "Export the recording again."
        )
    return int(offset)


def _age(root: Element) -> float | None:
    section = root.find("patient/generalpatientdata/age")
    for tag in ("years", "months", "weeks", "days", "hours"):
        stated = xml_values.age(xml_values.number(text(section, tag)), tag)
        if stated is not None:
            return stated
    return xml_values.age_at(
        text(section, "dateofbirth"), attribute(root, "date", "dataacquisition")
    )


def _filters(root: Element, waves: Element) -> str | None:
    """Those of the signal; what the report was printed with is another matter."""
    signal = root.find(_SIGNAL)
    band = text(signal, "signalbandwidth").split("-")
    high, low = band if len(band) == 2 else ("", "")
    notched = (attribute(waves, "notchfiltered") or text(signal, "notchfiltered")).lower()
    mains = attribute(waves, "notchfilterfreqs") or text(signal, "notchfilterfreqs")
    return xml_values.filters(
        xml_values.number(attribute(waves, "hipass") or text(signal, "hipass") or high),
        xml_values.number(attribute(waves, "lowpass") or text(signal, "lowpass") or low),
        {"false": 0.0, "true": xml_values.number(mains)}.get(notched),
    )
