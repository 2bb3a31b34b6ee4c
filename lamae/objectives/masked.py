"""Masked modelling, LAMAE's objective: reconstruct masked patches from those of all leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int
from torch import Generator, Tensor, nn

from lamae.errors import InputError
from lamae.model import MaskedAutoencoder, ModelConfig
from lamae.model.families import LAMAE
from lamae.model.mask import MaskConfig, draw_mask
from lamae.objectives.augment import AugmentConfig, augment, rotate_dipole
from lamae.objectives.objective import VALIDATION_SEED, Objective, Pretrained, Signals

TITLE, PAPER = "LAMAE", "LAMAE, arXiv 2603.26475"

# In model units: keeps the square root smooth, and leads that algebra gives from counting.
SMOOTH, LEAST_UNIT = 0.05, 0.1


@dataclass(frozen=True)
class MaskedConfig:
    """Settings of masked modelling.

    Attributes:
        mask: What is masked.
        decode_leads: Leads that a step reconstructs, drawn anew each step; fewer save time.
        relative_to_linear: Measure errors in units of those of linear regression, see
            `relative_loss`, instead of as squares.
        augment: How ECGs are changed beforehand.
        rotation: Standard deviation of the angles in degrees by which the heart's dipole is
            rotated, see `rotate_dipole`.
        init_weight: Share of the initial weights in the final ones, where the run begins with
            trained weights: interpolation keeps what either does well (WiSE-FT, arXiv 2109.01903).
    """

    mask: MaskConfig = field(default_factory=MaskConfig)
    decode_leads: int = 6
    relative_to_linear: bool = False
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    rotation: float = 0.0
    init_weight: float = 0.0

    def build(self, model: ModelConfig) -> "Masked":
        """The objective, its network with random weights."""
        return Masked(self, model)


class MaskedBatch(NamedTuple):
    """A batch to reconstruct.

    Attributes:
        x: Signals in model units.
        visible: Patches that the model sees.
        masked: Patches that the recordings have and the model does not see.
        leads: Leads to reconstruct.
    """

    x: Float[Tensor, "B L T"]
    visible: Bool[Tensor, "B L N"]
    masked: Bool[Tensor, "B L N"]
    leads: Int[Tensor, " R"]

    @classmethod
    def of(
        cls, signals: Signals, patches: int, mask: MaskConfig, generator: Generator
    ) -> "MaskedBatch":
        """Masked ECGs, every lead to be reconstructed.

        Args:
            signals: The ECGs.
            patches: N.
            mask: What is masked.
            generator: On the CPU.
        """
        available = signals.available(patches)
        visible = draw_mask(available, mask, generator)
        leads = torch.arange(signals.x.shape[1], device=signals.x.device)
        return cls(signals.x, visible, available & ~visible, leads)


class Masked(Objective[MaskedAutoencoder, MaskedBatch]):
    """Reconstruct masked patches.

    Source: masked autoencoders (arXiv 2111.06377); LAMAE (arXiv 2603.26475).
    """

    def __init__(self, config: MaskedConfig, model: ModelConfig) -> None:
        self.config = config
        self.model = model
        self.network = MaskedAutoencoder(model)
        self.initial: MaskedAutoencoder | None = None

    def measure(self, values: Float32[np.ndarray, "n L T"]) -> None:
        """Set the moments that the linear estimate needs."""
        self.network.moments.copy_(torch.from_numpy(lead_moments(values)))

    def start_from(self, before: Pretrained) -> None:
        """Begin with all weights, moments included.

        Raises:
            InputError: They are not those of a masked autoencoder.
        """
        if not isinstance(before.reconstructor, MaskedAutoencoder):
            raise InputError(
                f"These weights of family {before.family!r} hold no masked autoencoder; expected "
                "those that pretraining of LAMAE wrote."
            )
        self.initial = before.reconstructor
        self.network.load_state_dict(self.initial.state_dict())

    def sample(
        self, signals: Signals, rows: Int[Tensor, " B"], generator: Generator
    ) -> MaskedBatch:
        """Masked and augmented ECGs, and the leads to reconstruct."""
        leads = torch.randperm(self.model.leads, generator=generator)
        chosen = signals.take(rows)
        batch = MaskedBatch.of(chosen, self.model.patches, self.config.mask, generator)
        if self.config.mask.imputation:
            # Imputation leaves most leads visible: there is nothing to reconstruct in them.
            leads = leads[batch.masked.any(dim=-1).any(dim=0).cpu()[leads]]
        leads = leads[: self.config.decode_leads].sort().values.to(batch.x.device)
        x = batch.x
        if self.config.rotation:
            x = rotate_dipole(x, chosen.present, self.config.rotation, generator)
        if self.config.augment != AugmentConfig():
            x = augment(x, self.config.augment, generator)
        return batch._replace(x=x, leads=leads)

    def loss(
        self, network: MaskedAutoencoder, batch: MaskedBatch, generator: Generator
    ) -> Float[Tensor, ""]:
        """Error on the masked patches of the leads to reconstruct."""
        x, visible, masked, leads = batch
        output, target, where = network(x, visible, leads), x[:, leads], masked[:, leads]
        if self.config.relative_to_linear:
            return relative_loss(output, network.estimate(x, visible, leads), target, where)
        return masked_loss(output, target, where)

    def validate(self, network: MaskedAutoencoder, signals: Signals) -> Mapping[str, float]:
        """Mean loss over batches of unchanged ECGs, all leads reconstructed."""
        generator = Generator().manual_seed(VALIDATION_SEED)
        losses = [
            self.loss(
                network,
                MaskedBatch.of(part, self.model.patches, self.config.mask, generator),
                generator,
            )
            for part in signals.validation_batches()
        ]
        return {"validation_loss": float(torch.stack(losses).mean())}

    def result(self, network: MaskedAutoencoder) -> Pretrained:
        """The autoencoder, interpolated with the initial weights where that is wanted."""
        run: dict[str, float | bool] = {"relative_to_linear": self.config.relative_to_linear}
        if self.initial is not None:
            run["init_weight"] = self.config.init_weight
            if self.config.init_weight:
                interpolate(network, self.initial, self.config.init_weight)
        return Pretrained(LAMAE, self.model, network.backbone, network, run, TITLE, PAPER)


def interpolate(network: nn.Module, other: nn.Module, share: float) -> None:
    """Move the weights of a network by a share of the way to another's, in place."""
    with torch.no_grad():
        for own, others in zip(network.parameters(), other.parameters(), strict=True):
            own.lerp_(others.to(own.device), share)


