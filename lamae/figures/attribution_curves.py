"""Deletion and insertion curves of an attribution map."""

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from lamae.figures.chart import style
from lamae.figures.palette import palette, rgba
from lamae.results.attribution import Curves

HEIGHT = 280


def score_curve(
    curves: Curves, kind: Literal["deletion", "insertion"], *, dark: bool = False
) -> go.Figure:
    """The score in the map's order as a line, and in the order of misplaced maps as a band.

    Args:
        curves: The curves of one map.
        kind: Which one to draw.
        dark: For a dark page.
    """
    colours = palette(dark)
    own = getattr(curves, kind)
    random = getattr(curves, f"random_{kind}")
    x = (100 * curves.shares).tolist()
    verb = "masked" if kind == "deletion" else "shown"
    figure = go.Figure()
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*random.min(axis=0), *random.max(axis=0)[::-1]],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(colours.faint_ink, 0.35),
        hoverinfo="skip",
        name=f"{len(random)} misplaced maps, lowest to highest",
    )
    figure.add_scatter(
        x=x,
        y=np.median(random, axis=0),
        mode="lines",
        line={"color": colours.faint_ink, "width": 1.5, "dash": "dash"},
        hovertemplate="%{x:.0f} %: %{y:+.2f}<extra>misplaced maps</extra>",
        name="their median",
    )
    figure.add_scatter(
        x=x,
        y=own,
        mode="lines+markers",
        line={"color": colours.model, "width": 2},
        marker={"size": 7},
        hovertemplate="%{x:.0f} %: %{y:+.2f}<extra>this map</extra>",
        name="this map",
    )
    style(
        figure,
        colours,
        alt=f"Score as more of the ECG is {verb}: with this map {own[0]:+.2f} to {own[-1]:+.2f}, "
        f"with misplaced maps {np.median(random[:, 0]):+.2f} to {np.median(random[:, -1]):+.2f}.",
        height=HEIGHT,
    )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}},
    )
    figure.update_xaxes(
        title_text=f"{verb} of the ECG, the map's highest first (%)", tickvals=x, range=[0, 100]
    )
    figure.update_yaxes(title_text="score (log-odds)", nticks=6)
    return figure
