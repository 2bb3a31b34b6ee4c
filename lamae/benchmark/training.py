"""Training and evaluation of classifiers within the benchmark."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import nn

from lamae.benchmark.budget import Budget
from lamae.benchmark.label_fractions import labelled_rows, repeats
from lamae.benchmark.resnet import ResNet, draw_leads
from lamae.benchmark.rows import Row
from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.inference.bundle import Bundle
from lamae.model import Backbone, Classifier
from lamae.train.device import cpu_has_bf16, make_fabric
from lamae.train.finetune import fit_classifier

# Of evaluation; larger ones are slower on a CPU, whose cache they leave.
BATCH = 16


def train_classifier(
    row: Row,
    seed: int,
    bundle: Bundle | None,
    budget: Budget,
    records: Records,
    out: Path,
) -> nn.Module:
    """Fine-tune, train from scratch, or continue.

    Args:
        row: What is trained.
        seed: Of classifier, masks and order.
        bundle: Pretrained weights; None for random ones.
        budget: For all rows.
        records: The ECGs that the row trains and validates on.
        out: Folder of the run.
    """
    torch.manual_seed(seed)
    training = records.folds(TRAINING_FOLDS)
    validation = records.folds([VALIDATION_FOLD], amplitude=True)
    fraction = row.label_fraction
    labelled = training.take(np.tile(labelled_rows(training, fraction), repeats(fraction)))
    fabric = make_fabric()
    fabric.launch()
    if row.classifier == "resnet":
        config = budget.resnet(row.name, seed, long=row.long)
        resnet = ResNet(budget.model)
        return fit_classifier(fabric, resnet, labelled, validation, config, out, view=draw_leads)
    config = budget.classifier(row.name, seed, long=row.long)
    model = Classifier(config.model)
    if bundle is not None:
        begin_with(bundle, model)
    sha256 = "" if bundle is None else bundle.sha256
    return fit_classifier(fabric, model, labelled, validation, config, out, pretrained=sha256)


def begin_with(bundle: Bundle, model: Classifier) -> None:
    """Put pretrained weights into a classifier, in place.

    Latent attention that was not pretrained stays random, so that every row ends with the same
    classifier.
    """
    pretrained = bundle.backbone
    if bundle.config.latent_depth == model.config.latent_depth:
        model.backbone.load_state_dict(pretrained.state_dict())
    else:
        assert isinstance(pretrained, Backbone)
        model.backbone.encoder.load_state_dict(pretrained.encoder.state_dict())


def outputs(
    module: nn.Module,
    records: Records,
    patches: int,
    leads: Bool[np.ndarray, "12"] | None = None,
    *,
    fast: bool = False,
) -> Float32[np.ndarray, "n outputs"]:
    """What a module makes of every ECG.

    Args:
        module: Takes signals and visible patches; moved to the GPU where there is one.
        records: The ECGs.
        patches: In a lead.
        leads: To be seen; all that a recording has by default.
        fast: In bfloat16 on CPUs that have it. Scores are not made so: rounded to eight bits
            they would tie.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module.to(device)
    present = records.present if leads is None else records.present & leads
    made = []
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=fast and cpu_has_bf16()),
    ):
        for start in range(0, len(records), BATCH):
            x = torch.from_numpy(records.values[start : start + BATCH]).to(device)
            shown = torch.from_numpy(present[start : start + BATCH]).to(device)
            made.append(module(x, shown[:, :, None].expand(-1, -1, patches)).float().cpu())
    return torch.cat(made).numpy()
