"""What a run writes into the card of its weights."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from torch import nn

from lamae.data import Records
from lamae.ecg import ADULT
from lamae.ecg.labels import LabelSet
from lamae.results.card import ModelCard, Prevalence, Run, TrainingData
from lamae.results.scores import Results
from lamae.train.config import RunConfig
from lamae.train.release import LEAST_TRAINING_POSITIVES, LEAST_VALIDATION_POSITIVES
from lamae.train.run import metrics

LICENCE = "Apache-2.0"
LIMITS = (
    f"Codes are offered only where training holds at least {LEAST_TRAINING_POSITIVES} positives "
    f"and validation {LEAST_VALIDATION_POSITIVES}.",
    "Only the abstract of the LAMAE paper was at hand; sizes, masks and decoder are our "
    "reading of it, and its results are not reproduced here.",
    "Reconstructed leads are plausible, not measured.",
)
RESEARCH = (
    "Research use only, not a medical device. Codes are suggested by ECG findings; they are "
    "not a diagnosis, and a low score rules nothing out."
)
OWN_MAP = "The map from ECG statements to ICD-10-CM codes is ours; no authoritative one is public."


def continued_card(card: ModelCard, run: Run) -> ModelCard:
    """The card of weights whose pretraining went on, without what the former ones measured."""
    return replace(
        card,
        input_check=None,
        results=Results(validation=card.results.validation),
        continued=(*card.continued, run),
    )


def pretrained_card(card: ModelCard) -> ModelCard:
    """What fine-tuning keeps of the card of the weights that it begins with."""
    return ModelCard(
        name=card.name,
        paper=card.paper,
        data=card.data,
        pretraining=card.pretraining,
        continued=card.continued,
    )


def training_data(training: Records) -> TrainingData:
    """Which ECGs a model learned from."""
    return TrainingData(
        description=training.description,
        records=len(training),
        folds=tuple(sorted({int(fold) for fold in training.fold})),
        ids_sha256=training.ids_sha256,
        without_amplitudes=int((~training.amplitude).sum()),
        minors=int((training.age < ADULT).sum()),
    )


def limits(pretraining: TrainingData | None, learned: TrainingData, labels: LabelSet) -> list[str]:
    """What weights are untested in, from the data that they learned from.

    Args:
        pretraining: What pretraining learned from.
        learned: What the classifier learned from.
        labels: Of the classifier.
    """
    before = pretraining.description if pretraining else learned.description
    after = learned.description
    where = f"Trained and tested on {after.population}."
    if before.name != after.name:
        where = (
            f"Pretrained on {before.population}; codes learned and tested on {after.population}."
        )
    return [
        RESEARCH,
        where,
        *dict.fromkeys((*before.limits, *after.limits)),
        *([OWN_MAP] if labels.statements else []),
        *LIMITS,
    ]


def citations(
    paper: str, pretraining: TrainingData | None, learned: TrainingData
) -> tuple[str, ...]:
    """What to cite: the method and each data set once."""
    used = [each.description.citation for each in (pretraining, learned) if each]
    method = [f"{paper}."] if paper else []
    return tuple(dict.fromkeys(citation for citation in (*method, *used) if citation))


def run_card(
    config: RunConfig[Any], out: Path, made_with: dict[str, Any], module: nn.Module
) -> Run:
    """What a run did: recipe, device, time, losses.

    Args:
        config: The run.
        out: Its folder.
        made_with: As `lamae.train.run.environment` gives it.
        module: What was trained.
    """
    history = metrics(out)
    seconds = sum(line["seconds"] for line in history)
    environment = dict(made_with)
    return Run(
        recipe=config.recipe,
        seed=config.seed,
        epochs=len(history),
        batch=config.batch,
        minutes=round(seconds / 60, 1),
        ecgs_per_second=round(float(np.median([line["ecgs_per_second"] for line in history])), 1),
        waiting=round(float(np.median([line["waiting"] for line in history])), 4),
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        device=environment.pop("device"),
        precision=environment.pop("precision"),
        environment=environment,
        history=tuple(
            {
                name: round(value, 5)
                for name, value in line.items()
                if name not in ("seconds", "ecgs_per_second", "waiting")
            }
            for line in history
        ),
    )


def prevalence(names: Sequence[str], labels: Bool[np.ndarray, "n names"]) -> dict[str, Prevalence]:
    """How many ECGs carry each code or statement."""
    return {
        name: Prevalence(int(truth.sum()), float(truth.mean()))
        for name, truth in zip(names, labels.T, strict=True)
    }
