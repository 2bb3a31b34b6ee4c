"""Huffman codes of SCP-ECG, and the differences that they encode.

Source: EN 1064, 5.5 (section 2) and its annex C (the default table, and differences).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from lamae.errors import ReadError
from lamae.io.scp.container import Cursor, Sections

DEFAULT = 19999
_MAX_CODES = 4096
_FAULTY = (
    "The SCP-ECG file's compressed signal does not fit its Huffman tables; the file may be "
    "damaged. Export the recording again."
)


@dataclass(frozen=True)
class Code:
    """What a prefix of bits stands for.

    Attributes:
        value: The difference; or, where `switches`, the number of the table that holds from here.
        extra: Bits after the prefix that hold a signed number to be added.
        switches: Whether this code changes the table rather than giving a difference.
    """

    value: int
    extra: int
    switches: bool


Table = dict[str, Code]


def _default_table() -> Table:
    """0 is "0"; n is |n| ones, a zero and the sign; then 8 and 16 bits as they are."""
    table = {"0": Code(0, 0, False)}
    for size in range(1, 9):
        for sign, bit in ((1, "0"), (-1, "1")):
            table["1" * size + "0" + bit] = Code(sign * size, 0, False)
    table["1" * 9 + "0"] = Code(0, 8, False)
    table["1" * 10] = Code(0, 16, False)
    return table


DEFAULT_TABLE = _default_table()


def tables(sections: Sections) -> tuple[Table, ...]:
    """The tables of a record; none where its samples are plain 16-bit numbers.

    Raises:
        ReadError: They are damaged.
    """
    if 2 not in sections.bodies:
        return ()
    cursor = Cursor(sections.bodies[2], 2)
    (count,) = cursor.numbers("H")
    if count == DEFAULT:
        return (DEFAULT_TABLE,)
    found = []
    for _ in range(count):
        (size,) = cursor.numbers("H")
        if not 1 <= size <= _MAX_CODES:
            raise ReadError(_FAULTY)
        found.append(_table(cursor, size))
    return tuple(found)


def _table(cursor: Cursor, size: int) -> Table:
    table: Table = {}
    for _ in range(size):
        prefix, total, mode, value, code = cursor.numbers("BBBhI")
        if not 1 <= prefix <= 32 or not prefix <= total <= prefix + 16 or code >> prefix:
            raise ReadError(_FAULTY)
        # The standard writes the first bit of the code as the lowest.
        bits = f"{code:0{prefix}b}"[::-1]
        if bits in table:
            raise ReadError(_FAULTY)
        table[bits] = Code(value, total - prefix, mode == 0)
    return table


def decode(
    data: bytes, count: int, differences: int, found: tuple[Table, ...]
) -> Int64[np.ndarray, " time"]:
    """The samples of one lead in steps.

    Args:
        data: The lead's bytes.
        count: How many samples they hold.
        differences: 0, 1 or 2: how often differences were taken.
        found: The record's tables; none for plain numbers.

    Raises:
        ReadError: The bytes hold fewer samples, or bits that are in no table.
    """
    if differences not in (0, 1, 2):
        raise ReadError(
            f"The SCP-ECG file takes differences in way {differences}; expected 0, 1 or 2. "
            "The file may be damaged."
        )
    # A code takes a bit at least, so that a false length is refused before it costs memory.
    if count > len(data) * 8 or (not found and count * 2 > len(data)):
        raise ReadError(_FAULTY)
    if found:
        values = np.fromiter(_codes(data, count, found), np.int64, count)
    else:
        values = np.frombuffer(data, "<i2", count).astype(np.int64)
    if differences == 2 and count > 1:
        # The first two samples are stored as they are.
        values[1] -= values[0]
        values[1:] = np.cumsum(values[1:])
    return np.cumsum(values) if differences else values


def _codes(data: bytes, count: int, found: tuple[Table, ...]) -> Iterator[int]:
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    at = given = 0
    table = found[0]
    lengths = sorted({len(prefix) for prefix in table})
    while given < count:
        for length in lengths:
            code = table.get(bits[at : at + length])
            if code is not None:
                break
        else:
            raise ReadError(_FAULTY)
        at += length
        if code.switches:
            if not 1 <= code.value <= len(found):
                raise ReadError(_FAULTY)
            table = found[code.value - 1]
            lengths = sorted({len(prefix) for prefix in table})
            continue
        value = code.value
        if code.extra:
            number = bits[at : at + code.extra]
            if len(number) < code.extra:
                raise ReadError(_FAULTY)
            at += code.extra
            value += int(number, 2) - ((1 << code.extra) if number[0] == "1" else 0)
        given += 1
        yield value
