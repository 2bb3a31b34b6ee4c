"""Attention between leads, by block and head, as multiples of an even share."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32
from plotly.subplots import make_subplots

from lamae.ecg import LIMB_LEADS
from lamae.errors import InputError
from lamae.figures.chart import colour_bar, style
from lamae.figures.palette import palette
from lamae.results.attention import LeadAttention

# The least and the widest range of a scale, times an even share. Weights that hardly differ must
# look alike, and one strong link must not make all others look alike.
SPANS = (1.1, 1.25, 1.5, 2.0, 4.0, 8.0)


def lead_matrix(
    attention: LeadAttention,
    *,
    layer: int | None = None,
    head: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """The attention of each lead (row) to each lead (column), as multiples of an even share.

    Lines part the limb from the chest leads. A cell's `customdata` is the share itself; its
    colour follows the logarithm of how many times an even share, 1/n, that is.

    Args:
        attention: The attention of one ECG.
        layer: Index of one block, from 0; the mean over blocks without it.
        head: Index of one head, from 0; the mean over heads without it.
        dark: For a dark page.

    Raises:
        InputError: No such block or head.
    """
    colours = palette(dark)
    matrix = _selected(attention, layer, head)
    leads = attention.leads
    figure = go.Figure()
    figure.add_heatmap(
        z=_even_shares(matrix),
        customdata=matrix,
        x=leads,
        y=leads,
        xgap=1,
        ygap=1,
        zmin=-_limit(matrix),
        zmax=_limit(matrix),
        colorscale=list(colours.shares),
        hovertemplate="from %{y} to %{x}: %{customdata:.2%}<extra></extra>",
        colorbar=_legend(matrix),
        name="lead matrix",
    )
    row, column = np.unravel_index(int(np.argmax(matrix)), matrix.shape)
    which = " and ".join(
        f"{what} {index + 1}"
        for what, index in (("block", layer), ("head", head))
        if index is not None
    )
    style(
        figure,
        colours,
        alt=f"Attention between {len(leads)} leads, {which or 'mean of all blocks and heads'}; "
        f"the most, {matrix[row, column]:.2%}, goes from {leads[row]} to {leads[column]}.",
        height=500,
    )
    limb = sum(lead in LIMB_LEADS for lead in leads)
    if 0 < limb < len(leads):
        line = {"color": colours.ink, "width": 1.5}
        figure.add_hline(y=limb - 0.5, line=line)
        figure.add_vline(x=limb - 0.5, line=line)
    figure.update_layout(margin={"t": 52})
    figure.update_xaxes(title_text="to lead", showgrid=False, tickangle=0, ticks="")
    figure.update_yaxes(
        title_text="from lead",
        showgrid=False,
        autorange="reversed",
        ticks="",
    )
    return figure


def layer_weights(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """The lead weights of every head, one heatmap for each block of the latent attention.

    A cell's `customdata` is the share itself.

    Args:
        attention: The attention of one ECG.
        dark: For a dark page.
    """
    colours = palette(dark)
    layers, heads, leads = attention.layer_weights.shape
    figure = make_subplots(rows=layers, cols=1, shared_xaxes=True, vertical_spacing=0.12 / layers)
    for layer in range(layers):
        figure.add_heatmap(
            z=_even_shares(attention.layer_weights[layer]),
            customdata=attention.layer_weights[layer],
            x=attention.leads,
            y=[f"head {head + 1}" for head in range(heads)],
            xgap=1,
            ygap=1,
            coloraxis="coloraxis",
            hovertemplate=f"block {layer + 1}, %{{y}}, %{{x}}: %{{customdata:.2%}}<extra></extra>",
            name=f"block {layer + 1}",
            row=layer + 1,
            col=1,
        )
    style(
        figure,
        colours,
        alt=f"Lead weights of {layers} blocks with {heads} heads each over {leads} leads.",
        height=120 + layers * (24 * heads + 16),
    )
    figure.update_layout(
        margin={"t": 52},
        coloraxis={
            "cmin": -_limit(attention.layer_weights),
            "cmax": _limit(attention.layer_weights),
            "colorscale": list(colours.shares),
            "colorbar": _legend(attention.layer_weights),
        },
    )
    figure.update_xaxes(showgrid=False, tickangle=0, ticks="")
    figure.update_xaxes(title_text="lead", row=layers, col=1)
    figure.update_yaxes(showgrid=False, autorange="reversed", ticks="")
    for layer in range(layers):
        figure.update_yaxes(title_text=f"block {layer + 1}", row=layer + 1, col=1)
    return figure


def _even_shares(shares: Float32[np.ndarray, "*rows leads"]) -> Float32[np.ndarray, "*rows leads"]:
    """Logarithm to base 2 of how many times an even share each share is; 0 where it is even."""
    return np.log2(np.maximum(shares * shares.shape[-1], np.float32(1e-6)))


def _span(shares: Float32[np.ndarray, "*rows leads"]) -> float:
    """The narrowest of `SPANS` that holds all shares, or the widest."""
    most = 2.0 ** float(np.abs(_even_shares(shares)).max())
    return next((span for span in SPANS if span >= most), SPANS[-1])


def _limit(shares: Float32[np.ndarray, "*rows leads"]) -> float:
    return float(np.log2(_span(shares)))


def _legend(shares: Float32[np.ndarray, "*rows leads"]) -> dict[str, Any]:
    span = _span(shares)
    return colour_bar(
        "times an even share",
        tickvals=[-np.log2(span), 0, np.log2(span)],
        ticktext=[f"{1 / span:.2g}", "1", f"{span:g}"],
    )


def _selected(
    attention: LeadAttention, layer: int | None, head: int | None
) -> Float32[np.ndarray, "leads leads"]:
    layers, heads = attention.layer_matrix.shape[:2]
    for what, index, count in (("block", layer, layers), ("head", head, heads)):
        if index is not None and not 0 <= index < count:
            raise InputError(f"There is no {what} {index + 1}; the model has {count}.")
    if layer is None and head is None:
        return attention.matrix
    chosen = attention.layer_matrix
    chosen = chosen if layer is None else chosen[layer : layer + 1]
    chosen = chosen if head is None else chosen[:, head : head + 1]
    return chosen.mean(axis=(0, 1), dtype=np.float32)
