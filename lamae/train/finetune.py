"""Fine-tuning on the labels of a data set."""

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
from lamae.errors import DataError, WeightsError
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
from lamae.model import Classifier, ModelConfig
from lamae.model.classifier import StatementModel
from lamae.model.mask import mask_all_but_a_segment, mask_random_leads, mask_random_patches
from lamae.objectives.augment import augment, mixup
from lamae.results.json import from_json, to_json
from lamae.results.scores import Results, Scores
from lamae.train.cards import (
    LICENCE,
    citations,
    limits,
    pretrained_card,
    prevalence,
    run_card,
    training_data,
)
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
        WeightsError: The pretrained weights are of a family whose classifier is not trained here.
    """
    if not isinstance(init.config, ModelConfig):
        raise WeightsError(
            f"Weights of the family {init.family!r} cannot be fine-tuned here; give LAMAE's."
        )
    labels = records.labels
    model_config = replace(
        init.config,
        rhythm_width=config.model.rhythm_width,
        statements=len(labels.outputs),
    )
    config = replace(config, model=model_config, input=init.input)
    training = records.folds(TRAINING_FOLDS, labelled=True)
    measured = training.folds(TRAINING_FOLDS, amplitude=True)
    validation = records.folds([VALIDATION_FOLD], labelled=True, amplitude=True)
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    model = Classifier(config.model)
    model.backbone.load_state_dict(init.backbone.state_dict())
    trained = fit_classifier(
        fabric, model, training, validation, config, out, pretrained=init.sha256
    )
    path = out / "lamae.safetensors"
    if fabric.global_rank == 0:
        learned = training_data(training)
        run = run_card(config, out, environment(fabric), trained)
        card = replace(
            pretrained_card(init.card),
            created=datetime.now(UTC).date().isoformat(),
            licence=LICENCE,
            citation=citations(init.card.paper, init.card.data, learned),
            limits=tuple(limits(init.card.data, learned, labels)),
            finetuning=replace(run, data=learned),
            codes=prevalence(labels.code_names, measured.code_labels()),
            statements=prevalence(labels.statement_names, measured.statements),
        )
        # Calibration runs on the CPU in float32, as serving does.
        bundle = replace(
            init,
            config=config.model,
            classifier=trained.cpu().eval(),
            labels=labels,
            calibration=(),
            card=card,
        )
        bundle = calibrate(bundle, measured, validation)
        scored = score_records(
            Predictor(bundle), validation, rng=np.random.default_rng(0), progress=False
        )
        results = Results(validation=from_json(Scores, to_json(scored)))
        save_bundle(replace(bundle, card=replace(bundle.card, results=results)), path)
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
    """Train a classifier on a label set; its head begins with the labels' prevalence.

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
    label_set = validation.labels
    if not countable(validation.code_labels()).any():
        raise DataError(
            f"None of the {len(label_set.codes)} codes has {MINIMUM_POSITIVES} ECGs that carry it "
            f"and as many that do not among the {len(validation)} of fold {VALIDATION_FOLD}, on "
            "which training is watched; give data with more ECGs in that fold."
        )
    x = torch.from_numpy(training.values).to(fabric.device)
    present = torch.from_numpy(training.present).to(fabric.device)
    taught = torch.from_numpy(training.learnable.astype(np.float32)).to(fabric.device)
    y = torch.from_numpy(training.targets.astype(np.float32)).to(fabric.device)
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
        return F.binary_cross_entropy_with_logits(logits, truth, weight)

    def validate(module: nn.Module) -> dict[str, float]:
        logits = [
            module(
                torch.from_numpy(part.values).to(fabric.device),
                _all_patches(torch.from_numpy(part.present).to(fabric.device), config),
            ).float()
            for part in _batches(validation, config.batch)
        ]
        found = torch.cat(logits).cpu().numpy()
        scores = code_scores(found, label_set)
        figures = {"icd10_auroc": macro_auroc(scores, validation.code_labels())}
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
