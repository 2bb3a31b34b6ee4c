"""From a `Masking` to the mask that the model takes."""

import torch
from jaxtyping import Bool
from torch import Generator, Tensor

from lamae.ecg import lead_indices
from lamae.errors import InputError
from lamae.model.mask import mask_random_patches
from lamae.results.masking import Masking, patches_in


def mask_parts(
    available: Bool[Tensor, "1 12 N"], masking: Masking, start: float, patch_seconds: float
) -> Bool[Tensor, "1 12 N"]:
    """Remove what a masking names from the patches available in the window from `start` s.

    Raises:
        InputError: A lead is unknown, nothing stays visible or the ratio is out of range.
    """
    if not 0 <= masking.ratio <= 0.95:
        raise InputError(f"The masking ratio is {masking.ratio:g}; expected 0 to 0.95.")
    generator = Generator().manual_seed(masking.seed)
    visible = mask_random_patches(available, masking.ratio, generator)
    visible[:, lead_indices(masking.leads)] = False
    inside = patches_in(masking.segments, start, available.shape[-1], patch_seconds)
    visible &= torch.from_numpy(~inside)
    if not visible.any():
        raise InputError("Everything is masked; leave at least one lead visible.")
    return visible
