"""Makes rows and ablations in a folder, each once."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor, nn

from lamae.benchmark.budget import Budget
from lamae.benchmark.label_fractions import labelled_rows
from lamae.benchmark.methods import PRETRAININGS, Pretraining
from lamae.benchmark.pretraining import Cost, pretrain, records_for
from lamae.benchmark.reconstruction import reconstruction_errors
from lamae.benchmark.rows import LEAD_SETS, SHIPPED, Ablation, Row
from lamae.benchmark.scores import FOLDS, Logits, figures, read_truth, write_truth
from lamae.benchmark.store import (
    SETTINGS,
    TRUTH,
    finish,
    finished,
    read_logits,
    read_result,
    write_logits,
)
from lamae.benchmark.training import outputs, train_classifier
from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.ecg import LEADS
from lamae.errors import DataError
from lamae.inference.bundle import Bundle, load_bundled
from lamae.model import Classifier
from lamae.model.latent import Backbone
from lamae.results.card import Run
from lamae.train.probe import best_probe, fit_probes

# Fields of the budget that only long rows depend on; they are checked row by row.
LONG = ("long_pretrain_epochs", "long_pretrain_batch", "long_epochs", "resnet_epochs")


class Features(nn.Module):
    """Input of a linear probe: the pooled latent of a frozen backbone."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"]
    ) -> Float[Tensor, "B features"]:
        """Features of what is visible of x."""
        return self.backbone(x, visible).pooled(self.backbone.config.leads)


