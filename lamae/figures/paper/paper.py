"""An ECG on paper, with a code's attribution as a band behind the traces."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32

from lamae.ecg import ECG, LEADS, WINDOW
from lamae.figures.palette import Palette, palette
from lamae.figures.paper.attribution_band import add_attribution
from lamae.figures.paper.drawing import (
    HEAD,
    Drag,
    add_click_targets,
    add_pulses,
    print_sheet,
)
from lamae.figures.paper.lead_names import add_names
from lamae.figures.paper.sheet import Sheet, lay_out
from lamae.figures.paper.signals import centred, cut, envelope
from lamae.results.attribution import Attribution
from lamae.results.notice import NOTICE

LEGEND_HEAD = 44


def paper(
    ecg: ECG,
    *,
    layout: str = "3x4+II",
    start: float = 0.0,
    speed: int = 25,
    gain: int = 10,
    begins: float = 0.0,
    filters: str = "",
    attribution: Attribution | None = None,
    signed: bool = True,
    drag: Drag = "zoom",
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Print ten seconds of an ECG on paper with 1 mm and 5 mm squares.

    The time axis is recording time in s. Each lead is one line trace named after it, with its
    baseline's height in mV as `meta["offset"]` and -1 as `meta["sign"]` where it is drawn upside
    down; a lead more than 1 mV off zero is moved to its baseline, and the footer notes it. The
    trace "leads" catches clicks: a point's `customdata` is the name of the lead.
    `layout.meta["alt"]` describes the figure.

    Args:
        ecg: The recording, of any length; leads it lacks are named in grey.
        layout: One of `LAYOUTS`. Columns are continuous in time.
        start: Recording time in s from which to show up to 10 s.
        speed: Paper speed, 25 or 50 mm/s.
        gain: 5, 10 or 20 mm/mV.
        begins: Recording time in s of the first sample, where `ecg` is part of a recording.
        filters: Filters used for the display, in words; printed in the footer.
        attribution: Painted behind the traces; its samples are those of `ecg`.
        signed: Whether the sign of the attribution has a meaning.
        drag: The effect of dragging over the paper.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such layout, speed or gain; `start` lies outside the recording; the
            attribution belongs to another recording.
    """
    first, shown = cut(ecg, start - begins, WINDOW)
    signals, moved = centred(dict(zip(ecg.leads, shown, strict=True)))
    sheet = lay_out(
        layout,
        signals,
        shown.shape[1],
        ecg.fs,
        start=begins + first / ecg.fs,
        speed=speed,
        gain=gain,
    )
    colours = palette(dark)
    missing = [lead for lead in LEADS if lead not in ecg.leads]
    figure = print_sheet(
        sheet,
        colours,
        footer=footer(ecg, moved, filters),
        alt=_describe(ecg, sheet, layout, missing, filters, attribution, signed),
        revision=f"{ecg.digest} {layout} {start} {speed} {gain}",
        width=width,
        head=HEAD if attribution is None else LEGEND_HEAD,
        drag=drag,
    )
    if attribution is not None:
        add_attribution(figure, sheet, ecg, attribution, first, colours, signed=signed)
    add_pulses(figure, sheet, colours)
    add_traces(figure, sheet, signals, moved, colours)
    add_names(figure, sheet, signals, missing, colours)
    add_click_targets(figure, sheet)
    return figure


def add_traces(
    figure: go.Figure,
    sheet: Sheet,
    signals: Mapping[str, Float32[np.ndarray, " time"]],
    moved: Mapping[str, float],
    colours: Palette,
) -> None:
    """Draw the signal of every cell as a line named after its lead.

    Args:
        figure: Changed in place.
        sheet: Its geometry.
        signals: Voltage in mV of each recorded lead.
        moved: Offset in mV subtracted from each lead that was moved to its baseline.
        colours: Its colours.
    """
    for cell in sheet.cells:
        if cell.lead not in signals:
            continue
        base = sheet.baselines[cell.row]
        segment, fs = envelope(cell.of(signals[cell.lead]), sheet.fs)
        sign = -1 if cell.inverted else 1
        figure.add_scatter(
            x0=sheet.times(cell)[0],
            dx=1 / fs,
            y=segment + np.float32(base),
            mode="lines",
            line={"color": colours.trace, "width": 1},
            hoverinfo="skip",
            name=cell.lead,
            meta={
                "offset": base - sign * moved.get(cell.lead, 0.0),
                "strip": cell.strip,
                "sign": sign,
            },
        )


def footer(ecg: ECG, moved: Mapping[str, float], filters: str) -> str:
    """The text printed after speed and gain: filters, purpose, and leads that were moved.

    Args:
        ecg: The recording.
        moved: Offset in mV subtracted from each lead that was moved to its baseline.
        filters: Filters used for the display, in words.
    """
    device = f"device filters: {ecg.filters}" if ecg.filters else None
    shown = f"display filters: {filters}" if filters else None
    filtered = "   ".join(filter(None, (device, shown))) or "filters: as received"
    notes = [NOTICE]
    if ecg.source.startswith("simulated"):
        notes.append(ecg.source)
    if moved:
        shifts = ", ".join(f"{lead} by {-off:+.1f} mV" for lead, off in moved.items())
        notes.append(f"moved to the baseline: {shifts}".replace("-", "−"))
    return f"{filtered}<br>{'   '.join(notes)}"


def _describe(
    ecg: ECG,
    sheet: Sheet,
    layout: str,
    missing: list[str],
    filters: str,
    attribution: Attribution | None,
    signed: bool,
) -> str:
    shown = max(cell.stop for cell in sheet.cells) / ecg.fs
    text = (
        f"ECG paper, layout {layout}, {shown:.3g} s from {sheet.start:g} s, "
        f"leads {', '.join(ecg.leads)}"
    )
    upside_down = [cell.lead for cell in sheet.cells if cell.inverted]
    if upside_down:
        text += f"; upside down: {', '.join(upside_down)}"
    if missing:
        text += f"; not recorded: {', '.join(missing)}"
    if filters:
        text += f"; filtered for the display: {filters}"
    if attribution is not None:
        what = "what raises or lowers" if signed else "how strongly each part moves"
        text += f"; behind the traces, {what} the score of {attribution.code}"
    return text + "."
