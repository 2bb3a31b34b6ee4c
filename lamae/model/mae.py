"""The masked autoencoder: backbone and decoder."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lamae.model.config import ModelConfig
from lamae.model.latent import Backbone, Latent, init_weights
from lamae.model.layers import NO_TIME, Block, distance_bias, explicit_is_faster, time_embedding
from lamae.model.linear_regression import linear_leads


class Decoder(nn.Module):
    """Reconstructs patches lead by lead from [W z; latent token or mask token, + p_n + s_l].

    It reconstructs the difference from the linear estimate, whose patches are an input: what
    regression already gives need not be learned, and Einthoven's relations hold from the start.

    With `decoder_cross`, each patch also attends to the latent tokens of every visible lead,
    near ones first, so that a wholly masked lead is reconstructed beat by beat rather than from z
    alone.

    Source: the decoder of the masked autoencoder (arXiv 2111.06377); attention from mask
        tokens to visible ones as in CrossMAE (arXiv 2401.14391).
    """

    time: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.decoder_width
        self.from_latent = nn.Linear(config.width, width)
        self.from_estimate = nn.Linear(config.patch, width)
        self.lead = nn.Embedding(config.leads, width)
        self.mask = nn.Parameter(torch.zeros(width))
        self.register_buffer("time", time_embedding(config.patches, width), persistent=False)
        self.blocks = nn.ModuleList(
            Block(width, config.decoder_heads, cross=config.decoder_cross)
            for _ in range(config.decoder_depth)
        )
        self.norm = nn.LayerNorm(width)
        self.to_patch = nn.Linear(width, config.patch)
        self.apply(init_weights)

    def forward(
        self, latent: Latent, estimate: Float[Tensor, "B R T"], leads: Int[Tensor, " R"]
    ) -> Float[Tensor, "B R T"]:
        """Reconstruct leads.

        Args:
            latent: What the backbone made of the visible patches.
            estimate: Linear estimate of the leads to reconstruct.
            leads: Which they are.
        """
        context = self.from_latent(latent.tokens)  # B M W
        tokens = self._place(context, latent)[:, leads]  # B R N W
        given = self.from_estimate(estimate.unflatten(-1, (self.config.patches, -1)))
        tokens = tokens + given + self.time + self.lead(leads)[:, None]
        summary = self.from_latent(latent.z)[:, None, None].expand(-1, len(leads), 1, -1)
        tokens = torch.cat([summary, tokens], dim=2)  # B R N+1 W
        batch, reconstructed, length, _ = tokens.shape
        time = torch.arange(length - 1, device=tokens.device)[None]
        time = nn.functional.pad(time, (1, 0), value=NO_TIME)
        heads = self.config.decoder_heads
        within = distance_bias(time, time, None, heads)
        explicit = explicit_is_faster(tokens)
        across = distance_bias(time, latent.time, latent.valid, heads)
        for block in self.blocks:
            assert isinstance(block, Block)
            # First across leads: until then all mask tokens of a masked lead are alike.
            if self.config.decoder_cross:
                tokens = block.look_across(
                    tokens.flatten(1, 2),
                    context,
                    across.repeat(1, 1, reconstructed, 1),
                    explicit=explicit,
                ).unflatten(1, (reconstructed, length))
            tokens, _ = block(tokens.flatten(0, 1), within, explicit=explicit)
            tokens = tokens.unflatten(0, (batch, reconstructed))
        return estimate + self.to_patch(self.norm(tokens[:, :, 1:])).flatten(2)  # B R T

    def _place(self, context: Float[Tensor, "B M W"], latent: Latent) -> Float[Tensor, "B L N W"]:
        """Mask tokens everywhere, latent tokens where a patch is visible."""
        lead, patch, valid = latent.packed
        batch = torch.arange(len(context), device=context.device)[:, None, None]
        own = context.unflatten(1, (lead.shape[1], -1))[:, :, 1:]  # B V K W
        mask = self.mask.to(context.dtype)
        tokens = mask.expand(len(context), self.config.leads, self.config.patches, -1).clone()
        placed = torch.where(valid[..., None], own, mask)
        tokens[batch, lead[:, :, None], patch] = placed
        return tokens


class MaskedAutoencoder(nn.Module):
    """LAMAE: reconstructs what is masked from what is visible.

    `moments`, mean products of the leads over the training ECGs in squared model units, give
    the linear estimate that the decoder starts from; zeros leave it without one.
    """

    moments: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        moments = torch.zeros(config.leads, config.leads, dtype=torch.double)
        self.register_buffer("moments", moments)
        self.backbone = Backbone(config)
        self.decoder = Decoder(config)

    def forward(
        self,
        x: Float[Tensor, "B L T"],
        visible: Bool[Tensor, "B L N"],
        leads: Int[Tensor, " R"] | None = None,
    ) -> Float[Tensor, "B R T"]:
        """Reconstruct `leads` of x (all by default) from its visible patches."""
        if leads is None:
            leads = torch.arange(self.config.leads, device=x.device)
        estimate = self.estimate(x, visible, leads)
        return self.decoder(self.backbone(x, visible), estimate, leads)

    def estimate(
        self,
        x: Float[Tensor, "B L T"],
        visible: Bool[Tensor, "B L N"],
        leads: Int[Tensor, " R"],
    ) -> Float[Tensor, "B R T"]:
        """The linear estimate of `leads` from the visible patches of x."""
        return linear_leads(x, visible, self.moments)[:, leads]
