"""Objectives of pretraining: what is optimised, one file a method.

Reading order: `objective` (the interface), `masked` (LAMAE), `leadwise` (independent leads and
alignment), `augment`. A method is one file here, with a frozen config whose `build` makes the
objective, and a recipe in `lamae.train.recipes` that carries this config.
"""

from lamae.objectives.leadwise import LeadwiseConfig
from lamae.objectives.masked import MaskedConfig
from lamae.objectives.objective import (
    Objective,
    ObjectiveConfig,
    Pretrained,
    Sampler,
    Shuffled,
    Signals,
)

__all__ = [
    "LeadwiseConfig",
    "MaskedConfig",
    "Objective",
    "ObjectiveConfig",
    "Pretrained",
    "Sampler",
    "Shuffled",
    "Signals",
]
