"""The printed sheet: grid, calibration pulses, lead names, footer, and places to click."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32, Float64

from lamae.figures.palette import Palette
from lamae.figures.paper.sheet import (
    LARGE_SQUARE,
    PULSE_TIME,
    PULSE_VOLTAGE,
    Cell,
    Sheet,
)

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
SIDE, FOOT, HEAD = 6, 60, 8
# What dragging over a sheet does: zoom in, draw the box of the calipers, or nothing.
Drag = Literal["zoom", "select", False]
# px a place to click reaches; wider than half the distance between two.
REACH = 60
# mm that a lead's name takes.
NAME_WIDTH = 8.0


def print_sheet(
    sheet: Sheet,
    colours: Palette,
    *,
    footer: str,
    alt: str,
    revision: str,
    width: int,
    head: int = HEAD,
    drag: Drag = "zoom",
) -> go.Figure:
    """An empty sheet of ECG paper whose squares are square.

    Args:
        sheet: Its geometry.
        colours: Its colours.
        footer: What is printed after speed and gain.
        alt: One sentence that says what the figure shows.
        revision: Zoom is kept from one figure to the next while this stays the same.
        width: Width in px that the paper fills; the height follows from it.
        head: Room in px above the paper.
        drag: What dragging over it does.
    """
    along = (sheet.x_range[1] - sheet.x_range[0]) * sheet.speed  # mm
    across = (sheet.y_range[1] - sheet.y_range[0]) * sheet.gain
    per_mm = (width - 2 * SIDE) / along
    axis = {
        "showgrid": True,
        "gridcolor": colours.grid,
        "gridwidth": 1,
        "zeroline": False,
        "ticks": "",
        "constrain": "domain",
        "minor": {"showgrid": True, "gridcolor": colours.fine_grid, "gridwidth": 1},
    }
    figure = go.Figure()
    figure.update_layout(
        template="none",
        font={"family": FONT, "color": colours.print, "size": 12},
        paper_bgcolor=colours.paper,
        plot_bgcolor=colours.paper,
        margin={"l": SIDE, "r": SIDE, "t": head, "b": FOOT},
        height=round(across * per_mm) + head + FOOT,
        hovermode="closest",
        hoverdistance=REACH,
        dragmode=drag,
        newselection={"line": {"color": colours.caliper, "width": 2, "dash": "solid"}},
        activeselection={"fillcolor": colours.caliper, "opacity": 0.12},
        showlegend=False,
        uirevision=revision,
        meta={"alt": alt},
    )
    figure.update_xaxes(
        axis,
        range=sheet.x_range,
        tickfont={"size": 11},
        ticksuffix=" s",
        tick0=sheet.start,
        dtick=LARGE_SQUARE / sheet.speed,
        ticklabelstep=sheet.speed // 5,
        tickangle=0,
        minor_tick0=sheet.start,
        minor_dtick=1 / sheet.speed,
    )
    figure.update_yaxes(
        axis,
        range=sheet.y_range,
        showticklabels=False,
        constraintoward="top",
        tick0=0.0,
        dtick=LARGE_SQUARE / sheet.gain,
        minor_tick0=0.0,
        minor_dtick=1 / sheet.gain,
        scaleanchor="x",
        scaleratio=sheet.gain / sheet.speed,
    )
    figure.add_annotation(
        text=f"{sheet.speed} mm/s   {sheet.gain} mm/mV   {footer}",
        align="left",
        xref="x domain",
        yref="y domain",
        x=0,
        y=0,
        yshift=-20,
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 11, "color": colours.print},
    )
    return figure


def add_pulses(figure: go.Figure, sheet: Sheet, colours: Palette) -> None:
    """Draw the 1 mV, 0.2 s pulse before each row, and a tick where a row changes its lead."""
    x: list[float | None] = []
    y: list[float | None] = []
    for base in sheet.baselines:
        x += [*(sheet.start + t for t in PULSE_TIME), None]
        y += [*(base + v for v in PULSE_VOLTAGE), None]
    for cell in sheet.cells:
        if cell.left:
            time, base = sheet.times(cell)[0], sheet.baselines[cell.row]
            for side in (-1, 1):
                x += [time, time, None]
                y += [base + side * 3 / sheet.gain, base + side * 5 / sheet.gain, None]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colours.print, "width": 1},
        hoverinfo="skip",
        showlegend=False,
        name="calibration",
    )


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
    """Write each lead's name above the start of its trace, and what is not drawn in grey.

    Args:
        figure: Changed in place.
        sheet: Its geometry.
        signals: Voltage in mV of each lead there is.
        missing: Leads that are not drawn.
        colours: Its colours.
        unread: Why some of these could not be read, though they were recorded.
        beside: What to write beside the names of each row.
    """
    drawn = np.full((len(sheet.baselines), max(c.right for c in sheet.cells)), np.nan)
    for cell in sheet.cells:
        if cell.lead in signals:
            drawn[cell.row, cell.left : cell.right] = (
                cell.of(signals[cell.lead]) + sheet.baselines[cell.row]
            )
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
        shift, lift = _free_place(sheet, cell, drawn, NAME_WIDTH + 2 * len(words))
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


def _free_place(
    sheet: Sheet,
    cell: Cell,
    drawn: Float64[np.ndarray, "rows time"],
    width: float = NAME_WIDTH,
) -> tuple[float, float]:
    """Where a lead's name crosses the fewest lines: s after the cell's start, mV over its base.

    `drawn` holds the height in mV of each row's signal on the sheet, `width` is the name's in mm.
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


def add_click_targets(figure: go.Figure, sheet: Sheet) -> None:
    """Lay invisible points along each row, so that a click anywhere on a lead finds its name.

    The trace is called "leads"; a point's `customdata` is the lead's name. Lines themselves can
    never be clicked in Plotly.
    """
    x, y, names = [], [], []
    for cell in sheet.cells:
        first, last = sheet.times(cell)
        count = max(1, round((last - first) / 0.5))
        step = (last - first) / count
        x += [round(first + (i + 0.5) * step, 3) for i in range(count)]
        y += [sheet.baselines[cell.row]] * count
        names += [cell.lead] * count
    figure.add_scatter(
        x=x,
        y=y,
        customdata=names,
        mode="markers",
        marker={"size": 12, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hoverinfo="none",
        showlegend=False,
        name="leads",
    )
