"""How patches become tokens: convolutions along each lead."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from lamae.model.config import ModelConfig
from lamae.model.mask import Packed


class PatchEmbedding(nn.Module):
    """e[l, n] from the samples of patch n and the visible ones beside it, each lead alone.

    Masked samples enter as zero beside a channel that says so, so nothing masked is looked at.
    With one stride this is the linear embedding of a vision transformer. There is no
    normalisation over time or channels: it would take the voltage away that hypertrophy is
    read from.

    Source: convolutions before a vision transformer, Xiao et al., Early Convolutions Help
        Transformers See Better (arXiv 2106.14881).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.patch = config.patch
        widths = (2, *config.channels, config.width)
        last = len(config.strides) - 1
        layers: list[nn.Module] = []
        for number, stride in enumerate(config.strides):
            # Odd overlap on both sides, but none where a patch is embedded by one layer alone.
            overlap = 2 if last else 0
            layers.append(
                nn.Conv1d(
                    widths[number],
                    widths[number + 1],
                    stride + 2 * overlap,
                    stride,
                    overlap,
                )
            )
            if number < last:
                layers += [nn.GELU(), Residual(widths[number + 1])]
        self.layers = nn.Sequential(*layers)
        self.plain = nn.Conv1d(1, config.width, config.patch, config.patch) if last else None

    def forward(self, x: Float[Tensor, "B L T"], packed: Packed) -> Float[Tensor, "B V K D"]:
        """Embed the visible patches.

        Args:
            x: Signals in model units.
            packed: The visible patches.
        """
        batch = torch.arange(len(x), device=x.device)[:, None]
        rows = x[batch, packed.lead]  # B V T
        seen = rows.new_zeros(*rows.shape[:2], rows.shape[2] // self.patch)
        seen = seen.scatter(2, packed.patch, packed.valid.to(rows.dtype))
        seen = seen.repeat_interleave(self.patch, dim=-1)  # B V T
        pair = torch.stack([rows * seen, seen], dim=2).flatten(0, 1)  # BV 2 T
        tokens = self.layers(pair)
        if self.plain is not None:
            tokens = tokens + self.plain(pair[:, :1])
        tokens = tokens.mT.unflatten(0, rows.shape[:2])  # B V N D
        where = packed.patch[..., None].expand(-1, -1, -1, tokens.shape[-1])
        return tokens.gather(2, where)


class Residual(nn.Module):
    """x + what two convolutions add to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, 5, padding=2)
        self.second = nn.Conv1d(width, width, 5, padding=2)

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B C T"]:
        """As the class says."""
        return x + self.second(F.gelu(self.first(F.gelu(x))))
