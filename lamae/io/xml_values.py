"""What XML devices write as text, turned into values: numbers, samples, ages, measurements."""

import binascii
import re
from collections.abc import Iterable
from datetime import date

import numpy as np
from jaxtyping import Float64

from lamae.errors import ReadError

_NUMBER = re.compile(r"[+-]?(\d{1,15})(?:([.,])(\d{0,15}))?(?:[eE][+-]?\d{1,3})?")
_NOT_IN_NUMBERS = re.compile(r"[^\d\s.eE+-]", re.ASCII)
_GAP = re.compile(r"\s")
# How many characters of samples are split at a time: a list of words takes much memory.
_CHUNK = 1_000_000
_YEARS = {"a": 1.0, "y": 1.0, "mo": 12.0, "w": 52.18, "d": 365.25, "h": 8766.0}
_SEXES = {"F": "female", "FEMALE": "female", "M": "male", "MALE": "male"}
_DATES = (
    re.compile(r"(?P<y>\d{4})-?(?P<m>\d\d)-?(?P<d>\d\d)(?!\d-)"),
    re.compile(r"(?P<m>\d\d)[-/](?P<d>\d\d)[-/](?P<y>\d{4})"),
)


def number(text: str) -> float | None:
    """A number with a point or a comma before its decimals.

    Returns:
        None where it is none, or could be two: "2,500" is 2.5 to some and 2500 to others.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    whole, mark, decimals = match.groups()
    if mark == "," and len(decimals) == 3 and whole.strip("0"):
        return None
    value = float(match[0].replace(",", "."))
    return value if np.isfinite(value) else None


def samples(text: str, kind: str, *, commas: bool = False) -> Float64[np.ndarray, " time"]:
    """Samples written as numbers between spaces.

    Args:
        text: All samples of one lead.
        kind: The format's name, for the message.
        commas: Whether the format has commas between them; elsewhere one could be a decimal's.

    Raises:
        ReadError: Some of it is not a number.
    """
    try:
        if commas:
            text = text.replace(",", " ")
        if _NOT_IN_NUMBERS.search(text):
            raise ValueError
        pieces, at = [], 0
        while at < len(text):
            end = _after_a_gap(text, at + _CHUNK)
            pieces.append(np.array(text[at:end].split(), dtype=np.float64))
            at = end
        values = np.concatenate([np.empty(0), *pieces])
        if not np.isfinite(values).all():
            raise ValueError
        return values
    except ValueError as error:
        raise ReadError(
            f"The samples of a lead in this {kind} file are not all numbers; the file may be "
            "damaged. Export the recording again."
        ) from error


def _after_a_gap(text: str, at: int) -> int:
    gap = _GAP.search(text, at)
    return gap.end() if gap else len(text)


def unpacked(text: str, kind: str) -> bytes:
    """The bytes behind base64.

    Args:
        text: With line breaks, as files have it.
        kind: The format's name, for the message.

    Raises:
        ReadError: It is not base64.
    """
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError as error:
        raise ReadError(
            f"The samples in this {kind} file are damaged or cut short (they are not whole "
            "base64). Copy or export the file again."
        ) from error


def age(value: float | None, unit: str) -> float | None:
    """Age in years, from a number and "YEARS", "a", "mo", "WK", "days" or "hours"."""
    name = unit.strip().lower()
    per_year = next((n for start, n in _YEARS.items() if name.startswith(start)), None)
    if value is None or value < 0 or per_year is None:
        return None
    return value / per_year


def age_at(born: str, seen: str) -> float | None:
    """Whole years between two dates as files write them; None unless both are real dates.

    Understands 20021122091000, 2002-11-22 and 11-22-2002 (month first). Neither is kept.
    """
    first, last = _date(born), _date(seen)
    if first is None or last is None or last < first:
        return None
    return float(last.year - first.year - ((last.month, last.day) < (first.month, first.day)))


def _date(text: str) -> date | None:
    match = next((m for pattern in _DATES if (m := pattern.match(text.strip()))), None)
    try:
        return date(*(int(match[part]) for part in "ymd")) if match else None
    except ValueError:
        return None


def sex(text: str) -> str | None:
    """ "female" or "male", from a code or a word; None for anything else."""
    return _SEXES.get(text.strip().upper())


def filters(high: float | None, low: float | None, notch: float | None) -> str | None:
    """The device's filters in words.

    Args:
        high: Cut-off of the high-pass in Hz; None where unknown.
        low: Cut-off of the low-pass in Hz; None where unknown.
        notch: Mains filter in Hz, 0 where it is off; None where unknown.
    """
    named = (("high-pass", high), ("low-pass", low), ("notch", notch))
    words = [f"{name} {value:g} Hz" for name, value in named if value and value > 0]
    if notch == 0:
        words.append("no notch")
    return ", ".join(words) or None


def measurements(found: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    """The first plausible value of each name, as in `lamae.ecg.ECG.measurements`.

    Devices write -32768, 0 or 65535 for what they could not measure.

    Args:
        found: Names, and values in bpm, ms or degrees.
    """
    kept: dict[str, float] = {}
    for name, value in found:
        low, high = (5.0, 6000.0)
        if name == "heart_rate":
            low, high = (10.0, 400.0)
        elif name.endswith("axis"):
            low, high = (-360.0, 360.0)
        if value is not None and low <= value <= high:
            kept.setdefault(name, float(value))
    return kept


def check_lengths(lengths: Iterable[int], kind: str) -> int:
    """The one length that all leads have.

    Args:
        lengths: Samples in each lead.
        kind: The format's name, for the message.

    Raises:
        ReadError: They differ.
    """
    found = sorted(set(lengths))
    if len(found) > 1:
        raise ReadError(
            f"The leads in this {kind} file have different lengths ({found[0]:,} to "
            f"{found[-1]:,} samples); expected one for all. Export the recording again."
        )
    return found[0] if found else 0
