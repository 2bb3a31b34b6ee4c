"""How the model weighs and connects leads."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32
from plotly.subplots import make_subplots

from lamae.ecg import LIMB_LEADS
from lamae.errors import InputError
from lamae.figures.chart import colour_bar, kept, style
from lamae.figures.palette import palette
from lamae.results import LeadAttention


def lead_weights(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """Bars of the share of attention that each lead receives, beside equal weights.

    A bar's `customdata` is the name of its lead.

    Args:
        attention: What the model gave; leads it did not see have no bar.
        dark: For a dark page.
    """
    colours = palette(dark)
    leads, equal = attention.leads, 1 / len(attention.leads)
    figure = go.Figure()
    figure.add_bar(
        x=leads,
        y=attention.weights,
        customdata=leads,
        marker={"color": colours.model, "line": {"width": 0}},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        name="lead weights",
        **kept(),
    )
    highest = leads[int(np.argmax(attention.weights))]
    style(
        figure,
        colours,
        alt=f"Share of attention of {len(leads)} leads; the most, "
        f"{attention.weights.max():.1%}, goes to {highest}; equal weights would be {equal:.1%}.",
        height=320,
    )
    figure.add_hline(y=equal, line={"color": colours.ink, "width": 1, "dash": "4px,4px"})
    figure.add_annotation(
        text=f"╌╌ equal weights, 1/{len(leads)} = {equal:.1%}",
        xref="paper",
        x=1,
        y=1,
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 12, "color": colours.ink},
    )
    top = 1.08 * max(float(attention.weights.max()), equal)
    figure.update_layout(bargap=0.3, margin={"t": 28})
    figure.update_xaxes(showgrid=False, title_text="lead", tickangle=0)
    figure.update_yaxes(title_text="share of attention", tickformat=".0%", range=[0, top])
    return figure


def lead_matrix(
    attention: LeadAttention,
    *,
    layer: int | None = None,
    head: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """The share of each lead's attention (row) that goes to each lead (column).

    Lines part the limb from the chest leads.

    Args:
        attention: What the model gave.
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
        z=matrix,
        x=leads,
        y=leads,
        xgap=1,
        ygap=1,
        zmin=0.0,
        zmax=float(matrix.max()),
        colorscale=list(colours.sequential),
        hovertemplate="from %{y} to %{x}: %{z:.1%}<extra></extra>",
        colorbar=colour_bar("share of the row's attention", tickformat=".0%"),
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
        f"the most, {matrix[row, column]:.1%}, goes from {leads[row]} to {leads[column]}.",
        height=560,
    )
    limb = sum(lead in LIMB_LEADS for lead in leads)
    if 0 < limb < len(leads):
        line = {"color": colours.ink, "width": 1.5}
        figure.add_hline(y=limb - 0.5, line=line)
        figure.add_vline(x=limb - 0.5, line=line)
    figure.update_layout(margin={"t": 52})
    figure.update_xaxes(
        title_text="to lead", showgrid=False, constrain="domain", tickangle=0, ticks=""
    )
    figure.update_yaxes(
        title_text="from lead",
        showgrid=False,
        autorange="reversed",
        ticks="",
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
    )
    return figure


def layer_weights(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """The lead weights of every head, one heatmap a block of the latent attention.

    Args:
        attention: What the model gave.
        dark: For a dark page.
    """
    colours = palette(dark)
    layers, heads, leads = attention.layer_weights.shape
    figure = make_subplots(rows=layers, cols=1, shared_xaxes=True, vertical_spacing=0.12 / layers)
    for layer in range(layers):
        figure.add_heatmap(
            z=attention.layer_weights[layer],
            x=attention.leads,
            y=[f"head {head + 1}" for head in range(heads)],
            xgap=1,
            ygap=1,
            coloraxis="coloraxis",
            hovertemplate=f"block {layer + 1}, %{{y}}, %{{x}}: %{{z:.1%}}<extra></extra>",
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
            "cmin": 0.0,
            "cmax": float(attention.layer_weights.max()),
            "colorscale": list(colours.sequential),
            "colorbar": colour_bar("share of attention", tickformat=".0%"),
        },
    )
    figure.update_xaxes(showgrid=False, tickangle=0, ticks="")
    figure.update_xaxes(title_text="lead", row=layers, col=1)
    figure.update_yaxes(showgrid=False, autorange="reversed", ticks="")
    for layer in range(layers):
        figure.update_yaxes(title_text=f"block {layer + 1}", row=layer + 1, col=1)
    return figure


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
