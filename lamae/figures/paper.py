"""An ECG on paper, with a code's attribution as a band behind the traces."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32

from lamae.ecg import ECG, LEADS
from lamae.errors import InputError
from lamae.figures.frame import HEAD, add_click_targets, add_names, add_pulses, print_sheet
from lamae.figures.palette import Palette, attribution_scale, palette
from lamae.figures.sheet import SECONDS, Sheet, lay_out
from lamae.results import Attribution

# Beyond this rate a screen shows no more; the extremes of each stretch are kept instead.
MAX_FS = 1000.0
# Electrode offsets up to this many mV are shown where they are.
MAX_OFFSET = 1.0
BIN_SECONDS = 0.04
LEGEND_HEAD = 44


def paper(
    ecg: ECG,
    *,
    layout: str = "3x4+II",
    start: float = 0.0,
    speed: int = 25,
    gain: int = 10,
    attribution: Attribution | None = None,
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Print ten seconds of an ECG, as received, on paper with 1 mm and 5 mm squares.

    The time axis is recording time in s. Each lead is one line trace named after it, with its
    baseline's height in mV as `meta["offset"]`; a lead that lies more than 1 mV off zero is moved
    to its baseline, and the footer says so. The trace "leads" catches clicks: a point's
    `customdata` is the name of the lead. `layout.meta["alt"]` describes the figure.

    Args:
        ecg: The recording, of any length; leads it lacks are named in grey.
        layout: "3x4+II", "6x2" or "12x1". Columns are continuous in time.
        start: Recording time in s from which to show up to 10 s.
        speed: Paper speed, 25 or 50 mm/s.
        gain: 5, 10 or 20 mm/mV.
        attribution: Painted behind the traces; its samples are those of `ecg`.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such layout, speed or gain; `start` lies outside the recording; the
            attribution belongs to another recording.
    """
    if not 0 <= start < ecg.duration:
        raise InputError(
            f"The paper starts at {start:g} s; the recording lasts {ecg.duration:g} s."
        )
    first = min(round(start * ecg.fs), ecg.signal.shape[1] - 1)
    shown = ecg.signal[:, first : first + round(SECONDS * ecg.fs)]
    signals, moved = _centred(dict(zip(ecg.leads, shown, strict=True)))
    sheet = lay_out(
        layout, signals, shown.shape[1], ecg.fs, start=first / ecg.fs, speed=speed, gain=gain
    )
    colours = palette(dark)
    missing = [lead for lead in LEADS if lead not in ecg.leads]
    figure = print_sheet(
        sheet,
        colours,
        footer=_footer(ecg, moved),
        alt=_describe(ecg, sheet, layout, missing, attribution),
        revision=f"{ecg.digest} {layout} {start} {speed} {gain}",
        width=width,
        head=HEAD if attribution is None else LEGEND_HEAD,
    )
    if attribution is not None:
        _add_attribution(figure, sheet, ecg, attribution, first, colours)
    add_pulses(figure, sheet, colours)
    for cell in sheet.cells:
        if cell.lead not in signals:
            continue
        base = sheet.baselines[cell.row]
        stretch, fs = _envelope(signals[cell.lead][cell.first : cell.stop], ecg.fs)
        figure.add_scatter(
            x0=sheet.times(cell)[0],
            dx=1 / fs,
            y=stretch + np.float32(base),
            mode="lines",
            line={"color": colours.trace, "width": 1},
            hoverinfo="skip",
            name=cell.lead,
            meta={"offset": base - moved.get(cell.lead, 0.0), "strip": cell.strip},
        )
    add_names(figure, sheet, signals, missing, colours)
    add_click_targets(figure, sheet)
    return figure


def _centred(
    signals: dict[str, Float32[np.ndarray, " time"]],
) -> tuple[dict[str, Float32[np.ndarray, " time"]], dict[str, float]]:
    """Bring leads far off zero back to it; returns the signals and what was taken off, in mV."""
    moved = {
        lead: float(np.round(np.median(signal), 1))
        for lead, signal in signals.items()
        if abs(np.median(signal)) > MAX_OFFSET
    }
    return {lead: s - np.float32(moved.get(lead, 0.0)) for lead, s in signals.items()}, moved


