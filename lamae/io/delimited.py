"""CSV and TSV: one row a sample, one column a lead, lead names in the first row.

Such files rarely say how fast they were sampled and never reliably in what unit, so both are
asked for unless a column heading states the unit ("II (mV)").
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd
from jaxtyping import Float64

from lamae.ecg import ECG, LEADS
from lamae.errors import ReadError
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.names import mv_per_unit, standard_lead

LIBRARY_ERRORS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError, csv.Error,
)  # fmt: skip
MAX_COLUMNS = 256
MAX_TEXT = 100_000_000
# Characters from the beginning in which the layout must show.
HEAD = 200_000
# Time to match a unit grows with the cube of a heading's length; real headings are short.
LONGEST_HEADING = 100
_TIME = re.compile(
    r"|unnamed: 0|(?:sample|index|idx|time|timestamp|elapsed|date|second|sec|s|ms|t|n|row|#|no\.?)"
    r"s?(?:[\s_\[(/.#-].*)?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(?:elapsed|time|t|[\s_\[(/.-])*(ms|msec|milliseconds?|s|secs?|seconds?)\W*")
_UNIT = re.compile(r"(.*?)[\s_]*[(\[/_\s]\s*([mμu]?v)\s*[)\]]?", re.IGNORECASE)


@dataclass(frozen=True)
class _Layout:
    """How the text is laid out: heading rows come first, then `first` numbers the first sample."""

    separator: str
    decimal: str
    first: int
    names: tuple[str, ...] | None
    units: frozenset[float]
    columns: int


def looks_like_table(content: bytes) -> bool:
    """Whether the content is text with numbers in rows."""
    text = _text(content[:20_000])
    return text is not None and bool(re.search(r"\d", text)) and not text.lstrip().startswith("<")


def read(content: bytes, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read one table of samples.

    Args:
        content: The whole file.
        fs: Sampling rate in Hz.
        unit: Unit of the values.

    Raises:
        AnswerNeeded: Rate or unit is not given.
        ReadError: The table cannot be read, or contradicts the rate or unit given.
    """
    if len(content) > MAX_TEXT:
        raise ReadError(
            f"The table is larger than {MAX_TEXT / 1e6:.0f} MB. Export a shorter stretch of it."
        )
    text = _text(content)
    if text is None:
        raise ReadError("The file is not text; expected a CSV or TSV table.")
    head = text[:HEAD].splitlines(keepends=True)
    layout = _layout(head[:-1] if len(text) > HEAD and len(head) > 1 else head)
    body = text[sum(map(len, head[: layout.first])) :]
    names = layout.names
    if names is None and layout.columns != len(LEADS):
        raise ReadError(
            f"The table has {layout.columns} columns without lead names; expected a first row "
            "with names such as I, II, V1 (or exactly 12 columns in the standard order)."
        )
    columns = [at for at, name in enumerate(names or LEADS) if standard_lead(_bare(name))]
    if not columns:
        raise ReadError(
            "None of the table's columns is named after a standard lead; expected some of "
            f"{', '.join(LEADS)} in the first row, one column a lead and one row a sample."
        )
    clock = next((at for at, name in enumerate(names or ()) if _is_time(name, at)), None)
    check_size(len(columns), body.count("\n") + 1)
    values, times = _parse(body, layout, columns, clock)
    rate = None if clock is None or not names else _clock_rate(names[clock], times)
    hints = []
    if rate and fs is None:
        hints.append(f"Its time column suggests {rate:g} Hz.")
    if not layout.units and np.array_equal(values, np.round(values), equal_nan=True):
        hints.append(
            "The values are whole numbers, perhaps steps of the device rather than uV: then give "
            'the size of a step from its manual as the unit, such as "4.88 uV".'
        )
    stated_unit = next(iter(layout.units)) if len(layout.units) == 1 else None
    checked_fs, scale = settle(None, stated_unit, fs, unit, " ".join(hints))
    if rate and abs(checked_fs / rate - 1) > 0.02:
        raise ReadError(
            f"The table's time column runs at {rate:g} Hz, but {checked_fs:g} Hz was given. "
            "Check the sampling rate."
        )
    notes = []
    if names is None:
        notes.append(
            f"The columns have no names; taken to be {', '.join(LEADS)}. The order of V1-V6 cannot "
            "be checked."
        )
    if clock is not None:
        notes.append("The column of times or sample numbers was left out.")
    others = len(names or columns) - len(columns) - (clock is not None)
    channels = [
        Channel(_bare((names or LEADS)[at]), scaled(values[:, row], scale))
        for row, at in enumerate(columns)
    ]
    # Left-out columns are passed on by number alone: their names may hold anything.
    channels += [Channel("other", np.empty(0))] * others
    return Recording(
        channels=tuple(channels),
        fs=checked_fs,
        source="CSV table",
        notes=tuple(notes),
        named=names is not None,
    )


