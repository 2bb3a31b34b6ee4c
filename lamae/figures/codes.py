"""The ICD-10-CM codes that an ECG suggests."""

import re

import plotly.graph_objects as go

from lamae.figures.chart import style, unfaded
from lamae.figures.palette import palette
from lamae.results.prediction import CodeScore, Prediction
from lamae.results.verdict import CANNOT_SAY, SUGGESTED

ROW_HEIGHT = 46
# Characters of a title that a 390 px screen holds beside the code.
TITLE_LENGTH = 36


def code_bars(
    prediction: Prediction,
    *,
    selected: str | None = None,
    limit: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """Bars of each code's probability, with its threshold as a tick, in the prediction's order.

    Suggested codes are drawn in full colour, undecided ones are hatched. `customdata` of a bar,
    and of the text above it, is the code.

    Args:
        prediction: The codes of one ECG.
        selected: Code to mark as the current one.
        limit: Show the first so many codes only; all of them without it.
        dark: For a dark page.
    """
    colours = palette(dark)
    shown = prediction.codes[:limit]
    names = [score.code for score in shown]
    rows = list(range(len(shown)))
    figure = go.Figure()
    figure.add_bar(
        x=[score.probability for score in shown],
        y=rows,
        orientation="h",
        width=0.3,
        customdata=names,
        marker={
            "color": [colours.model if score.suggested else colours.faint_model for score in shown],
            "pattern": {
                "shape": ["/" if score.undecided else "" for score in shown],
                "fgcolor": colours.model,
                "size": 6,
            },
            "line": {
                "color": colours.ink,
                "width": [2 if score.code == selected else 0 for score in shown],
            },
        },
        hovertext=[_hover(score) for score in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        name="probability",
        **unfaded(),
    )
    figure.add_scatter(
        x=[score.threshold for score in shown],
        y=rows,
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 13,
            "line": {"width": 2, "color": colours.ink},
            "opacity": 1,
        },
        customdata=names,
        hovertext=[f"{score.code}: threshold {score.threshold:.2f}" for score in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        name="threshold",
        **unfaded(),
    )
    for name, x, text, where in (
        ("titles", 0.0, [_title(score, selected) for score in shown], "middle right"),
        ("values", 1.0, [f"<b>{score.probability:.2f}</b>" for score in shown], "middle left"),
    ):
        figure.add_scatter(
            x=[x] * len(shown),
            y=[row - 0.4 for row in rows],
            mode="text",
            text=text,
            textposition=where,
            textfont={"size": 13, "color": colours.ink},
            unselected={"textfont": {"color": colours.ink}},
            customdata=names,
            hoverinfo="none",
            name=name,
        )
    suggested, unsaid = (
        ", ".join(score.code for score in shown if score.verdict == wanted)
        for wanted in (SUGGESTED, CANNOT_SAY)
    )
    style(
        figure,
        colours,
        alt=f"Probability of {len(shown)} codes; suggested: {suggested or 'none'}"
        + (f"; cannot say (hatched): {unsaid}." if unsaid else "."),
        height=ROW_HEIGHT * len(shown) + 56,
    )
    figure.update_xaxes(
        range=[0, 1],
        tickvals=[0, 0.25, 0.5, 0.75, 1],
        ticktext=["0", "0.25", "0.5", "0.75", "1"],
        title_text="probability; the tick on each bar is the code's threshold",
        title_font_size=12,
    )
    figure.update_yaxes(
        range=[len(shown) - 0.55, -0.75], showgrid=False, showticklabels=False, fixedrange=True
    )
    return figure


def short_title(title: str) -> str:
    """A code's title without the words that only a coder needs."""
    title = re.sub(r"^Unspecified |, unspecified$|, not elsewhere classified$| \[.*\]", "", title)
    return title[0].upper() + title[1:]


def _title(score: CodeScore, selected: str | None) -> str:
    title = short_title(score.title)
    if len(title) > TITLE_LENGTH:
        title = title[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(",") + " …"
    text = f"<b>{score.code}</b>  {title}"
    return f"<b>▸</b> {text}" if score.code == selected else text


def _hover(score: CodeScore) -> str:
    text = (
        f"<b>{score.code}</b> {score.title}<br>{score.verdict}, {score.probability:.2f} "
        f"(threshold {score.threshold:.2f})"
    )
    if score.auroc is not None and score.auroc_interval is not None:
        low, high = score.auroc_interval
        text += f"<br>AUROC {score.auroc:.2f}, {low:.2f}–{high:.2f}"
    return text
