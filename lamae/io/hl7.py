"""HL7 annotated ECG (aECG): the rhythm series, with its scale, origin and time increment.

Source: HL7 V3 Annotated ECG, implementation guide of 21 March 2005; ISO/IEEE 11073-10102 for the
MDC codes.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import numpy as np

from lamae.errors import ReadError
from lamae.io import xml_values
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import mv_per_unit, standard_lead
from lamae.io.xml import attribute, text

KIND = "HL7 annotated ECG"
_AVERAGED = ("REPRESENTATIVE_BEAT", "MEDIAN_BEAT", "AVERAGE_BEAT")
_TIMES = ("TIME_ABSOLUTE", "TIME_RELATIVE")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
# LOINC: age as reported, without further word, calculated, estimated.
_AGES = ("21612-7", "30525-0", "29553-5", "21611-9")
_MEASURED = {
    "MDC_ECG_HEART_RATE": "heart_rate",
    "MDC_ECG_TIME_PD_P": "p",
    "MDC_ECG_TIME_PD_PR": "pr",
    "MDC_ECG_TIME_PD_PQ": "pr",
    "MDC_ECG_TIME_PD_QRS": "qrs",
    "MDC_ECG_TIME_PD_QT": "qt",
    "MDC_ECG_TIME_PD_QTC": "qtc",
    "MDC_ECG_ANGLE_P_FRONT": "p_axis",
    "MDC_ECG_ANGLE_QRS_FRONT": "qrs_axis",
    "MDC_ECG_ANGLE_T_FRONT": "t_axis",
}
_UNITS = {"ms": 1.0, "s": 1000.0, "deg": 1.0, "bpm": 1.0, "/min": 1.0, "{beats}/min": 1.0}
_FILTER = "MDC_ECG_CTL_VBL_ATTR_FILTER_"


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm series with the most leads, then the longest.

    Args:
        file: The file, with the root AnnotatedECG element.
        fs: Rate in Hz, used only where the file has no time increment.
        unit: Unit of the samples, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no rate or unit.
        ReadError: It holds no readable rhythm waveform.
    """
    root = file.root
    series, sequences, sets = _rhythm(root)
    increment = next((rate for s in sequences if (rate := _rate(s)) is not None), None)
    leads = [s for s in sequences if standard_lead(_code(s))]
    scales = [_scale(s) for s in leads]
    stated = [unit for *_, unit in scales]
    rate, factor = settle(increment, None if None in stated else stated[0], fs, unit)
    channels = []
    for sequence, (step, origin, own) in zip(leads, scales, strict=True):
        digits = xml_values.samples(text(sequence, "value/digits"), KIND)
        volts = scaled(digits, step) + origin
        channels.append(Channel(_code(sequence), scaled(volts, own or factor)))
    check_size(len(channels), xml_values.check_lengths((len(c.values) for c in channels), KIND))
    others = [s for s in sequences if s not in leads and _code(s) not in _TIMES]
    channels += [Channel("other", np.empty(0))] * len(others)
    person = next(root.iter("subjectDemographicPerson"), None)
    notes = (f"The fullest of {sets} recordings in the file was read.",) if sets > 1 else ()
    return Recording(
        channels=tuple(channels),
        fs=rate,
        source=KIND,
        age=_age(root, person),
        sex=xml_values.sex(attribute(person, "code", "administrativeGenderCode")),
        measurements=_measurements(series),
        filters=_filters(series),
        notes=notes,
    )


def _code(element: Element) -> str:
    return attribute(element, "code", "code")


def _rhythm(root: Element) -> tuple[Element, list[Element], int]:
    """The series to read, the sequences of its best set, and how many such sets there are."""
    ranked: list[tuple[int, int, int, Element, list[Element]]] = []
    for series in root.findall("component/series"):
        if _code(series).upper() in _AVERAGED:
            continue
        for group in series.findall("component/sequenceSet"):
            sequences = group.findall("component/sequence")
            leads = [s for s in sequences if standard_lead(_code(s))]
            size = max((len(text(s, "value/digits")) for s in leads), default=0)
            if leads:
                ranked.append((len(leads), size, -len(ranked), series, sequences))
    if not ranked:
        raise ReadError(
            f"This {KIND} file holds no rhythm recording of a standard lead (it may be empty or "
            "hold averaged beats only); expected a 12-lead ECG. Export it with waveforms."
        )
    *_, series, sequences = max(ranked, key=lambda found: found[:3])
    return series, sequences, len(ranked)


