"""What the model restored, over what was hidden from it."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool, Float32

from lamae.ecg import LEADS
from lamae.figures.frame import add_click_targets, add_names, add_pulses, print_sheet
from lamae.figures.palette import Palette, palette, rgba
from lamae.figures.sheet import Cell, Sheet, lay_out
from lamae.results import Reconstruction

LEGEND_HEAD = 36


def reconstruction(
    recon: Reconstruction,
    *,
    layout: str = "12x1",
    show_linear: bool = False,
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Draw the restored signal over the true one, on ECG paper, with hidden stretches hatched.

    Lines are named "true signal", "restored by the model" and "linear regression", each with its
    lead and its baseline's height in mV in `meta`; the legend names each kind once. The trace
    "leads" catches clicks: a point's `customdata` is the name of the lead.
    `layout.meta["alt"]` describes the figure.

    Args:
        recon: What was restored; leads that the recording lacks are named in grey.
        layout: "3x4+II", "6x2" or "12x1".
        show_linear: Also draw the linear regression from the visible leads.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such layout.
    """
    colours = palette(dark)
    larger = np.abs(recon.output) > np.abs(recon.target)
    outline = np.where(larger & recon.hidden, recon.output, recon.target)
    recorded = {lead: row for row, lead in enumerate(LEADS) if recon.present[row].any()}
    signals = {lead: outline[row] for lead, row in recorded.items()}
    samples = recon.target.shape[1]
    sheet = lay_out(layout, signals, samples, recon.fs, start=recon.start)
    figure = print_sheet(
        sheet,
        colours,
        footer="the model's own filters<br>Research use only, not a medical device",
        alt=_describe(recon),
        revision=f"{layout} {recon.start}",
        width=width,
        head=LEGEND_HEAD,
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
    _add_hatching(figure, sheet, recon, colours)
    add_pulses(figure, sheet, colours)
    blank = np.float32(np.nan)
    true = np.where(recon.present, recon.target, blank)
    restored = np.where(_widened(recon.hidden) & recon.present, recon.output, blank)
    lines = [
        ("true signal", true, {"color": colours.trace, "width": 1}),
        ("restored by the model", restored, {"color": colours.restored, "width": 1.6}),
    ]
    if show_linear:
        style = {"color": colours.linear, "width": 1.2, "dash": "4px,3px"}
        lines.insert(1, ("linear regression", recon.linear, style))
    for name, values, style in lines:
        first = True
        for cell in sheet.cells:
            if cell.lead not in recorded:
                continue
            stretch = values[recorded[cell.lead], cell.first : cell.stop]
            if np.isnan(stretch).all():
                continue
            base = sheet.baselines[cell.row]
            figure.add_scatter(
                x0=sheet.times(cell)[0],
                dx=1 / recon.fs,
                y=stretch + np.float32(base),
                mode="lines",
                line=style,
                hoverinfo="skip",
                name=name,
                legendgroup=name,
                showlegend=first,
                meta={"lead": cell.lead, "offset": base, "strip": cell.strip},
            )
            first = False
    missing = [lead for lead in LEADS if lead not in recorded]
    add_names(figure, sheet, signals, missing, colours)
    add_click_targets(figure, sheet)
    return figure


def _widened(hidden: Bool[np.ndarray, "12 time"]) -> Bool[np.ndarray, "12 time"]:
    """Hidden samples and their neighbours, so that a restored line meets the true one."""
    wide = hidden.copy()
    wide[:, 1:] |= hidden[:, :-1]
    wide[:, :-1] |= hidden[:, 1:]
    return wide


def _runs(hidden: Bool[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """First index of each hidden stretch, and the index after its last."""
    steps = np.flatnonzero(np.diff(np.r_[False, hidden, False].astype(np.int8)))
    return [(int(a), int(b)) for a, b in steps.reshape(-1, 2)]


def _add_hatching(figure: go.Figure, sheet: Sheet, recon: Reconstruction, colours: Palette) -> None:
    """Hatch all hidden stretches as the rectangles of one filled trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for cell in sheet.cells:
        low, high = sheet.band(cell.row)
        for first, stop in _runs(_hidden_in(cell, recon)):
            left = sheet.times(cell)[0] + first / recon.fs
            right = sheet.times(cell)[0] + stop / recon.fs
            x += [left, right, right, left, left, None]
            y += [low, low, high, high, low, None]
    if not x:
        return
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
            "fgcolor": colours.hidden,
            "bgcolor": rgba(colours.hidden, 0.1),
        },
        hoverinfo="skip",
        name="hidden from the model",
    )


def _hidden_in(cell: Cell, recon: Reconstruction) -> Bool[np.ndarray, " time"]:
    return recon.hidden[LEADS.index(cell.lead), cell.first : cell.stop]


def _describe(recon: Reconstruction) -> str:
    shares: Float32[np.ndarray, " leads"] = recon.hidden.mean(axis=1, dtype=np.float32)
    whole = [lead for lead, row in zip(LEADS, shares, strict=True) if row > 0.999]
    parts = [lead for lead, row in zip(LEADS, shares, strict=True) if 0 < row <= 0.999]
    said = []
    if whole:
        said.append(f"wholly hidden and restored: {', '.join(whole)}")
    if parts:
        said.append(f"hidden and restored in part: {', '.join(parts)}")
    return f"The true and the restored signal on ECG paper; {'; '.join(said) or 'nothing hidden'}."
