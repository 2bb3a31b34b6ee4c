"""The attention of one ECG's latent tokens, summed over leads and over time."""

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from lamae.ecg import LEADS, lead_indices
from lamae.model.latent import Latent, lead_attention
from lamae.results.attention import LeadAttention


def attention_of(
    latent: Latent, leads: tuple[str, ...], patches: int, start: float, patch_seconds: float
) -> LeadAttention:
    """How z weighs the leads and their patches, and how leads attend to each other.

    Args:
        latent: Of one ECG, made with its attention.
        leads: Leads that the recording has.
        patches: N, patches in a lead.
        start: Where the window starts in the recording, in s.
        patch_seconds: Length of a patch in s.
    """
    with torch.inference_mode():
        from_z, between = lead_attention(latent, len(LEADS))
        over_time = _over_time(latent, patches)
    rows = lead_indices(leads)
    weights = from_z[:, 0][..., rows].numpy()
    matrix = between[:, 0][..., rows, :][..., rows].numpy()
    return LeadAttention(
        leads=leads,
        # A head that looks at z almost alone has little to say of leads, so means come first.
        weights=_shares(weights.mean(axis=(0, 1))),
        matrix=_shares(matrix.mean(axis=(0, 1))),
        layer_weights=_shares(weights),
        layer_matrix=_shares(matrix),
        over_time=over_time[rows].numpy(),
        start=start,
        patch_seconds=patch_seconds,
    )


def _shares(paid: Float32[np.ndarray, "*rest leads"]) -> Float32[np.ndarray, "*rest leads"]:
    """Attention that goes to leads, without what goes to z."""
    return paid / np.maximum(paid.sum(axis=-1, keepdims=True), np.float32(1e-12))


def _over_time(latent: Latent, patches: int) -> Float[Tensor, "12 patches"]:
    """Share of z's attention to each patch; class tokens, which have no time, are left out."""
    lead, patch, valid = (part[0] for part in latent.packed)
    from_z = torch.stack(latent.attention)[:, 0, :, 0, 1:].float().mean(dim=(0, 1))  # M
    to_patches = from_z.unflatten(0, (len(lead), -1))[:, 1:] * valid  # V K
    shares = torch.zeros(len(LEADS), patches)
    # Rows may name a patch twice where they are padded: only the valid ones count.
    shares.index_put_((lead[:, None].expand_as(patch), patch), to_patches, accumulate=True)
    return shares / shares.sum().clamp_min(1e-12)
