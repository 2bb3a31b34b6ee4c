"""Lead weights at the position of each lead, in the frontal and the horizontal plane."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go

from lamae.figures.chart import style
from lamae.figures.palette import Palette, palette, rgba
from lamae.results.attention import LeadAttention

# Degrees from the patient's left, downwards in the frontal plane and forwards in the horizontal.
# Frontal: Einthoven's triangle with Goldberger's leads between its sides. Horizontal: the usual
# scheme of the chest leads, not measured on anybody.
FRONTAL: Mapping[str, float] = MappingProxyType(
    {"I": 0.0, "II": 60.0, "III": 120.0, "aVR": -150.0, "aVL": -30.0, "aVF": 90.0}
)
HORIZONTAL: Mapping[str, float] = MappingProxyType(
    {"V1": 115.0, "V2": 94.0, "V3": 75.0, "V4": 58.0, "V5": 28.0, "V6": 0.0}
)
# px across a marker of an even share; a marker's area follows the share.
EVEN_SIZE = 30.0
SMALLEST = 6.0
HEIGHT = 320
# Half width of the drawing; its extent on the side of the leads, and on the opposite side.
REACH, FAR, NEAR = 1.75, 1.7, 1.05
# px to one unit on a narrow screen, and half of what a name above its share takes up.
UNIT = 98.0
LABEL = (22, 19)
WIDE, DEEP = 1.0, 0.72


def frontal_plane(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """The limb leads' weights on the hexaxial diagram, each at its angle, with its share printed.

    A marker's area is the share; the ring around its centre is an even share. The patient is seen
    from the front: 0 degrees, the patient's left, is on the right.

    Args:
        attention: The lead weights; leads that were not used are left out.
        dark: For a dark page.

    Source: Einthoven 1912 and Goldberger 1942 for the angles.
    """
    colours = palette(dark)
    figure = go.Figure()
    _outline(figure, 1.0, 1.0, colours)
    for lead, degrees in FRONTAL.items():
        x, y = _at(degrees)
        _line(figure, [-x, x], [-y, y], colours, lead)
    _add_leads(figure, attention, FRONTAL, 1.0, 1.0, colours)
    sides = {"0°": (0.45, 0.07), "+90°": (0.2, -0.5), "patient's left": (1.12, -0.42)}
    figure.update_yaxes(range=[-FAR, NEAR])
    return _finish(figure, attention, FRONTAL, "hexaxial diagram of the limb leads", sides, colours)


def horizontal_plane(attention: LeadAttention, *, dark: bool = False) -> go.Figure:
    """The chest leads' weights around the chest, seen from below, with each share printed.

    A marker's area is the share; the ring around its centre is an even share.

    Args:
        attention: The lead weights; leads that were not used are left out.
        dark: For a dark page.
    """
    colours = palette(dark)
    figure = go.Figure()
    _outline(figure, WIDE, DEEP, colours)
    for lead, degrees in HORIZONTAL.items():
        x, y = _at(degrees)
        _line(figure, [0.0, WIDE * x], [0.0, -DEEP * y], colours, lead)
    _add_leads(figure, attention, HORIZONTAL, WIDE, -DEEP, colours)
    sides = {"front": (0.0, 0.3), "back": (0.0, -0.9), "patient's left": (1.12, -0.42)}
    figure.update_yaxes(range=[-NEAR, FAR])
    return _finish(figure, attention, HORIZONTAL, "chest leads around the chest", sides, colours)


def _at(degrees: float) -> tuple[float, float]:
    """Right and up on the screen; positive angles turn downwards."""
    return float(np.cos(np.radians(degrees))), float(-np.sin(np.radians(degrees)))


def _outline(figure: go.Figure, wide: float, high: float, colours: Palette) -> None:
    angle = np.linspace(0, 2 * np.pi, 73)
    figure.add_scatter(
        x=(wide * np.cos(angle)).round(3),
        y=(high * np.sin(angle)).round(3),
        mode="lines",
        line={"color": colours.faint_ink, "width": 1.5},
        hoverinfo="skip",
        name="outline",
    )


def _line(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], colours: Palette, lead: str
) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": rgba(colours.faint_ink, 0.6), "width": 1, "dash": "2px,4px"},
        hoverinfo="skip",
        name=f"axis of {lead}",
    )


def _add_leads(
    figure: go.Figure,
    attention: LeadAttention,
    degrees: Mapping[str, float],
    wide: float,
    high: float,
    colours: Palette,
) -> None:
    leads = [lead for lead in degrees if lead in attention.leads]
    shares = [float(attention.weights[attention.leads.index(lead)]) for lead in leads]
    places = [_at(degrees[lead]) for lead in leads]
    x = [round(wide * px, 3) for px, _ in places]
    y = [round(high * py, 3) for _, py in places]
    even = 1 / len(attention.leads)
    sizes = [max(SMALLEST, EVEN_SIZE * (share / even) ** 0.5) for share in shares]
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "size": sizes,
            "color": colours.model,
            "opacity": 0.6,
            "line": {"width": 0},
        },
        customdata=leads,
        hovertext=[
            f"{lead}: {share:.2%}, {share / even:.3g} times an even share"
            for lead, share in zip(leads, shares, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name="lead weights",
    )
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": EVEN_SIZE,
            "color": colours.ink,
            "line": {"width": 1, "color": colours.ink},
        },
        hoverinfo="skip",
        name="even share",
    )
    beside = [
        _beside(px, py, max(EVEN_SIZE, size)) for px, py, size in zip(x, y, sizes, strict=True)
    ]
    figure.add_scatter(
        x=[px for px, _ in beside],
        y=[py for _, py in beside],
        mode="text",
        text=[f"<b>{lead}</b><br>{share:.1%}" for lead, share in zip(leads, shares, strict=True)],
        textfont={"size": 13, "color": colours.ink},
        hoverinfo="skip",
        name="shares",
    )


def _beside(x: float, y: float, size: float) -> tuple[float, float]:
    """The place of a marker's label: outwards, clear of the marker, and inside the drawing."""
    distance = float(np.hypot(x, y))
    right, up = x / distance, y / distance
    away = (size / 2 + abs(right) * LABEL[0] + abs(up) * LABEL[1]) / UNIT
    edges = REACH - LABEL[0] / UNIT, FAR - LABEL[1] / UNIT
    place = np.clip([x + right * away, y + up * away], np.negative(edges), edges)
    return round(float(place[0]), 3), round(float(place[1]), 3)


def _finish(
    figure: go.Figure,
    attention: LeadAttention,
    degrees: Mapping[str, float],
    what: str,
    sides: Mapping[str, tuple[float, float]],
    colours: Palette,
) -> go.Figure:
    figure.add_scatter(
        x=[place[0] for place in sides.values()],
        y=[place[1] for place in sides.values()],
        mode="text",
        text=list(sides),
        textfont={"size": 11, "color": colours.ink},
        hoverinfo="skip",
        name="sides",
    )
    found = ", ".join(
        f"{lead} {attention.weights[attention.leads.index(lead)]:.1%}"
        for lead in degrees
        if lead in attention.leads
    )
    style(
        figure,
        colours,
        alt=f"Lead weights on the {what}: {found or 'none of them was recorded'}; an even share is "
        f"{1 / len(attention.leads):.1%}.",
        height=HEIGHT,
    )
    axis = {"showgrid": False, "showticklabels": False, "fixedrange": True, "showline": False}
    figure.update_xaxes(axis, range=[-REACH, REACH], constrain="domain")
    figure.update_yaxes(axis, scaleanchor="x", constrain="domain")
    return figure
