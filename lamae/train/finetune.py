"""Fine-tuning on SCP-ECG statements, calibration, and release of the result."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from lamae.checkpoint import (
    BUNDLED,
    Bundle,
    CodeRule,
    load_bundle,
    save_bundle,
    write_manifest,
)
from lamae.data import TEST_FOLD, TRAINING_FOLDS, VALIDATION_FOLD, Records, load_ptbxl
from lamae.ecg import LEADS
from lamae.evaluate import (
    code_scores,
    evaluate,
    f1_threshold,
    fit_platt,
    macro_auroc,
    score_records,
    statement_logits,
)
from lamae.labels import ICD10_CODES
from lamae.model import Classifier
from lamae.model.mask import hide_random_leads, hide_random_patches
from lamae.predict import Predictor
from lamae.train.config import RunConfig
from lamae.train.loop import environment, fit, make_fabric
from lamae.train.pretrain import data_card, run_card

LEAST_TRAINING_POSITIVES = 20
LEAST_VALIDATION_POSITIVES = 5
LIMITS = (
    "Research use only, not a medical device. Codes are suggested by ECG findings; they are "
    "not a diagnosis, and a low score rules nothing out.",
    "Trained and tested on one German source, almost wholly adults; other populations, devices, "
    "pacemaker settings and children are untested.",
    "The map from ECG statements to ICD-10-CM codes is ours; no authoritative one is public.",
    "Codes are offered only where training holds at least "
    f"{LEAST_TRAINING_POSITIVES} positives and validation {LEAST_VALIDATION_POSITIVES}.",
    "Only the abstract of the LAMAE paper was at hand; sizes, masks and decoder are our "
    "reading of it, and its results are not reproduced here.",
    "Restored leads are plausible, not measured.",
)
CITATIONS = (
    "LAMAE, arXiv 2603.26475.",
    "Wagner P. et al., PTB-XL, a large publicly available electrocardiography dataset, "
    "Scientific Data 7, 154 (2020), CC BY 4.0.",
)


def finetune(config: RunConfig, data: Path, out: Path, init: Path) -> Path:
    """Fine-tune a pretrained model on PTB-XL's training folds and calibrate it on fold 9.

    Args:
        config: The run; sizes and input are those of `init`.
        data: Folder of a PTB-XL download.
        out: Folder of the run; a run that was stopped there goes on.
        init: A pretrained bundle.

    Returns:
        The bundle written: `out`/lamae.safetensors.
    """
    bundle = load_bundle(init)
    folds = (*TRAINING_FOLDS, VALIDATION_FOLD)
    return finetune_on(config, load_ptbxl(data, bundle.input, folds=folds), out, bundle)


def finetune_on(config: RunConfig, records: Records, out: Path, init: Bundle) -> Path:
    """Fine-tune on records in memory; see `finetune`."""
    config = replace(config, model=init.config, input=init.input)
    training, validation = records.folds(TRAINING_FOLDS), records.folds([VALIDATION_FOLD])
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    model = Classifier(config.model)
    model.backbone.load_state_dict(init.mae.backbone.state_dict())
    x = torch.from_numpy(training.values).to(fabric.device)
    present = torch.from_numpy(training.present).to(fabric.device)
    y = torch.from_numpy(training.statements.astype(np.float32)).to(fabric.device)

    def loss(module: nn.Module, rows: Tensor, generator: Generator) -> Tensor:
        visible = draw_view(present[rows], config, generator)
        return F.binary_cross_entropy_with_logits(module(x[rows], visible).float(), y[rows])

    def validate(module: nn.Module) -> dict[str, float]:
        logits = [
            module(
                torch.from_numpy(part.values).to(fabric.device),
                _all_patches(torch.from_numpy(part.present).to(fabric.device), config),
            ).float()
            for part in _batches(validation, config.batch)
        ]
        found = torch.cat(logits).cpu().numpy()
        return {
            "icd10_auroc": macro_auroc(code_scores(found), validation.code_labels()),
            "statement_auroc": macro_auroc(found, validation.statements),
        }

    trained = fit(fabric, model, loss, validate, len(training), config, out)
    path = out / "lamae.safetensors"
    if fabric.global_rank == 0:
        card = {
            **init.card,
            "created": datetime.now(UTC).date().isoformat(),
            "license": "Apache-2.0",
            "citation": CITATIONS,
            "limits": LIMITS,
            "finetuning": {
                **run_card(config, out, environment(fabric), trained),
                "data": data_card(training),
            },
            "codes": prevalence(training),
        }
        # Calibration runs on the CPU in float32, as serving does.
        bundle = replace(init, classifier=trained.cpu().eval(), card=card)
        bundle = calibrate(bundle, training, validation)
        scored = score_records(
            Predictor(bundle), validation, rng=np.random.default_rng(0), progress=False
        )
        save_bundle(replace(bundle, card={**bundle.card, "results": {"validation": scored}}), path)
    return path


def draw_view(
    present: Bool[Tensor, "B L"], config: RunConfig, generator: Generator
) -> Bool[Tensor, "B L N"]:
    """What a fine-tuning step sees: some patches of every lead, now and then some leads."""
    available = _all_patches(present, config)
    low, high = config.patch_dropout
    ratio = low + (high - low) * float(torch.rand((), generator=generator))
    visible = hide_random_patches(available, ratio, generator)
    if float(torch.rand((), generator=generator)) < config.lead_dropout:
        count = 1 + int(torch.randint(len(LEADS) - 1, (), generator=generator))
        visible = hide_random_leads(visible, count, generator)
    return visible


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
        data: Folder of a PTB-XL download.
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


def prevalence(training: Records) -> dict[str, dict[str, int | float]]:
    """How many training ECGs carry each code."""
    labels = training.code_labels()
    return {
        code: {"positives_train": int(truth.sum()), "prevalence": float(truth.mean())}
        for code, truth in zip(ICD10_CODES, labels.T, strict=True)
    }


def _batches(records: Records, size: int) -> list[Records]:
    return [
        records.take(np.arange(start, min(start + size, len(records))))
        for start in range(0, len(records), size)
    ]


def _all_patches(present: Bool[Tensor, "B L"], config: RunConfig) -> Bool[Tensor, "B L N"]:
    return present[:, :, None].expand(-1, -1, config.model.patches)
