"""The trained model scored on one fold of a data set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from tqdm import tqdm

from lamae.data import TEST_FOLD, Records, load_records
from lamae.ecg.statements import ICD10_CODES, STATEMENT_NAMES, statement_indices
from lamae.evaluate.calibration import calibration_report
from lamae.evaluate.conformal import count_verdicts
from lamae.evaluate.ranking import bootstrap_auroc, countable, report
from lamae.evaluate.reconstruction import score_reconstruction
from lamae.evaluate.subgroups import score_subgroups
from lamae.inference import input_check
from lamae.inference.predictor import Predictor
from lamae.model.classifier import code_logits

BATCH = 64
# Statements that fewer training ECGs carried stay out of "statements_trained".
LEAST_TRAINED = 10


def evaluate(
    predictor: Predictor,
    data: Path,
    *,
    fold: int = TEST_FOLD,
    reconstruction: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Read one fold of a labelled data set and score it.

    Args:
        predictor: A fine-tuned model.
        data: Folder of a data set, or a cache of one.
        fold: Which fold.
        reconstruction: Also mask chest leads in every ECG and reconstruct them.
        progress: Show progress bars.

    Returns:
        As `score_records`, under "gate" how many ECGs `lamae.inference.input_check` refuses,
        and under "restoration" what `score_reconstruction` returns.

    Raises:
        DataError: The folder lacks data or labels, or no code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    # Asked before the data are read, which may take minutes.
    _ = predictor.classifier
    records = load_records(data, predictor.spec, folds=[fold], progress=progress)
    records = records.folds([fold], labelled=True)
    scored = score_records(predictor, records, rng=np.random.default_rng(0), progress=progress)
    scored["gate"] = input_check.refused(predictor, records, progress=progress)
    if reconstruction:
        scored["restoration"] = score_reconstruction(predictor, records, progress=progress)
    return scored


def score_records(
    predictor: Predictor, records: Records, *, rng: np.random.Generator, progress: bool = True
) -> dict[str, Any]:
    """How well codes and statements are ranked, for whom, and how well codes are calibrated.

    Codes are scored whether or not the model offers them, so that the macro does not depend
    on which codes were left out. Intervals draw patients, not ECGs: two ECGs of one patient
    are not independent.

    Returns:
        Values ready for JSON, the same from the same `rng`:

        - "ecgs", "patients": how many there were.
        - "icd10", "statements": as `report` gives them; "statements" is None where none has
          enough positives, as in data that are labelled with codes.
        - "statements_trained": macro over the statements that `LEAST_TRAINED` ECGs or more
          carried in training, according to the card's "statements", and at least one does here:
          "macro_auroc", "ci", "counted". None where the card does not count them.
        - "ece", "ece_ci": expected calibration error of the codes offered, pooled; None where
          the model offers none.
        - "calibration": as `calibration_report` gives it, or None likewise.
        - "verdicts": as `count_verdicts` gives them, or None likewise.
        - "subgroups": by sex and age, as `score_subgroups` gives it, over ICD-10-CM codes.

    Raises:
        DataError: No code has enough positives.
        WeightsError: The weights were pretrained only.
    """
    logits = statement_logits(predictor, records, progress=progress)
    scores, labels = code_scores(logits), records.code_labels()
    patients = records.patient_id
    ranked: dict[str, Any] = {
        "icd10": report(scores, labels, ICD10_CODES, rng=rng, groups=patients),
        "statements": report(logits, records.statements, STATEMENT_NAMES, rng=rng, groups=patients)
        if countable(records.statements).any()
        else None,
        "statements_trained": _trained(predictor.card, logits, records, rng),
    }
    calibration, verdicts = None, None
    if rules := predictor.bundle.rules:
        columns = [ICD10_CODES.index(rule.code) for rule in rules]
        probability = predictor.probabilities(torch.from_numpy(logits))
        calibration = calibration_report(probability, labels[:, columns], rng=rng, groups=patients)
        verdicts = count_verdicts(predictor.card, rules, probability, labels[:, columns])
    return {
        **ranked,
        "ece": calibration and calibration["ece"],
        "ece_ci": calibration and calibration["ece_ci"],
        "calibration": calibration and calibration["curve"],
        "verdicts": verdicts,
        "subgroups": score_subgroups(scores, labels, records, rng=rng),
        "ecgs": len(records),
        "patients": len(np.unique(patients)),
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


def _trained(
    card: Mapping[str, Any],
    logits: Float32[np.ndarray, "n 71"],
    records: Records,
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    counts = card.get("statements")
    if not counts:
        return None
    positives = [counts.get(name, {}).get("positives_train", 0) for name in STATEMENT_NAMES]
    only = np.array(positives) >= LEAST_TRAINED
    if not countable(records.statements, 1, only).any():
        return None
    found = bootstrap_auroc(
        logits,
        records.statements,
        rng=rng,
        minimum_positives=1,
        groups=records.patient_id,
        only=only,
    )
    return {
        "macro_auroc": found.macro,
        "ci": list(found.interval),
        "counted": int(found.counted.sum()),
    }
