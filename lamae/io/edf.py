"""EDF, EDF+ and BDF: continuous recordings, and the longest segment of those with gaps.

Read by ourselves: the layout is plain, and what matters is to refuse headers that cannot be right,
which libraries mend silently (a cut file is shortened, an absent scale becomes steps).

Source: Kemp et al. 1992 (EDF); Kemp and Olivan 2003 (EDF+); BioSemi's BDF, with 24-bit samples.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from lamae.ecg import LIMB_LEADS
from lamae.errors import ReadError
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.edf_header import (
    Header,
    Signal,
    calibration,
    filters_of,
    is_annotation,
    parse,
    person,
)
from lamae.io.file import File
from lamae.io.names import mv_per_unit, refuse_counted, standard_lead

_ONSET = re.compile(rb"([+-]\d{1,9}(?:\.\d{1,12})?)\x14\x14")
# In mV within 40 ms: no limb lead of 1,409 PTB-XL records rose or fell so far (at most 3.5) in more
# than 1 % of its time, but a wrong physical range in the header soon makes it.
_STEEP = 4.0
_MAX_PIECES = 1_000_000


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read one EDF, EDF+ or BDF file.

    Args:
        file: The file.
        fs: Rate in Hz; the file always states its own, and this is checked against it.
        unit: Unit of the leads, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no unit.
        ReadError: The header cannot be right, or the file is cut short.
    """
    header = parse(file.content)
    refuse_counted(signal.label for signal in header.signals)
    leads = [signal for signal in header.signals if standard_lead(signal.label)]
    if not leads:
        raise ReadError(
            f"None of the {len(header.signals)} signals in this {header.kind} file is named after "
            "a standard lead; expected some of I, II, III, aVR, aVL, aVF and V1-V6."
        )
    if len({signal.samples for signal in leads}) > 1:
        raise ReadError(
            "The leads are sampled at different rates; expected one rate for all. "
            "Export them at one rate."
        )
    records, notes = _records(file.content, header)
    check_size(len(leads), records * leads[0].samples)
    calibrations = [calibration(signal) for signal in leads]
    units = [_unit(signal) for signal in leads]
    stated_unit = None if None in units else units[0]
    rate, factor = settle(leads[0].samples / header.duration, stated_unit, fs, unit)
    table = np.frombuffer(
        file.content, np.uint8, records * header.length * header.width, header.size
    ).reshape(records, header.length * header.width)
    first, last = _longest_segment(table, header)
    if (first, last) != (0, records):
        notes.append(
            f"The recording has gaps; its longest segment without one was kept, "
            f"{(last - first) * header.duration:g} s from {first * header.duration:g} s of signal."
        )
    channels = []
    for signal, (step, offset), own in zip(leads, calibrations, units, strict=True):
        start, end = (at * header.width for at in (signal.at, signal.at + signal.samples))
        values = _integers(table[first:last, start:end], header.width)
        physical = scaled(values, step) + offset
        channels.append(Channel(signal.label, scaled(physical, own or factor)))
    notes += _doubts(channels, rate)
    others = [s for s in header.signals if s not in leads and not is_annotation(s, header)]
    channels += [Channel("other", np.empty(0))] * len(others)
    age, sex = person(header)
    return Recording(
        channels=tuple(channels),
        fs=rate,
        source=f"{header.kind}{'+' if header.plus else ''} file",
        age=age,
        sex=sex,
        filters=filters_of(leads[0].prefilter),
        notes=tuple(notes),
    )


def _records(content: bytes, header: Header) -> tuple[int, list[str]]:
    """How many data records there are, checked against the file's length."""
    size = header.length * header.width
    room = len(content) - header.size
    if header.records == -1:
        if room < size:
            raise ReadError(f"The {header.kind} file holds no complete data record.")
        return room // size, [
            "The recording was not closed properly: its header does not say how long it is, so "
            "all complete data records were read."
        ]
    if room < header.records * size:
        raise ReadError(
            f"The {header.kind} file has {room:,} bytes of signal where its header announces "
            f"{header.records * size:,}; it may be cut short. Copy the file again."
        )
    if room > header.records * size:
        return header.records, [
            "The file is longer than its header announces; what follows was left out."
        ]
    return header.records, []


def _unit(signal: Signal) -> float | None:
    if not signal.unit:
        return None
    scale = mv_per_unit(signal.unit)
    if scale is None:
        raise ReadError(
            "A lead is in a unit that is not a voltage; expected mV, uV or V. "
            "Export the recording with its calibration."
        )
    return scale


def _longest_segment(table: UInt8[np.ndarray, "record byte"], header: Header) -> tuple[int, int]:
    """First and last data record (exclusive) of the longest segment without a gap."""
    if header.plus != "D":
        return 0, len(table)
    clock = next((s for s in header.signals if is_annotation(s, header)), None)
    if clock is None:
        raise ReadError(
            "The file says that it has gaps but does not say where; expected a channel of "
            "annotations. Export the recording without gaps."
        )
    if len(table) > _MAX_PIECES:
        raise ReadError(
            f"The file is made of {len(table):,} pieces that may have gaps between them; at most "
            f"{_MAX_PIECES:,} are read. Export the recording without gaps."
        )
    start, end = (at * header.width for at in (clock.at, clock.at + clock.samples))
    onsets = np.empty(len(table))
    for number, record in enumerate(table[:, start:end]):
        found = _ONSET.match(record.tobytes())
        if found is None:
            raise ReadError(
                "A data record of the EDF+ or BDF+ file does not say when it begins, though the "
                "file has gaps. Export the recording without gaps."
            )
        onsets[number] = float(found[1])
    # Onsets are printed numbers, rounded as their writer pleases.
    breaks = np.abs(np.diff(onsets) - header.duration) > max(1e-3, 1e-3 * header.duration)
    edges = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(table)]])
    longest = int(np.argmax(np.diff(edges)))
    return int(edges[longest]), int(edges[longest + 1])


def _integers(values: UInt8[np.ndarray, "record byte"], width: int) -> Int[np.ndarray, " time"]:
    """Little-endian two's complement of 2 or 3 bytes."""
    if width == 2:
        return np.ascontiguousarray(values).view("<i2").reshape(-1)
    # The three bytes become the upper ones of four, so that the sign is extended by division.
    wide = np.zeros((values.size // 3, 4), np.uint8)
    wide[:, 1:] = values.reshape(-1, 3)
    return wide.view("<i4").reshape(-1) >> 8


def _doubts(leads: Sequence[Channel], fs: float) -> list[str]:
    apart = max(round(0.04 * fs), 1)
    slopes = [
        float(np.percentile(np.abs(lead.values[apart:] - lead.values[:-apart]), 99))
        for lead in leads
        if (found := standard_lead(lead.name))
        and found[0] in LIMB_LEADS
        and len(lead.values) > apart
    ]
    if not slopes or not _STEEP < max(slopes) < math.inf:
        return []
    return [
        f"The QRS complexes of the limb leads are about {max(slopes):.0f} mV high, which is rare: "
        "the scale in the file's header may be wrong. Compare with a printed ECG before judging "
        "voltages."
    ]