def lead_moments(values: Float32[np.ndarray, "n L time"]) -> Float64[np.ndarray, "L L"]:
    """Mean product of every pair of leads over all samples."""
    total = np.zeros((values.shape[1], values.shape[1]))
    for record in values.astype(np.float64):
        total += record @ record.T
    return total / (values.shape[0] * values.shape[2])


def masked_loss(
    output: Float[Tensor, "B R T"],
    target: Float[Tensor, "B R T"],
    masked: Bool[Tensor, "B R N"],
) -> Float[Tensor, ""]:
    """Mean squared error over masked patches only; zero where nothing is masked."""
    weight = masked.repeat_interleave(target.shape[-1] // masked.shape[-1], dim=-1).float()
    return ((output.float() - target) ** 2 * weight).sum() / weight.sum().clamp_min(1.0)


def relative_loss(
    output: Float[Tensor, "B R T"],
    estimate: Float[Tensor, "B R T"],
    target: Float[Tensor, "B R T"],
    masked: Bool[Tensor, "B R N"],
) -> Float[Tensor, ""]:
    """Root mean square error over masked patches, in units of that of linear regression.

    Easy leads thus count as much as hard ones, and no single noisy ECG as much as with squares.

    Args:
        output: The model's reconstruction.
        estimate: That of linear regression.
        target: The truth.
        masked: Patches to reconstruct.

    Returns:
        The mean over the leads of all ECGs in which something is masked; zero where nothing is.
    """
    weight = masked.repeat_interleave(target.shape[-1] // masked.shape[-1], dim=-1).float()
    count = weight.sum(dim=-1)  # B R
    some = (count > 0).float()

    def error(values: Float[Tensor, "B R T"]) -> Float[Tensor, "B R"]:
        square = ((values.float() - target) ** 2 * weight).sum(dim=-1) / count.clamp_min(1.0)
        return (square + SMOOTH**2).sqrt()

    unit = (error(estimate) * some).sum(dim=0) / some.sum(dim=0).clamp_min(1.0) + LEAST_UNIT
    return (error(output) / unit * some).sum() / some.sum().clamp_min(1.0)
