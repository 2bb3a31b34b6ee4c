"""An attribution averaged over beats, behind the median beat."""

import numpy as np
import plotly.graph_objects as go

from lamae.errors import InputError
from lamae.figures.palette import attribution_scale, legend_bar, palette
from lamae.figures.paper.attribution_band import LEGEND
from lamae.figures.paper.beat import median_beats
from lamae.results.attribution import BeatMap
from lamae.results.measurement import MedianBeat

LEGEND_HEAD = 20  # px above those of the median beat
MARGIN = 0.15  # mV above and below a trace


def attribution_on_beat(
    beat: MedianBeat,
    found: BeatMap,
    code: str,
    *,
    signed: bool = True,
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """The median beat of every lead, with the attribution as a band behind it.

    Args:
        beat: The median beat.
        found: The attribution on its samples.
        code: The code that was explained.
        signed: Whether the sign of the attribution has a meaning.
        dark: Dim the paper.
        width: Width in px that the paper fills.

    Raises:
        InputError: The attribution belongs to another beat.
    """
    if found.values.shape != beat.signal.shape:
        raise InputError(
            f"The attribution has {found.values.shape[1]} samples of {len(found.values)} leads, "
            f"the median beat {beat.signal.shape[1]} of {len(beat.signal)}."
        )
    colours = palette(dark)
    figure = median_beats(beat, dark=dark, width=width)
    limit = max(float(np.quantile(np.abs(found.values), 0.99)), 1e-9)
    places = {
        trace.name: (trace.meta["r"], np.asarray(trace.x), np.asarray(trace.y))
        for trace in figure.data
        if trace.name in beat.leads
    }
    times = np.arange(beat.signal.shape[1]) / beat.fs - beat.r
    for lead, (r, x, y) in places.items():
        first = int(np.abs(times - (x[0] - r)).argmin())
        figure.add_heatmap(
            z=found.values[[beat.leads.index(lead)], first : first + len(x)],
            x0=float(x[0]),
            dx=1 / beat.fs,
            y=[float(y.min()) - MARGIN, float(y.max()) + MARGIN],
            coloraxis="coloraxis",
            hoverinfo="skip",
            name=f"attribution {lead}",
        )
    figure.update_layout(
        coloraxis={
            "cmin": -limit,
            "cmax": limit,
            "colorscale": attribution_scale(),
            "colorbar": {
                **legend_bar(),
                "showticklabels": False,
                "title": {
                    "text": LEGEND[signed],
                    "side": "top",
                    "font": {"size": 11, "color": colours.print},
                },
            },
        },
        height=figure.layout.height + LEGEND_HEAD,
        margin_t=figure.layout.margin.t + LEGEND_HEAD,
        meta={
            "alt": f"{figure.layout.meta['alt'][:-1]}; behind it, the attribution of {code} "
            f"averaged over {found.beats} beats."
        },
    )
    return figure
