"""Pretraining within the benchmark: which ECGs, and at what cost."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from lamae.benchmark.budget import Budget
from lamae.benchmark.methods import Pretraining
from lamae.data import TRAINING_FOLDS, Records
from lamae.inference.bundle import Bundle, load_bundle
from lamae.train.pretrain import pretrain_on
from lamae.train.run import metrics


@dataclass(frozen=True)
class Cost:
    """The cost of a training run.

    Attributes:
        epochs: Passes over the ECGs.
        minutes: Wall clock.
        device: As `lamae.train.device.device_name` names it.
    """

    epochs: int = 0
    minutes: float = 0.0
    device: str = ""

    @classmethod
    def of(cls, folder: Path) -> "Cost":
        """The cost of the run in a folder."""
        history = metrics(folder)
        made_with = json.loads((folder / "environment.json").read_text())
        minutes = sum(line["seconds"] for line in history) / 60
        return cls(len(history), minutes, made_with["device"])

    def then(self, later: "Cost") -> "Cost":
        """Both together, on the device of the later one."""
        return Cost(
            self.epochs + later.epochs,
            self.minutes + later.minutes,
            later.device or self.device,
        )


def pretrain(
    name: str, how: Pretraining, budget: Budget, records: Records, out: Path
) -> tuple[Bundle, Cost]:
    """Pretrain, continue, or read the finished result.

    A long pretraining of another number of epochs is made again.

    Args:
        name: One of `PRETRAININGS`.
        how: Its entry there.
        budget: For all rows.
        records: Selected by `records_for`.
        out: Folder of the run.
    """
    path = out / "lamae.safetensors"
    config = budget.pretraining(name, how)
    if how.long and path.is_file() and Cost.of(out).epochs != config.epochs:
        shutil.rmtree(out)
    if not path.is_file():
        if how.zscored and not how.long:
            # As many steps as the others, with more ECGs.
            ecgs = np.isin(records.fold, TRAINING_FOLDS)
            fraction = (ecgs & records.amplitude).sum() / ecgs.sum()
            config = replace(config, epochs=max(1, round(config.epochs * fraction)))
        pretrain_on(config, records, out)
    return load_bundle(path), Cost.of(out)


def records_for(how: Pretraining, records: Records) -> Records:
    """The ECGs of a pretraining and of what starts from it.

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
