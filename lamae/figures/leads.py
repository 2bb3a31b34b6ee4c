"""Predictions with subsets of the leads."""

from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go

from lamae.figures.chart import add_reference_line, style, unfaded
from lamae.figures.palette import palette, rgba
from lamae.results.lead_subsets import Robustness, SubsetScores

ROW_HEIGHT = 46
# Lines differ by marker and dash as well as colour.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
DASHES = ("solid", "6px,3px", "2px,3px", "8px,3px,2px,3px", "12px,4px", "4px,2px,1px,2px")


def lead_subset_scores(
    scores: SubsetScores,
    codes: Sequence[str],
    titles: Sequence[str],
    thresholds: Sequence[float],
    *,
    dark: bool = False,
) -> go.Figure:
    """Each code's probability with the first subset of leads, joined to that with all leads.

    The traces are "all leads", "leads chosen" and "threshold"; a point's `customdata` is its code.

    Args:
        scores: With one subset or more; the first is drawn.
        codes: Codes to draw, from top to bottom.
        titles: The title of each.
        thresholds: The probability from which each is suggested.
        dark: For a dark page.
    """
    colours = palette(dark)
    columns = [scores.codes.index(code) for code in codes]
    full = [float(scores.full[i]) for i in columns]
    some = [float(scores.probability[0][i]) for i in columns]
    rows = list(range(len(codes)))
    figure = go.Figure()
    x: list[float | None] = []
    y: list[float | None] = []
    for row, first, second in zip(rows, full, some, strict=True):
        x += [first, second, None]
        y += [row, row, None]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colours.faint_ink, "width": 2},
        hoverinfo="skip",
        showlegend=False,
        name="change",
    )
    for name, values, marker in (
        ("all leads", full, {"symbol": "circle-open", "size": 11, "color": colours.ink}),
        ("leads chosen", some, {"symbol": "circle", "size": 11, "color": colours.model}),
        (
            "threshold",
            list(thresholds),
            {
                "symbol": "line-ns",
                "size": 11,
                "line": {"width": 2, "color": colours.ink},
            },
        ),
    ):
        figure.add_scatter(
            x=values,
            y=rows,
            mode="markers",
            marker=marker,
            customdata=list(codes),
            hovertemplate=f"%{{customdata}}, {name}: %{{x:.2f}}<extra></extra>",
            name=name,
        )
    # Above each row, so that a narrow screen keeps its width for the values.
    figure.add_scatter(
        x=[0.0] * len(rows),
        y=[row - 0.45 for row in rows],
        mode="text",
        text=[f"<b>{code}</b>  {title}" for code, title in zip(codes, titles, strict=True)],
        textposition="middle right",
        textfont={"size": 13, "color": colours.ink},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
        name="titles",
    )
    style(
        figure,
        colours,
        alt=f"Probability of {len(codes)} codes with {', '.join(scores.subsets[0])} and with all "
        f"leads; over all codes they differ by {scores.change[0]:.3f} on average.",
        height=100 + ROW_HEIGHT * len(codes),
    )
    _legend(figure)
    figure.update_xaxes(range=[-0.02, 1.02], title_text="probability")
    figure.update_yaxes(
        range=[len(codes) - 0.5, -0.85], showgrid=False, showticklabels=False, fixedrange=True
    )
    return figure


def removal_curves(scores: SubsetScores, codes: Sequence[str], *, dark: bool = False) -> go.Figure:
    """Probabilities of codes as leads are removed one by one, from all leads on the left.

    Each code is one trace named after it; the ticks name the lead removed.

    Args:
        scores: Of `lamae.inference.lead_subsets.removal`.
        codes: Codes to draw.
        dark: For a dark page.
    """
    colours = palette(dark)
    steps = scores.subsets
    gone = [next(lead for lead in before if lead not in after) for before, after in pairwise(steps)]
    ticks = ["all", *(f"−{lead}" for lead in gone)]
    shades = (colours.model, colours.ink, colours.lowers, colours.raises)
    figure = go.Figure()
    for number, code in enumerate(codes):
        figure.add_scatter(
            x=list(range(len(steps))),
            y=scores.probability[:, scores.codes.index(code)].round(4).tolist(),
            mode="lines+markers",
            line={
                "color": shades[number % len(shades)],
                "width": 1.6,
                "dash": DASHES[number % len(DASHES)],
            },
            marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 8},
            hovertemplate=f"{code}: %{{y:.2f}}, %{{customdata}}<extra></extra>",
            customdata=[f"{len(leads)} left: {', '.join(leads)}" for leads in steps],
            name=code,
        )
    style(
        figure,
        colours,
        alt=f"Probabilities of {', '.join(codes)} while leads are removed in the order "
        f"{', '.join(gone)}; the last left is {steps[-1][0]}.",
        height=380,
    )
    _legend(figure)
    figure.update_xaxes(
        tickvals=list(range(len(steps))),
        ticktext=ticks,
        title_text="removed one after the other",
        tickangle=0 if len(ticks) < 8 else -45,
        showgrid=False,
    )
    figure.update_yaxes(range=[-0.02, 1.02], title_text="probability")
    return figure


