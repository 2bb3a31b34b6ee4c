"""XLI, the compression of Philips Sierra XML: LZW over the bytes of second differences.

Each lead is a block: its length (4 bytes), 2 bytes that do not matter here, the first bias (2
bytes), then LZW codes of 10 bits that unpack to the high bytes of all values, then the low bytes.

Source: Welch 1984 (LZW); the description of XLI at github.com/sixlettervariables/sierra-ecg-tools.
"""

import struct
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64

from lamae.errors import ReadError

_CODE_BITS = 10
_END = (1 << _CODE_BITS) - 1
_BIAS = 64
_MAX_LEADS = 32


def decode(content: bytes, samples: int) -> list[Int64[np.ndarray, " time"]]:
    """All leads of a compressed recording, in steps.

    Args:
        content: The compressed bytes.
        samples: How many samples each lead is said to have.

    Raises:
        ReadError: A block is cut short or damaged, or does not hold that many samples.
    """
    leads: list[Int64[np.ndarray, " time"]] = []
    at = 0
    while at + 8 <= len(content) and len(leads) < _MAX_LEADS:
        size, _, first = struct.unpack_from("<iHh", content, at)
        at += 8
        # Even bytes that do not compress at all take no more codes than there are bytes.
        if not 0 < size <= min(len(content) - at, 2 * samples * _CODE_BITS // 8 + 8):
            raise _damaged()
        words = _unpack(content[at : at + size], 2 * samples)
        at += size
        leads.append(_integrate(words, first))
    return leads


def _unpack(block: bytes, expected: int) -> Int64[np.ndarray, " time"]:
    """The signed 16-bit values of one block."""
    plain = bytearray()
    for piece in _pieces(block):
        plain += piece
        # One byte more at most, to fill the last code; checked as it grows, for LZW can explode.
        if len(plain) > expected + 1:
            raise _damaged()
    if len(plain) < expected:
        raise _damaged()
    halves = np.frombuffer(bytes(plain[:expected]), np.uint8).reshape(2, -1).astype(np.int64)
    words = halves[0] << 8 | halves[1]
    return np.where(words >= 1 << 15, words - (1 << 16), words)


def _pieces(block: bytes) -> Iterator[bytes]:
    bits = np.unpackbits(np.frombuffer(block, np.uint8))
    whole = len(bits) // _CODE_BITS
    filled = np.zeros((whole, 16), np.uint8)
    filled[:, 16 - _CODE_BITS :] = bits[: whole * _CODE_BITS].reshape(whole, _CODE_BITS)
    codes = np.packbits(filled).view(">u2")
    table = [bytes([code]) for code in range(256)]
    previous = b""
    for code in codes.tolist():
        if code == _END:
            return
        if code < len(table):
            piece = table[code]
        elif code == len(table) and previous:
            piece = previous + previous[:1]
        else:
            raise _damaged()
        if previous and len(table) < _END:
            table.append(previous + piece[:1])
        previous = piece
        yield piece


def _integrate(words: Int64[np.ndarray, " time"], first: int) -> Int64[np.ndarray, " time"]:
    """Steps from two samples and the biased second differences behind them, one place late."""
    if len(words) < 3:
        raise _damaged()
    second = -np.concatenate([[first], words[2:-1] - _BIAS])
    slope = (words[1] - words[0]) + np.cumsum(second)
    values = np.concatenate([words[:2], words[1] + np.cumsum(slope)])
    if np.abs(values).max() > 1 << 15:
        raise _damaged()
    return values


def _damaged() -> ReadError:
    return ReadError(
        "The compressed samples in this Philips Sierra XML file are damaged or cut short. Copy "
        "or export the file again."
    )
