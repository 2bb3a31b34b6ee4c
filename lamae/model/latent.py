"""Latent attention: how leads are weighed and connected."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lamae.model.config import ModelConfig
from lamae.model.encoder import LeadEncoder, with_cls
from lamae.model.layers import NEVER, NO_TIME, Block, distance_bias, explicit_is_faster
from lamae.model.mask import Packed, pack


@dataclass(frozen=True, eq=False)
class Latent:
    """What the backbone makes of an ECG.

    Attributes:
        z: The ECG as one vector; the same in whatever order leads are given.
        tokens: Latent tokens of the visible leads, each lead's class token first.
        time: Patch number of each token.
        valid: Tokens that stand for something visible.
        packed: Lead and patch of each token.
        attention: For each block, the weights over the S = M + 1 tokens [z; tokens],
            where they were asked for.
    """

    z: Float[Tensor, "B D"]
    tokens: Float[Tensor, "B M D"]
    time: Int[Tensor, "B M"]
    valid: Bool[Tensor, "B M"]
    packed: Packed
    attention: tuple[Float[Tensor, "B H S S"], ...]

    def pooled(self, leads: int) -> Float[Tensor, "B features"]:
        """z, then mean and maximum of each lead's tokens: what classifiers take.

        Findings are read lead by lead, so which lead a feature comes from is kept; a masked
        lead's features are zero.

        Args:
            leads: L.
        """
        batch, rows, patches = self.packed.patch.shape
        tokens = self.tokens.unflatten(1, (rows, patches + 1))  # B V K+1 D
        valid = self.valid.unflatten(1, (rows, patches + 1))[..., None]
        count = valid.sum(dim=2)
        mean = tokens.masked_fill(~valid, 0.0).sum(dim=2) / count.clamp_min(1)
        most = tokens.masked_fill(~valid, NEVER).amax(dim=2).masked_fill(count == 0, 0.0)
        each = torch.cat([mean, most], dim=-1)  # B V 2D
        features = each.new_zeros(batch, leads, each.shape[-1])
        where = self.packed.lead[..., None].expand_as(each)
        return torch.cat([self.z, features.scatter(1, where, each).flatten(1)], dim=-1)

    def over_time(self, patches: int) -> Float[Tensor, "B N D"]:
        """Mean of the leads' tokens at each patch, zero where no lead is visible.

        Args:
            patches: N.
        """
        batch, rows, shown = self.packed.patch.shape
        tokens = self.tokens.unflatten(1, (rows, shown + 1))[:, :, 1:]  # B V K D
        valid = self.packed.valid[..., None].to(tokens.dtype)
        where = self.packed.patch.flatten(1)[..., None]  # B VK 1
        total = tokens.new_zeros(batch, patches, tokens.shape[-1])
        total = total.scatter_add(
            1, where.expand(-1, -1, tokens.shape[-1]), (tokens * valid).flatten(1, 2)
        )
        count = valid.new_zeros(batch, patches, 1).scatter_add(1, where, valid.flatten(1, 2))
        return total / count.clamp_min(1.0)


class Backbone(nn.Module):
    """Encoder f of single leads, then attention g across leads over [z; H_1; ...; H_L].

    No code of position or order is added in g, so z does not depend on the order of leads.

    Source: LAMAE (arXiv 2603.26475): latent attention, permutation-invariant aggregation.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = LeadEncoder(config)
        self.z = nn.Parameter(torch.zeros(config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads) for _ in range(config.latent_depth)
        )
        self.norm = nn.LayerNorm(config.width)
        self.apply(init_weights)

    def forward(
        self,
        x: Float[Tensor, "B L T"],
        visible: Bool[Tensor, "B L N"],
        *,
        want_attention: bool = False,
    ) -> Latent:
        """Encode what is visible.

        Args:
            x: Signals in model units.
            visible: Patches that the model may see.
            want_attention: Return the attention weights of each latent block.
        """
        packed = pack(visible)
        tokens = self.encoder(x, packed).flatten(1, 2)  # B M D
        time, valid = (part.flatten(1, 2) for part in with_cls(packed))
        shown = packed.valid.any(dim=-1, keepdim=True).expand(-1, -1, packed.patch.shape[-1] + 1)
        valid = valid & shown.flatten(1, 2)
        sequence = torch.cat([self.z.expand(len(x), 1, -1), tokens], dim=1)  # B M+1 D
        sequence_time = nn.functional.pad(time, (1, 0), value=NO_TIME)
        sequence_valid = nn.functional.pad(valid, (1, 0), value=True)
        bias = distance_bias(sequence_time, sequence_time, sequence_valid, self.config.heads)
        attention = []
        explicit = want_attention or explicit_is_faster(sequence)
        for block in self.blocks:
            sequence, weights = block(sequence, bias, explicit=explicit)
            if want_attention:
                attention.append(weights)
        sequence = self.norm(sequence)
        return Latent(sequence[:, 0], sequence[:, 1:], time, valid, packed, tuple(attention))


def lead_attention(
    latent: Latent, leads: int
) -> tuple[Float[Tensor, "blocks B H L"], Float[Tensor, "blocks B H L L"]]:
    """Sum the attention over the tokens of each lead.

    Returns:
        Share of z's attention that goes to each lead, and the share of each lead's attention
        (row) that goes to each lead (column). What is missing from one goes to z. Masked leads
        get zero.

    Raises:
        ValueError: The latent was made without attention, or has no latent blocks.
    """
    if not latent.attention:
        raise ValueError("The backbone was run without want_attention, or has no latent blocks.")
    each = latent.packed.patch.shape[-1] + 1
    lead_of_token = latent.packed.lead.repeat_interleave(each, dim=1)  # B M
    member = nn.functional.one_hot(lead_of_token, leads).float() * latent.valid[:, :, None]
    weights = torch.stack(latent.attention).float()  # blocks B H M+1 M+1
    to_leads = torch.einsum("kbhqm,bml->kbhql", weights[..., 1:], member)
    from_z = to_leads[..., 0, :]
    tokens_of_lead = member.sum(dim=1).clamp_min(1.0)  # B L
    between = torch.einsum("kbhml,bmr->kbhrl", to_leads[..., 1:, :], member)
    return from_z, between / tokens_of_lead[None, :, None, :, None]


def init_weights(module: nn.Module) -> None:
    """Xavier weights, zero biases, and lead embeddings as large as those of time.

    So a token says as loudly from the start which lead it belongs to as when it was recorded.
    """
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.7)
    elif isinstance(module, nn.Conv1d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
    if isinstance(module, nn.Conv1d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
