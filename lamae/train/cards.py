"""What a run writes into the card of its weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from torch import nn

from lamae.data import Records
from lamae.inference import input_check
from lamae.train.config import RunConfig
from lamae.train.release import LEAST_TRAINING_POSITIVES, LEAST_VALIDATION_POSITIVES
from lamae.train.run import metrics

PAPER = "LAMAE, arXiv 2603.26475"
# PTB-XL's last number, and what its training folds hold about.
MOST_PTBXL, PTBXL_TRAINING = 21_837, 17_000
# What the card keeps of the weights that fine-tuning begins with; all else is of their codes.
PRETRAINED = ("name", "paper", "data", "pretraining", "continued")
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
    "Reconstructed leads are plausible, not measured.",
)
CITATIONS = (
    "LAMAE, arXiv 2603.26475.",
    "Wagner P. et al., PTB-XL, a large publicly available electrocardiography dataset, "
    "Scientific Data 7, 154 (2020), CC BY 4.0.",
)


def continued_card(card: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The card of weights that were trained on, without what the former ones reconstructed."""
    results = {name: part for name, part in card.get("results", {}).items() if name != "test"}
    kept = {name: entry for name, entry in card.items() if name != input_check.CARD_ENTRY}
    return {**kept, "results": results, "continued": [*card.get("continued", []), run]}


def data_name(records: Records) -> str:
    """The data set that ECGs come from, told by their numbers and how many there are."""
    if records.ecg_id.max() > MOST_PTBXL:
        return "MIMIC-IV-ECG"
    return "PTB-XL" if len(records) > PTBXL_TRAINING else "PTB-XL 1.0.3, in part"


def data_card(training: Records) -> dict[str, Any]:
    """Which ECGs a model was trained on."""
    return {
        "name": data_name(training),
        "records": len(training),
        "folds": sorted({int(fold) for fold in training.fold}),
        "ids_sha256": training.ids_sha256,
    }


def run_card(
    config: RunConfig[Any], out: Path, made_with: dict[str, Any], module: nn.Module
) -> dict[str, Any]:
    """What a run did: recipe, device, time, losses."""
    history = metrics(out)
    seconds = sum(line["seconds"] for line in history)
    return {
        "recipe": config.recipe,
        "seed": config.seed,
        "epochs": len(history),
        "batch": config.batch,
        "minutes": round(seconds / 60, 1),
        "ecgs_per_second": round(
            float(np.median([line["ecgs_per_second"] for line in history])), 1
        ),
        "waiting": round(float(np.median([line["waiting"] for line in history])), 4),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        **made_with,
        "history": [
            {
                name: round(value, 5)
                for name, value in line.items()
                if name not in ("seconds", "ecgs_per_second", "waiting")
            }
            for line in history
        ],
    }


def prevalence(
    names: Sequence[str], labels: Bool[np.ndarray, "n names"]
) -> dict[str, dict[str, int | float]]:
    """How many ECGs carry each code or statement."""
    return {
        name: {"positives_train": int(truth.sum()), "prevalence": float(truth.mean())}
        for name, truth in zip(names, labels.T, strict=True)
    }
