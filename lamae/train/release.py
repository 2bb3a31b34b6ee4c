"""From a trained classifier to weights that ship: calibration, test results, manifest."""

from dataclasses import replace
from pathlib import Path

from lamae.data import TEST_FOLD, VALIDATION_FOLD, Records, load_records
from lamae.ecg import counted
from lamae.evaluate import (
    code_scores,
    evaluate,
    f1_threshold,
    fit_platt,
    output_logits,
)
from lamae.evaluate.conformal import fit_conformal
from lamae.inference import input_check
from lamae.inference.bundle import (
    BUNDLED,
    Bundle,
    CodeCalibration,
    load_bundle,
    save_bundle,
    write_manifest,
)
from lamae.inference.predictor import Predictor
from lamae.results.json import from_json, to_json
from lamae.results.scores import Scores
from lamae.results.verdict import Conformal
from lamae.train.model_card import model_card

DOCUMENT = Path(__file__).parents[2] / "MODEL_CARD.md"
LEAST_TRAINING_POSITIVES = 20
LEAST_VALIDATION_POSITIVES = 5


def calibrate(bundle: Bundle, training: Records, validation: Records) -> Bundle:
    """Calibrate each code with enough ECGs and choose its threshold, both on validation.

    Args:
        bundle: Fine-tuned.
        training: What it learned from, with the labels of the bundle.
        validation: What it did not, likewise.

    Returns:
        The bundle with its calibration, and in its card the codes not offered and why.
    """
    labels = bundle.labels
    logits = output_logits(Predictor(bundle), validation, progress=False)
    scores = code_scores(logits, labels)
    trained, truths = training.code_labels().sum(axis=0), validation.code_labels()
    calibration, not_offered = [], {}
    for code, positives, truth, score in zip(
        labels.code_names, trained, truths.T, scores.T, strict=True
    ):
        if positives < LEAST_TRAINING_POSITIVES or truth.sum() < LEAST_VALIDATION_POSITIVES:
            not_offered[code] = (
                f"{counted(int(positives), 'positive ECG')} in training and "
                f"{int(truth.sum())} in validation"
            )
            continue
        slope, intercept = fit_platt(score, truth)
        fitted = CodeCalibration(code, slope, intercept, threshold=1.0)
        threshold = f1_threshold(fitted.probability(score), truth)
        calibration.append(replace(fitted, threshold=threshold))
    return replace(
        bundle, calibration=tuple(calibration), card=replace(bundle.card, not_offered=not_offered)
    )


def release(weights: Path, data: Path, folder: Path = BUNDLED, document: Path = DOCUMENT) -> Path:
    """Score a fine-tuned bundle on the test fold, write the scores into its card and ship it.

    The validation fold gives the cuts of the verdicts and, where the weights can reconstruct, the
    reference of the input check.

    Args:
        weights: Written by `finetune`.
        data: Folder of a data set, or a cache of one.
        folder: Where the bundled weights live.
        document: The model card in Markdown, which is written anew.

    Returns:
        The bundle written.
    """
    bundle = load_bundle(weights)
    predictor = Predictor(bundle)
    # Refuse before the data are read, which may take minutes.
    _ = predictor.classifier
    reconstructs = bundle.reconstructor is not None
    validation = load_records(data, bundle.input, folds=[VALIDATION_FOLD], progress=False)
    card = replace(
        bundle.card,
        conformal=_conformal(predictor, validation.folds([VALIDATION_FOLD], labelled=True)),
        input_check=input_check.reference(predictor, validation) if reconstructs else None,
    )
    judging = Predictor(replace(bundle, card=card))
    test = evaluate(judging, data, fold=TEST_FOLD, reconstruction=reconstructs)
    scores = from_json(Scores, to_json(test))
    card = replace(card, results=replace(card.results, test=scores))
    path = folder / "lamae.safetensors"
    sha256 = save_bundle(replace(bundle, card=card), path)
    write_manifest(path, sha256)
    document.write_text(model_card(load_bundle(path, sha256)))
    return path


def _conformal(predictor: Predictor, labelled: Records) -> Conformal:
    labels = predictor.labels
    columns = [labels.column(code) for code in predictor.codes]
    logits = output_logits(predictor, labelled, progress=False)
    return fit_conformal(
        predictor.bundle.calibration,
        code_scores(logits, labels)[:, columns],
        labelled.code_labels()[:, columns],
    )
