"""Transformer parts that know about time: attention with a distance bias, blocks, embeddings."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

# A token without a place in time, such as a class token, is near every other token.
NO_TIME = -1
SLOPES = (1.0, 0.5, 0.1, 0.0)
# Far enough below every score to give a weight of exactly 0, yet finite: a query that may see
# no key at all then averages them instead of becoming not a number.
NEVER = -1e4


def distance_bias(
    query_time: Int[Tensor, "#B Q"],
    key_time: Int[Tensor, "#B S"],
    key_valid: Bool[Tensor, "#B S"] | None,
    heads: int,
) -> Float[Tensor, "_ H Q S"]:
    """What is added to attention scores: less for keys further away in time, nothing else.

    The bias looks at time only, so the order in which leads are given does not matter. With
    few ECGs the model learns to look at the same beat in other leads in a few epochs with it,
    and hardly at all without.

    Args:
        query_time: Patch number of each query, `NO_TIME` for tokens without one.
        key_time: Patch number of each key, likewise.
        key_valid: Keys that exist; the others are never attended to.
        heads: H; the heads share `SLOPES` in turn.

    Source: linear biases of Press et al., Train Short, Test Long (arXiv 2108.12409), made
        symmetric in time.
    """
    distance = (query_time[:, :, None] - key_time[:, None, :]).abs().float()
    timeless = (query_time == NO_TIME)[:, :, None] | (key_time == NO_TIME)[:, None, :]
    distance = distance.masked_fill(timeless, 0.0)
    slopes = torch.tensor(
        [SLOPES[head % len(SLOPES)] for head in range(heads)], device=distance.device
    )
    bias = -slopes[:, None, None] * distance[:, None]
    if key_valid is not None:
        bias = bias.masked_fill(~key_valid[:, None, None, :], NEVER)
    return bias


class Attention(nn.Module):
    """Multi-head attention whose weights are a return value."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        x: Float[Tensor, "B Q D"],
        context: Float[Tensor, "B S D"],
        bias: Float[Tensor, "_ H Q S"],
        *,
        explicit: bool,
    ) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q S"] | None]:
        """Attend from x to context.

        Args:
            x: Queries.
            context: Keys and values.
            bias: Added to the scores.
            explicit: Compute the softmax step by step and return it; otherwise use the
                fused kernel, which gives the same output and no weights.
        """
        query = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # B H Q d
        key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # B H S d
            for part in self.key_value(context).chunk(2, dim=-1)
        )
        weights = None
        if explicit:
            scores = (query * query.shape[-1] ** -0.5) @ key.mT
            # Autocast would go through float32, only to round the weights again.
            with torch.autocast(scores.device.type, enabled=False):
                weights = torch.softmax(scores + bias.to(scores.dtype), dim=-1)
            mixed = weights.to(value.dtype) @ value
        else:
            mixed = F.scaled_dot_product_attention(
                query, key, value, attn_mask=bias.to(query.dtype)
            )
        return self.out(mixed.transpose(1, 2).flatten(-2)), weights  # B Q D


class Block(nn.Module):
    """Pre-norm transformer block; with `cross` it also attends to a context."""

    def __init__(self, width: int, heads: int, *, cross: bool = False) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(width)
        self.attend_self = Attention(width, heads)
        self.norm_cross = nn.LayerNorm(width) if cross else None
        self.attend_cross = Attention(width, heads) if cross else None
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(
        self,
        x: Float[Tensor, "B S D"],
        bias: Float[Tensor, "_ H S S"],
        *,
        explicit: bool,
    ) -> tuple[Float[Tensor, "B S D"], Float[Tensor, "B H S S"] | None]:
        """Self-attention and MLP; returns the new tokens and the attention weights."""
        normed = self.norm_self(x)
        attended, weights = self.attend_self(normed, normed, bias, explicit=explicit)
        x = x + attended
        return x + self.mlp(self.norm_mlp(x)), weights

    def look_across(
        self,
        x: Float[Tensor, "B Q D"],
        context: Float[Tensor, "B S D"],
        bias: Float[Tensor, "_ H Q S"],
        *,
        explicit: bool,
    ) -> Float[Tensor, "B Q D"]:
        """Add what the tokens find in the context."""
        assert self.norm_cross is not None
        assert self.attend_cross is not None
        attended, _ = self.attend_cross(self.norm_cross(x), context, bias, explicit=explicit)
        return x + attended


def time_embedding(patches: int, width: int) -> Float[Tensor, "N D"]:
    """Sines and cosines of the patch number, of unit size."""
    rates = torch.exp(-math.log(10_000.0) * torch.arange(0, width, 2) / width)
    angles = torch.arange(patches)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def explicit_is_faster(x: Tensor) -> bool:
    """Whether to spell the softmax out: on a CPU, going back through the fused kernel takes longer.

    It took 60 % of a training step on these short sequences. Without gradients the fused kernel
    is the faster one there too, by 1.7 times.
    """
    return x.device.type == "cpu" and torch.is_grad_enabled()
