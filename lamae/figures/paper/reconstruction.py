"""The model's reconstruction over the true signal, and imputed leads, on ECG paper."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool

from lamae.ecg import LEADS
from lamae.figures.palette import palette
from lamae.figures.paper.animation import add_animation
from lamae.figures.paper.drawing import Drag, add_click_targets, add_pulses
from lamae.figures.paper.lead_names import add_names
from lamae.figures.paper.reconstruction_layers import (
    RECONSTRUCTION,
    add_band,
    add_hatching,
    add_lines,
    masked_boxes,
    reconstructed_sheet,
    recorded_rows,
)
from lamae.figures.paper.selection import places
from lamae.results.reconstruction import Band, Reconstruction


def reconstruction(
    recon: Reconstruction,
    *,
    layout: str = "12x1",
    show_linear: bool = False,
    show_residual: bool = False,
    band: Band | None = None,
    play: bool = False,
    drag: Drag = "zoom",
    unread: Mapping[str, str] = MappingProxyType({}),
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Draw the reconstruction over the true signal, on ECG paper, with masked segments hatched.

    Lines are named "true signal", "reconstruction", "linear regression" and "reconstruction minus
    true", each with its lead and its baseline's height in mV in `meta`; the legend names each kind
    once. The trace "leads" catches clicks: a point's `customdata` is the name of the lead.
    `layout.meta["alt"]` describes the figure; `layout.meta["places"]` holds each lead's place on
    the paper, for `selected_segments`.

    Args:
        recon: The reconstruction; leads that were not recorded are named in grey.
        layout: One of `LAYOUTS`.
        show_linear: Also draw the linear regression from the visible leads.
        show_residual: Also draw the reconstruction minus the true signal, under each row.
        band: 10th to 90th percentile of several reconstructions, drawn behind them.
        play: Add a button that plays the masking and the reconstruction step by step.
        drag: The effect of dragging over the paper.
        unread: Why some recorded leads are not used, by lead.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such layout.
    """
    colours = palette(dark)
    recorded = recorded_rows(recon)
    sheet, signals, figure = reconstructed_sheet(
        recon, layout, _describe(recon), drag, width, colours
    )
    add_hatching(figure, sheet, recon, colours)
    add_pulses(figure, sheet, colours)
    blank = np.float32(np.nan)
    true = np.where(recon.present, recon.target, blank)
    reconstructed = np.where(_widened(recon.masked) & recon.present, recon.output, blank)
    if band is not None:
        add_band(figure, sheet, recon, band, colours)
    add_lines(figure, sheet, recon, "true signal", true, {"color": colours.trace, "width": 1})
    if show_linear:
        style = {"color": colours.linear, "width": 1.2, "dash": "4px,3px"}
        add_lines(figure, sheet, recon, "linear regression", recon.linear, style)
    add_lines(
        figure,
        sheet,
        recon,
        RECONSTRUCTION,
        reconstructed,
        {"color": colours.reconstructed, "width": 1.6},
    )
    if show_residual:
        difference = np.where(recon.masked, recon.output - recon.target, blank)
        add_lines(
            figure,
            sheet,
            recon,
            "reconstruction minus true",
            difference,
            {"color": colours.caliper, "width": 1},
            lowered=True,
        )
    if play:
        known = {"true signal", "calibration", "masked"}
        revealed = {trace.name for trace in figure.data} - known
        add_animation(figure, masked_boxes(sheet, recon), revealed, colours)
    missing = [lead for lead in LEADS if lead not in recorded]
    add_names(figure, sheet, signals, missing, colours, unread=unread)
    add_click_targets(figure, sheet)
    figure.layout.meta["places"] = places(sheet)
    return figure


def imputed(
    recon: Reconstruction,
    leads: tuple[str, ...],
    *,
    layout: str = "12x1",
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Draw an ECG on paper with imputed leads, which are hatched, amber and named "imputed".

    The footer repeats which leads are imputed. Lines are named "recorded" and "reconstruction".

    Args:
        recon: The ECG, with `masked` and a target of NaN where it is imputed.
        leads: The imputed leads.
        layout: One of `LAYOUTS`.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such layout.
    """
    colours = palette(dark)
    words = f"{', '.join(leads)} imputed by the model, not recorded"
    sheet, signals, figure = reconstructed_sheet(
        recon, layout, f"An ECG on paper; {words}.", "zoom", width, colours, note=words
    )
    add_hatching(figure, sheet, recon, colours, "imputed, not recorded")
    add_pulses(figure, sheet, colours)
    blank = np.float32(np.nan)
    true = np.where(recon.present & ~recon.masked, recon.target, blank)
    reconstructed = np.where(recon.masked, recon.output, blank)
    add_lines(figure, sheet, recon, "recorded", true, {"color": colours.trace, "width": 1})
    add_lines(
        figure,
        sheet,
        recon,
        RECONSTRUCTION,
        reconstructed,
        {"color": colours.reconstructed, "width": 1.6},
    )
    missing = [lead for lead in LEADS if lead not in recorded_rows(recon)]
    add_names(figure, sheet, signals, missing, colours)
    (names,) = [trace for trace in figure.data if trace.name == "lead names"]
    marked = {f"<b>{c.label}</b>" for c in sheet.cells if c.lead in leads}
    names.text = [f"{name} <i>imputed</i>" if name in marked else name for name in names.text]
    return figure


def _widened(masked: Bool[np.ndarray, "12 time"]) -> Bool[np.ndarray, "12 time"]:
    """Masked samples and their neighbours, so that the reconstruction meets the true signal."""
    wide = masked.copy()
    wide[:, 1:] |= masked[:, :-1]
    wide[:, :-1] |= masked[:, 1:]
    return wide


def _describe(recon: Reconstruction) -> str:
    held = np.maximum(1, recon.present.sum(axis=1))
    shares = recon.masked.sum(axis=1) / held
    whole = [lead for lead, row in zip(LEADS, shares, strict=True) if row > 0.999]
    parts = [lead for lead, row in zip(LEADS, shares, strict=True) if 0 < row <= 0.999]
    masked = []
    if whole:
        masked.append(f"masked: {', '.join(whole)}")
    if parts:
        masked.append(f"masked in part: {', '.join(parts)}")
    return f"True signal and reconstruction on ECG paper; {'; '.join(masked) or 'nothing masked'}."
