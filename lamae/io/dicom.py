"""DICOM waveforms: 12-lead ECG, general ECG and ambulatory ECG objects.

Source: DICOM PS3.3 C.10.9 (waveform module), C.10.10 (annotations), PS3.16 CID 3001 (leads).
"""

import math
import re
import struct
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from jaxtyping import Integer
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.waveforms.numpy_handler import multiplex_array

from lamae.errors import ReadError
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.dicom_measured import measurements
from lamae.io.file import File
from lamae.io.names import mv_per_unit, standard_lead
from lamae.io.scp.rhythm import LEAD_NUMBERS

# What pydicom raises on damaged or hostile files. RuntimeError and its kinds are its answer to
# value representations that it does not know and to deep nesting; NameError comes from locals it
# never set.
LIBRARY_ERRORS = (
    ArithmeticError, AttributeError, BytesLengthException, EOFError, InvalidDicomError,
    LookupError, MemoryError, NameError, OSError, RuntimeError, TypeError,
    ValueError, struct.error,
)  # fmt: skip
UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
DEFLATED = "1.2.840.10008.1.2.1.99"
# All that is read of a file; nothing here names a person.
TAGS = (
    "SpecificCharacterSet", "PatientAge", "PatientSex", "WaveformSequence",
    "WaveformAnnotationSequence",
)  # fmt: skip
# SCP-ECG's and MDC's numbers of the leads are the same.
_LEAD_CODES = {f"5.6.3-9-{n}": lead for n, lead in LEAD_NUMBERS.items()} | {
    f"2:{n}": lead for n, lead in LEAD_NUMBERS.items()
}
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_AVERAGED = re.compile(r"median|average|mean|represent|template", re.IGNORECASE)


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm recording of one DICOM waveform object.

    Args:
        file: The file.
        fs: Rate in Hz, used only where the file has none.
        unit: Unit of the samples, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no rate or unit.
        ReadError: It is no readable ECG waveform.
    """
    syntax = transfer_syntax(file.content)
    if syntax == DEFLATED:
        # Deflate can blow up three thousandfold and pydicom unpacks it whole, so never start.
        raise ReadError(
            "This DICOM file is compressed (deflated transfer syntax); only uncompressed files "
            "are read. Export it as Explicit VR Little Endian."
        )
    if syntax not in UNCOMPRESSED:
        raise ReadError(
            "This DICOM file's transfer syntax is not an uncompressed little-endian one. "
            "Export it as Explicit VR Little Endian."
        )
    try:
        dataset = dcmread(BytesIO(file.content), specific_tags=list(TAGS))
        return _recording(dataset, fs, unit)
    except LIBRARY_ERRORS as error:
        # pydicom decodes elements when they are first touched, so all use of a data set counts.
        raise ReadError(
            "The DICOM file is damaged or incomplete; expected a 12-lead ECG waveform. "
            "Export the recording again."
        ) from error


def transfer_syntax(content: bytes) -> str | None:
    """The transfer syntax named in the file meta information, without decoding anything else.

    Returns:
        The UID; None where the meta information is missing or faulty.
    """
    at, found = 132, set()
    while at + 8 <= len(content):
        group, element, kind, length = struct.unpack_from("<HH2sH", content, at)
        if group != 2:
            break
        at += 8
        if kind in _LONG:
            if at + 4 > len(content):
                return None
            (length,) = struct.unpack_from("<I", content, at)
            at += 4
        # Anything that pydicom might walk through differently could conceal a second syntax.
        if not kind.isalpha() or not kind.isupper() or at + length > len(content):
            return None
        if element == 0x10:
            found.add(content[at : at + length].decode("ascii", errors="replace").strip("\0 "))
        at += length
    return found.pop() if len(found) == 1 else None


def _recording(dataset: Dataset, fs: float | None, unit: str | None) -> Recording:
    groups = list(dataset.get("WaveformSequence") or [])
    if not groups:
        raise ReadError(
            "This DICOM file holds no waveform (it may be an image or a report); expected a "
            "12-lead ECG waveform object."
        )
    index, names = _rhythm(groups)
    group = groups[index]
    samples = int(group.NumberOfWaveformSamples)
    check_size(int(group.NumberOfWaveformChannels), samples)
    if str(group.get("WaveformSampleInterpretation")) in ("MB", "AB"):
        raise ReadError(
            "The samples of this DICOM file are companded (mu-law or A-law), as sound is; expected "
            "plain numbers. Export the recording uncompressed."
        )
    raw = multiplex_array(dataset, index, as_raw=True)
    padding = group.get("WaveformPaddingValue")
    definitions = list(group.ChannelDefinitionSequence)
    scales = [_scale(definition, name) for definition, name in zip(definitions, names, strict=True)]
    stated_fs = group.get("SamplingFrequency")
    lead_units = [
        units for (_, units), name in zip(scales, names, strict=True) if standard_lead(name)
    ]
    stated_unit = None if None in lead_units else lead_units[0]
    rate, factor = settle(float(stated_fs) if stated_fs else None, stated_unit, fs, unit)
    channels = []
    for row, (definition, name) in enumerate(zip(definitions, names, strict=True)):
        sensitivity, units = scales[row]
        values = _extended(raw[:, row], definition).astype(np.float64)
        if padding is not None:
            values[raw[:, row] == _padding_value(padding, raw.dtype)] = np.nan
        baseline = float(definition.get("ChannelBaseline") or 0.0)
        physical = scaled(values, sensitivity) + baseline
        channels.append(Channel(name, scaled(physical, units or factor)))
    notes = []
    if len(groups) > 1:
        notes.append(f"The rhythm recording was read, 1 of {len(groups)} recordings in the file.")
    age, sex = _age(str(dataset.get("PatientAge") or "")), str(dataset.get("PatientSex") or "")
    return Recording(
        channels=tuple(channels),
        fs=rate,
        source="DICOM waveform",
        age=age,
        sex={"F": "female", "M": "male"}.get(sex.strip().upper()),
        measurements=measurements(dataset.get("WaveformAnnotationSequence") or []),
        filters=_filters(
            next(d for d, n in zip(definitions, names, strict=True) if standard_lead(n))
        ),
        notes=tuple(notes),
    )


def _rhythm(groups: Sequence[Dataset]) -> tuple[int, list[str]]:
    """Position and channel names of the group to read.

    No averaged beat; as recorded rather than derived; the most leads, then the longest.
    """
    ranked = []
    for index, group in enumerate(groups):
        names = [_name(definition) for definition in group.get("ChannelDefinitionSequence") or []]
        leads = sum(standard_lead(name) is not None for name in names)
        if leads:
            whole = not _AVERAGED.search(str(group.get("MultiplexGroupLabel") or ""))
            original = group.get("WaveformOriginality") == "ORIGINAL"
            samples = int(group.NumberOfWaveformSamples)
            ranked.append(((whole, original, leads, samples, -index), names))
    if not ranked:
        raise ReadError(
            "No channel of this DICOM waveform is named after a standard lead; expected a "
            "12-lead ECG."
        )
    (whole, *_, position), names = max(ranked)
    if not whole:
        raise ReadError(
            "This DICOM file holds averaged beats only; expected the recording itself. "
            "Export the rhythm waveform."
        )
    return -position, names


def _name(definition: Dataset) -> str:
    """The lead by its code, checked against its meaning; else the meaning or the label."""
    sources = definition.get("ChannelSourceSequence") or [Dataset()]
    meaning = str(sources[0].get("CodeMeaning") or definition.get("ChannelLabel") or "")
    coded = _LEAD_CODES.get(str(sources[0].get("CodeValue") or ""))
    if coded and standard_lead(meaning) not in (None, standard_lead(coded)):
        raise ReadError(
            "A channel of this DICOM file has the code of one lead and the name of another. "
            "Export the recording again."
        )
    return coded or meaning


def _scale(definition: Dataset, name: str) -> tuple[float, float | None]:
    """Units a step, and mV a unit (None where the unit is absent); NaN for what is no lead."""
    if not standard_lead(name):
        return math.nan, math.nan
    sensitivity = definition.get("ChannelSensitivity")
    if not sensitivity:
        raise ReadError(
            "This DICOM file does not say how large a step of its samples is (no channel "
            "sensitivity), so its voltage is unknown. Export it with calibration."
        )
    correction = definition.get("ChannelSensitivityCorrectionFactor")
    units = definition.get("ChannelSensitivityUnitsSequence") or []
    code = str(units[0].get("CodeValue") or "") if units else ""
    scale = mv_per_unit(code)
    if code and scale is None:
        raise ReadError(
            "This DICOM file's samples are in a unit that is not a voltage; expected mV, uV or V."
        )
    return float(sensitivity) * float(1.0 if correction is None else correction), scale


def _extended(
    steps: Integer[np.ndarray, " time"], definition: Dataset
) -> Integer[np.ndarray, " time"]:
    """Steps with their sign, where a device left the bits above those stored at zero.

    The standard asks for sign extension; without it, -1 in 12 of 16 bits reads as 4095.
    """
    stored = int(definition.get("WaveformBitsStored") or 0)
    width = steps.dtype.itemsize * 8
    if steps.dtype.kind != "i" or not 1 < stored < width:
        return steps
    half = 1 << (stored - 1)
    if steps.min() < 0 or not half <= steps.max() < 2 * half:
        return steps
    return np.where(steps >= half, steps.astype(np.int64) - 2 * half, steps)


def _padding_value(padding: object, kind: np.dtype) -> int:
    if isinstance(padding, bytes):
        return int(np.frombuffer(padding[: kind.itemsize], dtype=kind)[0])
    return int(str(padding))


def _age(text: str) -> float | None:
    match = re.fullmatch(r"\s*(\d{1,3})([DWMY])\s*", text)
    if match is None:
        return None
    return int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[match[2]]


def _filters(definition: Dataset) -> str | None:
    low, high, notch = (
        None if (value := definition.get(tag)) is None else float(value)
        for tag in ("FilterLowFrequency", "FilterHighFrequency", "NotchFilterFrequency")
    )
    words = []
    if low:
        words.append(f"high-pass {low:g} Hz")
    if high:
        words.append(f"low-pass {high:g} Hz")
    if notch is not None:
        words.append(f"notch {notch:g} Hz" if notch else "no notch")
    return ", ".join(words) or None
