"""Recipes: Python functions that return a complete configuration."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from lamae.errors import InputError
from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.objectives import MaskedConfig
from lamae.objectives.augment import AugmentConfig
from lamae.train.config import FinetuneConfig, OptimConfig, RunConfig


def small() -> RunConfig[MaskedConfig]:
    """1.2 M parameters: a CPU run."""
    return RunConfig(
        recipe="small",
        objective=MaskedConfig(decode_leads=4),
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.02),
        epochs=70,
        batch=32,
    )


def small_long() -> RunConfig[MaskedConfig]:
    """`small` in large batches: a GPU run of minutes."""
    return _on_gpu("small_long", ModelConfig())


def small_bottleneck() -> RunConfig[MaskedConfig]:
    """`small` with z as the only path between leads, to compare."""
    return replace(small(), recipe="small_bottleneck", model=ModelConfig(decoder_cross=False))


def medium() -> RunConfig[MaskedConfig]:
    """4.1 M parameters: a GPU run."""
    return _on_gpu(
        "medium",
        ModelConfig(
            width=192, depth=4, latent_depth=3, channels=(64,), decoder_width=128, decoder_depth=3
        ),
    )


def _on_gpu(name: str, model: ModelConfig) -> RunConfig[MaskedConfig]:
    return RunConfig(
        recipe=name,
        objective=MaskedConfig(decode_leads=4),
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.05, ema=0.999),
        epochs=120,
        batch=256,
        model=model,
        zscored=True,
        checkpoint_seconds=30.0,
    )


def small_codes() -> RunConfig[FinetuneConfig]:
    """Fine-tunes on the SCP-ECG statements."""
    return RunConfig(
        recipe="small_codes",
        objective=FinetuneConfig(
            patch_dropout=(0.2, 0.6),
            segment=True,
            augment=AugmentConfig(gain=0.1, noise=0.1, shift=50),
            mixup=0.5,
        ),
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.1, decay=0.8, betas=(0.9, 0.98), ema=0.999),
        epochs=16,
        batch=32,
        model=ModelConfig(rhythm_width=64),
        zscored=True,
    )


def gpu_leads() -> RunConfig[MaskedConfig]:
    """Continues pretraining, before or after fine-tuning, on lead imputation: a GPU run."""
    return RunConfig(
        recipe="gpu_leads",
        objective=MaskedConfig(mask=MaskConfig(imputation=0.65), relative_to_linear=True),
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.05, decay=0.9, ema=0.995),
        epochs=51,
        batch=64,
        checkpoint_seconds=30.0,
    )


def small_leads() -> RunConfig[MaskedConfig]:
    """Continues pretraining on lead imputation with augmented ECGs: a CPU run."""
    leads = gpu_leads()
    return replace(
        leads,
        recipe="small_leads",
        objective=replace(
            leads.objective,
            augment=AugmentConfig(gain=0.2, shift=500),
            rotation=8.0,
            init_weight=0.5,
        ),
        optim=replace(leads.optim, lr=6e-4, decay=0.7),
        epochs=20,
        batch=32,
    )


def rehearsal() -> RunConfig[MaskedConfig]:
    """Pretrains a tiny model for one epoch: shows that a set-up works."""
    return RunConfig(
        recipe="rehearsal",
        objective=MaskedConfig(),
        optim=OptimConfig(lr=1e-3, muon=4.0),
        epochs=1,
        batch=16,
        model=ModelConfig(
            width=16,
            heads=2,
            depth=1,
            latent_depth=1,
            decoder_width=16,
            decoder_heads=2,
            decoder_depth=1,
        ),
    )


def rehearsal_codes() -> RunConfig[FinetuneConfig]:
    """`rehearsal` for fine-tuning, under the same name."""
    config = rehearsal()
    return RunConfig(
        recipe=config.recipe,
        objective=FinetuneConfig(),
        optim=config.optim,
        epochs=config.epochs,
        batch=config.batch,
        model=config.model,
    )


Recipes = Mapping[str, Callable[[], RunConfig[Any]]]

PRETRAINING: Recipes = MappingProxyType(
    {
        "small": small,
        "small_long": small_long,
        "small_bottleneck": small_bottleneck,
        "medium": medium,
        "rehearsal": rehearsal,
    }
)
# Of pretraining, too, but these need weights to begin with.
CONTINUING: Recipes = MappingProxyType({"gpu_leads": gpu_leads, "small_leads": small_leads})
FINETUNING: Recipes = MappingProxyType({"small_codes": small_codes, "rehearsal": rehearsal_codes})


def recipe_named(name: str, among: Recipes) -> RunConfig[Any]:
    """The configuration of a recipe.

    Raises:
        InputError: There is no such recipe among those.
    """
    if name not in among:
        raise InputError(f"There is no recipe {name!r} for this; choose one of {', '.join(among)}.")
    return among[name]()
