"""Masked modelling of each lead from itself alone, and alignment of the leads beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor
from torch.nn import functional as F

from lamae.errors import InputError
from lamae.model import Latent, MaskedAutoencoder, ModelConfig
from lamae.model.families import LAMAE
from lamae.model.mask import MaskConfig
from lamae.objectives.masked import MaskedBatch, masked_loss
from lamae.objectives.objective import VALIDATION_SEED, Objective, Pretrained, Signals


@dataclass(frozen=True)
class LeadwiseConfig:
    """Settings of leadwise pretraining.

    Attributes:
        mask: What is masked; never whole leads, which only others could reconstruct.
        decode_leads: Leads that a step reconstructs, drawn anew each step.
        alignment: Weight of the alignment at the end of the run; it rises linearly from 0.
            0 leaves the leads independent.
    """

    mask: MaskConfig = field(default_factory=lambda: MaskConfig(mask_leads=0.0))
    decode_leads: int = 6
    alignment: float = 0.0

    def build(self, model: ModelConfig) -> "Leadwise":
        """The objective, its network with random weights.

        Raises:
            InputError: The model lets one lead see another.
        """
        return Leadwise(self, model)


class Leadwise(Objective[MaskedAutoencoder, MaskedBatch]):
    """Reconstruct each lead from itself; with `alignment`, also draw the leads together.

    The moments stay zero and the decoder gets no linear estimate, which would use other leads.

    Source: both are baselines of LAMAE (arXiv 2603.26475), known to us from its abstract; the
        form of the alignment is our reading, see `align`.
    """

    def __init__(self, config: LeadwiseConfig, model: ModelConfig) -> None:
        if model.latent_depth or model.decoder_cross:
            raise InputError(
                f"Leadwise pretraining was given latent depth {model.latent_depth} and "
                f"decoder_cross {model.decoder_cross}; expected 0 and False, so that no lead sees "
                "another."
            )
        self.config = config
        self.model = model
        self.network = MaskedAutoencoder(model)
        self.weight = 0.0
        self.distances: list[Tensor] = []

    def before_step(self, step: int, steps: int) -> None:
        """Raise the weight of the alignment."""
        self.weight = self.config.alignment * step / steps

    def sample(
        self, signals: Signals, rows: Int[Tensor, " B"], generator: Generator
    ) -> MaskedBatch:
        """Masked ECGs and the leads to reconstruct."""
        leads = torch.randperm(self.model.leads, generator=generator)[: self.config.decode_leads]
        batch = MaskedBatch.of(signals.take(rows), self.model.patches, self.config.mask, generator)
        return batch._replace(leads=leads.sort().values.to(batch.x.device))

    def loss(
        self, network: MaskedAutoencoder, batch: MaskedBatch, generator: Generator
    ) -> Float[Tensor, ""]:
        """Masked modelling, and the alignment at its present weight."""
        latent, value = _reconstruction(network, batch)
        if not self.config.alignment:
            return value
        distance = align(latent)
        self.distances.append(distance.detach())
        return value + self.weight * distance

    def diagnostics(self) -> Mapping[str, float]:
        """Mean alignment loss, unweighted."""
        if not self.distances:
            return {}
        mean = float(torch.stack(self.distances).mean())
        self.distances.clear()
        return {"alignment": mean}

    def validate(self, network: MaskedAutoencoder, signals: Signals) -> Mapping[str, float]:
        """Mean loss of masked modelling alone, all leads reconstructed."""
        generator = Generator().manual_seed(VALIDATION_SEED)
        losses = [
            _reconstruction(
                network, MaskedBatch.of(part, self.model.patches, self.config.mask, generator)
            )[1]
            for part in signals.validation_batches()
        ]
        return {"validation_loss": float(torch.stack(losses).mean())}

    def result(self, network: MaskedAutoencoder) -> Pretrained:
        """The autoencoder; its moments are zero."""
        title = "Alignment of leads" if self.config.alignment else "Independent leads"
        return Pretrained(LAMAE, self.model, network.backbone, network, title=title)


def reconstruct(
    network: MaskedAutoencoder,
    x: Float[Tensor, "B L T"],
    visible: Bool[Tensor, "B L N"],
    leads: Int[Tensor, " R"],
) -> tuple[Latent, Float[Tensor, "B R T"]]:
    """Latent tokens of the visible patches, and `leads` reconstructed from them alone."""
    latent = network.backbone(x, visible)
    return latent, network.decoder(latent, torch.zeros_like(x[:, leads]), leads)


def _reconstruction(
    network: MaskedAutoencoder, batch: MaskedBatch
) -> tuple[Latent, Float[Tensor, ""]]:
    x, visible, masked, leads = batch
    latent, output = reconstruct(network, x, visible, leads)
    return latent, masked_loss(output, x[:, leads], masked[:, leads])


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
