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
from lamae.evaluate.restoration import score_restoration
from lamae.labels import ICD10_CODES, STATEMENT_NAMES, statement_indices
from lamae.model.classifier import code_logits
from lamae.predict import Predictor

BATCH = 64


def evaluate(
    predictor: Predictor,
    data: Path,
    *,
    fold: int = TEST_FOLD,
    restoration: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Read one fold of PTB-XL and score it.

    Args:
        predictor: A fine-tuned model.
        data: Folder that holds ptbxl_database.csv.
        fold: Which fold.
        restoration: Also hide chest leads in every ECG and restore them.
        progress: Show progress bars.

    Returns:
        As `score_records`, and under "restoration" what `score_restoration` returns.

    Raises:
        DataError: The folder lacks data, or no code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    records = load_ptbxl(data, predictor.spec, folds=[fold], progress=progress)
    scored = score_records(predictor, records, rng=np.random.default_rng(0), progress=progress)
    if restoration:
        scored["restoration"] = score_restoration(predictor, records, progress=progress)
    return scored


def score_records(
    predictor: Predictor, records: Records, *, rng: np.random.Generator, progress: bool = True
) -> dict[str, Any]:
    """Rank metrics of every ICD-10-CM code and statement, and how well codes are calibrated.

    Codes are scored whether or not the model offers them, so that the macro does not depend
    on which codes were left out. Intervals draw patients, not ECGs: two ECGs of one patient
    are not independent.

    Returns:
        "icd10" and "statements" as `report` gives them; "ece", the expected calibration error
        of the codes offered, pooled, None where none is; "ecgs", how many there were.

    Raises:
        DataError: No code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    logits = statement_logits(predictor, records, progress=progress)
    scores, labels = code_scores(logits), records.code_labels()
    patients = records.patient_id
    ece = None
    if rules := predictor.bundle.rules:
        columns = [ICD10_CODES.index(rule.code) for rule in rules]
        slope = np.array([rule.slope for rule in rules])
        intercept = np.array([rule.intercept for rule in rules])
        probability = 1 / (1 + np.exp(-(slope * scores[:, columns] + intercept)))
        ece = expected_calibration_error(probability, labels[:, columns])
    return {
        "icd10": report(scores, labels, ICD10_CODES, rng=rng, groups=patients),
        "statements": report(logits, records.statements, STATEMENT_NAMES, rng=rng, groups=patients),
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