def _rate(sequence: Element) -> float | None:
    """Samples a second from a time sequence; None for any other."""
    if _code(sequence).upper() not in _TIMES:
        return None
    increment = sequence.find("value/increment")
    if increment is None:
        return None
    step = xml_values.number(attribute(increment, "value"))
    seconds = _SECONDS.get(attribute(increment, "unit") or "s")
    if not step or step < 0 or seconds is None:
        raise ReadError(
            f"The time increment in this {KIND} file is not a positive number of seconds, so its "
            "sampling rate is unknown. Export the recording again."
        )
    return round(1 / (step * seconds), 6)


def _scale(sequence: Element) -> tuple[float, float, float | None]:
    """Size of a step, origin in the same unit, and mV a unit (None where the file has none)."""
    if sequence.find("value/scale") is None or sequence.find("value/digits") is None:
        raise ReadError(
            f"A lead in this {KIND} file has no scale or no samples, so its voltage is unknown. "
            "Export the recording again."
        )
    step = xml_values.number(attribute(sequence, "value", "value/scale"))
    origin = xml_values.number(attribute(sequence, "value", "value/origin") or "0")
    if not step or step < 0 or origin is None:
        raise ReadError(
            f"The scale or origin of a lead in this {KIND} file is not a number that can be "
            "right; the file may be damaged. Export the recording again."
        )
    unit = _unit(attribute(sequence, "unit", "value/scale"))
    of_origin = _unit(attribute(sequence, "unit", "value/origin"))
    if of_origin is not None and unit is not None:
        origin *= of_origin / unit
    elif origin and (unit is None) != (of_origin is None):
        raise ReadError(
            f"A lead in this {KIND} file has a unit for its scale or its origin only, so its "
            "voltage is unknown. Export the recording again."
        )
    return step, origin, unit


def _unit(name: str) -> float | None:
    scale = mv_per_unit(name) if name else None
    if name and scale is None:
        raise ReadError(
            f"The samples in this {KIND} file are in a unit that is not a voltage; expected uV "
            "or mV. Export the recording again."
        )
    return scale


def _age(root: Element, person: Element | None) -> float | None:
    for observation in root.findall("controlVariable/relatedObservation"):
        if _code(observation) in _AGES:
            value = xml_values.number(attribute(observation, "value", "value"))
            stated = xml_values.age(value, attribute(observation, "unit", "value"))
            if stated is not None:
                return stated
    times = [attribute(root, "value", f"effectiveTime/{part}") for part in ("center", "low")]
    born = attribute(person, "value", "birthTime")
    return xml_values.age_at(born, times[0] or times[1])


def _filters(series: Element) -> str | None:
    """Cut-offs by kind of filter; one without a frequency stays unnamed."""
    found: dict[str, float | None] = {}
    for variable in series.findall("controlVariable/controlVariable"):
        kind = _code(variable).upper().removeprefix(_FILTER)
        for part in variable.findall("component/controlVariable"):
            if _code(part).upper() in (f"{_FILTER}CUTOFF_FREQ", f"{_FILTER}NOTCH_FREQ"):
                found[kind] = xml_values.number(attribute(part, "value", "value"))
    return xml_values.filters(
        found.get("HIGH_PASS"), found.get("LOW_PASS"), found.get("NOTCH") or None
    )


def _measurements(series: Element) -> dict[str, float]:
    """The device's values for all leads together, where every beat that has one has the same."""
    found: dict[str, set[float]] = {}
    for annotations in series.iter("annotationSet"):
        author = annotations.find("author/assignedEntity/assignedAuthorType")
        if author is not None and author.find("assignedPerson") is not None:
            continue
        for annotation in _of_all_leads(annotations):
            name = _MEASURED.get(_code(annotation).upper())
            value = xml_values.number(attribute(annotation, "value", "value"))
            size = _UNITS.get(attribute(annotation, "unit", "value"))
            if name and value is not None and size is not None:
                found.setdefault(name, set()).add(value * size)
    return xml_values.measurements(
        (name, next(iter(values))) for name, values in found.items() if len(values) == 1
    )


def _of_all_leads(element: Element) -> Iterator[Element]:
    """Annotations below an element that neither they nor those around them tie to one lead."""
    for annotation in element.findall("component/annotation"):
        regions = annotation.iterfind("support/supportingROI/component/boundary")
        if not any(standard_lead(_code(region)) for region in regions):
            yield annotation
            yield from _of_all_leads(annotation)
