"""The sections of an SCP-ECG record, found through its pointers and checked by their checksums.

Source: EN 1064, 5.2 (record, checksum), 5.3 (section 0, pointers).
"""

import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from lamae.errors import ReadError

_HEADER = struct.Struct("<HHIBB6s")
_POINTER = struct.Struct("<HII")
_POINTERS_AT = 6
MAX_POINTERS = 1000


@dataclass(frozen=True)
class Sections:
    """The bodies of the sections, without their headers, by number.

    Attributes:
        notes: What is not quite right about the record as a whole.
    """

    bodies: Mapping[int, bytes]
    notes: tuple[str, ...]

    def required(self, number: int, name: str) -> "Cursor":
        """The body of a section that the signal cannot do without.

        Raises:
            ReadError: The record has no such section.
        """
        if number not in self.bodies:
            raise ReadError(
                f"The SCP-ECG file has no section {number} ({name}); expected a recording with "
                "its rhythm data. Export it again."
            )
        return Cursor(self.bodies[number], number)


class Cursor:
    """Reads numbers from a section one after another, and never past its end."""

    def __init__(self, body: bytes, section: int) -> None:
        self._body = body
        self._section = section
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self._body) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            ReadError: The section ends before them.
        """
        if count > self.left:
            raise ReadError(
                f"Section {self._section} of the SCP-ECG file ends too early; the file may be "
                "damaged. Export the recording again."
            )
        self.at += count
        return self._body[self.at - count : self.at]

    def numbers(self, layout: str) -> tuple[int, ...]:
        """The next little-endian numbers, by their `struct` letters.

        Raises:
            ReadError: The section ends before them.
        """
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))


def is_scp(content: bytes) -> bool:
    """Whether the file begins as an SCP-ECG record does."""
    return content[16:22] == b"SCPECG"


def open_sections(content: bytes) -> Sections:
    """Take an SCP-ECG record apart.

    Raises:
        ReadError: It is cut short, or the checksum of one of its sections fails.
    """
    if len(content) < _POINTERS_AT + _HEADER.size:
        raise ReadError("The SCP-ECG file ends within its header. Export the recording again.")
    checksum, length = struct.unpack_from("<HI", content)
    if length > len(content):
        raise ReadError(
            f"The SCP-ECG file has {len(content):,} bytes where its header announces {length:,}; "
            "it may be cut short. Copy it again."
        )
    _, pointers = _section(content, 0, _POINTERS_AT, None)
    bodies: dict[int, bytes] = {}
    for at in range(0, min(len(pointers), MAX_POINTERS * _POINTER.size), _POINTER.size):
        if at + _POINTER.size > len(pointers):
            break
        number, size, start = _POINTER.unpack_from(pointers, at)
        if number == 0 or size == 0:
            continue
        if number in bodies:
            raise ReadError(f"The SCP-ECG file has section {number} more than once.")
        if start < 1:
            raise _damaged(number)
        # The standard counts bytes from 1.
        found, body = _section(content, number, start - 1, size)
        if found == number:
            bodies[number] = body
    notes: list[str] = []
    if length < _POINTERS_AT or binascii.crc_hqx(content[2:length], 0xFFFF) != checksum:
        notes.append(
            "The checksum of the SCP-ECG file as a whole does not fit, though those of its "
            "sections do."
        )
    return Sections(bodies, tuple(notes))


def _section(content: bytes, number: int, start: int, size: int | None) -> tuple[int, bytes]:
    """Number and body of the section at a place; its own length must be the pointer's."""
    if start + _HEADER.size > len(content):
        raise _damaged(number)
    checksum, found, length, *_ = _HEADER.unpack_from(content, start)
    if size is None:
        size = length
    if length != size or length < _HEADER.size or start + length > len(content):
        raise _damaged(number)
    if found != number or binascii.crc_hqx(content[start + 2 : start + length], 0xFFFF) != checksum:
        raise _damaged(number)
    return found, content[start + _HEADER.size : start + length]


def _damaged(number: int) -> ReadError:
    return ReadError(
        f"Section {number} of the SCP-ECG file is damaged: its place, length or checksum does not "
        "fit. Copy the file or export the recording again."
    )
