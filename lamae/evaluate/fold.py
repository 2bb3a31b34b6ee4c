"""The trained model scored on one fold of a data set."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from tqdm import tqdm

from lamae.data import TEST_FOLD, Records, load_ptbxl
from lamae.evaluate.calibration import expected_calibration_error
from lamae.evaluate.ranking import report
from lamae.labels import ICD10_CODES, STATEMENT_NAMES, statement_indices
from lamae.model.classifier import code_logits
from lamae.predict import Predictor

BATCH = 64


def evaluate(
    predictor: Predictor, data: Path, *, fold: int = TEST_FOLD, progress: bool = True
) -> dict[str, Any]:
    """Read one fold of PTB-XL and score it.

    Args:
        predictor: A fine-tuned model.
        data: Folder that holds ptbxl_database.csv.
        fold: Which fold.
        progress: Show progress bars.

    Returns:
        As `score_records`.

    Raises:
        DataError: The folder lacks data, or no code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    records = load_ptbxl(data, predictor.spec, folds=[fold], progress=progress)
    return score_records(predictor, records, rng=np.random.default_rng(0), progress=progress)


def score_records(
    predictor: Predictor, records: Records, *, rng: np.random.Generator, progress: bool = True
) -> dict[str, Any]:
    """Rank metrics of every ICD-10-CM code and statement, and how well codes are calibrated.

    Codes are scored whether or not the model offers them, so that the macro does not depend
    on which codes were left out.

    Returns:
        "icd10" and "statements" as `report` gives them; "ece", the expected calibration error
        of the codes offered, pooled, None where none is; "ecgs", how many there were.

    Raises:
        DataError: No code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    logits = statement_logits(predictor, records, progress=progress)
    scores, labels = code_scores(logits), records.code_labels()
    ece = None
    if rules := predictor.bundle.rules:
        columns = [ICD10_CODES.index(rule.code) for rule in rules]
        slope = np.array([rule.slope for rule in rules])
        intercept = np.array([rule.intercept for rule in rules])
        probability = 1 / (1 + np.exp(-(slope * scores[:, columns] + intercept)))
        ece = expected_calibration_error(probability, labels[:, columns])
    return {
        "icd10": report(scores, labels, ICD10_CODES, rng=rng),
        "statements": report(logits, records.statements, STATEMENT_NAMES, rng=rng),
        "ece": ece,
        "ecgs": len(records),
    }


def code_scores(logits: Float32[np.ndarray, "n 71"]) -> Float32[np.ndarray, "n codes"]:
    """The score of every ICD-10-CM code, in the order of `ICD10_CODES`, from statement logits."""
    return code_logits(torch.from_numpy(logits), statement_indices(ICD10_CODES)).numpy()


def statement_logits(
    predictor: Predictor, records: Records, *, progress: bool = True
) -> Float32[np.ndarray, "n 71"]:
    """Log-odds of every statement for every ECG.

    Raises:
        WeightsError: The weights were pretrained only.
    """
    starts = range(0, len(records), BATCH)
    return np.concatenate(
        [
            predictor.statement_logits(
                records.values[start : start + BATCH], records.present[start : start + BATCH]
            )
            for start in tqdm(starts, desc="scoring", unit="batch", disable=not progress)
        ]
    )
