"""Pretraining in which no lead sees another: masked modelling alone, or with alignment."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from lamae.model import Latent, MaskedAutoencoder, ModelConfig, masked_loss
from lamae.model.mask import MaskConfig, draw_mask


class LeadwiseAutoencoder(nn.Module):
    """Reconstructs each lead from itself; with `alignment` it also draws the leads together.

    The decoder gets no linear estimate, which would look at other leads.

    Source: both are baselines of LAMAE (arXiv 2603.26475), known to us from its abstract; the
        form of the alignment is our reading, see `align`.
    """

    step: Tensor

    def __init__(self, config: ModelConfig, alignment: float, steps: int) -> None:
        """Begin.

        Args:
            config: Without latent attention and without cross-attention in the decoder.
            alignment: Weight of the alignment at the end; it rises from 0 in a straight line.
            steps: Of the whole run.
        """
        super().__init__()
        self.mae = MaskedAutoencoder(config)
        self.alignment = alignment
        self.steps = steps
        # In the state of the module, so that a run that was killed goes on with its weight.
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def reconstruct(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"], leads: Int[Tensor, " R"]
    ) -> tuple[Latent, Float[Tensor, "B R T"]]:
        """What the backbone makes of the visible patches, and `leads` reconstructed from it."""
        latent = self.mae.backbone(x, visible)
        nothing = torch.zeros_like(x[:, leads])
        return latent, self.mae.decoder(latent, nothing, leads)

    def loss(
        self,
        x: Float[Tensor, "B L T"],
        available: Bool[Tensor, "B L N"],
        mask: MaskConfig,
        generator: Generator,
        leads: Int[Tensor, " R"],
    ) -> Float[Tensor, ""]:
        """Masked modelling of `leads`, and while training the alignment of all."""
        visible = draw_mask(available, mask, generator)
        latent, output = self.reconstruct(x, visible, leads)
        value = masked_loss(output, x[:, leads], (available & ~visible)[:, leads])
        if not self.training or not self.alignment:
            return value
        weight = self.alignment * self.step / self.steps
        self.step += 1
        return value + weight * align(latent)


def align(latent: Latent) -> Float[Tensor, ""]:
    """Mean squared distance between the mean tokens, of length 1, of all pairs of leads.

    Squared distances are summed over components: their mean, D times smaller, would vanish
    beside the loss of masked modelling. Leads that an ECG does not show are left out.
    """
    leads = latent.packed.lead.shape[1]
    tokens = latent.tokens.float().unflatten(1, (leads, -1))  # B V K+1 D
    valid = latent.valid.unflatten(1, (leads, -1))[..., None].float()
    mean = (tokens * valid).sum(dim=2) / valid.sum(dim=2).clamp_min(1.0)
    direction = F.normalize(mean, dim=-1)  # B V D
    shown = latent.valid.unflatten(1, (leads, -1)).any(dim=-1)
    pairs = (shown[:, :, None] & shown[:, None, :]).float()
    distance = (direction[:, :, None] - direction[:, None, :]).square().sum(dim=-1)
    apart = pairs * (1 - torch.eye(leads, device=pairs.device))
    return (distance * apart).sum() / apart.sum().clamp_min(1.0)
