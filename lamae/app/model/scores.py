"""Test results of a card as tables and words."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from lamae.ecg.labels import LabelSet
from lamae.results.card import ModelCard
from lamae.results.scores import CalibrationCurve, Interval, LabelScore, Ranking, Subgroup

GROUPS = {"sex": "Sex", "age": "Age"}


def interval(value: float | None, bounds: Interval | None, digits: int = 3) -> str:
    """A figure with its 95% interval, in words."""
    if value is None:
        return "too few positives"
    text = f"{value:.{digits}f}"
    if bounds is not None:
        low, high = bounds
        text += f" ({low:.{digits}f}–{high:.{digits}f})"
    return text


def codes(report: Ranking, card: ModelCard, labels: LabelSet) -> pd.DataFrame:
    """Every figure of every code, one a column, the best ranked first.

    Args:
        report: Of the codes, from the card's test results.
        card: For what the training data held.
        labels: For the titles.
    """
    rows = []
    for code, score in _ordered(report):
        low, high = score.ci or (None, None)
        auprc_low, auprc_high = score.auprc_ci or (None, None)
        trained = card.codes.get(code)
        rows.append(
            {
                "Code": code,
                "Title": labels.title(code),
                "AUROC": score.auroc,
                "AUROC low": low,
                "AUROC high": high,
                "AUPRC": score.auprc,
                "AUPRC low": auprc_low,
                "AUPRC high": auprc_high,
                "Test positives": score.positives,
                "Test prevalence": score.prevalence,
                "Training positives": trained.positives_train if trained else None,
                "Training prevalence": trained.prevalence if trained else None,
            }
        )
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def codes_in_words(report: Ranking, card: ModelCard, labels: LabelSet) -> pd.DataFrame:
    """The same for reading: intervals beside their figures, shares beside numbers."""
    rows = []
    for code, score in _ordered(report):
        measured = score.auroc is not None
        trained = card.codes.get(code)
        rows.append(
            {
                "Code": code,
                "Title": labels.title(code),
                "AUROC (95% CI)": interval(score.auroc, score.ci) if measured else "–",
                "AUPRC (95% CI)": interval(score.auprc, score.auprc_ci) if measured else "–",
                "Test positives": _share(score.positives, score.prevalence),
                "Training positives": _share(trained.positives_train, trained.prevalence)
                if trained
                else "–",
            }
        )
    return pd.DataFrame(rows)


def calibration(curve: CalibrationCurve) -> pd.DataFrame:
    """The calibration curve, one bin a row."""
    data: dict[str, Any] = {
        "predicted": curve.predicted,
        "observed": curve.observed,
        "count": curve.count,
    }
    for name, bounds in (("edges", curve.edges), ("observed_ci", curve.observed_ci)):
        data[f"{name} low"], data[f"{name} high"] = zip(*bounds, strict=True)
    return pd.DataFrame(data)


def subgroups(divisions: Mapping[str, Mapping[str, Subgroup]]) -> pd.DataFrame:
    """Every figure of every sex and age group, one a column."""
    rows = []
    for division, groups in divisions.items():
        for name, group in groups.items():
            row: dict[str, Any] = {
                "By": GROUPS.get(division, division),
                "Group": _capital(name),
                "ECGs": group.ecgs,
            }
            for title, part in (("own", group), ("shared", group.shared)):
                low, high = part.ci or (None, None)
                row |= {
                    f"Codes, {title}": part.codes,
                    f"Macro AUROC, {title}": part.macro_auroc,
                    f"low, {title}": low,
                    f"high, {title}": high,
                }
            rows.append(row)
    return pd.DataFrame(rows)


def subgroups_in_words(divisions: Mapping[str, Mapping[str, Subgroup]]) -> pd.DataFrame:
    """The same for reading, with intervals beside their figures."""
    return pd.DataFrame(
        [
            {
                "Group": _capital(name),
                "ECGs": group.ecgs,
                "Own codes": group.codes,
                "Macro AUROC (95% CI)": interval(group.macro_auroc, group.ci, digits=2),
                "Shared codes": group.shared.codes,
                "Over shared codes (95% CI)": interval(
                    group.shared.macro_auroc, group.shared.ci, digits=2
                ),
            }
            for groups in divisions.values()
            for name, group in groups.items()
        ]
    )


def apart(divisions: Mapping[str, Mapping[str, Subgroup]]) -> str:
    """Which groups' intervals over shared codes do not overlap, in a sentence."""
    found = []
    for groups in divisions.values():
        known = [(name, group.shared.ci) for name, group in groups.items()]
        for one, other in combinations([(name, ci) for name, ci in known if ci], 2):
            lower, higher = sorted((one, other), key=lambda group: group[1][0])
            if lower[1][1] < higher[1][0]:
                found.append(f"{_capital(lower[0])} lies below {_capital(higher[0])}")
    if not found:
        return "All intervals overlap: the data do not tell the groups apart."
    return (
        f"Intervals over shared codes that do not overlap: {'; '.join(found)}. Where they overlap "
        "widely, the data do not tell the groups apart."
    )


def _ordered(report: Ranking) -> list[tuple[str, LabelScore]]:
    return sorted(report.codes.items(), key=lambda item: -(item[1].auroc or 0))


def _share(number: int, share: float) -> str:
    return f"{number:,} ({share:.1%})"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:].replace("-", "–")