@dataclass(frozen=True, eq=False)
class Runner:
    """Makes rows and ablations in a folder.

    Attributes:
        records: All ECGs, with those without amplitudes if a row needs them.
        budget: For all rows.
        out: The folder.
    """

    records: Records
    budget: Budget
    out: Path

    def open(self) -> None:
        """Write budget and labels, or check that those in the folder are the same.

        Raises:
            DataError: The folder holds rows of another budget or other ECGs.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        budget = asdict(self.budget)
        for name in LONG:
            del budget[name]
        settings = {
            "budget": budget,
            "ecgs": int(self.in_mv.amplitude.sum()),
            "ids_sha256": self.in_mv.ids_sha256,
            "training_ecgs": len(self.in_mv.folds(TRAINING_FOLDS)),
        }
        path = self.out / SETTINGS
        wanted = json.dumps(settings, indent=2) + "\n"
        if not path.is_file():
            write_truth(self.in_mv, self.out / TRUTH)
            # Last: its presence means that all is written.
            path.write_text(wanted)
        elif path.read_text() != wanted:
            raise DataError(
                f"{self.out} holds rows of another budget or of other ECGs; choose another folder."
            )

    @cached_property
    def in_mv(self) -> Records:
        """The ECGs with amplitudes, on which all rows are scored."""
        return self.records.take(self.records.amplitude)

    def row(self, row: Row) -> None:
        """Make a row, unless it is complete and of the present weights and long runs."""
        folder = self.out / row.name
        if finished(folder) and self._is_current(row, folder):
            return
        if finished(folder):
            shutil.rmtree(folder)
        make = _MAKERS[row.classifier]
        result = {**_facts(row), **make(self, row, folder)}
        truth = read_truth(self.out / TRUTH)
        names = LEAD_SETS if row.lead_sets else ("12",)
        for fold, fold_truth in truth.items():
            result[f"fold{fold}"] = {
                name: figures(read_logits(folder, row.seeds, fold, name), fold_truth)
                for name in names
            }
        finish(folder, result)

    def _is_current(self, row: Row, folder: Path) -> bool:
        """Whether a finished row is up to date."""
        made = read_result(folder) or {}
        if row.pretraining == SHIPPED and made.get("sha256") != load_bundled().sha256:
            return False
        if row.classifier == "shipped":
            return True
        before = made.get("pretraining_epochs", 0)
        if row.pretrained_long and before != self.budget.long_pretrain_epochs:
            return False
        epochs = {"resnet": self.budget.resnet_epochs, "finetuned": self.budget.long_epochs}
        return not row.long or made.get("epochs", 0) - before == epochs[row.classifier]

    def ablation(self, line: Ablation) -> None:
        """Pretrain, probe on the validation fold and reconstruct, unless that is complete."""
        folder = self.out / "ablations" / line.name
        if finished(folder):
            return
        how = PRETRAININGS[line.name]
        bundle, cost = self.pretrained(line.name)
        records = records_for(replace(how, zscored=False), self.records)
        validation = records.folds([VALIDATION_FOLD])
        _, logits = self._probe(line.name, _backbone(bundle), records, 1.0)
        truth = read_truth(self.out / TRUTH)[VALIDATION_FOLD]
        reconstruction: Mapping[str, float | None] = {"chest": None, "patches": None}
        # The scale of a record reveals the size of its masked leads.
        if not how.per_record:
            reconstruction = reconstruction_errors(bundle, validation)
        result = {
            **asdict(line),
            **asdict(cost),
            f"fold{VALIDATION_FOLD}": figures([logits[VALIDATION_FOLD]], truth),
            "reconstruction": reconstruction,
        }
        finish(folder, result)

    def pretrained(self, name: str) -> tuple[Bundle, Cost]:
        """The weights of a pretraining and their cost, made now or before."""
        how: Pretraining = PRETRAININGS[name]
        records = records_for(how, self.records)
        return pretrain(name, how, self.budget, records, self.out / "pretraining" / name)

    def _probe(
        self, name: str, backbone: Backbone, records: Records, fraction: float
    ) -> tuple[float, Mapping[int, Logits]]:
        """Strength chosen, and logits of both folds, of a linear probe."""
        seen = self._features(name, backbone, records)
        training = records.folds(TRAINING_FOLDS)
        labelled = labelled_rows(training, fraction)
        probes = fit_probes(seen[TRAINING_FOLDS[0]][labelled], training.statements[labelled])
        codes = records.folds([VALIDATION_FOLD]).code_labels()
        chosen = best_probe(probes, seen[VALIDATION_FOLD], codes, records.labels)
        return chosen.strength, {fold: chosen(seen[fold]) for fold in FOLDS}

    def _features(
        self, name: str, backbone: Backbone, records: Records
    ) -> Mapping[int, Float32[np.ndarray, "n features"]]:
        """Frozen features of both folds, and under 1 of the training folds."""
        if name not in self._kept:
            self._kept.clear()
            parts = {fold: records.folds([fold]) for fold in FOLDS}
            parts[TRAINING_FOLDS[0]] = records.folds(TRAINING_FOLDS)
            frozen, patches = Features(backbone), backbone.config.patches
            self._kept[name] = {
                fold: outputs(frozen, part, patches, fast=True) for fold, part in parts.items()
            }
        return self._kept[name]

    @cached_property
    def _kept(self) -> dict[str, Mapping[int, Float32[np.ndarray, "n features"]]]:
        """Features last computed, for the rows with fewer labels that follow."""
        return {}

    def _make_probe(self, row: Row, folder: Path) -> dict[str, Any]:
        cost = Cost()
        if row.pretraining is None:
            torch.manual_seed(0)
            backbone = Backbone(self.budget.model).eval()
        else:
            bundle, cost = self.pretrained(row.pretraining)
            backbone = _backbone(bundle)
        strength, logits = self._probe(row.method, backbone, self.in_mv, row.label_fraction)
        write_logits(folder, 0, {(fold, "12"): values for fold, values in logits.items()})
        return {**_cost_entry(cost, cost, backbone), "strength": strength}

    def _make_classifier(self, row: Row, folder: Path) -> dict[str, Any]:
        before, bundle = Cost(), None
        if row.pretraining is not None:
            bundle, before = self.pretrained(row.pretraining)
        records = self.records if row.long else self.in_mv
        runs, model = [], None
        for seed in row.seeds:
            out = folder / f"seed{seed}"
            model = train_classifier(row, seed, bundle, self.budget, records, out)
            runs.append(Cost.of(out))
            self._score(model.eval(), row, folder, seed)
        assert model is not None
        minutes = sum(run.minutes for run in runs) / len(runs)
        total = before.then(replace(runs[-1], minutes=minutes))
        return _cost_entry(total, before, model)

    def _make_shipped(self, row: Row, folder: Path) -> dict[str, Any]:
        bundle = load_bundled()
        if bundle.classifier is None:
            raise DataError("The bundled weights were never fine-tuned; run finetune and release.")
        assert isinstance(bundle.classifier, Classifier)
        self._score(bundle.classifier, row, folder, 0)
        # Pretraining that went on after fine-tuning did not change the classifier.
        card = bundle.card
        before = [run for run in (card.pretraining, *card.continued) if run and not run.finetuned]
        pretraining = _cost_of_card(before)
        finetuning = _cost_of_card([card.finetuning] if card.finetuning else [])
        total = pretraining.then(finetuning)
        return {**_cost_entry(total, pretraining, bundle.classifier), "sha256": bundle.sha256}

    def _score(self, model: nn.Module, row: Row, folder: Path, seed: int) -> None:
        names = LEAD_SETS if row.lead_sets else {"12": LEADS}
        patches = self.budget.model.patches
        if isinstance(model, Classifier):
            patches = model.config.patches
        found = {
            (fold, name): outputs(model, self.in_mv.folds([fold]), patches, np.isin(LEADS, leads))
            for fold in FOLDS
            for name, leads in names.items()
        }
        write_logits(folder, seed, found)


_MAKERS = {
    "probe": Runner._make_probe,
    "finetuned": Runner._make_classifier,
    "resnet": Runner._make_classifier,
    "shipped": Runner._make_shipped,
}


def _backbone(bundle: Bundle) -> Backbone:
    assert isinstance(bundle.backbone, Backbone)
    return bundle.backbone


def _facts(row: Row) -> dict[str, Any]:
    return {**asdict(row), "seeds": list(row.seeds)}


def _cost_of_card(runs: Sequence[Run]) -> Cost:
    """The cost of the runs on a card together."""
    each = [Cost(run.epochs, run.minutes, run.device) for run in runs]
    return reduce(Cost.then, each, Cost(0, 0.0, ""))


def _cost_entry(total: Cost, pretraining: Cost, model: nn.Module) -> dict[str, Any]:
    return {
        **asdict(total),
        "pretraining_epochs": pretraining.epochs,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
