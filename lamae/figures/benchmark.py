"""Comparison of pretraining and training methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lamae.figures.chart import style
from lamae.figures.palette import Palette, palette

# Distinguished by shape as well as colour.
KINDS = {
    "probe": ("linear probe", "circle-open"),
    "resnet": ("supervised from scratch", "triangle-up"),
    "scratch": ("supervised from scratch", "triangle-up"),
    "finetuned": ("fine-tuned", "square"),
    "shipped": ("as shipped", "diamond"),
}

ROW_HEIGHT = 38


def comparison(rows: Sequence[Mapping[str, Any]], *, dark: bool = False) -> go.Figure:
    """A forest plot: the macro AUROC of every row with its 95% interval, in the order given.

    Args:
        rows: Each with "title", "kind" (one of `KINDS`), "macro_auroc", "ci", and "seeds", the
            value of each seed.
        dark: For a dark page.
    """
    colours = palette(dark)
    figure = go.Figure()
    named: set[str] = set()
    for row in rows:
        name, symbol = KINDS[row["kind"]]
        low, high = row["ci"]
        colour = _colour(row["kind"], colours)
        figure.add_scatter(
            x=[row["macro_auroc"]],
            y=[row["title"]],
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [high - row["macro_auroc"]],
                "arrayminus": [row["macro_auroc"] - low],
                "color": colour,
                "thickness": 1.5,
                "width": 0,
            },
            text=[f"{low:.3f}–{high:.3f}"],
            hovertemplate="%{y}: %{x:.3f}, 95% interval %{text}<extra></extra>",
            name=name,
            legendgroup=name,
            showlegend=name not in named,
        )
        named.add(name)
        if len(row["seeds"]) > 1:
            figure.add_scatter(
                x=list(row["seeds"]),
                y=[row["title"]] * len(row["seeds"]),
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 9, "color": colours.ink},
                hovertemplate="%{y}, one seed: %{x:.3f}<extra></extra>",
                name="one seed",
                legendgroup="one seed",
                showlegend="one seed" not in named,
            )
            named.add("one seed")
    best = max(rows, key=lambda row: row["macro_auroc"])
    style(
        figure,
        colours,
        alt=f"Macro AUROC of {len(rows)} ways of training with 95% intervals; the highest is "
        f"{best['title']} with {best['macro_auroc']:.3f}.",
        height=120 + ROW_HEIGHT * len(rows),
    )
    # Above its row, for beside it a title would take half of a 390 px screen.
    for row in rows:
        figure.add_annotation(
            text=row["title"],
            xref="paper",
            x=0,
            y=row["title"],
            yshift=ROW_HEIGHT / 2 - 4,
            xanchor="left",
            showarrow=False,
        )
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}
    )
    figure.update_xaxes(
        title_text="macro AUROC, 95% interval", title_font_size=12, tickformat=".2~f"
    )
    figure.update_yaxes(
        range=[len(rows) - 0.5, -0.9], showgrid=False, showticklabels=False, fixedrange=True
    )
    return figure


def _colour(kind: str, colours: Palette) -> str:
    if kind == "shipped":
        return colours.ink
    return colours.model if kind == "finetuned" else colours.baseline
