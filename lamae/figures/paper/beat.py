"""The median beat in all leads on enlarged ECG paper, with the ends of its waves."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from lamae.figures.palette import FONT, Palette, palette
from lamae.results.measurement import MedianBeat
from lamae.results.notice import NOTICE

COLUMNS = 4
ORDER = ("I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6")
# Each wave's lines have a dash of their own and a letter between them.
DASHES = {"P": "2px,3px", "QRS": "solid", "T": "8px,4px"}
GAP = 0.12  # s between columns, and around each beat
SQUARE, FINE = 0.2, 0.04  # s; 5 mm and 1 mm
MV_PER_S = 2.5  # mV as tall as 1 s is wide: 10 mm/mV at 25 mm/s
SIDE, HEAD, FOOT = 6, 36, 60  # px


@dataclass(frozen=True)
class _Place:
    """The place of one lead's beat: s and mV to add to its own time from R and voltage."""

    lead: str
    x: float
    y: float
    top: float


def median_beats(beat: MedianBeat, *, dark: bool = False, width: int = 1100) -> go.Figure:
    """Draw the median beat of every lead, aligned at R, with onset and offset of P, QRS and T.

    Squares are 0.04 s by 0.1 mV and 0.2 s by 0.5 mV as on paper, enlarged. Each lead is one
    line trace named after it, with its place in `meta`: "r" in s and "offset" in mV. The
    traces "P", "QRS" and "T" are the vertical lines at the ends of the waves, the same in
    all leads. `layout.meta["alt"]` describes the figure.

    Args:
        beat: The median beat.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.
    """
    colours = palette(dark)
    times = np.arange(beat.signal.shape[1]) / beat.fs - beat.r
    first, last = _shown(beat, times)
    inside = (times >= first) & (times <= last)
    places, (low, high) = _places(beat, inside, first, last)
    columns = min(COLUMNS, len(places))
    right = (last - first + GAP) * columns + GAP
    figure = _paper(colours, right, low, high, width, _describe(beat))
    for wave, dash in DASHES.items():
        if wave in beat.marks:
            _add_marks(figure, wave, dash, beat.marks[wave], places, colours)
    for place in places:
        figure.add_scatter(
            x=times[inside] + place.x,
            y=beat.lead(place.lead)[inside] + np.float32(place.y),
            mode="lines",
            line={"color": colours.trace, "width": 1.4},
            hoverinfo="skip",
            showlegend=False,
            name=place.lead,
            meta={"r": place.x, "offset": place.y},
        )
    figure.add_scatter(
        x=[place.x + first for place in places],
        y=[place.top for place in places],
        text=[f"<b>{place.lead}</b>" for place in places],
        mode="text",
        textposition="bottom right",
        textfont={"size": 13, "color": colours.print},
        hoverinfo="skip",
        showlegend=False,
        name="lead names",
    )
    return figure


def _shown(beat: MedianBeat, times: np.ndarray) -> tuple[float, float]:
    """From shortly before P to shortly after T, in s from R; more where one was not found."""
    before = beat.marks["P"][0] - 0.08 if "P" in beat.marks else -0.3
    after = beat.marks["T"][1] + 0.1 if "T" in beat.marks else 0.5
    return max(before, float(times[0])), min(after, float(times[-1]))


def _places(
    beat: MedianBeat, inside: np.ndarray, first: float, last: float
) -> tuple[list[_Place], tuple[float, float]]:
    """Places of the leads, in rows that do not overlap, and the paper's edges in mV."""
    leads = [lead for lead in ORDER if lead in beat.leads]
    rows = [leads[i : i + COLUMNS] for i in range(0, len(leads), COLUMNS)]
    base, bottom, places = 0.0, 0.0, []
    edge = 0.0
    for row in rows:
        voltages = np.stack([beat.lead(lead)[inside] for lead in row])
        above = np.ceil((float(voltages.max()) + 0.35) / 0.5) * 0.5
        # Baselines lie on large squares.
        base = bottom - max(above, 1.0)
        bottom = base - max(np.ceil((-float(voltages.min()) + 0.05) / 0.5) * 0.5, 0.5)
        top = base + max(above, 1.0)
        for column, lead in enumerate(row):
            x = GAP + column * (last - first + GAP) - first
            places.append(_Place(lead, x, float(base), float(top)))
        edge = bottom
    return places, (float(edge), 0.0)


def _paper(
    colours: Palette, right: float, low: float, high: float, width: int, alt: str
) -> go.Figure:
    axis = {
        "showgrid": True,
        "gridcolor": colours.grid,
        "gridwidth": 1,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "constrain": "domain",
        "tick0": 0.0,
    }
    minor = {"showgrid": True, "gridcolor": colours.fine_grid, "gridwidth": 1, "tick0": 0.0}
    figure = go.Figure()
    height = round((width - 2 * SIDE) * (high - low) / MV_PER_S / right)
    figure.update_layout(
        template="none",
        font={"family": FONT, "color": colours.print, "size": 12},
        paper_bgcolor=colours.paper,
        plot_bgcolor=colours.paper,
        margin={"l": SIDE, "r": SIDE, "t": HEAD, "b": FOOT},
        height=height + HEAD + FOOT,
        dragmode="zoom",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 11},
            "itemclick": False,
            "itemdoubleclick": False,
            "bgcolor": "rgba(0,0,0,0)",
        },
        meta={"alt": alt},
    )
    figure.update_xaxes(axis, range=(0, right), dtick=SQUARE, minor={**minor, "dtick": FINE})
    figure.update_yaxes(
        axis,
        range=(low, high),
        dtick=SQUARE * MV_PER_S,
        minor={**minor, "dtick": FINE * MV_PER_S},
        scaleanchor="x",
        scaleratio=1 / MV_PER_S,
    )
    figure.add_annotation(
        text=f"Squares: 0.04 s by 0.1 mV, 0.2 s by 0.5 mV<br>Estimate   {NOTICE}",
        align="left",
        xref="x domain",
        yref="y domain",
        x=0,
        y=0,
        yshift=-8,
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 11, "color": colours.print},
    )
    return figure


def _add_marks(
    figure: go.Figure,
    wave: str,
    dash: str,
    ends: tuple[float, float],
    places: list[_Place],
    colours: Palette,
) -> None:
    """Vertical lines at both ends of a wave in every lead, and its letter between them."""
    x: list[float | None] = []
    y: list[float | None] = []
    for place in places:
        for end in ends:
            x += [place.x + end, place.x + end, None]
            y += [place.y - 0.25, place.top - 0.25, None]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colours.caliper, "width": 1.2, "dash": dash},
        hoverinfo="skip",
        name=f"{wave} onset and offset",
        legendgroup=wave,
        meta={"wave": wave},
    )
    figure.add_scatter(
        x=[place.x + sum(ends) / 2 for place in places],
        y=[place.top - 0.16 for place in places],
        text=[wave] * len(places),
        mode="text",
        textfont={"size": 11, "color": colours.print},
        hoverinfo="skip",
        showlegend=False,
        name=f"{wave} letters",
    )


def _describe(beat: MedianBeat) -> str:
    marked = [
        f"{wave} from {on * 1000:.0f} to {off * 1000:.0f} ms".replace("-", "−")
        for wave, (on, off) in beat.marks.items()
    ]
    return (
        f"Median of {beat.used} beats in leads {', '.join(beat.leads)}, on ECG paper; "
        f"from R, {', '.join(marked)}."
    )
