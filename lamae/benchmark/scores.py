"""How well rows rank: figures with intervals over seeds and patients, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from lamae.data import TEST_FOLD, TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.ecg.statements import SCP
from lamae.evaluate import code_scores, countable, resample
from lamae.evaluate.fold import LEAST_TRAINED

RESAMPLES = 1000
FOLDS = (VALIDATION_FOLD, TEST_FOLD)


@dataclass(frozen=True, eq=False)
class Truth:
    """Labels of one fold.

    Attributes:
        ecg_id: Which ECGs.
        patient_id: Whose.
        statements: Which SCP-ECG statements each carries.
        codes: Which ICD-10-CM codes.
        trained: Statements that enough training ECGs carry to be scored.
    """

    ecg_id: Int64[np.ndarray, " n"]
    patient_id: Int64[np.ndarray, " n"]
    statements: Bool[np.ndarray, "n 71"]
    codes: Bool[np.ndarray, "n codes"]
    trained: Bool[np.ndarray, "71"]

    @classmethod
    def of(cls, records: Records, fold: int) -> "Truth":
        """Of one fold of all records."""
        part = records.folds([fold])
        count = records.folds(TRAINING_FOLDS).statements.sum(axis=0)
        return cls(
            part.ecg_id,
            part.patient_id,
            part.statements,
            part.code_labels(),
            count >= LEAST_TRAINED,
        )


Logits = Float32[np.ndarray, "n 71"]


def figures(runs: Sequence[Logits], truth: Truth) -> dict[str, Any]:
    """Macro AUROC of codes and of statements, mean over seeds, ready for JSON.

    Args:
        runs: Statement log-odds of each seed.
        truth: Of the same ECGs.

    Returns:
        Under "icd10" (codes with enough positives here) and "statements" (those with enough in
        training and one here) each "macro_auroc", its 95 % interval "ci" over patients,
        "counted", and "seeds", the value of each.
    """
    found: dict[str, Any] = {}
    for name, scores, labels, counted in _tasks(runs, truth):
        if not counted.any():
            found[name] = {"macro_auroc": None, "ci": None, "counted": 0, "seeds": []}
            continue
        each = _macros(scores, labels, counted, _weights(truth))
        low, high = resample.interval(each[:, 1:].mean(axis=0))
        found[name] = {
            "macro_auroc": float(each[:, 0].mean()),
            "ci": [low, high],
            "counted": int(counted.sum()),
            "seeds": each[:, 0].tolist(),
        }
    return found


def difference(a: Sequence[Logits], b: Sequence[Logits], truth: Truth) -> dict[str, Any]:
    """How much `a` exceeds `b`, paired: both are scored on the same resamples of patients.

    Pairing removes what the two have in common, the luck of the test fold, so that the interval
    is much narrower than the two single ones suggest. Means over seeds are compared. The
    interval says how far another test fold could change the difference, not how far other
    pretrainings could.

    Returns:
        Under "icd10" and "statements" each "difference" and its 95 % interval "ci".
    """
    found: dict[str, Any] = {}
    for (name, scores, labels, counted), (_, others, _, _) in zip(
        _tasks(a, truth), _tasks(b, truth), strict=True
    ):
        if not counted.any():
            found[name] = {"difference": None, "ci": None}
            continue
        weights = _weights(truth)
        each = [_macros(part, labels, counted, weights).mean(axis=0) for part in (scores, others)]
        apart = each[0] - each[1]
        found[name] = {
            "difference": float(apart[0]),
            "ci": list(resample.interval(apart[1:])),
        }
    return found


def write_truth(records: Records, path: Path) -> None:
    """Keep the labels beside the runs, so that tables can be made without the data."""
    columns: dict[str, Any] = {
        f"{name}{fold}": value
        for fold in FOLDS
        for name, value in vars(Truth.of(records, fold)).items()
    }
    np.savez_compressed(path, **columns)


def read_truth(path: Path) -> dict[int, Truth]:
    """Labels by fold, as `write_truth` kept them."""
    names = Truth.__dataclass_fields__
    with np.load(path, allow_pickle=False) as file:
        return {fold: Truth(**{name: file[f"{name}{fold}"] for name in names}) for fold in FOLDS}


def _tasks(
    runs: Sequence[Logits], truth: Truth
) -> list[tuple[str, list[np.ndarray], np.ndarray, Bool[np.ndarray, " columns"]]]:
    """Name, scores of each seed, labels and columns counted of what is scored."""
    codes = [code_scores(logits, SCP) for logits in runs]
    return [
        ("icd10", codes, truth.codes, countable(truth.codes)),
        (
            "statements",
            list(runs),
            truth.statements,
            countable(truth.statements, 1, truth.trained),
        ),
    ]


def _weights(truth: Truth) -> Float64[np.ndarray, "resamples n"]:
    """Resamples of the fold's patients, the same for every row."""
    return resample.draw(len(truth.ecg_id), RESAMPLES, np.random.default_rng(0), truth.patient_id)


def _macros(
    scores: Sequence[np.ndarray],
    labels: Bool[np.ndarray, "n columns"],
    counted: Bool[np.ndarray, " columns"],
    weights: Float64[np.ndarray, "resamples n"],
) -> Float64[np.ndarray, "seeds all"]:
    """Macro AUROC of each seed, on the ECGs as they are and then on each resample."""
    every = np.concatenate([np.ones((1, weights.shape[1])), weights])
    return np.stack(
        [
            resample.macro(resample.weighted_auroc(part[:, counted], labels[:, counted], every))
            for part in scores
        ]
    )
