"""Masks that a person chose, as the model takes them."""

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
    """Mask what a person chose, in the window from `start` s.

    Raises:
        InputError: A lead is unknown, nothing stays visible or the share is out of range.
    """
    if not 0 <= masking.share <= 0.95:
        raise InputError(f"The masked share is {masking.share:g}; expected 0 to 0.95.")
    generator = Generator().manual_seed(masking.seed)
    visible = mask_random_patches(available, masking.share, generator)
    visible[:, lead_indices(masking.leads)] = False
    inside = patches_in(masking.segments, start, available.shape[-1], patch_seconds)
    visible &= torch.from_numpy(~inside)
    if not visible.any():
        raise InputError("Everything is masked; leave at least one lead visible.")
    return visible