def next_leads(scores: SubsetScores, *, dark: bool = False) -> go.Figure:
    """Mean change of the probabilities from those of all leads when one more lead is added.

    Bars in order, the most informative lead first; the line is the change with the chosen leads
    alone. Leads that can be derived from the chosen ones are last, hatched. A bar's `customdata`
    is the lead.

    Args:
        scores: Of `lamae.inference.lead_subsets.with_each`.
        dark: For a dark page.
    """
    colours = palette(dark)
    now, added = float(scores.change[0]), scores.next_leads
    new = [more for more in added if more.new]
    ranked = [colours.model, *[colours.faint_model] * (len(new) - 1)] if new else []
    figure = go.Figure()
    figure.add_bar(
        x=[more.lead for more in added],
        y=[more.change for more in added],
        customdata=[more.lead for more in added],
        marker={
            "color": [*ranked, *[colours.faint_ink] * (len(added) - len(new))],
            "pattern": {
                "shape": ["" if more.new else "/" for more in added],
                "fillmode": "replace",
                "size": 6,
                "solidity": 0.3,
            },
            "line": {"width": 0},
        },
        hovertext=[
            f"with {more.lead}: {more.change:.3f}" + ("" if more.new else ", no new information")
            for more in added
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name="with one more lead",
        **unfaded(),
    )
    best = f"{new[0].lead}, {new[0].change:.3f}" if new else "none"
    style(
        figure,
        colours,
        alt=f"Mean change of the codes' probabilities from those of all leads, with one more lead: "
        f"the least with {best}; without any {now:.3f}.",
        height=300,
    )
    add_reference_line(figure, now, f"leads chosen alone, {now:.3f}", colours)
    figure.update_layout(bargap=0.35, margin={"t": 28})
    figure.update_xaxes(title_text="lead added", showgrid=False, tickangle=0)
    figure.update_yaxes(title_text="mean change from all leads", rangemode="tozero")
    return figure


def robustness(found: Robustness, *, dark: bool = False) -> go.Figure:
    """Mean change of the codes' probabilities against the number of leads left, with its range.

    Args:
        found: The changes by number of leads.
        dark: For a dark page.
    """
    colours = palette(dark)
    counts = list(found.counts)
    figure = go.Figure()
    figure.add_scatter(
        x=[*counts, *reversed(counts)],
        y=[*found.high.tolist(), *reversed(found.low.tolist())],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(colours.model, 0.2),
        hoverinfo="skip",
        name="10–90 % of subsets",
    )
    figure.add_scatter(
        x=counts,
        y=found.mean.tolist(),
        mode="lines+markers",
        line={"color": colours.model, "width": 2},
        marker={"size": 7},
        customdata=list(found.subsets),
        hovertemplate="%{x} leads: %{y:.3f} over %{customdata} subsets<extra></extra>",
        name="mean",
    )
    style(
        figure,
        colours,
        alt=f"Mean absolute change of the codes' probabilities: {found.mean[0]:.3f} with "
        f"{counts[0]} lead left, {found.mean[-1]:.3f} with {counts[-1]}.",
        height=320,
    )
    _legend(figure)
    figure.update_xaxes(title_text="leads left", dtick=1, showgrid=False)
    figure.update_yaxes(title_text="mean change from all leads", rangemode="tozero")
    return figure


def _legend(figure: go.Figure) -> None:
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
    )
