"""Attribution by lead, second or beat."""

import numpy as np
import plotly.graph_objects as go

from lamae.ecg import LEADS
from lamae.figures.chart import style, unfaded
from lamae.figures.palette import palette
from lamae.results.attribution import Attribution, TimeSums


def attribution_by_lead(
    attribution: Attribution, *, signed: bool = True, dark: bool = False
) -> go.Figure:
    """Bars of the attribution summed over each lead, in log-odds of the code's score.

    A bar's `customdata` is the name of its lead. Leads that were not recorded have no bar.

    Args:
        attribution: The attribution of a code.
        signed: Whether its sign has a meaning.
        dark: For a dark page.
    """
    colours = palette(dark)
    values = attribution.per_lead
    digits = digits_of(float(np.abs(values).max()))
    figure = go.Figure()
    figure.add_bar(
        x=attribution.leads,
        y=values,
        customdata=attribution.leads,
        marker={
            "color": [colours.raises if v >= 0 else colours.lowers for v in values],
            "line": {"width": 0},
        },
        hovertemplate=f"%{{x}}: %{{y:+.{digits}f}}<extra></extra>",
        name="attribution",
        **unfaded(),
    )
    most = attribution.leads[int(values.argmax())]
    least = attribution.leads[int(values.argmin())]
    style(
        figure,
        colours,
        alt=f"Attribution of {attribution.code} by lead; {most} raises its score most "
        f"({values.max():+.{digits}f} log-odds), {least} least ({values.min():+.{digits}f})."
        if signed
        else f"Strength of {attribution.code}'s reaction by lead; most to {most}, least to "
        f"{least}.",
        height=300,
    )
    figure.update_layout(bargap=0.3)
    figure.update_xaxes(
        showgrid=False,
        tickangle=0,
        title_text="lead",
        categoryorder="array",
        categoryarray=LEADS,
        range=[-0.5, len(LEADS) - 0.5],
        tickvals=list(range(len(LEADS))),
        ticktext=list(LEADS),
    )
    figure.update_yaxes(
        title_text="lowers … raises (log-odds)" if signed else "strength",
        tickformat=f".{digits}~f",
        zeroline=True,
        zerolinecolor=colours.ink,
        zerolinewidth=1,
    )
    return figure


def attribution_by_time(sums: TimeSums, code: str, *, dark: bool = False) -> go.Figure:
    """Bars of the attribution summed over all leads, as wide as each second or beat.

    Args:
        sums: The attribution in log-odds of the code's score.
        code: The code.
        dark: For a dark page.
    """
    colours = palette(dark)
    values, widths = sums.values, sums.ends - sums.starts
    digits = digits_of(float(np.abs(values).max()))
    figure = go.Figure()
    figure.add_bar(
        x=sums.starts + widths / 2,
        y=values,
        width=widths * 0.9,
        customdata=np.stack([sums.starts, sums.ends], axis=1),
        marker={
            "color": [colours.raises if v >= 0 else colours.lowers for v in values],
            "line": {"width": 0},
        },
        hovertemplate="%{customdata[0]:.1f}–%{customdata[1]:.1f} s: "
        f"%{{y:+.{digits}f}}<extra></extra>",
        name="attribution",
        **unfaded(),
    )
    most, least = int(values.argmax()), int(values.argmin())
    style(
        figure,
        colours,
        alt=f"Attribution of {code} by {sums.by}; the {sums.by} from {sums.starts[most]:.1f} s on "
        f"raises its score most ({values[most]:+.{digits}f} log-odds), that from "
        f"{sums.starts[least]:.1f} s on least ({values[least]:+.{digits}f}).",
        height=300,
    )
    figure.update_xaxes(
        showgrid=False, title_text="time (s)", range=[float(sums.starts[0]), float(sums.ends[-1])]
    )
    figure.update_yaxes(
        title_text="lowers … raises (log-odds)",
        tickformat=f".{digits}~f",
        zeroline=True,
        zerolinecolor=colours.ink,
        zerolinewidth=1,
    )
    return figure


def digits_of(largest: float) -> int:
    """Decimals that leave two significant digits of the largest value; at least two."""
    return 2 if largest <= 0 else max(2, 1 - int(np.floor(np.log10(largest))))
