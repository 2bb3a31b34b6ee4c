"""The header of a WFDB record, parsed strictly.

Source: WFDB Applications Guide, header(5).
"""

import re
from dataclasses import dataclass

from lamae.errors import ReadError

BYTES_PER_SAMPLE = {
    "8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0,
    "212": 1.5, "310": 4 / 3, "311": 4 / 3,
}  # fmt: skip
# Losslessly compressed; the number is 500 and the bits of a sample.
FLAC = ("508", "516", "524")
MAX_CHANNELS = 64
_NUMBER = r"[+-]?(?:\d{1,12}\.?\d{0,12}|\.\d{1,12})(?:[eE][+-]?\d{1,2})?"
_RECORD = re.compile(
    r"\S+?(?P<segments>/\d{1,9})?\s+(?P<channels>\d{1,5})"
    rf"(?:\s+(?P<fs>{_NUMBER})(?:/\S*)?(?:\s+(?P<samples>\d{{1,12}})(?:\s.*)?)?)?\s*"
)
_SIGNAL = re.compile(
    r"(?P<file>\S+)\s+(?P<format>\d{1,4})(?:x(?P<per_frame>\d{1,4}))?(?::(?P<skew>\d{1,9}))?"
    r"(?:\+(?P<offset>\d{1,9}))?"
    rf"(?:\s+(?P<gain>{_NUMBER})(?:\((?P<baseline>-?\d{{1,10}})\))?(?:/(?P<unit>\S+))?"
    r"(?:\s+\d{1,9}(?:\s+(?P<zero>-?\d{1,10})(?:\s+(?P<first>-?\d{1,10})"
    r"(?:\s+(?P<checksum>-?\d{1,10})(?:\s+\d{1,9}(?:\s+(?P<name>.*))?)?)?)?)?)?)?\s*"
)


@dataclass(frozen=True)
class Signal:
    """One signal line; numbers as in the file.

    Attributes:
        file: Bare name of the signal file, never a path.
        gain: Steps a unit; None or 0 where the signal is not calibrated.
        unit: "mV" where the line has none, as the standard says.
        first: Initial value, which format 8 starts from.
        name: The description at the end of the line: the lead.
    """

    file: str
    format: str
    per_frame: int
    skew: int
    offset: int
    gain: float | None
    baseline: int
    unit: str
    first: int
    checksum: int | None
    name: str


@dataclass(frozen=True)
class Header:
    """What a header says that an ECG needs.

    Attributes:
        fs: Frames a second; None or 0 where the header has none.
        samples: Frames; None where the header leaves it to the file's size.
    """

    fs: float | None
    samples: int | None
    signals: tuple[Signal, ...]
    age: float | None
    sex: str | None


def looks_like_header(content: bytes) -> bool:
    """Whether the text begins like a WFDB header: a record line, then a signal line."""
    lines = _lines(content[:20_000])[0]
    if not lines or not (match := _RECORD.fullmatch(lines[0])):
        return False
    if match["segments"]:
        return True
    return len(lines) > 1 and bool(re.match(r"\S*[^\d.,;+\s-]\S*\s+\d+\S*(\s|$)", lines[1]))


def parse(content: bytes) -> Header:
    """Parse a header's text.

    Raises:
        ReadError: It is cut short, joins several segments, or uses a format that is not read.
    """
    if len(content) > 1_000_000:
        raise ReadError("The WFDB header is larger than 1 MB; expected a few lines of text.")
    lines, comments = _lines(content)
    record = _RECORD.fullmatch(lines[0]) if lines else None
    if record is None:
        raise ReadError(
            "The first line of the WFDB header cannot be read; expected the record's name, the "
            "number of signals, the sampling rate and the number of samples."
        )
    if record["segments"]:
        raise ReadError(
            "This WFDB header joins several segments; only records of one segment can be read. "
            "Open one segment's own header and signal file."
        )
    count = int(record["channels"])
    if not 1 <= count <= MAX_CHANNELS or len(lines) - 1 != count:
        raise ReadError(
            f"The WFDB header announces {count} signals and describes {len(lines) - 1}; expected "
            f"the same number, from 1 to {MAX_CHANNELS}. The header may be cut short."
        )
    facts = " ".join(comments)
    age = re.search(r"\bage\b\W{0,6}(\d{1,3}(?:\.\d{1,2})?)\b", facts, re.IGNORECASE)
    sex = re.search(r"\b(?:sex|gender)\b\W{0,6}(female|male|f|m)\b", facts, re.IGNORECASE)
    return Header(
        fs=float(record["fs"]) if record["fs"] else None,
        samples=int(record["samples"] or 0) or None,
        signals=tuple(_parse_signal(number, line) for number, line in enumerate(lines[1:], 1)),
        age=float(age[1]) if age else None,
        sex={"f": "female", "m": "male"}[sex[1][0].lower()] if sex else None,
    )


def signal_files(content: bytes) -> tuple[str, ...]:
    """Bare names of the signal files that a header refers to, without any folder.

    Raises:
        ReadError: The header cannot be read.
    """
    return tuple(dict.fromkeys(signal.file for signal in parse(content).signals))


def _parse_signal(number: int, line: str) -> Signal:
    match = _SIGNAL.fullmatch(line)
    if match is None:
        raise ReadError(
            f"Signal {number} in the WFDB header cannot be read; expected file name, format, "
            "gain and unit, and the lead's name at the end of the line."
        )
    if match["format"] not in (*BYTES_PER_SAMPLE, *FLAC):
        raise ReadError(
            f"Signal {number} is stored in WFDB format {match['format']}; only "
            f"{', '.join((*BYTES_PER_SAMPLE, *FLAC))} can be read. Convert it to format 16 (xform)."
        )
    return Signal(
        file=bare_name(match["file"]),
        format=match["format"],
        per_frame=int(match["per_frame"] or 1) or 1,
        skew=int(match["skew"] or 0),
        offset=int(match["offset"] or 0),
        gain=float(match["gain"]) if match["gain"] else None,
        baseline=int(match["baseline"] or match["zero"] or 0),
        unit=match["unit"] or "mV",
        first=int(match["first"] or 0),
        checksum=int(match["checksum"]) if match["checksum"] else None,
        name=match["name"] or "",
    )


def bare_name(name: str) -> str:
    """The last part of a file name, whichever slashes it has."""
    return re.split(r"[\\/]", name)[-1]


def _lines(content: bytes) -> tuple[list[str], list[str]]:
    text = content.decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    return (
        [line for line in lines if line and not line.startswith("#")],
        [line for line in lines if line.startswith("#")],
    )
