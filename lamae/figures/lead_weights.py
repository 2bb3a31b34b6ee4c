"""Lead weights: of one ECG, against lead ablation, and over many ECGs."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float32

from lamae.ecg import LEADS, LIMB_LEADS
from lamae.figures.chart import add_reference_line, style, unfaded
from lamae.figures.palette import palette
from lamae.results.attention import GroupWeights, LeadAttention

# The least distance from an even share, in even shares, that fills the height of the bars.
LEAST = 0.1
# px: a chart on a phone, a point, the longest name, and the offset of a name from its point.
NARROW, TALL = 280, 250
MARKER, NAME = (9, 9), np.array((26, 14))
SIDES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "top center": (0, 13),
        "bottom center": (0, -13),
        "middle right": (20, 0),
        "middle left": (-20, 0),
        "top right": (17, 12),
        "top left": (-17, 12),
        "bottom right": (17, -12),
        "bottom left": (-17, -12),
    }
)


def lead_weights(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """Bars from the even share, 1/n, to the share of attention that each lead receives.

    A bar's `customdata` is the name of its lead.

    Args:
        attention: The lead weights; leads that were not used have no bar.
        dark: For a dark page.
    """
    colours = palette(dark)
    leads, equal = attention.leads, 1 / len(attention.leads)
    differences = attention.weights - np.float32(equal)
    figure = go.Figure()
    figure.add_bar(
        x=leads,
        y=differences,
        base=equal,
        customdata=leads,
        marker={
            "color": [colours.shares[-1 if d >= 0 else 0] for d in differences],
            "line": {"width": 0},
        },
        hovertext=[
            f"{lead}: {share:.2%}, {share / equal:.3g} times an even share"
            for lead, share in zip(leads, attention.weights.tolist(), strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name="lead weights",
        **unfaded(),
    )
    highest = leads[int(np.argmax(attention.weights))]
    style(
        figure,
        colours,
        alt=f"Share of attention of {len(leads)} leads; the most, "
        f"{attention.weights.max():.2%}, goes to {highest}; an even share is {equal:.2%}.",
        height=320,
    )
    add_reference_line(figure, equal, f"even share, 1/{len(leads)} = {equal:.2%}", colours)
    half = max(1.15 * float(np.abs(differences).max()), LEAST * equal)
    figure.update_layout(bargap=0.3, margin={"t": 28})
    figure.update_xaxes(showgrid=False, title_text="lead", tickangle=0)
    figure.update_yaxes(
        title_text="share of attention",
        tickformat=".3~p",
        range=[max(0.0, equal - half), equal + half],
    )
    return figure


def weights_against_ablation(
    attention: LeadAttention, drop: Float32[np.ndarray, " leads"], *, dark: bool = False
) -> go.Figure:
    """Each lead's share of attention against the drop of a code's score without the lead.

    Points are named after their leads.

    Args:
        attention: The lead weights.
        drop: Score with all leads minus score without each, in log-odds.
        dark: For a dark page.
    """
    colours = palette(dark)
    figure = go.Figure()
    limb = [lead in LIMB_LEADS for lead in attention.leads]
    figure.add_scatter(
        x=attention.weights.round(5).tolist(),
        y=drop.round(5).tolist(),
        mode="markers+text",
        text=list(attention.leads),
        textposition=_free_sides(attention.weights, drop),
        textfont={"size": 12, "color": colours.ink},
        marker={
            "size": 9,
            "color": colours.model,
            "symbol": ["circle" if is_limb else "square" for is_limb in limb],
        },
        cliponaxis=False,
        hovertemplate="%{text}: %{x:.2%} of attention, %{y:+.2f} log-odds<extra></extra>",
        name="leads",
    )
    style(
        figure,
        colours,
        alt=f"Attention against lead ablation of {len(attention.leads)} leads; the score falls "
        f"most without {attention.leads[int(drop.argmax())]}.",
        height=340,
    )
    figure.add_hline(y=0, line={"color": colours.faint_ink, "width": 1})
    even = 1 / len(attention.leads)
    figure.add_vline(x=even, line={"color": colours.ink, "width": 1, "dash": "4px,4px"})
    figure.update_layout(margin={"t": 24, "r": 16})
    figure.update_xaxes(title_text="share of attention (line: even share)", tickformat=".3~p")
    figure.update_yaxes(title_text="drop of the score without the lead")
    return figure


def _free_sides(x: Float32[np.ndarray, " points"], y: Float32[np.ndarray, " points"]) -> list[str]:
    """On which side of each point its name crosses the fewest names and points.

    One after the other, for a chart as narrow as a phone's; a wider one only parts them further.
    """
    places = np.stack(
        [
            (values - values.min()) / max(float(np.ptp(values)), 1e-9) * pixels
            for values, pixels in ((x, NARROW), (y, TALL))
        ],
        axis=1,
    )
    taken = [(place, np.array(MARKER)) for place in places]
    chosen = []
    for place in places:
        crossed = {
            side: sum(
                bool((np.abs(place + offset - other) < (NAME + size) / 2).all())
                for other, size in taken
            )
            for side, offset in SIDES.items()
        }
        side = min(crossed, key=crossed.__getitem__)
        taken.append((place + SIDES[side], np.array(NAME)))
        chosen.append(side)
    return chosen


def group_weights(group: GroupWeights, everyone: GroupWeights, *, dark: bool = False) -> go.Figure:
    """Mean lead weights of a group of ECGs with 95 % intervals, beside those of all ECGs.

    Args:
        group: The group; drawn alone where it is all ECGs.
        everyone: All ECGs.
        dark: For a dark page.
    """
    colours = palette(dark)
    figure = go.Figure()
    drawn = [(everyone, "all ECGs", "circle-open", colours.ink, -0.15)]
    if group.name:
        drawn.append((group, group.name, "diamond", colours.model, 0.15))
    places = np.arange(len(LEADS))
    for shown, name, symbol, colour, shift in drawn:
        figure.add_scatter(
            x=(places + (shift if group.name else 0.0)).round(2).tolist(),
            y=shown.mean.round(5).tolist(),
            error_y={
                "type": "data",
                "symmetric": False,
                "array": (shown.high - shown.mean).round(5).tolist(),
                "arrayminus": (shown.mean - shown.low).round(5).tolist(),
                "color": colour,
                "thickness": 1.5,
                "width": 0,
            },
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            customdata=list(LEADS),
            hovertemplate=f"{name}, %{{customdata}}: %{{y:.2%}}<extra></extra>",
            name=f"{name} ({shown.ecgs})",
        )
    highest = LEADS[int(group.mean.argmax())]
    style(
        figure,
        colours,
        alt=f"Mean lead weights of {group.ecgs} ECGs, {group.name or 'all'}, with 95 % intervals; "
        f"the most, {group.mean.max():.2%}, goes to {highest}.",
        height=340,
    )
    figure.add_hline(y=1 / len(LEADS), line={"color": colours.ink, "width": 1, "dash": "4px,4px"})
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
    )
    figure.update_xaxes(tickvals=places.tolist(), ticktext=list(LEADS), showgrid=False, tickangle=0)
    figure.update_yaxes(title_text="share of attention (line: even share)", tickformat=".3~p")
    return figure
