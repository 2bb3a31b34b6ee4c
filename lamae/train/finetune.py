"""Fine-tuning on SCP-ECG statements."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool
from lightning.fabric import Fabric
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records, load_records
from lamae.ecg import LEADS
from lamae.ecg.statements import ICD10_CODES, STATEMENT_NAMES, statement_indices
from lamae.errors import DataError
from lamae.evaluate import (
    MINIMUM_POSITIVES,
    code_scores,
    countable,
    macro_auroc,
    score_records,
)
from lamae.inference.bundle import (
    Bundle,
    load_bundle,
    save_bundle,
)
from lamae.inference.predictor import Predictor
from lamae.model import Classifier
from lamae.model.classifier import StatementModel, code_logits
from lamae.model.mask import mask_all_but_a_segment, mask_random_leads, mask_random_patches
from lamae.objectives.augment import augment, mixup
from lamae.train.cards import CITATIONS, LIMITS, PRETRAINED, data_card, prevalence, run_card
from lamae.train.config import FinetuneConfig, RunConfig
from lamae.train.device import is_first, make_fabric
from lamae.train.loop import fit
from lamae.train.release import (
    calibrate,
)
from lamae.train.run import environment

# Signals, visible patches, labels, and which of them to learn from.
Batch = tuple[Tensor, Tensor, Tensor, Tensor]
Trained = TypeVar("Trained", bound=StatementModel)
# From the leads of each ECG, [B, L], to the patches, [B, L, N], that a step sees.
View = Callable[[Tensor, RunConfig[FinetuneConfig], Generator], Tensor]


def finetune(config: RunConfig[FinetuneConfig], data: Path, out: Path, init: Path) -> Path:
    """Fine-tune a pretrained model on a data set's training folds and calibrate it on fold 9.

    Args:
        config: The run; sizes but the rhythm's, and the input, are those of `init`.
        data: Folder of a data set, or a cache of one.
        out: Folder of the run; a run that was stopped there goes on.
        init: A pretrained bundle.

    Returns:
        The bundle written: `out`/lamae.safetensors.
    """
    bundle = load_bundle(init)
    folds = (*TRAINING_FOLDS, VALIDATION_FOLD)
    records = load_records(
        data, bundle.input, folds=folds, progress=is_first(), zscored=config.zscored
    )
    return finetune_on(config, records, out, bundle)


def finetune_on(
    config: RunConfig[FinetuneConfig], records: Records, out: Path, init: Bundle
) -> Path:
    """Fine-tune on records in memory; see `finetune`.

    Raises:
        DataError: Labels, amplitudes or positives lack without which nothing can be judged.
    """
    model_config = replace(init.config, rhythm_width=config.model.rhythm_width)
    config = replace(config, model=model_config, input=init.input)
    training = records.folds(TRAINING_FOLDS, labelled=True)
    measured = training.folds(TRAINING_FOLDS, amplitude=True)
    validation = records.folds([VALIDATION_FOLD], labelled=True, amplitude=True)
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    model = Classifier(config.model)
    model.backbone.load_state_dict(init.mae.backbone.state_dict())
    trained = fit_classifier(
        fabric, model, training, validation, config, out, pretrained=init.sha256
    )
    path = out / "lamae.safetensors"
    if fabric.global_rank == 0:
        card = {
            **{name: entry for name, entry in init.card.items() if name in PRETRAINED},
            "created": datetime.now(UTC).date().isoformat(),
            "license": "Apache-2.0",
            "citation": CITATIONS,
            "limits": LIMITS,
            "finetuning": {
                **run_card(config, out, environment(fabric), trained),
                "data": {
                    **data_card(training),
                    "without_amplitudes": len(training) - len(measured),
                },
            },
            "codes": prevalence(ICD10_CODES, measured.code_labels()),
            "statements": prevalence(STATEMENT_NAMES, measured.statements),
        }
        # Calibration runs on the CPU in float32, as serving does.
        bundle = replace(init, config=config.model, classifier=trained.cpu().eval(), card=card)
        bundle = calibrate(bundle, measured, validation)
        scored = score_records(
            Predictor(bundle), validation, rng=np.random.default_rng(0), progress=False
        )
        save_bundle(replace(bundle, card={**bundle.card, "results": {"validation": scored}}), path)
    return path


def draw_view(
    present: Bool[Tensor, "B L"], config: RunConfig[FinetuneConfig], generator: Generator
) -> Bool[Tensor, "B L N"]:
    """What a fine-tuning step sees: a segment or some patches of every lead, or of some leads."""
    available = _all_patches(present, config)
    low, high = config.objective.patch_dropout
    ratio = low + (high - low) * float(torch.rand((), generator=generator))
    mask = mask_all_but_a_segment if config.objective.segment else mask_random_patches
    visible = mask(available, ratio, generator)
    if float(torch.rand((), generator=generator)) < config.objective.lead_dropout:
        count = 1 + int(torch.randint(len(LEADS) - 1, (), generator=generator))
        visible = mask_random_leads(visible, count, generator)
    return visible


def fit_classifier(
    fabric: Fabric,
    model: Trained,
    training: Records,
    validation: Records,
    config: RunConfig[FinetuneConfig],
    out: Path,
    *,
    pretrained: str = "",
    view: View = draw_view,
) -> Trained:
    """Train a classifier on the statements; its head begins with their prevalence.

    Where a data set gives ICD-10-CM codes and no statements, the codes' scores are trained.

    Args:
        fabric: Launched.
        model: What is trained, in place.
        training: ECGs to learn from.
        validation: ECGs to watch.
        config: The run.
        out: Folder of the run; one that was stopped there goes on.
        pretrained: SHA-256 of the weights that the model begins with; empty where they are
            random.
        view: What a step sees of the ECGs; `draw_view` by default.

    Raises:
        DataError: No code can be measured on the validation ECGs; or as `fit` says.
    """
    # Before training, not after its first epoch.
    if not countable(validation.code_labels()).any():
        raise DataError(
            f"None of the {len(ICD10_CODES)} codes has {MINIMUM_POSITIVES} ECGs that carry it and "
            f"as many that do not among the {len(validation)} of fold {VALIDATION_FOLD}, on which "
            "training is watched; give data with more ECGs in that fold."
        )
    x = torch.from_numpy(training.values).to(fabric.device)
    present = torch.from_numpy(training.present).to(fabric.device)
    direct = training.codes is not None
    members = statement_indices(ICD10_CODES)
    labels = training.code_labels() if direct else training.statements
    known = np.ones_like(labels) if direct else training.learnable
    taught = torch.from_numpy(known.astype(np.float32)).to(fabric.device)
    y = torch.from_numpy(labels.astype(np.float32)).to(fabric.device)
    if not direct:
        model.start_from(((y * taught).sum(dim=0) / taught.sum(dim=0)).cpu())

    def prepare(rows: Tensor, generator: Generator) -> Batch:
        task, labels, known = config.objective, y[rows], taught[rows]
        changed = augment(x[rows], task.augment, generator)
        if task.mixup:
            changed, labels, known = mixup(changed, labels, known, task.mixup, generator)
        return changed, view(present[rows], config, generator), labels, known

    def loss(module: nn.Module, batch: Batch, _: Generator) -> Tensor:
        signals, visible, truth, weight = batch
        logits = module(signals, visible).float()
        scores = code_logits(logits, members) if direct else logits
        return F.binary_cross_entropy_with_logits(scores, truth, weight)

    def validate(module: nn.Module) -> dict[str, float]:
        logits = [
            module(
                torch.from_numpy(part.values).to(fabric.device),
                _all_patches(torch.from_numpy(part.present).to(fabric.device), config),
            ).float()
            for part in _batches(validation, config.batch)
        ]
        found = torch.cat(logits).cpu().numpy()
        figures = {"icd10_auroc": macro_auroc(code_scores(found), validation.code_labels())}
        if countable(validation.statements).any():
            figures["statement_auroc"] = macro_auroc(found, validation.statements)
        return figures

    return fit(
        fabric,
        model,
        loss,
        validate,
        len(training),
        config,
        out,
        prepare=prepare,
        made_from={"training set": training.ids_sha256, "pretrained model": pretrained},
    )


def _batches(records: Records, size: int) -> list[Records]:
    return [
        records.take(np.arange(start, min(start + size, len(records))))
        for start in range(0, len(records), size)
    ]


def _all_patches(
    present: Bool[Tensor, "B L"], config: RunConfig[FinetuneConfig]
) -> Bool[Tensor, "B L N"]:
    return present[:, :, None].expand(-1, -1, config.model.patches)
