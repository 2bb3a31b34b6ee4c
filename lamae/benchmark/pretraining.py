"""How encoders are pretrained: all that touches pretraining in `lamae.train`."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Generator, Tensor, nn

from lamae.benchmark.budget import Budget
from lamae.benchmark.leadwise import LeadwiseAutoencoder
from lamae.benchmark.rows import Pretraining
from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.inference.bundle import Bundle, load_bundle, save_bundle
from lamae.model.families import LAMAE
from lamae.results.card import ModelCard
from lamae.train.config import RunConfig
from lamae.train.device import make_fabric
from lamae.train.loop import fit
from lamae.train.pretrain import VALIDATION_BATCH, VALIDATION_SEED, pretrain_on
from lamae.train.run import metrics


@dataclass(frozen=True)
class Spent:
    """What a training run took.

    Attributes:
        epochs: Passes over the ECGs.
        minutes: Wall clock.
        device: What trained, as `lamae.train.device.device_name` says.
    """

    epochs: int = 0
    minutes: float = 0.0
    device: str = ""

    @classmethod
    def of(cls, folder: Path) -> "Spent":
        """Of the run in a folder."""
        history = metrics(folder)
        made_with = json.loads((folder / "environment.json").read_text())
        minutes = sum(line["seconds"] for line in history) / 60
        return cls(len(history), minutes, made_with["device"])

    def then(self, later: "Spent") -> "Spent":
        """Both together, on the device of the later one."""
        return Spent(
            self.epochs + later.epochs,
            self.minutes + later.minutes,
            later.device or self.device,
        )


def pretrain(
    name: str, how: Pretraining, budget: Budget, records: Records, out: Path
) -> tuple[Bundle, Spent]:
    """Pretrain, or go on, or read what was pretrained; a long one of other epochs is made anew.

    Args:
        name: One of `PRETRAININGS`.
        how: What stands there.
        budget: For all rows.
        records: As this pretraining takes them, see `records_for`.
        out: Folder of the run.
    """
    path = out / "lamae.safetensors"
    config = budget.pretraining(name, long=how.long)
    if how.long and path.is_file() and Spent.of(out).epochs != config.epochs:
        shutil.rmtree(out)
    if not path.is_file():
        config = replace(
            config,
            model=replace(config.model, **how.model),
            mask=replace(config.mask, **how.mask),
            zscored=how.zscored,
        )
        if how.zscored and not how.long:
            # As many steps as the others, though there are more ECGs.
            ecgs = np.isin(records.fold, TRAINING_FOLDS)
            share = (ecgs & records.amplitude).sum() / ecgs.sum()
            config = replace(config, epochs=max(1, round(config.epochs * share)))
        train = _pretrain_leadwise if how.leadwise else _pretrain_lamae
        train(how, config, records, out)
    return load_bundle(path), Spent.of(out)


def records_for(how: Pretraining, records: Records) -> Records:
    """The ECGs that a pretraining, and what builds on it, takes.

    Args:
        how: Which pretraining.
        records: All there are.
    """
    extra = np.isin(records.fold, TRAINING_FOLDS) & how.zscored
    chosen = records.take(records.amplitude | extra)
    if not how.per_record:
        return chosen
    return replace(chosen, values=chosen.values / own_scale(chosen)[:, None, None])


def own_scale(records: Records) -> Float32[np.ndarray, " n"]:
    """Root mean square of each ECG over all its leads, in model units."""
    return np.sqrt(np.square(records.values).mean(axis=(1, 2))) + np.float32(1e-6)


def _pretrain_lamae(how: Pretraining, config: RunConfig, records: Records, out: Path) -> None:
    pretrain_on(config, records, out)


def _pretrain_leadwise(how: Pretraining, config: RunConfig, records: Records, out: Path) -> None:
    training, validation = records.folds(TRAINING_FOLDS), records.folds([VALIDATION_FOLD])
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    steps = config.epochs * (len(training) // config.batch)
    model = LeadwiseAutoencoder(config.model, how.alignment, steps)
    every = torch.arange(config.model.leads, device=fabric.device)

    def on_device(part: Records) -> tuple[Tensor, Tensor]:
        available = torch.from_numpy(part.present).to(fabric.device)
        return (
            torch.from_numpy(part.values).to(fabric.device),
            available[:, :, None].expand(-1, -1, config.model.patches),
        )

    x, available = on_device(training)
    held_out, held_out_available = on_device(validation)

    def loss(module: nn.Module, rows: Tensor, generator: Generator) -> Tensor:
        assert isinstance(module, LeadwiseAutoencoder)
        leads = torch.randperm(config.model.leads, generator=generator)[: config.decode_leads]
        leads = leads.sort().values.to(fabric.device)
        return module.loss(x[rows], available[rows], config.mask, generator, leads)

    def validate(module: nn.Module) -> dict[str, float]:
        assert isinstance(module, LeadwiseAutoencoder)
        generator = Generator().manual_seed(VALIDATION_SEED)
        losses = [
            module.loss(part, shown, config.mask, generator, every)
            for part, shown in zip(
                held_out.split(VALIDATION_BATCH),
                held_out_available.split(VALIDATION_BATCH),
                strict=True,
            )
        ]
        return {"validation_loss": float(torch.stack(losses).mean())}

    made_from = {"training set": training.ids_sha256}
    trained = fit(fabric, model, loss, validate, len(training), config, out, made_from=made_from)
    mae = trained.mae.cpu()
    bundle = Bundle(
        family=LAMAE,
        config=config.model,
        input=config.input,
        backbone=mae.backbone,
        reconstructor=mae,
        card=ModelCard(f"LAMAE {config.recipe}"),
    )
    save_bundle(bundle, out / "lamae.safetensors")
