"""Pretraining: reconstruct what is masked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Generator, Tensor, nn

from lamae.data import TRAINING_FOLDS, VALIDATION_FOLD, Records, load_records
from lamae.errors import WeightsError
from lamae.inference.bundle import Bundle, load_bundle, save_bundle
from lamae.model import MaskedAutoencoder, masked_loss, relative_loss
from lamae.model.families import LAMAE
from lamae.model.mask import draw_mask
from lamae.results.card import ModelCard
from lamae.train.augment import AugmentConfig, augment, turn
from lamae.train.cards import PAPER, continued_card, run_card, training_data
from lamae.train.config import RunConfig
from lamae.train.device import is_first, make_fabric
from lamae.train.loop import fit
from lamae.train.run import environment

VALIDATION_SEED = 9
# ECGs that share a mask in validation, however large the batches in training are: losses are
# compared between runs.
VALIDATION_BATCH = 32

# Signals, visible patches, masked patches, leads to reconstruct.
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def pretrain(config: RunConfig, data: Path, out: Path, init: Path | None = None) -> Path:
    """Pretrain on the training folds of a data set.

    Args:
        config: The run.
        data: Folder of a data set, or a cache of one.
        out: Folder of the run; a run that was stopped there goes on.
        init: Weights to begin with; sizes and input are theirs, and their classifier, if they
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


def pretrain_on(config: RunConfig, records: Records, out: Path, init: Bundle | None = None) -> Path:
    """Pretrain on the training folds of records in memory; see `pretrain`.

    The linear estimate and the validation loss come from ECGs with amplitudes alone.

    Raises:
        DataError: There are no ECGs to learn from, or none with amplitudes to measure with.
    """
    if init:
        config = replace(config, model=_reconstructor(init).config, input=init.input)
    training = records.folds(TRAINING_FOLDS)
    # Amplitudes that are lost were made up: nothing may be measured from them.
    validation = records.folds([VALIDATION_FOLD], amplitude=True)
    fabric = make_fabric()
    fabric.launch()
    torch.manual_seed(config.seed)
    model = MaskedAutoencoder(config.model)
    if init:
        model.load_state_dict(_reconstructor(init).state_dict())
    else:
        measured = training.folds(TRAINING_FOLDS, amplitude=True).values
        model.moments.copy_(torch.from_numpy(lead_moments(measured)))
    x = torch.from_numpy(training.values).to(fabric.device)
    present = torch.from_numpy(training.present).to(fabric.device)
    held_out = torch.from_numpy(validation.values).to(fabric.device)
    held_out_present = torch.from_numpy(validation.present).to(fabric.device)

    def prepare(rows: Tensor, generator: Generator) -> Batch:
        leads = torch.randperm(config.model.leads, generator=generator)
        visible, masked = _draw(present[rows], config, generator)
        if config.mask.asked:
            # Such batches show most leads in full, which leaves nothing to reconstruct of them.
            leads = leads[masked.any(dim=-1).any(dim=0).cpu()[leads]]
        leads = leads[: config.decode_leads].sort().values.to(fabric.device)
        signals = x[rows]
        if config.augment.turn:
            signals = turn(signals, present[rows], config.augment, generator)
        if config.augment != AugmentConfig():
            signals = augment(signals, config.augment, generator)
        return signals, visible, masked, leads

    def loss(module: nn.Module, batch: Batch, _: Generator) -> Tensor:
        return _reconstruction_loss(module, batch, config)

    def validate(module: nn.Module) -> dict[str, float]:
        generator = Generator().manual_seed(VALIDATION_SEED)
        every = torch.arange(config.model.leads, device=fabric.device)
        losses = [
            _reconstruction_loss(
                module, (part, *_draw(part_present, config, generator), every), config
            )
            for part, part_present in zip(
                held_out.split(VALIDATION_BATCH),
                held_out_present.split(VALIDATION_BATCH),
                strict=True,
            )
        ]
        return {"validation_loss": float(torch.stack(losses).mean())}

    trained = fit(
        fabric,
        model,
        loss,
        validate,
        len(training),
        config,
        out,
        prepare=prepare,
        made_from={
            "training set": training.ids_sha256,
            "pretrained model": init.sha256 if init else "",
        },
    )
    path = out / "lamae.safetensors"
    if fabric.global_rank == 0:
        if init and config.keep:
            _mix(trained, _reconstructor(init), config.keep)
        run = replace(run_card(config, out, environment(fabric), trained), relative=config.relative)
        if init:
            later = replace(
                run,
                keep=config.keep,
                data=training_data(training),
                finetuned=init.classifier is not None,
            )
            bundle = replace(
                init.with_reconstructor(trained), card=continued_card(init.card, later)
            )
        else:
            card = ModelCard(
                name="LAMAE " + config.recipe,
                paper=PAPER,
                data=training_data(training),
                pretraining=run,
            )
            bundle = Bundle(
                family=LAMAE,
                config=config.model,
                input=config.input,
                backbone=trained.backbone,
                reconstructor=trained,
                card=card,
            )
        save_bundle(bundle, path)
    return path


def _reconstructor(bundle: Bundle) -> MaskedAutoencoder:
    """The masked autoencoder that pretraining goes on with.

    Raises:
        WeightsError: The weights have none.
    """
    if not isinstance(bundle.reconstructor, MaskedAutoencoder):
        raise WeightsError(
            f"Weights of the family {bundle.family!r} have no masked autoencoder to go on with; "
            "give weights of this method."
        )
    return bundle.reconstructor


def _mix(model: nn.Module, other: nn.Module, share: float) -> None:
    """Move the weights of a model by a share of the way to another's, in place."""
    with torch.no_grad():
        for own, others in zip(model.parameters(), other.parameters(), strict=True):
            own.lerp_(others.to(own.device), share)


def _draw(present: Tensor, config: RunConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """What is visible and what is masked; what a recording lacks is neither."""
    available = present[:, :, None].expand(-1, -1, config.model.patches)
    visible = draw_mask(available, config.mask, generator)
    return visible, available & ~visible


def _reconstruction_loss(module: nn.Module, batch: Batch, config: RunConfig) -> Tensor:
    """Loss on the masked patches of the leads to reconstruct."""
    assert isinstance(module, MaskedAutoencoder)
    x, visible, masked, leads = batch
    output, target, where = module(x, visible, leads), x[:, leads], masked[:, leads]
    if config.relative:
        return relative_loss(output, module.estimate(x, visible, leads), target, where)
    return masked_loss(output, target, where)


def lead_moments(values: Float32[np.ndarray, "n 12 time"]) -> Float64[np.ndarray, "12 12"]:
    """Mean product of every pair of leads over all samples."""
    total = np.zeros((values.shape[1], values.shape[1]))
    for record in values.astype(np.float64):
        total += record @ record.T
    return total / (values.shape[0] * values.shape[2])
