"""Test results as a card holds them, as tables and words.

Cards of earlier versions lack some of the figures; these are left out.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from lamae.ecg.statements import ICD10_TITLES

GROUPS = {"sex": "Sex", "age": "Age"}


def interval(
    entry: Mapping[str, Any], value: str = "auroc", bounds: str = "ci", digits: int = 3
) -> str:
    """A figure with its 95% interval, in words."""
    if entry.get(value) is None:
        return "too few positives"
    text = f"{entry[value]:.{digits}f}"
    if entry.get(bounds) is not None:
        low, high = entry[bounds]
        text += f" ({low:.{digits}f}–{high:.{digits}f})"
    return text


def codes(report: Mapping[str, Any], card: Mapping[str, Any]) -> pd.DataFrame:
    """Every figure of every code, one a column, the best ranked first.

    Args:
        report: "icd10" of the card's test results.
        card: For what the training data held.
    """
    rows = []
    for code, entry in _ordered(report):
        low, high = entry.get("ci") or (None, None)
        auprc_low, auprc_high = entry.get("auprc_ci") or (None, None)
        trained = card.get("codes", {}).get(code, {})
        rows.append(
            {
                "Code": code,
                "Title": ICD10_TITLES.get(code, ""),
                "AUROC": entry.get("auroc"),
                "AUROC low": low,
                "AUROC high": high,
                "AUPRC": entry.get("auprc"),
                "AUPRC low": auprc_low,
                "AUPRC high": auprc_high,
                "Test positives": entry.get("positives"),
                "Test prevalence": entry.get("prevalence"),
                "Training positives": trained.get("positives_train"),
                "Training prevalence": trained.get("prevalence"),
            }
        )
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def codes_in_words(report: Mapping[str, Any], card: Mapping[str, Any]) -> pd.DataFrame:
    """The same for reading: intervals beside their figures, shares beside numbers."""
    rows = []
    for code, entry in _ordered(report):
        measured = entry.get("auroc") is not None
        trained = card.get("codes", {}).get(code, {})
        rows.append(
            {
                "Code": code,
                "Title": ICD10_TITLES.get(code, ""),
                "AUROC (95% CI)": interval(entry) if measured else "–",
                "AUPRC (95% CI)": interval(entry, "auprc", "auprc_ci") if measured else "–",
                "Test positives": _share(entry, "positives"),
                "Training positives": _share(trained, "positives_train"),
            }
        )
    return pd.DataFrame(rows)


def calibration(curve: Mapping[str, Any]) -> pd.DataFrame:
    """The calibration curve, one bin a row.

    Args:
        curve: "calibration" of the card's test results.
    """
    data = {key: curve[key] for key in ("predicted", "observed", "count")}
    for key in ("edges", "observed_ci"):
        data[f"{key} low"], data[f"{key} high"] = zip(*curve[key], strict=True)
    return pd.DataFrame(data)


def subgroups(divisions: Mapping[str, Any]) -> pd.DataFrame:
    """Every figure of every sex and age group, one a column.

    Args:
        divisions: "subgroups" of the card's test results.
    """
    rows = []
    for division, groups in divisions.items():
        for name, entry in groups.items():
            row: dict[str, Any] = {
                "By": GROUPS.get(division, division),
                "Group": _capital(name),
                "ECGs": entry["ecgs"],
            }
            for title, part in (("own", entry), ("shared", entry["shared"])):
                low, high = part["ci"] or (None, None)
                row |= {
                    f"Codes, {title}": part["codes"],
                    f"Macro AUROC, {title}": part["macro_auroc"],
                    f"low, {title}": low,
                    f"high, {title}": high,
                }
            rows.append(row)
    return pd.DataFrame(rows)


def subgroups_in_words(divisions: Mapping[str, Any]) -> pd.DataFrame:
    """The same for reading, with intervals beside their figures."""
    return pd.DataFrame(
        [
            {
                "Group": _capital(name),
                "ECGs": entry["ecgs"],
                "Own codes": entry["codes"],
                "Macro AUROC (95% CI)": interval(entry, "macro_auroc", digits=2),
                "Shared codes": entry["shared"]["codes"],
                "Over shared codes (95% CI)": interval(entry["shared"], "macro_auroc", digits=2),
            }
            for groups in divisions.values()
            for name, entry in groups.items()
        ]
    )


def apart(divisions: Mapping[str, Any]) -> str:
    """Which groups' intervals over shared codes do not overlap, in a sentence."""
    found = []
    for groups in divisions.values():
        known = [(name, entry["shared"]["ci"]) for name, entry in groups.items()]
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


def _ordered(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    entries: Mapping[str, Mapping[str, Any]] = report.get("codes", {})
    return sorted(entries.items(), key=lambda item: -(item[1].get("auroc") or 0))


def _share(entry: Mapping[str, Any], key: str) -> str:
    if entry.get(key) is None:
        return "–"
    share = entry.get("prevalence")
    return f"{entry[key]:,}" + ("" if share is None else f" ({share:.1%})")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:].replace("-", "–")
