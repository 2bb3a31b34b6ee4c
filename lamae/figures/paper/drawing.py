"""A sheet of ECG paper in Plotly: grid, calibration pulses, footer and places to click."""

from typing import Literal

import plotly.graph_objects as go

from lamae.figures.palette import FONT, Palette
from lamae.figures.paper.sheet import (
    LARGE_SQUARE,
    PULSE_TIME,
    PULSE_VOLTAGE,
    Sheet,
)

SIDE, FOOT, HEAD = 6, 60, 8
# The effect of dragging over a sheet: zoom in, draw a box, or nothing.
Drag = Literal["zoom", "select", False]
# px around a click target; more than half the distance between two.
REACH = 60


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
        footer: Text printed after speed and gain.
        alt: One sentence that describes the figure.
        revision: Zoom is kept from one figure to the next while this stays the same.
        width: Width in px that the paper fills; the height follows from it.
        head: Room in px above the paper.
        drag: The effect of dragging over it.
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
