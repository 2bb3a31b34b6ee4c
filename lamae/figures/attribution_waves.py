"""Attribution summed over waves, as a coloured table."""

import numpy as np
import plotly.graph_objects as go

from lamae.figures.attribution import digits_of
from lamae.figures.chart import style
from lamae.figures.palette import attribution_scale, palette
from lamae.results.attribution import PARTS, WaveSums

ROW_HEIGHT = 26


def attribution_by_wave(
    sums: WaveSums, code: str, *, signed: bool = True, dark: bool = False
) -> go.Figure:
    """A cell for each lead and wave, with its number; the last row sums the leads.

    Args:
        sums: The sums.
        code: The code that was explained.
        signed: Whether the sign of the attribution has a meaning.
        dark: For a dark page.
    """
    colours = palette(dark)
    columns = [PARTS.index(part) for part in sums.found]
    values = sums.values[:, columns]
    values = np.concatenate([values, values.sum(axis=0, keepdims=True)])
    rows = [*sums.leads, "all"]
    digits = digits_of(float(np.abs(values).max()))
    sign = "+" if signed else ""
    # A value that rounds to nothing has no sign.
    text = [[f"{round(value, digits) + 0.0:{sign}.{digits}f}" for value in row] for row in values]
    # The sums are much larger: the colour scale is that of the leads, and the last row has none.
    coloured = values.copy()
    coloured[-1] = np.nan
    limit = max(float(np.abs(values[:-1]).max()), 1e-9)
    figure = go.Figure()
    figure.add_heatmap(
        z=coloured,
        x=list(sums.found),
        y=rows,
        zmin=-limit,
        zmax=limit,
        colorscale=attribution_scale(),
        showscale=False,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        name="attribution",
    )
    figure.add_scatter(
        x=[part for _ in rows for part in sums.found],
        y=[row for row in rows for _ in sums.found],
        text=[cell for line in text for cell in line],
        mode="text",
        textfont={"size": 12, "color": colours.ink},
        hoverinfo="skip",
        name="values",
    )
    total = values[-1]
    most = int(np.abs(total).argmax())
    style(
        figure,
        colours,
        alt=f"Attribution of {code} summed over waves, lead by lead; over all leads, "
        f"{sums.found[most]} counts most ({total[most]:{sign}.{digits}f}).",
        height=ROW_HEIGHT * len(rows) + 60,
    )
    figure.update_xaxes(side="top", showgrid=False, type="category", fixedrange=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category", fixedrange=True)
    return figure
