"""Reconstruction errors: against the masking ratio, and by lead and wave."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lamae.figures.chart import style
from lamae.figures.palette import palette
from lamae.results.reconstruction import MaskingCurve, WaveError

WAVES = ("P", "QRS", "ST", "T", "rest")


def masking_curve(
    curve: MaskingCurve, *, ratio: float | None = None, dark: bool = False
) -> go.Figure:
    """Error on masked samples against the masking ratio, for the model and for regression.

    Args:
        curve: The errors.
        ratio: The current ratio, marked by a line.
        dark: For a dark page.
    """
    colours = palette(dark)
    figure = go.Figure()
    for name, values, line, symbol in (
        ("model", curve.model, {"color": colours.model, "width": 2}, "circle"),
        (
            "linear regression",
            curve.linear,
            {"color": colours.baseline, "width": 2, "dash": "4px,3px"},
            "square-open",
        ),
    ):
        figure.add_scatter(
            x=curve.ratios.tolist(),
            y=values.round(4).tolist(),
            mode="lines+markers",
            line=line,
            marker={"symbol": symbol, "size": 8},
            hovertemplate=f"{name}, %{{x:.0%}} masked: %{{y:.3f}} mV<extra></extra>",
            name=name,
        )
    style(
        figure,
        colours,
        alt="Error on masked samples against the masking ratio: model "
        f"{curve.model[0]:.3f} to {curve.model[-1]:.3f} mV, linear regression "
        f"{curve.linear[0]:.3f} to {curve.linear[-1]:.3f} mV.",
        height=320,
    )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
    )
    if ratio:
        figure.add_vline(x=ratio, line={"color": colours.ink, "width": 1, "dash": "4px,4px"})
    figure.update_xaxes(title_text="masking ratio", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title_text="error in mV", rangemode="tozero")
    return figure


def wave_errors(errors: Sequence[WaveError], *, dark: bool = False) -> go.Figure:
    """The model's error divided by that of regression, a row for each lead, a column for each wave.

    A cell's text is the model's error in mV; its colour follows the ratio of the two, blue-green
    where the model is better and brown where regression is. `customdata` holds the ratio.

    Args:
        errors: Of the leads and waves that were masked.
        dark: For a dark page.
    """
    colours = palette(dark)
    leads = list(dict.fromkeys(error.lead for error in errors))
    waves = [wave for wave in WAVES if any(error.wave == wave for error in errors)]
    found = {(error.lead, error.wave): error for error in errors}
    ratio: list[list[float | None]] = []
    text: list[list[str]] = []
    for lead in leads:
        ratio.append([_ratio(found.get((lead, wave))) for wave in waves])
        text.append([f"{found[lead, w].rmse:.3f}" if (lead, w) in found else "" for w in waves])
    figure = go.Figure()
    figure.add_heatmap(
        z=[[None if r is None else max(0.5, min(2.0, r)) for r in row] for row in ratio],
        customdata=ratio,
        text=text,
        texttemplate="%{text}",
        x=waves,
        y=leads,
        xgap=1,
        ygap=1,
        zmin=0.5,
        zmax=2.0,
        colorscale=[
            (0.0, colours.shares[4]),
            (1 / 3, colours.shares[3]),
            (1.0, colours.shares[1]),
        ],
        showscale=False,
        hovertemplate="%{y}, %{x}: %{text} mV, %{customdata:.2f} times regression<extra></extra>",
        name="wave errors",
    )
    style(
        figure,
        colours,
        alt=f"The model's error in mV in {', '.join(leads)} by wave: {', '.join(waves)}.",
        height=70 + 30 * len(leads),
    )
    figure.update_xaxes(showgrid=False, side="top", ticks="", tickangle=0)
    figure.update_yaxes(showgrid=False, autorange="reversed", ticks="")
    return figure


def _ratio(error: WaveError | None) -> float | None:
    if error is None or not error.linear_rmse:
        return None
    return round(error.rmse / error.linear_rmse, 3)