def _envelope(
    signal: Float32[np.ndarray, " time"], fs: float
) -> tuple[Float32[np.ndarray, " points"], float]:
    """Lowest and highest sample of each 2 ms, in the order they occur, above `MAX_FS`."""
    width = int(np.ceil(2 * fs / MAX_FS)) if fs > MAX_FS else 0
    if width < 3 or len(signal) < width:
        return signal, fs
    bins = signal[: len(signal) // width * width].reshape(-1, width)
    ends = np.sort(np.stack([bins.argmin(axis=1), bins.argmax(axis=1)], axis=1), axis=1)
    return np.take_along_axis(bins, ends, axis=1).reshape(-1), 2 * fs / width


def _add_attribution(
    figure: go.Figure,
    sheet: Sheet,
    ecg: ECG,
    attribution: Attribution,
    first: int,
    colours: Palette,
) -> None:
    """Paint each cell's attribution as one row of one heatmap, with clear stripes between rows."""
    if attribution.values.shape[1] != ecg.signal.shape[1] or attribution.leads != ecg.leads:
        raise InputError(
            "The attribution belongs to another recording: it has "
            f"{attribution.values.shape[1]} samples of {len(attribution.leads)} leads, this one "
            f"{ecg.signal.shape[1]} of {len(ecg.leads)}."
        )
    width = max(1, round(BIN_SECONDS * ecg.fs))
    samples = max(cell.stop for cell in sheet.cells)
    rows = np.full((len(sheet.baselines), -(-samples // width) * width), np.nan, np.float32)
    for cell in sheet.cells:
        if cell.lead in attribution.leads:
            values = attribution.values[attribution.leads.index(cell.lead)]
            rows[cell.row, cell.first : cell.stop] = values[first + cell.first : first + cell.stop]
    known = ~np.isnan(rows)
    bins = np.where(known, rows, 0).reshape(len(rows), -1, width).sum(axis=2)
    bins = np.where(known.reshape(len(rows), -1, width).any(axis=2), bins, np.nan)
    striped = np.full((2 * len(bins) - 1, bins.shape[1]), np.nan, np.float32)
    striped[::2] = bins
    edges = [edge for row in range(len(bins)) for edge in reversed(sheet.band(row))]
    sizes = np.abs(bins[np.isfinite(bins)])
    limit = max(float(np.quantile(sizes, 0.99)) if sizes.size else 0.0, 1e-6)
    figure.add_heatmap(
        z=striped,
        x0=sheet.start + width / ecg.fs / 2,
        dx=width / ecg.fs,
        y=edges,
        zmin=-limit,
        zmax=limit,
        colorscale=attribution_scale(),
        hoverinfo="skip",
        name="attribution",
        colorbar={
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1,
            "yanchor": "bottom",
            "ypad": 4,
            "lenmode": "pixels",
            "len": 190,
            "thickness": 8,
            "outlinewidth": 0,
            "showticklabels": False,
            "title": {
                "text": "lowers … raises the score",
                "side": "top",
                "font": {"size": 11, "color": colours.print},
            },
        },
    )


def _footer(ecg: ECG, moved: dict[str, float]) -> str:
    filters = f"device filters: {ecg.filters}" if ecg.filters else "filters: as received"
    notes = ["Research use only, not a medical device"]
    if ecg.source.startswith("simulated"):
        notes.append(ecg.source)
    if moved:
        shifts = ", ".join(f"{lead} by {-off:+.1f} mV" for lead, off in moved.items())
        notes.append(f"moved to the baseline: {shifts}".replace("-", "−"))
    return f"{filters}<br>{'   '.join(notes)}"


def _describe(
    ecg: ECG, sheet: Sheet, layout: str, missing: list[str], attribution: Attribution | None
) -> str:
    shown = max(cell.stop for cell in sheet.cells) / ecg.fs
    text = (
        f"ECG paper, layout {layout}, {shown:.3g} s from {sheet.start:g} s, "
        f"leads {', '.join(ecg.leads)}"
    )
    if missing:
        text += f"; not recorded: {', '.join(missing)}"
    if attribution is not None:
        text += f"; behind the traces, what raises or lowers the score of {attribution.code}"
    return text + "."
