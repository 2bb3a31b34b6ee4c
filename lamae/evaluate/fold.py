"""A trained model scored on one fold of a data set."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from tqdm import tqdm

from lamae.data import TEST_FOLD, Records, load_records
from lamae.ecg.labels import LabelSet
from lamae.errors import DataError
from lamae.evaluate.calibration import calibration_report
from lamae.evaluate.conformal import count_verdicts
from lamae.evaluate.ranking import bootstrap_auroc, countable, report
from lamae.evaluate.reconstruction import score_reconstruction
from lamae.evaluate.subgroups import score_subgroups
from lamae.inference import input_check
from lamae.inference.predictor import Predictor
from lamae.model.classifier import code_logits
from lamae.results.json import to_json

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
        As `score_records`, under "input_check" how many ECGs `lamae.inference.input_check`
        refuses, and under "reconstruction" what `score_reconstruction` returns.

    Raises:
        DataError: The folder lacks data or labels, or no code has enough positives.
        WeightsError: The weights lack a classifier, or a reconstructor where it is needed.
    """
    # Refuse before the data are read, which may take minutes.
    _ = predictor.classifier
    if reconstruction:
        _ = predictor.reconstructor
    records = load_records(data, predictor.spec, folds=[fold], progress=progress)
    records = records.folds([fold], labelled=True)
    scored = score_records(predictor, records, rng=np.random.default_rng(0), progress=progress)
    scored["input_check"] = to_json(input_check.refused(predictor, records, progress=progress))
    if reconstruction:
        scored["reconstruction"] = score_reconstruction(predictor, records, progress=progress)
    return scored


def score_records(
    predictor: Predictor, records: Records, *, rng: np.random.Generator, progress: bool = True
) -> dict[str, Any]:
    """How well codes and statements are ranked, for whom, and how well codes are calibrated.

    Codes that model and records both know are scored whether or not the model offers them, so
    that the macro does not depend on which codes were left out. Intervals draw patients, not
    ECGs: two ECGs of one patient are not independent.

    Returns:
        Values ready for JSON, the same from the same `rng`:

        - "ecgs", "patients": how many there were.
        - "icd10", "statements": as `report` gives them; "statements" is None where none has
          enough positives, or where model and records do not share them.
        - "statements_trained": macro over the statements that `LEAST_TRAINED` ECGs or more
          carried in training, according to the card's "statements", and at least one does here:
          "macro_auroc", "ci", "counted". None where the card does not count them.
        - "ece", "ece_ci": expected calibration error of the codes offered, pooled; None where
          the model offers none.
        - "calibration": as `calibration_report` gives it, or None likewise.
        - "verdicts": as `count_verdicts` gives them, or None likewise.
        - "subgroups": by sex and age, as `score_subgroups` gives it, over codes.

    Raises:
        DataError: No code has enough positives, or model and records share none.
        WeightsError: The weights were pretrained only.
    """
    labels, codes = predictor.labels, shared_codes(predictor.labels, records.labels)
    logits = output_logits(predictor, records, progress=progress)
    scores = code_scores(logits, labels)[:, [labels.column(code) for code in codes]]
    truth = records.code_labels()[:, [records.labels.column(code) for code in codes]]
    patients = records.patient_id
    # Statements are compared only where both mean the same ones.
    same = labels.statements == records.labels.statements and bool(labels.statements)
    ranked: dict[str, Any] = {
        "icd10": report(scores, truth, codes, rng=rng, groups=patients),
        "statements": report(
            logits, records.statements, labels.statement_names, rng=rng, groups=patients
        )
        if same and countable(records.statements).any()
        else None,
        "statements_trained": _trained(predictor, logits, records, rng) if same else None,
    }
    calibration, verdicts = None, None
    offered = [n for n, each in enumerate(predictor.codes) if each in codes]
    if offered:
        columns = [codes.index(predictor.codes[n]) for n in offered]
        probability = predictor.probabilities(torch.from_numpy(logits))[:, offered]
        calibration = calibration_report(probability, truth[:, columns], rng=rng, groups=patients)
        verdicts = count_verdicts(
            predictor.card.conformal,
            [predictor.bundle.calibration[n] for n in offered],
            probability,
            truth[:, columns],
        )
    return {
        **ranked,
        "ece": calibration and calibration["ece"],
        "ece_ci": calibration and calibration["ece_ci"],
        "calibration": calibration and calibration["curve"],
        "verdicts": verdicts,
        "subgroups": score_subgroups(scores, truth, records, rng=rng),
        "ecgs": len(records),
        "patients": len(np.unique(patients)),
    }


def shared_codes(model: LabelSet, records: LabelSet) -> tuple[str, ...]:
    """The codes that model and records both know, in the model's order.

    Raises:
        DataError: There are none.
    """
    codes = tuple(code for code in model.code_names if code in records.code_names)
    if not codes:
        raise DataError(
            f"The model scores {model.name}, the data are labelled with {records.name}: no code is "
            "in both; use data with the model's labels."
        )
    return codes


def code_scores(
    logits: Float32[np.ndarray, "n outputs"], labels: LabelSet
) -> Float32[np.ndarray, "n codes"]:
    """The score of every code of a label set, from a classifier's outputs."""
    return code_logits(torch.from_numpy(logits), labels.members()).numpy()


def output_logits(
    predictor: Predictor, records: Records, *, progress: bool = True
) -> Float32[np.ndarray, "n outputs"]:
    """Log-odds of every output of the label set for every ECG.

    Raises:
        WeightsError: The weights were pretrained only.
    """
    starts = range(0, len(records), BATCH)
    return np.concatenate(
        [
            predictor.output_logits(
                records.values[start : start + BATCH], records.present[start : start + BATCH]
            )
            for start in tqdm(starts, desc="scoring", unit="batch", disable=not progress)
        ]
    )


def _trained(
    predictor: Predictor,
    logits: Float32[np.ndarray, "n statements"],
    records: Records,
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    counts = predictor.card.statements
    if not counts:
        return None
    only = np.array(
        [
            name in counts and counts[name].positives_train >= LEAST_TRAINED
            for name in predictor.labels.statement_names
        ]
    )
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
