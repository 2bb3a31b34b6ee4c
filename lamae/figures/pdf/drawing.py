"""ECG paper and traces drawn by Matplotlib, in mm from a page's lower left corner."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve

from lamae.figures.palette import LIGHT
from lamae.figures.paper.lead_names import free_place, row_heights
from lamae.figures.paper.sheet import LARGE_SQUARE, PULSE_TIME, PULSE_VOLTAGE, Sheet
from lamae.figures.pdf.pages import ALONG, Page

# mm after the signal.
RIGHT = 5.0
# Widths in points: the trace is 0.25 mm wide, as a fine pen's.
TRACE, GRID, FINE_GRID = 0.7, 0.45, 0.25
# Up to this rate in Hz every sample is drawn; beyond it, lines may leave out what lies less than
# this many points, or 0.0035 mm, beside them.
EVERY_SAMPLE, SIMPLIFY = 1000.0, 0.01

Signals = Mapping[str, Float32[np.ndarray, " time"]]


@dataclass(frozen=True)
class Place:
    """The place of a page's part of the sheet: converts samples and mV to mm."""

    sheet: Sheet
    page: Page
    left: float
    bottom: float

    def x(self, samples: Any) -> Any:
        """Of samples counted from the start of the rows."""
        return self.left + (samples - self.page.first) / self.sheet.fs * self.sheet.speed

    def y(self, voltage: Any) -> Any:
        """Of mV on the sheet."""
        return self.bottom + (voltage - self.page.low) * self.sheet.gain

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, right, lower and upper edge of the paper."""
        right = self.left + ALONG + RIGHT
        return self.left - room_before(self.sheet), right, self.bottom, self.y(self.page.high)


def room_before(sheet: Sheet) -> float:
    """Room for the pulse before the signal in mm, so that the signal starts on a 5 mm line."""
    return math.ceil(round(-PULSE_TIME[0] * sheet.speed / LARGE_SQUARE, 6)) * LARGE_SQUARE


def draw_paper(axes: Axes, place: Place) -> None:
    """Draw the grid of 1 and 5 mm, and the recording time of each second at its lower edge."""
    left, right, bottom, top = place.edges
    for step, colour, width in (
        (1.0, LIGHT.fine_grid, FINE_GRID),
        (LARGE_SQUARE, LIGHT.grid, GRID),
    ):
        across = [left + i * step for i in range(round((right - left) / step) + 1)]
        up = [bottom + i * step for i in range(round((top - bottom) / step) + 1)]
        lines = [np.array([[x, bottom], [x, top]]) for x in across]
        lines += [np.array([[left, y], [right, y]]) for y in up]
        _draw(axes, lines, colour, width)
    sheet, page = place.sheet, place.page
    for second in range(math.ceil((page.stop - page.first) / sheet.fs)):
        sample = page.first + second * sheet.fs
        write_text(
            axes, place.x(sample) + 0.4, bottom + 0.7, f"{sheet.start + sample / sheet.fs:g} s", 5.0
        )


def draw_signals(axes: Axes, place: Place, signals: Signals) -> None:
    """Draw traces, their names, the 1 mV pulse before each row, and ticks between leads."""
    sheet, page = place.sheet, place.page
    marks = [
        np.column_stack(
            [
                place.left + np.array(PULSE_TIME) * sheet.speed,
                place.y(sheet.baselines[row] + np.array(PULSE_VOLTAGE)),
            ]
        )
        for row in page.rows
    ]
    taken = row_heights(sheet, signals)
    traces = []
    for cell in sheet.cells:
        left, right = max(cell.left, page.first), min(cell.right, page.stop)
        if cell.row not in page.rows or left >= right:
            continue
        base = sheet.baselines[cell.row]
        if left > page.first:
            x, y = place.x(left), place.y(base)
            marks += [np.array([[x, y + side * 3], [x, y + side * 5]]) for side in (-1, 1)]
        if cell.lead not in signals:
            text = f"{cell.label} not recorded"
            write_text(axes, place.x(left) + 2, place.y(base), text, 8.0, colour=LIGHT.faint_print)
            continue
        first = cell.first + left - cell.left
        part = replace(cell, first=first, stop=first + right - left)
        heights = place.y(base + part.of(signals[cell.lead]).astype(np.float64))
        traces.append(np.column_stack([place.x(np.arange(left, right)), heights]))
        shift, lift = free_place(sheet, part, taken)
        x, y = place.x(left) + shift * sheet.speed, place.y(base + lift)
        write_text(axes, x, y, cell.label, 9.0, bold=True)
    _draw(axes, marks, LIGHT.print, TRACE)
    for trace in traces:
        _draw(
            axes,
            [trace],
            LIGHT.trace,
            TRACE,
            within=place.edges if page.cut else None,
            simplify=sheet.fs > EVERY_SAMPLE,
        )


def _draw(
    axes: Axes,
    lines: Iterable[np.ndarray],
    colour: str,
    width: float,
    *,
    within: tuple[float, float, float, float] | None = None,
    simplify: bool = False,
) -> None:
    """Draw lines, each of points in mm, as one path."""
    lines = list(lines)
    codes = np.full(sum(map(len, lines)), Curve.LINETO, dtype=Curve.code_type)
    codes[np.cumsum([0, *map(len, lines[:-1])])] = Curve.MOVETO
    curve = Curve(np.concatenate(lines), codes if len(lines) > 1 else None)
    curve.should_simplify = simplify
    curve.simplify_threshold = SIMPLIFY
    patch = PathPatch(
        curve, fill=False, edgecolor=colour, linewidth=width, joinstyle="round", capstyle="butt"
    )
    axes.add_artist(patch)  # add_patch would search every curve for its extent
    if within is not None:
        left, right, bottom, top = within
        edge = Rectangle((left, bottom), right - left, top - bottom, transform=axes.transData)
        patch.set_clip_path(edge)


def write_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    colour: str = LIGHT.print,
    align: str = "left",
) -> None:
    """Write one line of text; `size` in points."""
    # Named by its file: a font looked up by its name may be another one elsewhere.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    font = FontProperties(fname=Path(matplotlib.get_data_path(), "fonts", "ttf", name), size=size)
    # Without ligatures, for readers and searches that do not know them.
    axes.text(
        x,
        y,
        text,
        color=colour,
        fontproperties=font,
        fontfeatures=("-liga",),
        ha=align,
        parse_math=False,
    )
