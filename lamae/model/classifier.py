"""The classifier: the same backbone with a linear head over SCP-ECG statements."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lamae.model.config import ModelConfig
from lamae.model.latent import Backbone, Latent


class StatementModel(nn.Module):
    """What takes signals and visible patches, and ends with a linear head over the statements."""

    head: nn.Linear

    def start_from(self, prevalence: Float[Tensor, " statements"]) -> None:
        """Let the head begin with the odds of each statement in the training ECGs."""
        with torch.no_grad():
            self.head.bias.copy_(torch.logit(prevalence, eps=1e-4))


class Rhythm(nn.Module):
    """What follows what: convolutions over time on the mean of the leads' tokens.

    Attention looks equally far back and ahead, and pooling forgets order; whether a beat comes
    early, and how beats and P waves follow each other, is read from the order of the tokens.
    """

    DEPTH = 3
    KERNEL = 9
    DROPOUT = 0.1

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.rhythm_width
        self.patches = config.patches
        self.enter = nn.Sequential(
            nn.Dropout(self.DROPOUT), nn.Linear(config.width, width), nn.LayerNorm(width)
        )
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(self.DROPOUT),
                nn.Conv1d(width, width, self.KERNEL, padding=self.KERNEL // 2),
                nn.GroupNorm(1, width),
                nn.ReLU(),
            )
            for _ in range(self.DEPTH)
        )

    def forward(self, latent: Latent) -> Float[Tensor, "B features"]:
        """Mean and maximum over time of each channel."""
        x = self.enter(latent.over_time(self.patches)).mT
        for layer in self.layers:
            x = x + layer(x)
        return torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=-1)


class Classifier(StatementModel):
    """Log-odds of each statement from z, the tokens of each lead and, where wanted, the rhythm."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.dropout = nn.Dropout(0.2)
        self.rhythm = Rhythm(config) if config.rhythm_width else None
        features = (1 + 2 * config.leads) * config.width + 2 * config.rhythm_width
        self.head = nn.Linear(features, config.statements)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"]
    ) -> Float[Tensor, "B statements"]:
        """Log-odds from what is visible of x."""
        return self.classify(self.backbone(x, visible))

    def classify(self, latent: Latent) -> Float[Tensor, "B statements"]:
        """Log-odds from what the backbone made."""
        features = latent.pooled(self.config.leads)
        if self.rhythm is not None:
            features = torch.cat([features, self.rhythm(latent)], dim=-1)
        return self.head(self.dropout(features))


def code_logits(
    statement_logits: Float[Tensor, "B statements"], members: tuple[tuple[int, ...], ...]
) -> Float[Tensor, "B codes"]:
    """Each ICD-10-CM code's score: the highest among the statements that suggest it."""
    return torch.stack(
        [statement_logits[:, list(member)].amax(dim=-1) for member in members], dim=-1
    )
