"""Reliability diagrams."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lamae.figures.chart import style
from lamae.figures.palette import palette

HEIGHT = 470


def calibration(curve: Mapping[str, Sequence[Any]], *, dark: bool = False) -> go.Figure:
    """A reliability diagram: observed against predicted frequency, and the number of predictions.

    Args:
        curve: "edges", "predicted", "observed", "observed_ci" and "count", one entry a bin, as
            `evaluate --json` gives under "calibration".
        dark: For a dark page.
    """
    colours = palette(dark)
    predicted, observed, count = curve["predicted"], curve["observed"], curve["count"]
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06
    )
    # Shape and dash, not colour alone, distinguish the line of perfect agreement from the model's.
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": colours.ink, "width": 1, "dash": "5px,4px"},
        hoverinfo="skip",
        name="perfect agreement",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=predicted,
        y=observed,
        mode="lines+markers",
        line={"color": colours.model, "width": 1},
        marker={"symbol": "square", "size": 7, "color": colours.model},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [
                high - y for y, (_, high) in zip(observed, curve["observed_ci"], strict=True)
            ],
            "arrayminus": [
                y - low for y, (low, _) in zip(observed, curve["observed_ci"], strict=True)
            ],
            "color": colours.model,
            "thickness": 1.5,
            "width": 0,
        },
        customdata=[
            [n, low, high] for n, (low, high) in zip(count, curve["observed_ci"], strict=True)
        ],
        hovertemplate="predicted %{x:.2f}, observed %{y:.2f} "
        "(%{customdata[1]:.2f}–%{customdata[2]:.2f}), n=%{customdata[0]:,}<extra></extra>",
        name="model",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=[(low + high) / 2 for low, high in curve["edges"]],
        y=count,
        width=[0.8 * (high - low) for low, high in curve["edges"]],
        marker_color=colours.faint_model,
        # Upright and above the bars: fifteen numbers in a row do not fit a phone.
        text=[f"{n:,}" for n in count],
        textangle=-90,
        textposition="outside",
        constraintext="none",
        textfont={"size": 11, "color": colours.ink},
        cliponaxis=False,
        hovertext=[
            f"{n:,} predictions from {low:.2f} to {high:.2f}"
            for n, (low, high) in zip(count, curve["edges"], strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name="predictions",
        row=2,
        col=1,
    )
    gap, widest = max(
        (abs(y - x), at) for at, (x, y) in enumerate(zip(predicted, observed, strict=True))
    )
    style(
        figure,
        colours,
        alt=f"Calibration of {sum(count):,} predictions in {len(count)} bins, {count[0]:,} of "
        f"them in the lowest. Observed and predicted frequency differ by at most {gap:.2f}, "
        f"at a predicted {predicted[widest]:.2f}.",
        height=HEIGHT,
    )
    figure.update_xaxes(range=[-0.02, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_xaxes(title_text="predicted probability", title_font_size=12, row=2, col=1)
    figure.update_yaxes(
        title_text="observed frequency",
        title_font_size=12,
        range=[-0.02, 1.02],
        tickvals=[0, 0.25, 0.5, 0.75, 1],
        row=1,
        col=1,
    )
    # Most predictions are low: on a linear scale the other bars would vanish.
    figure.update_yaxes(
        title_text="number (log)",
        title_font_size=12,
        type="log",
        range=[-0.3, _decades(max(count)) + 2.2],
        tickvals=[10**n for n in range(_decades(max(count)) + 1)],
        tickformat=",",
        row=2,
        col=1,
    )
    return figure


def _decades(number: int) -> int:
    """Digits of a number after the first."""
    return len(str(number)) - 1
