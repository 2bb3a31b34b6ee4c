"""How classifiers are trained: all that touches fine-tuning in `lamae.train`."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32
from lightning.fabric import Fabric
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from lamae.checkpoint import Bundle
from lamae.compare.budget import Budget
from lamae.compare.resnet import ResNet, draw_leads
from lamae.compare.rows import Row
from lamae.compare.shares import labelled_rows, repeats
from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.evaluate import code_scores, macro_auroc
from lamae.model import Classifier
from lamae.train.augment import augment
from lamae.train.config import RunConfig
from lamae.train.device import cpu_has_bf16, make_fabric
from lamae.train.finetune import fit_classifier
from lamae.train.loop import fit

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
    """Fine-tune or train from scratch, or go on.

    Args:
        row: What is trained.
        seed: Of classifier, masks and order.
        bundle: Pretrained weights; None for random ones.
        budget: For all rows.
        records: All ECGs in mV.
        out: Folder of the run.
    """
    torch.manual_seed(seed)
    training, validation = records.folds(TRAINING_FOLDS), records.folds([VALIDATION_FOLD])
    labelled = training.take(np.tile(labelled_rows(training, row.share), repeats(row.share)))
    fabric = make_fabric()
    fabric.launch()
    if row.classifier == "resnet":
        config = budget.resnet(row.name, seed)
        return _fit_resnet(fabric, ResNet(budget.model), labelled, validation, config, out)
    config, model = budget.classifier(row.name, seed), Classifier(budget.model)
    if bundle is not None:
        begin_with(bundle, model)
    sha256 = "" if bundle is None else bundle.sha256
    return fit_classifier(fabric, model, labelled, validation, config, out, sha256)


def begin_with(bundle: Bundle, model: Classifier) -> None:
    """Put pretrained weights into a classifier, in place.

    Latent attention that was not pretrained stays random, so that every row ends with the same
    classifier.
    """
    pretrained = bundle.mae.backbone
    if bundle.config.latent_depth == model.config.latent_depth:
        model.backbone.load_state_dict(pretrained.state_dict())
    else:
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


def _fit_resnet(
    fabric: Fabric,
    model: ResNet,
    labelled: Records,
    validation: Records,
    config: RunConfig,
    out: Path,
) -> ResNet:
    """What `fit_classifier` does, but for the leads that are hidden; see `draw_leads`."""
    x = torch.from_numpy(labelled.values).to(fabric.device)
    present = torch.from_numpy(labelled.present).to(fabric.device)
    y = torch.from_numpy(labelled.statements.astype(np.float32)).to(fabric.device)
    model.start_from(y.mean(dim=0).cpu())

    def loss(module: nn.Module, rows: Tensor, generator: Generator) -> Tensor:
        visible = draw_leads(present[rows], config, generator)
        logits = module(augment(x[rows], config.augment, generator), visible)
        return F.binary_cross_entropy_with_logits(logits.float(), y[rows])

    def validate(module: nn.Module) -> dict[str, float]:
        found = outputs(module, validation, config.model.patches)
        return {"icd10_auroc": macro_auroc(code_scores(found), validation.code_labels())}

    made_from = {"training set": labelled.ids_sha256}
    return fit(fabric, model, loss, validate, len(labelled), config, out, made_from=made_from)
