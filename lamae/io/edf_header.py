"""The header of EDF, EDF+ and BDF, parsed strictly.

Source: Kemp et al. 1992 (EDF); Kemp and Olivan 2003 (EDF+); BioSemi's BDF.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lamae.errors import ReadError

VERSIONS = {b"0       ": (2, "EDF"), b"\xffBIOSEMI": (3, "BDF")}
HEAD = 256
# Widths of the fields that describe the signals; each field comes for all signals in turn.
_FIELDS = {
    "label": 16, "transducer": 80, "unit": 8, "low": 8, "high": 8, "digital_low": 8,
    "digital_high": 8, "prefilter": 80, "samples": 8, "reserved": 32,
}  # fmt: skip
MAX_SIGNALS = 512
_NUMBER = re.compile(r"[+-]?(?:\d{1,8}(?:\.\d{0,8})?|\.\d{1,8})(?:[eE][+-]?\d{1,2})?")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


@dataclass(frozen=True)
class Signal:
    """One signal's description, as in the file.

    Attributes:
        range: Lowest and highest physical value, in `unit`.
        digital: The steps that these are stored as.
        at: Number of its first sample within a data record.
        samples: Its samples in a data record.
    """

    label: str
    unit: str
    range: tuple[str, str]
    digital: tuple[str, str]
    prefilter: str
    at: int
    samples: int


@dataclass(frozen=True)
class Header:
    """A header, as in the file.

    Attributes:
        width: Bytes a sample.
        kind: "EDF" or "BDF".
        plus: "C" (continuous) or "D" (with gaps) in EDF+ and BDF+; else "".
        size: Bytes of the header.
        records: Data records; -1 where the recording was not closed.
        duration: Seconds a data record.
    """

    width: int
    kind: str
    plus: str
    patient: str
    recording: str
    size: int
    records: int
    duration: float
    signals: tuple[Signal, ...]

    @property
    def length(self) -> int:
        """Samples of all signals in a data record."""
        return sum(signal.samples for signal in self.signals)


def is_edf(content: bytes) -> bool:
    """Whether the file begins as EDF or BDF does."""
    return content[:8] in VERSIONS and b"\n" not in content[:HEAD]


def parse(content: bytes) -> Header:
    """Parse the header of a file that `is_edf`.

    Raises:
        ReadError: It is cut short, or a field cannot be right.
    """
    width, kind = VERSIONS[content[:8]]
    # Damage must not change lengths, so every byte is one character.
    text = content[:HEAD].decode("latin-1")
    count = _whole(text[252:256], "number of signals", kind)
    if not 1 <= count <= MAX_SIGNALS:
        raise ReadError(
            f"The {kind} header announces {count} signals; expected 1 to {MAX_SIGNALS}. "
            "Export the recording again."
        )
    size = HEAD * (count + 1)
    if _whole(text[184:192], "length of the header", kind) != size or len(content) < size:
        raise ReadError(
            f"The {kind} header is damaged or cut short: {count} signals need {size:,} bytes. "
            "Copy the file again."
        )
    duration = _number(text[244:252], "duration of a data record", kind)
    records = _whole(text[236:244], "number of data records", kind)
    if duration <= 0 or records < -1 or records == 0:
        raise ReadError(
            f"The {kind} header announces {records} data records of {duration:g} s; expected a "
            "recording with signals. Export it again."
        )
    reserved = text[192:236]
    return Header(
        width=width,
        kind=kind,
        plus=reserved[4:5] if reserved[:4] in ("EDF+", "BDF+") else "",
        patient=text[8:88],
        recording=text[88:168],
        size=size,
        records=records,
        duration=duration,
        signals=tuple(_signals(content[HEAD:size].decode("latin-1"), count, kind)),
    )


def _signals(text: str, count: int, kind: str) -> Iterator[Signal]:
    columns: dict[str, list[str]] = {}
    start = 0
    for name, width in _FIELDS.items():
        ends = range(start + width, start + width * count + 1, width)
        columns[name] = [text[end - width : end].strip() for end in ends]
        start += width * count
    at = 0
    for row in range(count):
        signal = {name: column[row] for name, column in columns.items()}
        samples = _whole(signal["samples"], "number of samples", kind)
        if samples < 1:
            raise ReadError(f"The {kind} header gives a signal no samples. Export it again.")
        yield Signal(
            label=signal["label"],
            unit=signal["unit"],
            range=(signal["low"], signal["high"]),
            digital=(signal["digital_low"], signal["digital_high"]),
            prefilter=signal["prefilter"],
            at=at,
            samples=samples,
        )
        at += samples


def calibration(signal: Signal) -> tuple[float, float]:
    """Physical units a step, and the physical value of step 0.

    Raises:
        ReadError: A range is empty or no number.
    """
    low, high = (_number(text, "physical range") for text in signal.range)
    digital_low, digital_high = (_whole(text, "digital range") for text in signal.digital)
    if digital_high <= digital_low or low == high:
        raise ReadError(
            "A lead's physical or digital range in the EDF or BDF header is empty, so its voltage "
            "is unknown. Export the recording with its calibration."
        )
    step = (high - low) / (digital_high - digital_low)
    return step, low - digital_low * step


def is_annotation(signal: Signal, header: Header) -> bool:
    """Whether the channel holds texts, times or triggers rather than a signal."""
    return signal.label in (f"{header.kind} Annotations", "BDF Status", "Status")


def person(header: Header) -> tuple[float | None, str | None]:
    """Age in years and sex from the subfields of EDF+; the date of birth is not kept."""
    if not header.plus:
        return None, None
    patient, recording = header.patient.split(), header.recording.split()
    sex = {"F": "female", "M": "male"}.get(patient[1]) if len(patient) > 1 else None
    born = _date(patient[2]) if len(patient) > 2 else None
    seen = _date(recording[1]) if len(recording) > 1 and recording[0] == "Startdate" else None
    if born is None or seen is None or seen < born:
        return None, sex
    return float(seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))), sex


def _date(text: str) -> date | None:
    match = re.fullmatch(r"(\d{2})-([A-Z]{3})-(\d{4})", text.upper())
    if match is None or match[2] not in _MONTHS:
        return None
    try:
        return date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        return None


def filters_of(text: str) -> str | None:
    """EDF+'s "HP:0.05Hz LP:150Hz N:50Hz" in our words."""
    names = {"HP": "high-pass", "LP": "low-pass", "N": "notch"}
    found = re.findall(r"\b(HP|LP|N):\s*(\d{1,5}(?:\.\d{1,5})?)\s*Hz", text, re.IGNORECASE)
    return ", ".join(f"{names[kind.upper()]} {float(hz):g} Hz" for kind, hz in found) or None


def _number(text: str, name: str, kind: str = "EDF") -> float:
    bare = text.strip().replace(",", ".")
    if not _NUMBER.fullmatch(bare):
        raise ReadError(
            f"The {name} in the {kind} header is not a number; the file may be damaged. "
            "Export the recording again."
        )
    return float(bare)


def _whole(text: str, name: str, kind: str = "EDF") -> int:
    number = _number(text, name, kind)
    if not number.is_integer():
        raise ReadError(
            f"The {name} in the {kind} header is not a whole number; the file may be damaged. "
            "Export the recording again."
        )
    return int(number)
