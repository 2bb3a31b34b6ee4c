"""The leads' names on ECG paper, placed where they cross the fewest lines."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32, Float64

from lamae.figures.palette import Palette
from lamae.figures.paper.sheet import Cell, Sheet

# mm that a lead's name takes.
NAME_WIDTH = 8.0


def add_names(
    figure: go.Figure,
    sheet: Sheet,
    signals: Mapping[str, Float32[np.ndarray, " time"]],
    missing: Collection[str],
    colours: Palette,
    *,
    unread: Mapping[str, str] = MappingProxyType({}),
    beside: Sequence[str] = (),
) -> None:
    """Write each lead's name above the start of its trace, and those not drawn in grey.

    Args:
        figure: Changed in place.
        sheet: Its geometry.
        signals: Voltage in mV of each recorded lead.
        missing: Leads that are not drawn.
        colours: Colours of the sheet.
        unread: Why some of these are not used, though they were recorded, by lead.
        beside: Text beside the names of each row.
    """
    drawn = row_heights(sheet, signals)
    x, y, text = [], [], []
    empty_x, empty_y, empty_text = [], [], []
    for cell in sheet.cells:
        time, base = sheet.times(cell)[0], sheet.baselines[cell.row]
        if cell.lead in missing:
            empty_x.append(time + 2 / sheet.speed)
            empty_y.append(base)
            why = f"{unread[cell.lead]}, not used" if cell.lead in unread else "not recorded"
            empty_text.append(f"{cell.lead} {why}")
            continue
        words = f"  {beside[cell.row]}" if beside else ""
        shift, lift = free_place(sheet, cell, drawn, NAME_WIDTH + 2 * len(words))
        x.append(time + shift)
        y.append(base + lift)
        text.append(f"<b>{cell.label}</b>{words}")
    for name, xs, ys, texts, colour, where in (
        ("lead names", x, y, text, colours.print, "top right"),
        ("not recorded", empty_x, empty_y, empty_text, colours.faint_print, "middle right"),
    ):
        if texts:
            figure.add_scatter(
                x=xs,
                y=ys,
                mode="text",
                text=texts,
                textposition=where,
                cliponaxis=False,
                textfont={"size": 13, "color": colour},
                # A click on a lead must not fade the other names.
                unselected={"textfont": {"color": colour}},
                hoverinfo="skip",
                showlegend=False,
                name=name,
            )


def row_heights(
    sheet: Sheet, signals: Mapping[str, Float32[np.ndarray, " time"]]
) -> Float64[np.ndarray, "rows across"]:
    """Height in mV on the sheet of each row's signal; NaN where there is none.

    Args:
        sheet: Its geometry.
        signals: Voltage in mV of each recorded lead.
    """
    heights = np.full((len(sheet.baselines), max(cell.right for cell in sheet.cells)), np.nan)
    for cell in sheet.cells:
        if cell.lead in signals:
            heights[cell.row, cell.left : cell.right] = (
                cell.of(signals[cell.lead]) + sheet.baselines[cell.row]
            )
    return heights


def free_place(
    sheet: Sheet,
    cell: Cell,
    drawn: Float64[np.ndarray, "rows across"],
    width: float = NAME_WIDTH,
) -> tuple[float, float]:
    """Where a lead's name crosses the fewest lines: s after the cell's start, mV over its base.

    Args:
        sheet: Its geometry.
        cell: The lead's place.
        drawn: Height in mV of each row's signal on the sheet, as `row_heights` gives.
        width: Width of the name in mm.
    """
    wide, low, high = width / sheet.speed, 2 / sheet.gain, 6 / sheet.gain
    best = (len(drawn) * drawn.shape[1], 0.0, 0.0)
    for shift in np.array([1, 4, 7, 10]) / sheet.speed:
        first = cell.left + round(shift * sheet.fs)
        near = drawn[max(cell.row - 1, 0) : cell.row + 1, first : first + round(wide * sheet.fs)]
        for lift in np.arange(5 / sheet.gain, 0.75 * sheet.gaps[cell.row], 1 / sheet.gain):
            text = sheet.baselines[cell.row] + lift
            # Lines, not samples: at 100 Hz an S wave passes a name between two samples.
            above = np.fmax(near[:, 1:], near[:, :-1]) > text - low
            below = np.fmin(near[:, 1:], near[:, :-1]) < text + high
            best = min(best, (np.count_nonzero(above & below), float(shift), float(lift)))
    return best[1], best[2]
