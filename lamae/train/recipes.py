"""Recipes: Python functions that return a complete configuration."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from lamae.errors import InputError
from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.train.augment import AugmentConfig
from lamae.train.config import OptimConfig, RunConfig


def small() -> RunConfig:
    """1.2 M parameters: a CPU run."""
    return RunConfig(
        recipe="small",
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.02),
        epochs=70,
        batch=32,
        decode_leads=4,
    )


def small_long() -> RunConfig:
    """`small` in large batches: a GPU run of minutes."""
    return _on_gpu("small_long", ModelConfig())


def small_bottleneck() -> RunConfig:
    """`small` with all that crosses leads passing through z, to compare."""
    return replace(small(), recipe="small_bottleneck", model=ModelConfig(decoder_cross=False))


def medium() -> RunConfig:
    """4.1 M parameters: a GPU run."""
    return _on_gpu(
        "medium",
        ModelConfig(
            width=192, depth=4, latent_depth=3, channels=(64,), decoder_width=128, decoder_depth=3
        ),
    )


def _on_gpu(name: str, model: ModelConfig) -> RunConfig:
    return RunConfig(
        recipe=name,
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.05, ema=0.999),
        epochs=120,
        batch=256,
        decode_leads=4,
        model=model,
        zscored=True,
        checkpoint_seconds=30.0,
    )


def small_codes() -> RunConfig:
    """Fine-tunes on the SCP-ECG statements."""
    return RunConfig(
        recipe="small_codes",
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.1, decay=0.8, betas=(0.9, 0.98), ema=0.999),
        epochs=16,
        batch=32,
        model=ModelConfig(rhythm_width=64),
        zscored=True,
        augment=AugmentConfig(gain=0.1, noise=0.1, shift=50, mix=0.5),
        patch_dropout=(0.2, 0.6),
        segment=True,
    )


def gpu_leads() -> RunConfig:
    """Goes on with weights, fine-tuned or not, on whole leads to reconstruct: a GPU run."""
    return RunConfig(
        recipe="gpu_leads",
        optim=OptimConfig(lr=1e-3, muon=4.0, warmup=0.05, decay=0.9, ema=0.995),
        epochs=51,
        batch=64,
        mask=MaskConfig(asked=0.65),
        relative=True,
        checkpoint_seconds=30.0,
    )


def small_leads() -> RunConfig:
    """Goes on with whole leads of ECGs that are changed a little: a CPU run."""
    leads = gpu_leads()
    return replace(
        leads,
        recipe="small_leads",
        optim=replace(leads.optim, lr=6e-4, decay=0.7),
        epochs=20,
        batch=32,
        keep=0.5,
        augment=AugmentConfig(gain=0.2, shift=500, turn=8.0),
    )


def rehearsal() -> RunConfig:
    """A tiny model for one epoch: shows that a set-up runs from start to end."""
    return RunConfig(
        recipe="rehearsal",
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
        mask=MaskConfig(),
    )


Recipes = Mapping[str, Callable[[], RunConfig]]


def _named(*recipes: Callable[[], RunConfig]) -> Recipes:
    return MappingProxyType({recipe.__name__: recipe for recipe in recipes})


PRETRAINING = _named(small, small_long, small_bottleneck, medium, rehearsal)
# Of pretraining, too, but only with weights to begin with.
CONTINUING = _named(gpu_leads, small_leads)
FINETUNING = _named(small_codes, rehearsal)


def recipe_named(name: str, among: Recipes) -> RunConfig:
    """The configuration of a recipe.

    Raises:
        InputError: There is no such recipe among those.
    """
    if name not in among:
        raise InputError(f"There is no recipe {name!r} for this; choose one of {', '.join(among)}.")
    return among[name]()
