"""Training curves, and the AUROC of each code."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lamae.figures.chart import style
from lamae.figures.palette import palette

NAMES = {
    "loss": "training loss",
    "validation_loss": "validation loss",
    "validation_macro_auroc": "validation macro AUROC",
    "icd10_auroc": "ICD-10-CM codes, validation",
    "statement_auroc": "SCP statements, validation",
}

# Drawn in the model's colour: the measures that choose the epoch to keep.
FOREMOST = ("validation_loss", "validation_macro_auroc", "icd10_auroc")


def training_curve(
    history: Sequence[Mapping[str, float | int]], *, dark: bool = False
) -> go.Figure:
    """Losses and AUROCs of a run over its epochs, in two panels.

    Args:
        history: One entry an epoch, the first first: "epoch", losses ("loss",
            "validation_loss") and AUROCs (any name that ends in "auroc"); other keys are left
            out.
        dark: For a dark page.
    """
    colours = palette(dark)
    keys = sorted({key for line in history for key in line})
    groups = [
        group
        for group in (
            [key for key in keys if key.endswith("loss")],
            [key for key in keys if key.endswith("auroc")],
        )
        if group
    ]
    figure = make_subplots(
        rows=max(1, len(groups)), cols=1, shared_xaxes=True, vertical_spacing=0.08
    )
    for row, group in enumerate(groups, start=1):
        for key in group:
            points = [(line["epoch"], line[key]) for line in history if key in line]
            name = NAMES.get(key, key.replace("_", " "))
            figure.add_scatter(
                x=[epoch for epoch, _ in points],
                y=[value for _, value in points],
                mode="lines" if len(points) > 1 else "markers",
                line={
                    "color": colours.model if key in FOREMOST else colours.baseline,
                    "width": 2,
                    # One legend serves both panels.
                    "dash": "solid" if key in FOREMOST or key == "loss" else "4px,3px",
                },
                name=name,
                hovertemplate=f"epoch %{{x}}: {name} %{{y:.4f}}<extra></extra>",
                row=row,
                col=1,
            )
    style(
        figure,
        colours,
        alt=f"Training over {len(history)} epochs: "
        f"{', '.join(NAMES.get(key, key) for group in groups for key in group)}.",
        height=100 + 200 * max(1, len(groups)),
    )
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}
    )
    figure.update_xaxes(title_text="epoch", row=max(1, len(groups)), col=1)
    for row, group in enumerate(groups, start=1):
        figure.update_yaxes(
            title_text="loss" if group[0].endswith("loss") else "AUROC", row=row, col=1
        )
    return figure


def auroc_intervals(results: Mapping[str, Any], *, dark: bool = False) -> go.Figure:
    """A forest plot: each code's AUROC with its 95% interval, the best first, then their mean.

    Args:
        results: "macro_auroc", "ci" and "codes", each code with "auroc", "ci" and "positives", as
            `evaluate --json` gives under "icd10" or "statements". Codes without an AUROC had
            too few positives and are left out.
        dark: For a dark page.
    """
    colours = palette(dark)
    measured = sorted(
        ((code, entry) for code, entry in results["codes"].items() if entry["auroc"] is not None),
        key=lambda item: -item[1]["auroc"],
    )
    figure = go.Figure()
    for name, labels, values, intervals, marker in (
        (
            "AUROC",
            [f"{code} (n={entry['positives']})" for code, entry in measured],
            [entry["auroc"] for _, entry in measured],
            [entry["ci"] for _, entry in measured],
            {"symbol": "square", "size": 7, "color": colours.model},
        ),
        (
            "mean of codes",
            ["<b>mean</b>"],
            [results["macro_auroc"]],
            [results["ci"]],
            {"symbol": "diamond", "size": 11, "color": colours.ink},
        ),
    ):
        figure.add_scatter(
            x=values,
            y=labels,
            mode="markers",
            marker=marker,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [high - value for value, (_, high) in zip(values, intervals, strict=True)],
                "arrayminus": [
                    value - low for value, (low, _) in zip(values, intervals, strict=True)
                ],
                "color": marker["color"],
                "thickness": 1.5,
                "width": 0,
            },
            text=[f"{low:.3f}–{high:.3f}" for low, high in intervals],
            hovertemplate="%{y}: %{x:.3f}, 95% interval %{text}<extra></extra>",
            name=name,
        )
    low, high = results["ci"]
    style(
        figure,
        colours,
        alt=f"AUROC of {len(measured)} codes with 95% intervals; mean "
        f"{results['macro_auroc']:.3f} ({low:.3f} to {high:.3f}).",
        height=90 + 24 * (len(measured) + 1),
    )
    figure.update_xaxes(
        title_text="AUROC, 95% interval (n: positives)",
        title_font_size=12,
        tickformat=".2~f",
        range=[None, 1.005],
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure
