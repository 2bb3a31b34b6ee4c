"""Ways to pretrain that the benchmark compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lamae.model.mask import MaskConfig
from lamae.objectives import LeadwiseConfig, MaskedConfig, ObjectiveConfig

# From the leads that a step reconstructs within the budget to the settings of a method.
Method = Callable[[int], ObjectiveConfig]


def masked(**mask: float) -> Method:
    """LAMAE's objective.

    Args:
        mask: Fields of `MaskConfig` that differ from the default.
    """
    return lambda leads: MaskedConfig(mask=MaskConfig(**mask), decode_leads=leads)


def leadwise(alignment: float = 0.0) -> Method:
    """Independent leads, or their alignment with this weight at the end."""
    return lambda leads: LeadwiseConfig(decode_leads=leads, alignment=alignment)


@dataclass(frozen=True)
class Pretraining:
    """One way to pretrain; the defaults are those of LAMAE.

    Attributes:
        method: The objective.
        model: Fields of `ModelConfig` that differ from the budget's.
        per_record: Divide each ECG by its own root mean square.
        zscored: Use the ECGs without amplitudes, too.
        long: As recipe `small_long`, not within the budget.
    """

    method: Method = field(default_factory=masked)
    model: Mapping[str, Any] = field(default_factory=dict)
    per_record: bool = False
    zscored: bool = False
    long: bool = False


# Neither attention nor decoder lets one lead see another.
_INDEPENDENT = Pretraining(leadwise(), {"latent_depth": 0, "decoder_cross": False})
_ALIGNMENT = replace(_INDEPENDENT, method=leadwise(alignment=2.0))

PRETRAININGS: Mapping[str, Pretraining] = MappingProxyType(
    {
        "lamae": Pretraining(),
        "independent": _INDEPENDENT,
        "alignment": _ALIGNMENT,
        "masks_independent": Pretraining(masked(synchronous=0.0)),
        "masks_synchronous": Pretraining(masked(synchronous=1.0)),
        "no_lead_masking": Pretraining(masked(mask_leads=0.0)),
        "latent_0": Pretraining(model={"latent_depth": 0}),
        "latent_1": Pretraining(model={"latent_depth": 1}),
        "latent_4": Pretraining(model={"latent_depth": 4}),
        "no_cross": Pretraining(model={"decoder_cross": False}),
        "per_record": Pretraining(per_record=True),
        "zscored": Pretraining(zscored=True),
        "lamae_long": Pretraining(zscored=True, long=True),
        "independent_long": replace(_INDEPENDENT, zscored=True, long=True),
        "alignment_long": replace(_ALIGNMENT, zscored=True, long=True),
    }
)
