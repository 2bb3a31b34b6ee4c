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


class Classifier(StatementModel):
    """Log-odds of each statement from z and the tokens of each lead."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear((1 + 2 * config.leads) * config.width, config.statements)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"]
    ) -> Float[Tensor, "B statements"]:
        """Log-odds from what is visible of x."""
        return self.classify(self.backbone(x, visible))

    def classify(self, latent: Latent) -> Float[Tensor, "B statements"]:
        """Log-odds from what the backbone made."""
        return self.head(self.dropout(latent.pooled(self.config.leads)))


def code_logits(
    statement_logits: Float[Tensor, "B statements"], members: tuple[tuple[int, ...], ...]
) -> Float[Tensor, "B codes"]:
    """Each ICD-10-CM code's score: the highest among the statements that suggest it."""
    return torch.stack(
        [statement_logits[:, list(member)].amax(dim=-1) for member in members], dim=-1
    )
