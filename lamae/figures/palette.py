"""The colours of every figure, each with one meaning throughout, and their font."""

from dataclasses import dataclass
from typing import Any

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
# Alphas at equal steps of |attribution|, chosen so that a colour laid over the paper moves away
# from it by equal steps of OKLab distance (Björn Ottosson, 2020): equal steps look equal.
ATTRIBUTION_ALPHAS = (0.0, 0.15, 0.3, 0.45, 0.6)
LOWERS = "#2F74C0"
RAISES = "#C2591B"


@dataclass(frozen=True)
class Palette:
    """Colours of one theme.

    Attributes:
        paper: ECG paper, also around the grid.
        grid: Its 5 mm lines.
        fine_grid: Its 1 mm lines.
        trace: The recorded signal.
        print: Text and calibration pulse printed on the paper.
        caliper: The box that measures.
        faint_print: Text about a lead that was not recorded.
        reconstructed: The model's reconstruction.
        masked: Hatching over masked segments.
        linear: The linear regression, on the paper.
        ink: Text of a figure on the page.
        faint_ink: Lines and reference marks on the page.
        model: The model's results.
        faint_model: The model's results below the threshold.
        baseline: What the model is compared with in a chart on the page.
        lowers: Attribution that lowers the score.
        raises: Attribution that raises the score.
        shares: From less than an even share, over an even one, to more.
    """

    paper: str
    grid: str
    fine_grid: str
    trace: str
    print: str
    caliper: str
    faint_print: str
    reconstructed: str
    masked: str
    linear: str
    ink: str
    faint_ink: str
    model: str
    faint_model: str
    baseline: str
    lowers: str
    raises: str
    shares: tuple[str, ...]


LIGHT = Palette(
    paper="#FFFDF9",
    grid="#EDC3BE",
    fine_grid="#F8E6E2",
    trace="#17171A",
    print="#33312F",
    caliper="#0F5C63",
    faint_print="#8B8581",
    reconstructed="#C97800",
    masked="#8F8F94",
    linear="#5B7BA3",
    ink="#2B2B2E",
    faint_ink="#B9B6B1",
    model="#0F5C63",
    faint_model="#A9C6C7",
    baseline="#5B7BA3",
    lowers=LOWERS,
    raises=RAISES,
    shares=("#B8691A", "#CF986B", "#E3C6AD", "#F5F4F0", "#A7B8BD", "#5C808D", "#064A5E"),
)
# The same paper in a dimmed room: a trace is never drawn light on dark.
DARK = Palette(
    paper="#CFC9BE",
    grid="#B59F97",
    fine_grid="#C4B9AE",
    trace="#111113",
    print="#2A2826",
    caliper="#0B464B",
    faint_print="#6B6560",
    reconstructed="#8F4F00",
    masked="#6E6C6A",
    linear="#36557D",
    ink="#E4E1DB",
    faint_ink="#6F6D6A",
    model="#55B4B6",
    faint_model="#35585B",
    baseline="#8FB0DA",
    lowers="#6FA5E0",
    raises="#E08A50",
    shares=("#E08A3C", "#9B683C", "#5B4836", "#1F282A", "#36585F", "#4D8D99", "#63C6D8"),
)


def palette(dark: bool) -> Palette:
    """The colours of the dark or the light theme."""
    return DARK if dark else LIGHT


def rgba(colour: str, alpha: float) -> str:
    """A "#RRGGBB" colour with an opacity from 0 to 1, as CSS."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def attribution_scale() -> list[tuple[float, str]]:
    """Colour scale for attribution on paper, clear at zero so that the grid shows through.

    Blue lowers and rust raises the score: of the pairs tried, the one that stays furthest apart
    in every form of colour blindness.
    """
    steps = len(ATTRIBUTION_ALPHAS) - 1
    lower = [(0.5 - 0.5 * i / steps, rgba(LOWERS, a)) for i, a in enumerate(ATTRIBUTION_ALPHAS)]
    upper = [(0.5 + 0.5 * i / steps, rgba(RAISES, a)) for i, a in enumerate(ATTRIBUTION_ALPHAS)]
    return [*reversed(lower), *upper[1:]]


def legend_bar(*, left: bool = False) -> dict[str, Any]:
    """The placement of a colour scale's legend: flat, over one of the figure's upper corners.

    Args:
        left: Over the left one, which a narrow screen shows of a sheet that is wider.
    """
    return {
        "orientation": "h",
        "x": 0 if left else 1,
        "xanchor": "left" if left else "right",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 4,
        "lenmode": "pixels",
        "len": 190,
        "thickness": 8,
        "outlinewidth": 0,
    }
