"""How a sheet of ECG paper is divided over printed pages, at true scale and without cuts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float32

from lamae.figures.paper.sheet import ABOVE, BELOW, LARGE_SQUARE, PULSE_VOLTAGE, Sheet

# A4 on its side, and the part of its width that the signal takes, in mm.
WIDTH, HEIGHT = 297.0, 210.0
ALONG = 250.0
# mm between the traces and the edge of the paper.
CLEAR = 1.0


@dataclass(frozen=True)
class Page:
    """The part of a sheet that is printed on one page.

    Attributes:
        rows: Rows of the sheet.
        first: First sample, counted from the start of the rows.
        stop: After its last sample.
        low: Lower edge of the paper, in mV on the sheet.
        high: Upper edge.
        cut: Names of leads that reach beyond the edges.
    """

    rows: range
    first: int
    stop: int
    low: float
    high: float
    cut: tuple[str, ...]


def paginate(
    sheet: Sheet, signals: Mapping[str, Float32[np.ndarray, " time"]], room: float
) -> tuple[Page, ...]:
    """Divide a sheet over pages: by time where its speed asks for it, then by rows.

    Rows are spread evenly over as few pages as hold them, where that can be. The paper reaches
    above and below the tallest wave; only where one row alone is taller than `room` is it cut.

    Args:
        sheet: What to print.
        signals: Voltage in mV of each recorded lead.
        room: Height that the paper may take on a page, in mm.
    """
    samples = max(cell.right for cell in sheet.cells)
    across = round(ALONG / sheet.speed * sheet.fs)
    pages = []
    for first in range(0, samples, across):
        stop = min(first + across, samples)
        for rows in _groups(sheet, signals, room):
            low, high = _reach(sheet, signals, rows)
            if (high - low) * sheet.gain <= room:
                pages.append(Page(rows, first, stop, low, high, ()))
                continue
            base, half = sheet.baselines[rows[0]], room / 2 / sheet.gain
            cut = tuple(
                cell.label
                for cell in sheet.cells
                if cell.row in rows
                and cell.lead in signals
                and np.abs(cell.of(signals[cell.lead])).max(initial=0.0) > half
            )
            pages.append(Page(rows, first, stop, base - half, base + half, cut))
    return tuple(pages)


def _groups(
    sheet: Sheet, signals: Mapping[str, Float32[np.ndarray, " time"]], room: float
) -> list[range]:
    """Rows that go on one page together; a row that fits on no page is alone."""

    def fits(rows: range) -> bool:
        low, high = _reach(sheet, signals, rows)
        return (high - low) * sheet.gain <= room

    rows = len(sheet.baselines)
    for count in range(1, rows):
        edges = [round(i * rows / count) for i in range(count + 1)]
        groups = [range(first, stop) for first, stop in pairwise(edges)]
        if all(map(fits, groups)):
            return groups
    groups = [range(0, 1)]
    for row in range(1, rows):
        longer = range(groups[-1].start, row + 1)
        if fits(longer):
            groups[-1] = longer
        else:
            groups.append(range(row, row + 1))
    return groups


def _reach(
    sheet: Sheet, signals: Mapping[str, Float32[np.ndarray, " time"]], rows: range
) -> tuple[float, float]:
    """Lower and upper edge in mV that hold all of some rows, on 5 mm lines of the grid."""
    low = sheet.baselines[rows[-1]] - (BELOW - CLEAR) / sheet.gain
    high = sheet.baselines[rows[0]] + (ABOVE - CLEAR) / sheet.gain
    for row in rows:
        high = max(high, sheet.baselines[row] + max(PULSE_VOLTAGE))
    for cell in sheet.cells:
        if cell.row in rows and cell.lead in signals and cell.first < cell.stop:
            drawn = cell.of(signals[cell.lead])
            low = min(low, sheet.baselines[cell.row] + float(drawn.min()))
            high = max(high, sheet.baselines[cell.row] + float(drawn.max()))
    square = LARGE_SQUARE / sheet.gain
    low, high = low - CLEAR / sheet.gain, high + CLEAR / sheet.gain
    # Rounded first: a multiple of a square must not become the next one.
    return (
        math.floor(round(low / square, 6)) * square,
        math.ceil(round(high / square, 6)) * square,
    )
