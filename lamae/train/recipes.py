"""Recipes: Python functions that return a complete configuration."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from lamae.errors import InputError
from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.train.config import OptimConfig, RunConfig


def small() -> RunConfig:
    """1.5 M parameters, pretrained on two CPU cores in about an hour."""
    return RunConfig(
        recipe="small", optim=OptimConfig(lr=1e-3, warmup=0.02), epochs=85, batch=32, decode_leads=4
    )


def small_bottleneck() -> RunConfig:
    """`small` with all that crosses leads passing through z, to compare."""
    return replace(small(), recipe="small_bottleneck", model=ModelConfig(decoder_cross=False))


def base() -> RunConfig:
    """5.7 M parameters and hundreds of epochs: a GPU run."""
    return RunConfig(
        recipe="base",
        optim=OptimConfig(lr=6e-4),
        epochs=400,
        batch=256,
        model=ModelConfig(
            width=192, heads=4, depth=8, latent_depth=3, decoder_width=128, decoder_depth=3
        ),
    )


def small_codes() -> RunConfig:
    """Fine-tunes `small` (or any pretrained run) on the SCP-ECG statements."""
    return RunConfig(
        recipe="small_codes",
        optim=OptimConfig(lr=1e-3, latent_lr=3e-4, encoder_lr=1e-4, decay=0.6, betas=(0.9, 0.98)),
        epochs=14,
        batch=32,
    )


def rehearsal() -> RunConfig:
    """A tiny model for one epoch: shows that a set-up runs from start to end."""
    return RunConfig(
        recipe="rehearsal",
        optim=OptimConfig(lr=1e-3),
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


RECIPES: Mapping[str, Callable[[], RunConfig]] = MappingProxyType(
    {recipe.__name__: recipe for recipe in (small, small_bottleneck, base, small_codes, rehearsal)}
)


def recipe_named(name: str) -> RunConfig:
    """The configuration of a recipe.

    Raises:
        InputError: There is no such recipe.
    """
    if name not in RECIPES:
        raise InputError(f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]()
