"""How a table of samples is laid out: its text, separator, decimal sign, headings and units."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lamae.errors import ReadError
from lamae.io.names import count_channels, mv_per_unit, standard_lead

MAX_COLUMNS = 256
# Time to match a unit grows with the cube of a heading's length; real headings are short.
LONGEST_HEADING = 100
_TIME = re.compile(
    r"|unnamed: 0|(?:sample|index|idx|time|timestamp|elapsed|date|second|sec|s|ms|t|n|row|#|no\.?)"
    r"s?(?:[\s_\[(/.#-].*)?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(?:elapsed|time|t|[\s_\[(/.-])*(ms|msec|milliseconds?|s|secs?|seconds?)\W*")
_UNIT = re.compile(r"(.*?)[\s_]*[(\[/_\s]\s*([mμu]?v)\s*[)\]]?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?|nan", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How the text is laid out: heading rows come first, then `first` numbers the first sample."""

    separator: str
    decimal: str
    first: int
    names: tuple[str, ...] | None
    units: frozenset[float]
    columns: int


def looks_like_table(content: bytes) -> bool:
    """Whether the content is text with numbers in rows."""
    text = text_in(content[:20_000])
    return text is not None and bool(re.search(r"\d", text)) and not text.lstrip().startswith("<")


def holds_numbers(content: bytes) -> bool:
    """Whether numbers prevail in a row of the text, whatever separates its cells."""
    try:
        return any(
            _holds_samples(_cells(row, separator))
            for row in (text_in(content[:200_000]) or "").splitlines()
            for separator in ",;\t "
        )
    except csv.Error:
        return False


def text_in(content: bytes) -> str | None:
    """The content as text, in UTF-8, UTF-16 or Latin-1; None where it is binary."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    controls = sum(text[:20_000].count(chr(code)) for code in (*range(9), *range(14, 32)))
    return None if controls else text.replace("µ", "μ")


def find_layout(rows: Sequence[str]) -> Layout:
    """Find separator, decimal sign and heading rows from the first rows.

    Raises:
        ReadError: No table is recognised.
    """
    comments = [at for at, row in enumerate(rows[:50]) if row.lstrip().startswith(("#", "%"))]
    start = len(comments) if comments == list(range(len(comments))) else 0
    while start < len(rows) and not rows[start].strip():
        start += 1
    sample = [row for row in rows[start : start + 30] if row.strip()]
    if not sample:
        raise ReadError("The table is empty; expected one row a sample.")
    separator = next((mark for mark in "\t;" if all(mark in row for row in sample)), ",")
    if separator == "," and not any("," in row for row in sample):
        separator = " " if all(" " in row.strip() for row in sample) else ","
    try:
        table = [
            _cells(" ".join(row.split()) if separator == " " else row, separator) for row in sample
        ]
    except csv.Error as error:
        raise ReadError("The table's rows cannot be told apart; expected CSV or TSV.") from error
    heads = next((at for at, row in enumerate(table) if _holds_samples(row)), len(table))
    if heads == len(table) or heads > 2:
        raise ReadError(
            "No rows of numbers follow the first rows of the table; expected one row with lead "
            "names, then one row a sample."
        )
    columns = len(table[heads])
    if columns > MAX_COLUMNS:
        raise ReadError(
            f"The table has {columns} columns; expected one column a lead and one row a sample."
        )
    names = table[0] if heads else None
    if names is None and start:
        # numpy.savetxt writes its heading as a comment.
        remark = _cells(rows[start - 1].lstrip().lstrip("#% "), separator)
        names = remark if len(remark) == columns and any(map(standard_lead, remark)) else None
    if names is not None and count_channels(names):
        names = None
    first = start + heads
    if names is None and table[0][-columns:] in (_numbers(columns, 0), _numbers(columns, 1)):
        first += 1
    if names is not None and len(names) == columns - 1 and not any(r[-1] for r in table[heads:]):
        names = [*names, "blank"]
    if names is not None and len(names) != columns:
        raise ReadError(
            f"The table's first row names {len(names)} columns, but its rows have {columns}; "
            "expected as many. Check the separator and the decimal sign."
        )
    decimal = "," if any("," in cell for row in table[heads:] for cell in row) else "."
    units = {_heading_unit(name) for name in names or ()} - {None}
    if heads == 2:
        leads = [at for at, name in enumerate(names or ()) if standard_lead(name)]
        units |= {mv_per_unit(table[1][at]) for at in leads if at < len(table[1])}
        if names and table[1]:
            names = [f"{names[0]} ({table[1][0]})" if is_time(names[0]) else names[0], *names[1:]]
    if None in units or len(units) > 1:
        raise ReadError(
            "The table's headings give units that differ or are no voltages; expected one of "
            "mV, uV and V for all leads."
        )
    return Layout(
        separator=separator,
        decimal=decimal,
        first=first,
        names=None if names is None else tuple(names),
        units=frozenset(scale for scale in units if scale is not None),
        columns=columns,
    )


def bare(name: str) -> str:
    """The heading without the unit that it states."""
    match = _UNIT.fullmatch(name) if _heading_unit(name) else None
    return match[1] if match else name


def is_time(name: str, at: int = 0) -> bool:
    """Whether a column of this heading, the `at`-th, holds times or sample numbers."""
    # pandas leaves the heading of its index, the first column, empty.
    return bool(_TIME.fullmatch(name)) and (bool(name) or at == 0)


def clock_rate(name: str, times: Float64[np.ndarray, " time"] | None) -> float | None:
    """The rate in Hz that a column of times implies, where its name states s or ms."""
    match = _SECONDS.fullmatch(name.strip().lower())
    if match is None or times is None or len(times) < 2 or not np.isfinite(times[[0, -1]]).all():
        return None
    span = float(times[-1] - times[0]) * (1e-3 if match[1].startswith("m") else 1.0)
    return (len(times) - 1) / span if span > 0 else None


def _cells(row: str, separator: str) -> list[str]:
    cells = next(csv.reader([row.strip("\r\n")], delimiter=separator), [])
    return [cell.strip().strip("'\"").strip() for cell in cells]


def _holds_samples(cells: Sequence[str]) -> bool:
    """Whether numbers prevail: times and remarks may be text, and missing leads blank."""
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return numbers > sum(bool(cell) for cell in cells) - numbers


def _numbers(count: int, start: int) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def _heading_unit(name: str) -> float | None:
    match = _UNIT.fullmatch(name) if len(name) <= LONGEST_HEADING else None
    return mv_per_unit(match[2]) if match and standard_lead(match[1]) else None
