"""A code's attribution as a band behind the traces of a sheet."""

import numpy as np
import plotly.graph_objects as go

from lamae.ecg import ECG
from lamae.errors import InputError
from lamae.figures.palette import Palette, attribution_scale, legend_bar
from lamae.figures.paper.sheet import Sheet
from lamae.results.attribution import Attribution

BIN_SECONDS = 0.04
# By whether the attribution has a direction.
LEGEND = {True: "lowers … raises the score", False: "strength is the darker half"}


def add_attribution(
    figure: go.Figure,
    sheet: Sheet,
    ecg: ECG,
    attribution: Attribution,
    first: int,
    colours: Palette,
    *,
    signed: bool,
) -> None:
    """Draw the attribution of each cell in one heatmap, with clear stripes between rows.

    Args:
        figure: Changed in place.
        sheet: Its geometry.
        ecg: The recording on the sheet.
        attribution: The attribution; its samples are those of `ecg`, its leads some of them.
        first: Index in `ecg` of the sheet's first sample.
        colours: Its colours.
        signed: Whether the sign of the attribution has a meaning.

    Raises:
        InputError: The attribution belongs to another recording.
    """
    known_leads = set(attribution.leads) <= set(ecg.leads)
    if attribution.values.shape[1] != ecg.signal.shape[1] or not known_leads:
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
            **legend_bar(left=True),
            "showticklabels": False,
            "title": {
                "text": LEGEND[signed],
                "side": "top",
                "font": {"size": 11, "color": colours.print},
            },
        },
    )
