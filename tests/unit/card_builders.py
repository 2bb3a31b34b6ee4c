"""Parts of model cards with figures chosen for the test."""

from collections.abc import Mapping
from typing import Any

from lamae.results.card import Run
from lamae.results.scores import LabelScore, Ranking, Scores


def ranking(codes: Mapping[str, LabelScore], macro: float = 0.9) -> Ranking:
    return Ranking(macro, (macro - 0.05, macro + 0.05), 0.5, (0.4, 0.6), len(codes), codes)


def scores(codes: Mapping[str, LabelScore] | None = None, **entries: Any) -> Scores:
    return Scores(**{"ecgs": 350, "patients": 340, "icd10": ranking(codes or {}), **entries})


def run(**entries: Any) -> Run:
    given = {
        "recipe": "test", "seed": 0, "epochs": 3, "batch": 8, "minutes": 1.0,
        "ecgs_per_second": 100.0, "waiting": 0.0, "parameters": 1000,
        "device": "CPU", "precision": "32-true",
    }  # fmt: skip
    return Run(**{**given, **entries})
