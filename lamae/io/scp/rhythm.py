"""The rhythm recording of SCP-ECG: leads, samples, and the beats that were subtracted from it.

Source: EN 1064, 5.6 (section 3, leads), 5.7 (section 4, beats), 5.8 (section 5, reference beat),
    5.9 (section 6, rhythm).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Int64

from lamae.errors import ReadError
from lamae.io.assemble import check_size
from lamae.io.names import standard_lead
from lamae.io.scp import huffman
from lamae.io.scp.container import Sections

# DICOM and MDC number the leads in the same way.
LEAD_NUMBERS = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6",
    61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR",
}  # fmt: skip
_MAX_LEADS = 85
_NV = 1e-6


@dataclass(frozen=True)
class Rhythm:
    """The rhythm recording.

    Attributes:
        leads: Name and samples, in steps, of every lead over the segment that all share; no
            samples for leads that are not one of the twelve.
        step: Size of a step in mV.
    """

    leads: tuple[tuple[str, Float64[np.ndarray, " _"]], ...]
    fs: float
    step: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Lead:
    name: str
    first: int
    last: int


@dataclass(frozen=True)
class _Block:
    """Head and data of section 5 or 6: step in nV, interval in us, bytes by lead."""

    step: int
    interval: int
    differences: int
    bimodal: int
    data: tuple[bytes, ...]


def decode(sections: Sections) -> Rhythm:
    """Undo the compression of the rhythm recording.

    Raises:
        ReadError: A section is missing or damaged; or the recording's sampling rate was lowered
            between the beats, which cannot be undone exactly.
    """
    leads, subtracted, simultaneous = _leads(sections)
    tables = huffman.tables(sections)
    block = _block(sections, 6, len(leads))
    if block.bimodal:
        raise ReadError(
            "This SCP-ECG file is compressed with loss: between the beats its sampling rate was "
            "lowered (bimodal compression), which is not read. Export it without this compression."
        )
    beats = _Beats(sections, block, len(leads), tables) if subtracted else None
    usable = [at for at, lead in enumerate(leads) if standard_lead(lead.name)]
    if not usable:
        raise ReadError(
            "None of the leads in this SCP-ECG file is one of the standard twelve; expected some "
            "of I, II, III, aVR, aVL, aVF and V1-V6."
        )
    first = max(leads[at].first for at in usable)
    last = min(leads[at].last for at in usable)
    fs = _rate(block.interval)
    if last - first + 1 < fs:
        raise ReadError(
            "The leads of this SCP-ECG file were recorded one group after another; expected at "
            "least 1 s in which all were recorded at once."
        )
    check_size(len(usable), max(leads[at].last - leads[at].first + 1 for at in usable))
    decoded = []
    for at, lead in enumerate(leads):
        samples = np.empty(0)
        if at in usable:
            count = lead.last - lead.first + 1
            steps = huffman.decode(block.data[at], count, block.differences, tables)
            samples = steps.astype(np.float64)
            if beats:
                beats.add(samples, at, lead.first)
            samples = samples[first - lead.first : last - lead.first + 1]
        decoded.append((lead.name, samples))
    notes = []
    if any((leads[at].first, leads[at].last) != (first, last) for at in usable):
        notes.append("Cut to the segment in which all leads were recorded.")
    elif not simultaneous:
        notes.append("The file does not say that its leads were recorded at the same time.")
    return Rhythm(tuple(decoded), fs, block.step * _NV, tuple(notes))


def _leads(sections: Sections) -> tuple[list[_Lead], bool, bool]:
    """The leads; whether reference beats were subtracted; whether all ran at once."""
    cursor = sections.required(3, "leads")
    count, flags = cursor.numbers("BB")
    if not 1 <= count <= _MAX_LEADS:
        raise ReadError(f"The SCP-ECG file announces {count} leads; expected 1 to {_MAX_LEADS}.")
    leads = []
    for _ in range(count):
        first, last, number = cursor.numbers("IIB")
        if first < 1 or last < first:
            raise ReadError(
                "A lead of the SCP-ECG file ends before it begins. Export the recording again."
            )
        leads.append(_Lead(LEAD_NUMBERS.get(number, "other"), first, last))
    return leads, bool(flags & 1), bool(flags & 4) or flags >> 3 >= count


def _block(sections: Sections, number: int, leads: int) -> _Block:
    cursor = sections.required(number, "rhythm data" if number == 6 else "reference beat")
    step, interval, differences, bimodal = cursor.numbers("HHBB")
    if not step or not interval:
        raise ReadError(
            f"Section {number} of the SCP-ECG file states no size of a step or no sampling "
            "interval, so its voltage or time is unknown. Export the recording again."
        )
    lengths = cursor.numbers(f"{leads}H")
    data = tuple(cursor.take(length) for length in lengths)
    return _Block(step, interval, differences, bimodal, data)


def _rate(interval: int) -> float:
    """Rate in Hz of an interval in whole us: 1667 us stand for 600 Hz, not 599.88."""
    whole = round(1e6 / interval)
    return float(whole) if whole and abs(1e6 / whole - interval) <= 0.5 else 1e6 / interval


class _Beats:
    """The reference beat, and where it was subtracted from the rhythm."""

    def __init__(
        self, sections: Sections, rhythm: _Block, leads: int, tables: tuple[huffman.Table, ...]
    ) -> None:
        cursor = sections.required(4, "places of the beats")
        length, self._fiducial, count = cursor.numbers("HHH")
        places = [cursor.numbers("HIII") for _ in range(count)]
        self._places = [place[1:] for place in places if place[0] == 0]
        block = _block(sections, 5, leads)
        if block.interval != rhythm.interval or block.bimodal:
            raise ReadError(
                "The reference beat of this SCP-ECG file has another sampling rate than its "
                "rhythm, which is not read. Export it without compression."
            )
        samples = round(length * 1000 / block.interval)
        ratio = block.step / rhythm.step
        self._beats: list[Int64[np.ndarray, " time"]] = [
            ratio * huffman.decode(data, samples, block.differences, tables) for data in block.data
        ]
        for first, fiducial, last in self._places:
            offset = self._fiducial - fiducial
            if not 1 <= first <= last or first + offset < 1 or last + offset > samples:
                raise ReadError(
                    "A beat in the SCP-ECG file lies outside its reference beat; the file may be "
                    "damaged. Export the recording again."
                )
        ordered = sorted(self._places)
        if any(before[2] >= after[0] for before, after in pairwise(ordered)):
            raise ReadError(
                "The beats in the SCP-ECG file overlap; the file may be damaged. "
                "Export the recording again."
            )

    def add(self, samples: Float64[np.ndarray, " time"], lead: int, start: int) -> None:
        """Add the beat again wherever it was subtracted; samples are numbered from 1."""
        for first, fiducial, last in self._places:
            begin, end = max(first, start), min(last, start + len(samples) - 1)
            if begin <= end:
                offset = self._fiducial - fiducial - 1
                samples[begin - start : end - start + 1] += self._beats[lead][
                    begin + offset : end + offset + 1
                ]
