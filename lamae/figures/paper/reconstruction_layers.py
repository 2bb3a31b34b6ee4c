"""Parts of a sheet with a reconstruction: paper, lines, hatching and band."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool, Float32

from lamae.ecg import LEADS
from lamae.figures.palette import Palette, rgba
from lamae.figures.paper.animation import corners
from lamae.figures.paper.drawing import Drag, print_sheet
from lamae.figures.paper.sheet import Cell, Sheet, lay_out
from lamae.results.notice import NOTICE
from lamae.results.reconstruction import Band, Reconstruction

LEGEND_HEAD = 36
RECONSTRUCTION = "reconstruction"


def recorded_rows(recon: Reconstruction) -> dict[str, int]:
    """Row in `LEADS` of each recorded lead."""
    return {lead: row for row, lead in enumerate(LEADS) if recon.present[row].any()}


def reconstructed_sheet(
    recon: Reconstruction,
    layout: str,
    alt: str,
    drag: Drag,
    width: int,
    colours: Palette,
    note: str = "",
) -> tuple[Sheet, dict[str, Float32[np.ndarray, " time"]], go.Figure]:
    """Paper with room for both signals, and the larger of true and reconstructed signal by lead."""
    smaller = np.abs(recon.output) <= np.abs(recon.target)
    outline = np.where(~smaller & recon.masked, recon.output, recon.target)
    # A short recording fills the first part of the window only; its columns divide that part.
    held = int(np.flatnonzero(recon.present.any(axis=0))[-1]) + 1
    signals = {lead: outline[row, :held] for lead, row in recorded_rows(recon).items()}
    sheet = lay_out(layout, signals, held, recon.fs, start=recon.start)
    figure = print_sheet(
        sheet,
        colours,
        footer="the model's own filters<br>" + (f"<b>{note}</b><br>" if note else "") + NOTICE,
        alt=alt,
        revision=f"{layout} {recon.start}",
        width=width,
        head=LEGEND_HEAD,
        drag=drag,
    )
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 11},
            "itemclick": False,
            "itemdoubleclick": False,
            "bgcolor": "rgba(0,0,0,0)",
        },
    )
    return sheet, signals, figure


def add_lines(
    figure: go.Figure,
    sheet: Sheet,
    recon: Reconstruction,
    name: str,
    values: Float32[np.ndarray, "12 time"],
    style: dict[str, Any],
    *,
    lowered: bool = False,
) -> None:
    """One line a cell; `lowered` puts its zero on the lower edge of the row's band."""
    recorded = recorded_rows(recon)
    first = True
    for cell in sheet.cells:
        if cell.lead not in recorded:
            continue
        segment = cell.of(values[recorded[cell.lead]])
        if np.isnan(segment).all():
            continue
        base = sheet.band(cell.row)[0] if lowered else sheet.baselines[cell.row]
        figure.add_scatter(
            x0=sheet.times(cell)[0],
            dx=1 / recon.fs,
            y=segment + np.float32(base),
            mode="lines",
            line=style,
            hoverinfo="skip",
            name=name,
            legendgroup=name,
            showlegend=first,
            meta={"lead": cell.lead, "offset": base, "strip": cell.strip},
        )
        first = False


def add_band(
    figure: go.Figure, sheet: Sheet, recon: Reconstruction, band: Band, colours: Palette
) -> None:
    """One filled outline for all segments of all leads."""
    x: list[float | None] = []
    y: list[float | None] = []
    for cell in sheet.cells:
        row, left, base = LEADS.index(cell.lead), sheet.times(cell)[0], sheet.baselines[cell.row]
        low, high = cell.of(band.low[row]), cell.of(band.high[row])
        for first, stop in _runs(_masked_in(cell, recon)):
            times = [round(left + i / recon.fs, 3) for i in range(first, stop)]
            x += [*times, *reversed(times), None]
            y += [round(float(v) + base, 3) for v in high[first:stop]]
            y += [*reversed([round(float(v) + base, 3) for v in low[first:stop]]), None]
    if x:
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=rgba(colours.reconstructed, 0.3),
            hoverinfo="skip",
            name=f"10–90 % of {band.draws} reconstructions",
        )


def _runs(masked: Bool[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """First index of each masked segment, and the index after its last."""
    steps = np.flatnonzero(np.diff(np.r_[False, masked, False].astype(np.int8)))
    return [(int(a), int(b)) for a, b in steps.reshape(-1, 2)]


def masked_boxes(sheet: Sheet, recon: Reconstruction) -> list[tuple[float, float, float, float]]:
    """Lower, upper, left and right edge of every masked segment on the paper, in mV and s."""
    boxes = []
    for cell in sheet.cells:
        low, high = sheet.band(cell.row)
        left = sheet.times(cell)[0]
        for first, stop in _runs(_masked_in(cell, recon)):
            boxes.append((low, high, left + first / recon.fs, left + stop / recon.fs))
    return boxes


def add_hatching(
    figure: go.Figure,
    sheet: Sheet,
    recon: Reconstruction,
    colours: Palette,
    name: str = "masked",
) -> None:
    """Hatch all masked segments as the rectangles of one filled trace."""
    boxes = masked_boxes(sheet, recon)
    if not boxes:
        return
    x, y = corners(boxes)
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillpattern={
            "shape": "/",
            "size": 7,
            "solidity": 0.14,
            "fgcolor": colours.masked,
            "bgcolor": rgba(colours.masked, 0.1),
        },
        hoverinfo="skip",
        name=name,
    )


def _masked_in(cell: Cell, recon: Reconstruction) -> Bool[np.ndarray, " time"]:
    return recon.masked[LEADS.index(cell.lead), cell.first : cell.stop]
