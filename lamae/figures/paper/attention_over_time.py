"""The attention of z to each patch as a band under the traces."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float64

from lamae.ecg import ECG
from lamae.errors import InputError
from lamae.figures.palette import LIGHT, legend_bar, palette, rgba
from lamae.figures.paper.paper import paper
from lamae.figures.paper.sheet import LAYOUTS
from lamae.results.attention import LeadAttention

# Times an even share at which the band is darkest.
MOST = 4.0
STEPS = (0.0, 0.14, 0.28, 0.42, 0.56)
HEAD = 44
# Share of its row that the band fills, from below.
BAND_HEIGHT = 0.28


def attention_over_time(
    ecg: ECG,
    attention: LeadAttention,
    *,
    layout: str = "12x1",
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Draw an ECG on paper with the attention of z to each patch under its trace.

    The band darkens with the multiple of an even share over all patches, and is clear up to one
    even share. The trace "attention over time" holds these multiples in `z`, a row of it for each
    row of the sheet.

    Args:
        ecg: The recording.
        attention: Attention in its window; leads that were not used stay clear.
        layout: One of `LAYOUTS`.
        dark: Dim the paper.
        width: Width in px that the paper fills.

    Raises:
        InputError: No such layout, or the attention is of other leads.
    """
    if layout not in LAYOUTS:
        raise InputError(f"There is no layout {layout}; expected one of {', '.join(LAYOUTS)}.")
    if not set(attention.leads) <= set(ecg.leads):
        raise InputError("The attention belongs to another recording: its leads differ.")
    figure = paper(ecg, layout=layout, start=attention.start, dark=dark, width=width)
    times_even = _times_even(attention)
    (targets,) = [trace for trace in figure.data if trace.name == "leads"]
    at = np.array([targets.x, targets.y], dtype=np.float64)
    heights = np.unique(at[1])
    room = float(np.diff(heights).min()) if len(heights) > 1 else 2.0
    patches = times_even.shape[1]
    middles = attention.start + (np.arange(patches) + 0.5) * attention.patch_seconds
    striped = np.full((2 * len(heights) - 1, patches), np.nan)
    edges: list[float] = []
    for number, height in enumerate(heights.tolist()):
        edges += [height - room / 2, height - room / 2 + BAND_HEIGHT * room]
        own = np.flatnonzero(at[1] == height)
        # A row's places to click lie evenly along each lead: the nearest one names the lead.
        nearest = own[np.abs(at[0, own][None] - middles[:, None]).argmin(axis=1)]
        for patch, point in enumerate(nearest.tolist()):
            lead = targets.customdata[point]
            if lead in attention.leads:
                striped[2 * number, patch] = times_even[attention.leads.index(lead), patch]
    print_colour = palette(dark).print
    figure.add_heatmap(
        z=striped.round(2),
        x0=float(middles[0]),
        dx=attention.patch_seconds,
        y=edges,
        zmin=1.0,
        zmax=MOST,
        colorscale=[
            (i / (len(STEPS) - 1), rgba(LIGHT.model, alpha)) for i, alpha in enumerate(STEPS)
        ],
        hoverinfo="skip",
        name="attention over time",
        colorbar={
            **legend_bar(left=True),
            "tickvals": [1, 2, 3, 4],
            "ticktext": ["1", "2", "3", "4"],
            "tickfont": {"size": 11, "color": print_colour},
            "title": {
                "text": "times an even share",
                "side": "top",
                "font": {"size": 11, "color": print_colour},
            },
        },
    )
    # The band lies behind the traces.
    figure.data = (figure.data[-1], *figure.data[:-1])
    figure.layout.height += HEAD - figure.layout.margin.t
    figure.layout.margin.t = HEAD
    most = np.unravel_index(int(np.nanargmax(times_even)), times_even.shape)
    row, column = int(most[0]), int(most[1])
    lead = attention.leads[row]
    figure.layout.meta["alt"] = (
        f"Attention over time on ECG paper; the patch with the most is in {lead} at "
        f"{middles[column]:.1f} s, {times_even[row, column]:.1f} times an even share."
    )
    return figure


def _times_even(attention: LeadAttention) -> Float64[np.ndarray, "leads patches"]:
    """Attention as a multiple of an even share of all visible patches; NaN elsewhere."""
    visible = attention.over_time > 0
    return np.where(visible, attention.over_time.astype(np.float64) * visible.sum(), np.nan)
