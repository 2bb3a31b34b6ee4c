"""The encoder, the only one in the project: one ViT, run on each lead alone."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lamae.model.config import ModelConfig
from lamae.model.layers import NO_TIME, Block, distance_bias, explicit_is_faster, time_embedding
from lamae.model.mask import Packed
from lamae.model.patch_embedding import PatchEmbedding


class LeadEncoder(nn.Module):
    """H_l = f([cls; e[l, visible] + p + s_l]), e made by convolutions along the lead.

    No lead sees another here.

    Source: the vision transformer (arXiv 2010.11929) as encoder of a masked autoencoder,
        which drops masked patches instead of masking them (arXiv 2111.06377).
    """

    time: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = PatchEmbedding(config)
        self.lead = nn.Embedding(config.leads, config.width)
        self.cls = nn.Parameter(torch.zeros(config.width))
        self.register_buffer("time", time_embedding(config.patches, config.width), persistent=False)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, x: Float[Tensor, "B L T"], packed: Packed) -> Float[Tensor, "B V tokens D"]:
        """Encode the visible patches.

        Args:
            x: Signals in model units.
            packed: The visible patches.

        Returns:
            Tokens of each visible lead, its class token first.
        """
        tokens = (
            self.embed(x, packed) + self.time[packed.patch] + self.lead(packed.lead)[:, :, None]
        )  # B V K D
        batch, leads = packed.lead.shape
        cls = self.cls.expand(batch, leads, 1, -1)
        tokens = torch.cat([cls, tokens], dim=2).flatten(0, 1)  # BV K+1 D
        time, valid = (part.flatten(0, 1) for part in with_cls(packed))
        bias = distance_bias(time, time, valid, self.config.heads)
        for block in self.blocks:
            tokens, _ = block(tokens, bias, explicit=explicit_is_faster(tokens))
        return self.norm(tokens).unflatten(0, (batch, leads))


def with_cls(packed: Packed) -> tuple[Tensor, Tensor]:
    """Time and validity of each lead's tokens, [B V K+1] each, its class token first."""
    time = nn.functional.pad(packed.patch, (1, 0), value=NO_TIME)
    # The class token of an empty row is kept: softmax over no key at all is not a number.
    valid = nn.functional.pad(packed.valid, (1, 0), value=True)
    return time, valid