def text_of(ecg: ECG) -> str:
    """The ECG as CSV: time in s, then each lead in mV."""
    times = np.arange(ecg.signal.shape[1]) / ecg.fs
    table = pd.DataFrame(dict(zip(ecg.leads, ecg.signal, strict=True)))
    table.insert(0, "time_s", times)
    return table.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def _text(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    controls = sum(text[:20_000].count(chr(code)) for code in (*range(9), *range(14, 32)))
    return None if controls else text.replace("µ", "μ")


def _cells(row: str, separator: str) -> list[str]:
    cells = next(csv.reader([row.strip("\r\n")], delimiter=separator), [])
    return [cell.strip().strip("'\"").strip() for cell in cells]


_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?|nan", re.IGNORECASE)


def _holds_samples(cells: Sequence[str]) -> bool:
    """Whether numbers prevail: times and remarks may be text, and missing leads blank."""
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return numbers > sum(bool(cell) for cell in cells) - numbers


def _layout(rows: Sequence[str]) -> _Layout:
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
            names = [f"{names[0]} ({table[1][0]})" if _is_time(names[0]) else names[0], *names[1:]]
    if None in units or len(units) > 1:
        raise ReadError(
            "The table's headings give units that differ or are no voltages; expected one of "
            "mV, uV and V for all leads."
        )
    return _Layout(
        separator=separator,
        decimal=decimal,
        first=first,
        names=None if names is None else tuple(names),
        units=frozenset(scale for scale in units if scale is not None),
        columns=columns,
    )


def _numbers(count: int, start: int) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def _heading_unit(name: str) -> float | None:
    match = _UNIT.fullmatch(name) if len(name) <= LONGEST_HEADING else None
    return mv_per_unit(match[2]) if match and standard_lead(match[1]) else None


def _bare(name: str) -> str:
    """The heading without the unit that it states."""
    match = _UNIT.fullmatch(name) if _heading_unit(name) else None
    return match[1] if match else name


def _is_time(name: str, at: int = 0) -> bool:
    # pandas leaves the heading of its index, the first column, empty.
    return bool(_TIME.fullmatch(name)) and (bool(name) or at == 0)


def _clock_rate(name: str, times: Float64[np.ndarray, " time"] | None) -> float | None:
    """The rate in Hz that a column of times implies, where its name says s or ms."""
    match = _SECONDS.fullmatch(name.strip().lower())
    if match is None or times is None or len(times) < 2 or not np.isfinite(times[[0, -1]]).all():
        return None
    span = float(times[-1] - times[0]) * (1e-3 if match[1].startswith("m") else 1.0)
    return (len(times) - 1) / span if span > 0 else None


def _parse(
    text: str, layout: _Layout, columns: Sequence[int], clock: int | None
) -> tuple[Float64[np.ndarray, "time lead"], Float64[np.ndarray, " time"] | None]:
    surplus = layout.columns
    wanted = {*columns, surplus, *(() if clock is None else (clock,))}
    # pandas overlooks cells beyond the first row's, so that row is made one cell too long.
    longest = layout.separator.join(["nan"] * (surplus + 1)) + "\n"
    try:
        table = pd.read_csv(
            BytesIO((longest + text).encode()),
            sep=r"\s+" if layout.separator == " " else layout.separator,
            decimal=layout.decimal,
            header=None,
            names=range(surplus + 1),
            index_col=False,
            usecols=lambda at: at in wanted,
            dtype={at: np.float64 if at in columns else str for at in wanted},
            skipinitialspace=True,
            on_bad_lines="error",
        )
        table = table.iloc[1:]
        values = table[list(columns)].to_numpy(np.float64)
        times = None
        if clock is not None:
            times = pd.to_numeric(table[clock], errors="coerce").to_numpy(np.float64)
    except LIBRARY_ERRORS as error:
        raise ReadError(
            "Some rows of the table are not numbers or have too many columns; expected one "
            "number a lead in every row. Check the separator and the decimal sign."
        ) from error
    if table[surplus].notna().any():
        raise ReadError(
            "Some rows of the table have too many columns; expected as many as in the first row."
        )
    return values, times
