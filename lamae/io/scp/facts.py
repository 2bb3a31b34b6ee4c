"""What an SCP-ECG record says beside the signal: age, sex, filters, global measurements.

Names, identifiers, dates and texts are passed over unread, but for the two dates from which the
age follows where it is not stated.

Source: EN 1064, 5.4 (section 1, tags), 5.10 (section 7, global measurements).
"""

import struct
from dataclasses import dataclass

from lamae.io.scp.container import Cursor, Sections

_AGE, _BORN, _SEX, _ACQUIRED, _HIGH_PASS, _LOW_PASS, _FILTER_BITS = 4, 5, 8, 25, 27, 28, 29
_END = 255
_YEARS = {1: 1.0, 2: 12.0, 3: 52.18, 4: 365.25, 5: 8766.0}
_SEXES = {1: "male", 2: "female"}
_NOTCHES = ((1, "60"), (2, "50"))
# In the standard, values from here on give the reason why there is none.
_NO_VALUE = 10_000


@dataclass(frozen=True)
class Person:
    """What is kept of section 1; None where the file has none."""

    age: float | None = None
    sex: str | None = None
    filters: str | None = None


def person(sections: Sections) -> Person:
    """Age in years, sex and the device's filters."""
    tags = _tags(Cursor(sections.bodies.get(1, b""), 1))
    sex = tags.get(_SEX, b"")
    return Person(
        age=_age(tags), sex=_SEXES.get(sex[0]) if len(sex) == 1 else None, filters=_filters(tags)
    )


def _tags(cursor: Cursor) -> dict[int, bytes]:
    tags: dict[int, bytes] = {}
    while cursor.left >= 3:
        tag, length = cursor.numbers("BH")
        if tag == _END or length > cursor.left:
            break
        tags.setdefault(tag, cursor.take(length))
    return tags


def _age(tags: dict[int, bytes]) -> float | None:
    if len(tags.get(_AGE, b"")) == 3:
        number, unit = struct.unpack("<HB", tags[_AGE])
        if number and unit in _YEARS:
            return number / _YEARS[unit]
    born, seen = (tags.get(tag, b"") for tag in (_BORN, _ACQUIRED))
    if len(born) == len(seen) == 4:
        born_date, seen_date = (struct.unpack("<HBB", date) for date in (born, seen))
        if all(1850 < date[0] < 2200 for date in (born_date, seen_date)):
            years = seen_date[0] - born_date[0] - (seen_date[1:] < born_date[1:])
            return float(years) if years >= 0 else None
    return None


def _filters(tags: dict[int, bytes]) -> str | None:
    words = []
    for tag, size, name in ((_HIGH_PASS, 0.01, "high-pass"), (_LOW_PASS, 1.0, "low-pass")):
        if len(tags.get(tag, b"")) == 2 and (number := int.from_bytes(tags[tag], "little")):
            words.append(f"{name} {number * size:g} Hz")
    if len(tags.get(_FILTER_BITS, b"")) == 1:
        words += [f"notch {hz} Hz" for bit, hz in _NOTCHES if tags[_FILTER_BITS][0] & bit]
    return ", ".join(words) or None


def measurements(sections: Sections) -> dict[str, float]:
    """The device's global measurements, of its first kind of beat; none where it has none."""
    cursor = Cursor(sections.bodies.get(7, b""), 7)
    if cursor.left < 22:
        return {}
    beats, spikes, rr, _ = cursor.numbers("BBHH")
    found: dict[str, float] = {}
    if beats:
        p_on, p_off, qrs_on, qrs_off, t_off, *axes = cursor.numbers("5H3h")
        spans = {
            "p": (p_on, p_off), "pr": (p_on, qrs_on),
            "qrs": (qrs_on, qrs_off), "qt": (qrs_on, t_off),
        }  # fmt: skip
        for name, (start, end) in spans.items():
            if start < end < _NO_VALUE:
                found[name] = float(end - start)
        for name, axis in zip(("p_axis", "qrs_axis", "t_axis"), axes, strict=True):
            if -360 <= axis <= 360:
                found[name] = float(axis)
    rate, qtc = _rate_and_qtc(cursor, beats, spikes)
    if 10 <= rate <= 400:
        found["heart_rate"] = float(rate)
    elif 150 <= rr <= 6000:
        found["heart_rate"] = 60_000 / rr
    if 100 <= qtc <= 1000:
        found["qtc"] = float(qtc)
    return found


def _rate_and_qtc(cursor: Cursor, beats: int, spikes: int) -> tuple[int, int]:
    """Ventricular rate in bpm and QTc in ms behind the lists of beats and pacemaker spikes.

    Each 0 where the section ends before it, as it may.
    """
    lists = 16 * max(beats - 1, 0) + 10 * spikes
    if cursor.left < lists + 2:
        return 0, 0
    cursor.take(lists)
    (complexes,) = cursor.numbers("H")
    if cursor.left < complexes + 6:
        return 0, 0
    cursor.take(complexes)
    rate, _, qtc = cursor.numbers("HHH")
    return rate, qtc
