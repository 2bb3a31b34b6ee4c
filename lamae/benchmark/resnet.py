"""The supervised baseline: a one-dimensional residual network over the twelve leads joined."""

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from lamae.model import ModelConfig
from lamae.model.classifier import StatementModel
from lamae.train.config import FinetuneConfig, RunConfig

WIDTHS = (64, 64, 128, 192)
KERNEL = 7


class ResNet(StatementModel):
    """Log-odds of each statement; takes what the classifier takes, and masked leads as zeros.

    Source: residual blocks of He et al. (arXiv 1512.03385) in one dimension, as PTB-XL's
        published benchmark uses them (Strodthoff et al. 2021, xresnet1d), much smaller here.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv1d(config.leads, first, 11, 2, 5, bias=False), nn.BatchNorm1d(first), nn.ReLU()
        )
        before = (first, *WIDTHS[:-1])
        self.stages = nn.Sequential(*(Stage(*pair) for pair in zip(before, WIDTHS, strict=True)))
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(2 * WIDTHS[-1], config.statements)

    def forward(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"]
    ) -> Float[Tensor, "B statements"]:
        """Log-odds from what is visible of x."""
        seen = visible.repeat_interleave(x.shape[-1] // visible.shape[-1], dim=-1)
        maps = self.stages(self.stem(x * seen))  # B C T/32
        pooled = torch.cat([maps.mean(dim=-1), maps.amax(dim=-1)], dim=-1)
        return self.head(self.dropout(pooled))


class Stage(nn.Module):
    """Two convolutions that halve the time axis, beside a shortcut that does the same."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        half = KERNEL // 2
        self.first = nn.Conv1d(before, after, KERNEL, 2, half, bias=False)
        self.first_norm = nn.BatchNorm1d(after)
        self.second = nn.Conv1d(after, after, KERNEL, 1, half, bias=False)
        self.second_norm = nn.BatchNorm1d(after)
        self.shortcut = nn.Sequential(
            nn.AvgPool1d(2, ceil_mode=True),
            nn.Conv1d(before, after, 1, bias=False),
            nn.BatchNorm1d(after),
        )

    def forward(self, x: Float[Tensor, "B before T"]) -> Float[Tensor, "B after half"]:
        """Half as many time steps."""
        inner = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(inner)) + self.shortcut(x))


def draw_leads(
    present: Bool[Tensor, "B L"], config: RunConfig[FinetuneConfig], generator: Generator
) -> Bool[Tensor, "B L N"]:
    """Mask 1 to 11 leads in some of the ECGs.

    The transformers mask as many leads of a whole batch, so that tokens pack. Here each ECG
    is drawn on its own: batch normalisation would else learn statistics that change from one
    batch to the next.
    """
    batch, leads = present.shape
    rank = torch.rand(batch, leads, generator=generator).argsort(dim=-1).argsort(dim=-1)
    count = torch.randint(1, leads, (batch, 1), generator=generator)
    struck = torch.rand(batch, 1, generator=generator) < config.objective.lead_dropout
    shown = present & ~(struck & (rank < count)).to(present.device)
    return shown[:, :, None].expand(-1, -1, config.model.patches)
