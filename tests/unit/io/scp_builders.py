"""SCP-ECG records, encoded from known signals."""

import binascii
import struct
from dataclasses import dataclass, field

import numpy as np

from lamae.ecg import ECG, LEADS

NUMBERS = dict(zip(LEADS, (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8), strict=True))
# Prefix, bits in all, whether it gives a value, value, code with the first bit lowest.
DEFAULT_CODES = [(1, 1, 1, 0, 0)]
for size in range(1, 9):
    DEFAULT_CODES.append((size + 2, size + 2, 1, size, (1 << size) - 1))
    DEFAULT_CODES.append((size + 2, size + 2, 1, -size, (1 << size) - 1 | 1 << (size + 1)))
DEFAULT_CODES += [(10, 18, 1, 0, 511), (10, 26, 1, 0, 1023)]


@dataclass
class Scp:
    """What to encode, and how."""

    ecg: ECG
    differences: int = 2
    tables: list[list[tuple[int, ...]]] | None = None
    huffman: bool = True
    step: int = 1000
    interval: int = 2000
    tags: list[tuple[int, bytes]] = field(default_factory=list)
    section7: bytes | None = None
    # (length of the beat in samples, fiducial in it, [(type, first, fiducial, last)], beat)
    beats: tuple | None = None
    beat_step: int = 1000
    bimodal: int = 0
    flags: int = 4 | 12 << 3
    firsts: dict[str, int] = field(default_factory=dict)
    lasts: dict[str, int] = field(default_factory=dict)
    extra_leads: tuple[int, ...] = ()


def encode(scp):
    names = list(scp.ecg.leads)
    samples = scp.ecg.signal.shape[1]
    counts = {
        lead: np.rint(row.astype(np.float64) * 1e6 / scp.step).astype(int)
        for lead, row in zip(names, scp.ecg.signal, strict=True)
    }
    flags = scp.flags | (1 if scp.beats else 0)
    three = struct.pack("<BB", len(names) + len(scp.extra_leads), flags)
    ranges = {lead: (scp.firsts.get(lead, 1), scp.lasts.get(lead, samples)) for lead in names}
    for lead in names:
        three += struct.pack("<IIB", *ranges[lead], NUMBERS[lead])
    for number in scp.extra_leads:
        three += struct.pack("<IIB", 1, samples, number)
    sections = {1: tags(scp.tags), 3: three}
    tables = scp.tables or [DEFAULT_CODES]
    if scp.huffman:
        sections[2] = table_section(scp.tables)
    if scp.beats:
        length, fiducial, places, beat = scp.beats
        four = struct.pack("<HHH", length * scp.interval // 1000, fiducial, len(places))
        for place in places:
            four += struct.pack("<HIII", *place)
        for place in places:
            four += struct.pack("<II", place[1], place[3])
        sections[4] = four
        beat_counts = {
            lead: np.rint(beat[row] * 1e6 / scp.beat_step).astype(int)
            for row, lead in enumerate(names)
        }
        ratio = scp.beat_step / scp.step
        for lead in names:
            for kind, first, at, last in places:
                if kind == 0:
                    for sample in range(first, last + 1):
                        added = beat_counts[lead][fiducial + sample - at - 1] * ratio
                        assert added == int(added)
                        counts[lead][sample - 1] -= int(added)
        beat_rows = [packed(beat_counts[lead], scp, tables) for lead in names]
        sections[5] = block(scp.beat_step, scp, beat_rows, 0)
    rows = [
        packed(counts[lead][slice(ranges[lead][0] - 1, ranges[lead][1])], scp, tables)
        for lead in names
    ]
    rows += [packed(np.zeros(samples, int), scp, tables)] * len(scp.extra_leads)
    sections[6] = block(scp.step, scp, rows, scp.bimodal)
    if scp.section7 is not None:
        sections[7] = scp.section7
    return record(sections)


def block(step, scp, rows, bimodal):
    head = struct.pack("<HHBB", step, scp.interval, scp.differences, bimodal)
    return head + struct.pack(f"<{len(rows)}H", *map(len, rows)) + b"".join(rows)


def packed(counts, scp, tables):
    values = np.array(counts)
    if scp.differences == 1:
        values[1:] = np.diff(counts)
    if scp.differences == 2:
        values[2:] = np.diff(counts, 2)
    if not scp.huffman:
        return values.astype("<i2").tobytes()
    bits, table = "", 0
    for number, value in enumerate(values):
        if len(tables) > 1 and number % 7 == 3:
            prefix, code, target = next((c[0], c[4], c[3]) for c in tables[table] if c[2] == 0)
            bits += f"{code:0{prefix}b}"[::-1]
            table = target - 1
        bits += code_of(int(value), tables[table])
    bits += "0" * (-len(bits) % 16)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def code_of(value, table):
    best = None
    for prefix, total, gives, base, code in table:
        extra = total - prefix
        rest = value - base
        fits = rest == 0 if not extra else -(1 << extra - 1) <= rest < 1 << extra - 1
        if gives and fits and (best is None or total < best[0]):
            tail = f"{rest % (1 << extra):0{extra}b}" if extra else ""
            best = (total, f"{code:0{prefix}b}"[::-1] + tail)
    return best[1]


def table_section(tables):
    if tables is None:
        return struct.pack("<H", 19999)
    body = struct.pack("<H", len(tables))
    for table in tables:
        body += struct.pack("<H", len(table))
        for code in table:
            body += struct.pack("<BBBhI", *code)
    return body


def tags(pairs):
    return (
        b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in pairs) + b"\xff\0\0"
    )


def section(number, body, reserved=b"\0" * 6):
    body += b"\0" * (len(body) % 2)
    rest = struct.pack("<HIBB6s", number, 16 + len(body), 20, 20, reserved) + body
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def record(sections):
    built = {number: section(number, body) for number, body in sections.items()}
    at = 7 + 16 + 12 * 10
    pointers = struct.pack("<HII", 0, 136, 7)
    for number in range(1, 12):
        size = len(built.get(number, b""))
        pointers += struct.pack("<HII", number, size, at if size else 0)
        at += size
    whole = section(0, pointers, b"SCPECG")
    whole += b"".join(built[number] for number in range(1, 12) if number in built)
    rest = struct.pack("<I", 6 + len(whole)) + whole
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def measured(p_on, p_off, qrs_on, qrs_off, t_off, axes, rr=29999, rate=29999, qtc=29999, beats=1):
    body = struct.pack("<BBHH", beats, 0, rr, 29999)
    body += struct.pack("<5H3h", p_on, p_off, qrs_on, qrs_off, t_off, *axes)
    body += struct.pack("<5H3h", *[29999] * 5, 999, 999, 999) * (beats - 1)
    return body + struct.pack("<H", 3) + b"\0\0\0" + struct.pack("<HHHBH", rate, 29999, qtc, 0, 0)
