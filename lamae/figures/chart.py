"""The common style of figures that are not on ECG paper."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from lamae.figures.palette import FONT, Palette, rgba

# Plotly's configuration for every figure. A double click brings back the whole sheet, not the
# signal's extremes; "Share chart" would send a patient's ECG to Plotly's servers.
CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "doubleClick": "reset",
        "displaylogo": False,
        "showSendToCloud": False,
        "plotlyServerURL": "",
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"filename": "lamae", "scale": 3},
    }
)


def style(figure: go.Figure, colours: Palette, *, alt: str, height: int) -> go.Figure:
    """Give a figure the page's font and colours on a clear ground.

    Args:
        figure: Changed in place.
        colours: Of its theme.
        alt: One sentence that describes the figure.
        height: In px.
    """
    line = rgba(colours.faint_ink, 0.45)
    axis = {
        "gridcolor": line,
        "linecolor": line,
        "zeroline": False,
        "automargin": True,
        "tickfont": {"size": 11},
    }
    figure.update_layout(
        template="none",
        font={"family": FONT, "color": colours.ink, "size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=height,
        hovermode="closest",
        hoverlabel={"font": {"family": FONT, "size": 12}},
        dragmode=False,
        showlegend=False,
        meta={"alt": alt},
    )
    figure.update_xaxes(axis, title={"standoff": 8})
    figure.update_yaxes(axis, title={"standoff": 8})
    return figure


def unfaded(colour: str | tuple[str, ...] | None = None) -> dict[str, Any]:
    """Keep bars as they are when one of them is clicked; Plotly would fade the others."""
    marker: dict[str, Any] = {"opacity": 1}
    if colour is not None:
        marker["color"] = colour
    return {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": marker}}


def colour_bar(title: str, **more: Any) -> dict[str, Any]:
    """A thin colour legend above a figure, with its title over it."""
    return {
        "orientation": "h",
        "x": 0.5,
        "xanchor": "center",
        "y": 1,
        "ypad": 4,
        "yanchor": "bottom",
        "lenmode": "pixels",
        "len": 200,
        "thickness": 8,
        "outlinewidth": 0,
        "nticks": 4,
        "title": {"text": title, "side": "top", "font": {"size": 12}},
        **more,
    }


def add_reference_line(figure: go.Figure, y: float, text: str, colours: Palette) -> None:
    """Draw a dashed line across the chart, with a label above its right end."""
    figure.add_hline(y=y, line={"color": colours.ink, "width": 1, "dash": "4px,4px"})
    figure.add_annotation(
        text=f"╌╌ {text}",
        xref="paper",
        x=1,
        y=1,
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 12, "color": colours.ink},
    )
