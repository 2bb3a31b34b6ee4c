"""From a trained classifier to weights that ship: calibration, test results, manifest."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lamae.checkpoint import (
    BUNDLED,
    Bundle,
    CodeRule,
    load_bundle,
    save_bundle,
    write_manifest,
)
from lamae.data import TEST_FOLD, Records
from lamae.evaluate import code_scores, evaluate, f1_threshold, fit_platt, statement_logits
from lamae.labels import ICD10_CODES
from lamae.predict import Predictor

LEAST_TRAINING_POSITIVES = 20
LEAST_VALIDATION_POSITIVES = 5


def calibrate(bundle: Bundle, training: Records, validation: Records) -> Bundle:
    """Calibrate each code with enough ECGs and choose its threshold, both on validation.

    Returns:
        The bundle with its rules, and in its card the codes that are not offered and why.
    """
    scores = code_scores(statement_logits(Predictor(bundle), validation, progress=False))
    trained, labels = training.code_labels().sum(axis=0), validation.code_labels()
    rules, not_offered = [], {}
    for code, positives, truth, score in zip(ICD10_CODES, trained, labels.T, scores.T, strict=True):
        if positives < LEAST_TRAINING_POSITIVES or truth.sum() < LEAST_VALIDATION_POSITIVES:
            not_offered[code] = (
                f"{positives} positive ECGs in training and {int(truth.sum())} in validation"
            )
            continue
        slope, intercept = fit_platt(score, truth)
        probability = 1 / (1 + np.exp(-(slope * score + intercept)))
        rules.append(CodeRule(code, slope, intercept, f1_threshold(probability, truth)))
    return replace(bundle, rules=tuple(rules), card={**bundle.card, "not_offered": not_offered})


def release(weights: Path, data: Path, folder: Path = BUNDLED) -> Path:
    """Score a fine-tuned bundle on the test fold, write that into its card and bundle it.

    Args:
        weights: Written by `finetune`.
        data: Folder of a data set, or a cache of one.
        folder: Where the bundled weights live.

    Returns:
        The bundle written.
    """
    bundle = load_bundle(weights)
    scored = evaluate(Predictor(bundle), data, fold=TEST_FOLD, restoration=True)
    results = {**bundle.card.get("results", {}), "test": scored}
    path = folder / "lamae.safetensors"
    sha256 = save_bundle(replace(bundle, card={**bundle.card, "results": results}), path)
    write_manifest(path, sha256)
    return path
