"""From a trained classifier to weights that ship: calibration, test results, manifest."""

from dataclasses import replace
from pathlib import Path

from lamae.data import TEST_FOLD, VALIDATION_FOLD, Records, load_records
from lamae.ecg.statements import ICD10_CODES
from lamae.evaluate import (
    code_scores,
    conformal,
    evaluate,
    f1_threshold,
    fit_platt,
    statement_logits,
)
from lamae.inference import input_check
from lamae.inference.bundle import (
    BUNDLED,
    Bundle,
    CodeRule,
    load_bundle,
    save_bundle,
    write_manifest,
)
from lamae.inference.predictor import Predictor
from lamae.results import verdict

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
        rule = CodeRule(code, slope, intercept, threshold=1.0)
        rules.append(replace(rule, threshold=f1_threshold(rule.probability(score), truth)))
    return replace(bundle, rules=tuple(rules), card={**bundle.card, "not_offered": not_offered})


def release(weights: Path, data: Path, folder: Path = BUNDLED) -> Path:
    """Score a fine-tuned bundle on the test fold, write that into its card and bundle it.

    The card also gets what the validation fold says of single ECGs: from which probability on a
    code can be told at all, and how well ECGs are reconstructed that the model was not trained on.

    Args:
        weights: Written by `finetune`.
        data: Folder of a data set, or a cache of one.
        folder: Where the bundled weights live.

    Returns:
        The bundle written.
    """
    bundle = load_bundle(weights)
    predictor = Predictor(bundle)
    # Asked before the data are read, which may take minutes.
    _ = predictor.classifier
    validation = load_records(data, bundle.input, folds=[VALIDATION_FOLD], progress=False)
    labelled = validation.folds([VALIDATION_FOLD], labelled=True)
    scores = code_scores(statement_logits(predictor, labelled, progress=False))
    card = {
        **bundle.card,
        verdict.CARD_ENTRY: conformal.conformal_entry(bundle.rules, scores, labelled.code_labels()),
        input_check.CARD_ENTRY: input_check.reference(predictor, validation),
    }
    judging = Predictor(replace(bundle, card=card))
    test = evaluate(judging, data, fold=TEST_FOLD, reconstruction=True)
    card["results"] = {**bundle.card.get("results", {}), "test": test}
    path = folder / "lamae.safetensors"
    sha256 = save_bundle(replace(bundle, card=card), path)
    write_manifest(path, sha256)
    return path
