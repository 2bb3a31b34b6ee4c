"""Masking and reconstruction step by step, animated in the browser."""

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from lamae.figures.palette import Palette, rgba

# Lower, upper, left and right edge of a rectangle, in mV and s.
Box = tuple[float, float, float, float]
STEPS = 10
STEP_MS = 350
# Share of the width at which the legend starts, beside the button.
BESIDE = 0.15


def corners(boxes: Sequence[Box]) -> tuple[list[float | None], list[float | None]]:
    """The outlines of rectangles as one line with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    for low, high, left, right in boxes:
        x += [left, right, right, left, left, None]
        y += [low, low, high, high, low, None]
    return x, y


def add_animation(
    figure: go.Figure, boxes: Sequence[Box], revealed: Collection[str], colours: Palette
) -> None:
    """Add a button that covers the masked segments step by step, then reveals the reconstruction.

    Frames hold the outlines of the cover only, which keeps the figure small: the reconstruction
    is already drawn under the cover.

    Args:
        figure: Changed in place. Traces added later are in front of the cover.
        boxes: The masked segments.
        revealed: Names of the traces that appear when they are uncovered.
        colours: Colours of the sheet.
    """
    if not boxes:
        return
    lines = [i for i, trace in enumerate(figure.data) if trace.name in revealed]
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(colours.paper, 1.0),
        fillpattern={
            "shape": "/",
            "size": 7,
            "solidity": 0.18,
            "fgcolor": colours.masked,
            "bgcolor": colours.paper,
        },
        hoverinfo="skip",
        showlegend=False,
        name="cover",
    )
    cover = len(figure.data) - 1
    left = min(box[2] for box in boxes)
    right = max(box[3] for box in boxes)
    frames = [_frame("true", [], lines, cover, shown=False)]
    for step in range(1, STEPS + 1):
        edge = left + (right - left) * step / STEPS
        frames.append(_frame(f"mask {step}", _before(boxes, edge), lines, cover, shown=False))
    for step in range(1, STEPS + 1):
        edge = left + (right - left) * step / STEPS
        frames.append(_frame(f"reconstruct {step}", _after(boxes, edge), lines, cover, shown=True))
    figure.frames = frames
    figure.update_layout(
        legend_x=BESIDE,
        updatemenus=[
            {
                "type": "buttons",
                "showactive": False,
                # On the left: the browser's own tools come up over the right end.
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "bottom",
                "pad": {"b": 4},
                "bgcolor": colours.paper,
                "bordercolor": colours.print,
                "font": {"size": 12, "color": colours.print},
                "buttons": [
                    {
                        "label": "▶ Mask and reconstruct",
                        "method": "animate",
                        "args": [
                            None,
                            {
                                "mode": "immediate",
                                "frame": {"duration": STEP_MS, "redraw": True},
                                "transition": {"duration": 0},
                            },
                        ],
                    }
                ],
            }
        ],
    )


def _frame(name: str, boxes: list[Box], lines: list[int], cover: int, *, shown: bool) -> go.Frame:
    x, y = corners(boxes) if boxes else ([None], [None])
    opacity = 1.0 if shown else 0.0
    return go.Frame(
        name=name,
        data=[*({"type": "scatter", "opacity": opacity} for _ in lines), {"x": x, "y": y}],
        traces=[*lines, cover],
    )


def _before(boxes: Sequence[Box], edge: float) -> list[Box]:
    return [(low, high, a, round(min(b, edge), 3)) for low, high, a, b in boxes if a < edge]


def _after(boxes: Sequence[Box], edge: float) -> list[Box]:
    return [(low, high, round(max(a, edge), 3), b) for low, high, a, b in boxes if b > edge]
