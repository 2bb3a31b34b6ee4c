"""Pretraining, whatever its objective."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import nn

from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records, load_records
from lamae.inference.bundle import Bundle, load_bundle, save_bundle
from lamae.objectives import ObjectiveConfig, Pretrained, Signals
from lamae.results.card import ModelCard, Run
from lamae.train.cards import continued_card, run_card, training_data
from lamae.train.config import RunConfig
from lamae.train.device import is_first, make_fabric
from lamae.train.loop import fit
from lamae.train.run import environment


def pretrain(
    config: RunConfig[ObjectiveConfig], data: Path, out: Path, init: Path | None = None
) -> Path:
    """Pretrain on the training folds of a data set.

    Args:
        config: The run.
        data: Folder of a data set, or a cache of one.
        out: Folder of the run; a run that was stopped there goes on.
        init: Weights to begin with. Sizes and input are theirs, and their classifier, if they
            have one, stays as it is.

    Returns:
        The bundle written: `out`/lamae.safetensors.
    """
    bundle = load_bundle(init) if init else None
    records = load_records(
        data,
        bundle.input if bundle else config.input,
        folds=(*TRAINING_FOLDS, VALIDATION_FOLD),
        progress=is_first(),
        zscored=config.zscored,
    )
    return pretrain_on(config, records, out, bundle)


def pretrain_on(
    config: RunConfig[ObjectiveConfig], records: Records, out: Path, init: Bundle | None = None
) -> Path:
    """Pretrain on the training folds of records in memory; see `pretrain`.

    What is measured rather than learned, and validation, use ECGs with amplitudes only.

    Raises:
        DataError: There are no ECGs to learn from, or none with amplitudes to measure with.
        InputError: The objective cannot begin with these weights.
    """
    if init:
        config = replace(config, model=init.config, input=init.input)
    training = records.folds(TRAINING_FOLDS)
    validation = records.folds([VALIDATION_FOLD], amplitude=True)
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    objective = config.objective.build(config.model)
    if init:
        objective.start_from(_pretrained(init))
    else:
        objective.measure(training.folds(TRAINING_FOLDS, amplitude=True).values)
    for part in objective.state().values():
        if isinstance(part, nn.Module):
            part.to(fabric.device)
    signals, held_out = (_on_device(part, fabric) for part in (training, validation))
    trained = fit(
        fabric,
        objective.network,
        objective.loss,
        partial(objective.validate, signals=held_out),
        len(training),
        config,
        out,
        prepare=partial(objective.sample, signals),
        sampler=objective.sampler(signals),
        hooks=objective,
        made_from={
            "training set": training.ids_sha256,
            "pretrained model": init.sha256 if init else "",
        },
    )
    path = out / "lamae.safetensors"
    if fabric.global_rank == 0:
        run = run_card(config, out, environment(fabric), trained)
        learned = objective.result(trained)
        save_bundle(_bundle(learned, config, training, run, init), path)
    return path


def _on_device(records: Records, fabric: Fabric) -> Signals:
    parts = (records.values, records.present, records.patient_id)
    return Signals(*(torch.from_numpy(part).to(fabric.device) for part in parts))


def _pretrained(bundle: Bundle) -> Pretrained:
    """What a bundle holds of pretraining."""
    return Pretrained(bundle.family, bundle.config, bundle.backbone, bundle.reconstructor)


def _bundle(
    learned: Pretrained,
    config: RunConfig[ObjectiveConfig],
    training: Records,
    run: Run,
    init: Bundle | None,
) -> Bundle:
    """The weights with their card, which goes on where that of the initial weights ends."""
    run = replace(run, settings=dict(learned.run))
    if init:
        later = replace(run, data=training_data(training), finetuned=init.classifier is not None)
        return replace(
            init,
            backbone=learned.backbone,
            reconstructor=learned.reconstructor,
            card=continued_card(init.card, later),
        )
    return Bundle(
        family=learned.family,
        config=learned.config,
        input=config.input,
        backbone=learned.backbone,
        reconstructor=learned.reconstructor,
        card=ModelCard(
            name=f"{learned.title or learned.family} {config.recipe}",
            paper=learned.paper,
            data=training_data(training),
            pretraining=run,
        ),
    )
