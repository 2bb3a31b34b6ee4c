"""CSV and TSV: one row a sample, one column a lead, lead names in the first row.

Such files rarely state their sampling rate and never reliably their unit, so both are asked for
unless a column heading states the unit ("II (mV)").
"""

import csv
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from jaxtyping import Float64

from lamae.ecg import ECG, LEADS
from lamae.errors import ReadError
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.layout import Layout, bare, clock_rate, find_layout, is_time, text_in
from lamae.io.names import standard_lead

LIBRARY_ERRORS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError, csv.Error,
)  # fmt: skip
MAX_TEXT = 100_000_000
# Characters from the beginning in which the layout must show.
HEAD = 200_000


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read one table of samples.

    Args:
        file: The file.
        fs: Sampling rate in Hz.
        unit: Unit of the values.

    Raises:
        AnswerNeeded: Rate or unit is not given.
        ReadError: The table cannot be read, or contradicts the rate or unit given.
    """
    if len(file.content) > MAX_TEXT:
        raise ReadError(
            f"The table is larger than {MAX_TEXT / 1e6:.0f} MB. Export a shorter segment of it."
        )
    text = text_in(file.content)
    if text is None:
        raise ReadError("The file is not text; expected a CSV or TSV table.")
    head = text[:HEAD].splitlines(keepends=True)
    layout = find_layout(head[:-1] if len(text) > HEAD and len(head) > 1 else head)
    body = text[sum(map(len, head[: layout.first])) :]
    names = layout.names
    if names is None and layout.columns != len(LEADS):
        raise ReadError(
            f"The table has {layout.columns} columns without lead names; expected a first row "
            "with names such as I, II, V1 (or exactly 12 columns in the standard order)."
        )
    columns = [at for at, name in enumerate(names or LEADS) if standard_lead(bare(name))]
    if not columns:
        raise ReadError(
            "None of the table's columns is named after a standard lead; expected some of "
            f"{', '.join(LEADS)} in the first row, one column a lead and one row a sample."
        )
    clock = next((at for at, name in enumerate(names or ()) if is_time(name, at)), None)
    check_size(len(columns), body.count("\n") + 1)
    values, times = _parse(body, layout, columns, clock)
    rate = None if clock is None or not names else clock_rate(names[clock], times)
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
        Channel(bare((names or LEADS)[at]), scaled(values[:, row], scale))
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


def _parse(
    text: str, layout: Layout, columns: Sequence[int], clock: int | None
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
