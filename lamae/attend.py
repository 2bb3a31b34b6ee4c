"""The attention of one ECG's latent tokens, summed over leads and over time."""

import torch
from jaxtyping import Float
from torch import Tensor

from lamae.ecg import LEADS, lead_indices
from lamae.model.latent import Latent, lead_attention
from lamae.results import LeadAttention


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
    layer_weights = from_z[:, 0][..., rows].numpy()
    layer_matrix = between[:, 0][..., rows, :][..., rows].numpy()
    weights = layer_weights.mean(axis=(0, 1))
    matrix = layer_matrix.mean(axis=(0, 1))
    return LeadAttention(
        leads=leads,
        weights=weights / weights.sum(),
        matrix=matrix / matrix.sum(axis=-1, keepdims=True),
        layer_weights=layer_weights,
        layer_matrix=layer_matrix,
        over_time=over_time[rows].numpy(),
        start=start,
        patch_seconds=patch_seconds,
    )


def _over_time(latent: Latent, patches: int) -> Float[Tensor, "12 patches"]:
    """Share of z's attention to each patch; class tokens, which have no time, are left out."""
    lead, patch, valid = (part[0] for part in latent.packed)
    from_z = torch.stack(latent.attention)[:, 0, :, 0, 1:].float().mean(dim=(0, 1))  # M
    to_patches = from_z.unflatten(0, (len(lead), -1))[:, 1:] * valid  # V K
    shares = torch.zeros(len(LEADS), patches)
    # Rows may name a patch twice where they are padded: only the valid ones count.
    shares.index_put_((lead[:, None].expand_as(patch), patch), to_patches, accumulate=True)
    return shares / shares.sum().clamp_min(1e-12)
