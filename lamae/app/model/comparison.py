"""The comparison as tables for the screen."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lamae.app.model import scores
from lamae.benchmark.results import load_results
from lamae.benchmark.rows import LABEL_FRACTIONS, LEAD_SETS, ROWS
from lamae.benchmark.table import lead_names, minutes, number, sentence, titled

__all__ = ["ablations", "differences", "lead_sets", "load_results", "methods", "points", "sentence"]

TEST, VALIDATION = "fold10", "fold9"
TASKS = {"icd10": "ICD-10-CM codes", "statements": "SCP statements"}


def interval(entry: Mapping[str, Any], value: str) -> str:
    """A figure of the comparison with its 95% interval, in words."""
    bounds = entry.get("ci")
    return scores.interval(entry[value], (bounds[0], bounds[1]) if bounds else None)


def points(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the figure draws: every row with all labels and all leads."""
    drawn = []
    for row in ROWS:
        found = results["rows"].get(row.name)
        if found is None or row.label_fraction != 1:
            continue
        entry = found[TEST]["12"]["icd10"]
        trained = row.classifier == "finetuned" and row.pretraining is None
        kind = "scratch" if trained else row.classifier
        if entry["macro_auroc"] is not None:
            drawn.append({"title": row.title, "kind": kind, **entry})
    return drawn


def methods(results: Mapping[str, Any]) -> pd.DataFrame:
    """Every row with all labels, and its codes with fewer."""
    found = results["rows"]
    lines = []
    for row in ROWS:
        if row.name not in found or row.label_fraction != 1:
            continue
        entry = found[row.name]
        line = {"": titled(row, entry)}
        line |= {
            f"{entry[TEST]['12'][task]['counted']} {name} (95% CI)": interval(
                entry[TEST]["12"][task], "macro_auroc"
            )
            for task, name in TASKS.items()
        }
        for fraction in LABEL_FRACTIONS[1:]:
            same = (row.method, fraction)
            named = [r.name for r in ROWS if (r.method, r.label_fraction) == same]
            values = [found[n][TEST]["12"]["icd10"] for n in named if n in found]
            line[f"Codes, {fraction:.0%} of labels"] = (
                interval(values[0], "macro_auroc") if values else "–"
            )
        line["Epochs"] = f"{entry['epochs']}"
        line["Minutes"] = minutes(entry)
        line["Parameters"] = f"{entry['parameters']:,}"
        lines.append(line)
    return pd.DataFrame(lines)


def lead_sets(results: Mapping[str, Any]) -> pd.DataFrame:
    """ICD-10-CM codes with fewer leads, without training again."""
    return pd.DataFrame(
        [
            {
                "ICD-10-CM codes with": row.title,
                **{
                    lead_names(leads): interval(
                        results["rows"][row.name][TEST][name]["icd10"], "macro_auroc"
                    )
                    for name, leads in LEAD_SETS.items()
                },
            }
            for row in ROWS
            if row.lead_sets and row.name in results["rows"]
        ]
    )


def differences(results: Mapping[str, Any]) -> pd.DataFrame:
    """Paired differences with their intervals."""
    lines = []
    for difference in results["differences"]:
        line = {"Difference": difference["title"]}
        for task, name in TASKS.items():
            value, bounds = difference[task]["difference"], difference[task]["ci"]
            line[f"{name} (95% CI)"] = (
                "–" if value is None else f"{value:+.3f} ({bounds[0]:+.3f} to {bounds[1]:+.3f})"
            )
        lines.append(line)
    return pd.DataFrame(lines)


def ablations(results: Mapping[str, Any]) -> pd.DataFrame:
    """One choice of pretraining changed at a time, on the validation fold."""
    return pd.DataFrame(
        [
            {
                "Pretraining": f"{entry['choice']}: {entry['setting']}",
                **{
                    f"{name}, probe (95% CI)": interval(entry[VALIDATION][task], "macro_auroc")
                    for task, name in TASKS.items()
                },
                "V1–V6 masked (mV)": number(entry["reconstruction"]["chest"]),
                "3/4 of patches masked (mV)": number(entry["reconstruction"]["patches"]),
            }
            for entry in results["ablations"].values()
        ]
    )
