"""Pretraining within the benchmark: which ECGs, and at what cost."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from lamae.benchmark.budget import Budget
from lamae.benchmark.rows import Pretraining
from lamae.data import TRAINING_FOLDS, Records
from lamae.inference.bundle import Bundle, load_bundle
from lamae.train.pretrain import pretrain_on
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
    config = budget.pretraining(name, how)
    if how.long and path.is_file() and Spent.of(out).epochs != config.epochs:
        shutil.rmtree(out)
    if not path.is_file():
        if how.zscored and not how.long:
            # As many steps as the others, though there are more ECGs.
            ecgs = np.isin(records.fold, TRAINING_FOLDS)
            share = (ecgs & records.amplitude).sum() / ecgs.sum()
            config = replace(config, epochs=max(1, round(config.epochs * share)))
        pretrain_on(config, records, out)
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
