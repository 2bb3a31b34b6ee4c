"""A complete description of a training run."""

from dataclasses import dataclass, field

from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.preprocess import InputSpec


@dataclass(frozen=True)
class OptimConfig:
    """AdamW with warm-up, a plateau and a decay to zero.

    Attributes:
        lr: Learning rate on the plateau, of new parts.
        latent_lr: Of the latent attention, where it was pretrained.
        encoder_lr: Of the encoder, where it was pretrained.
        weight_decay: Of matrices; biases, norms and embeddings have none.
        betas: Of Adam.
        warmup: Share of the steps in which the rate rises from zero.
        decay: Share of the steps in which it falls to zero again. A plateau lets a longer run
            go on from the checkpoints of a shorter one.
        clip: Largest norm of the gradient.
    """

    lr: float
    latent_lr: float | None = None
    encoder_lr: float | None = None
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    warmup: float = 0.05
    decay: float = 0.3
    clip: float = 1.0


@dataclass(frozen=True)
class RunConfig:
    """One run.

    Attributes:
        recipe: Name of the recipe.
        optim: Optimiser and schedule.
        epochs: Passes over the training folds.
        batch: ECGs a step, over all devices.
        seed: Of parameters, masks, order and dropout.
        model: Sizes.
        input: What the model takes.
        mask: What pretraining hides.
        decode_leads: Leads that a pretraining step restores, drawn anew each step; fewer
            than all save time.
        patch_dropout: Least and largest share of the patches that a fine-tuning step hides:
            it saves time and keeps the model from leaning on single beats.
        lead_dropout: Share of the fine-tuning steps that hide 1 to 11 leads, so that one
            model serves any set of leads.
    """

    recipe: str
    optim: OptimConfig
    epochs: int
    batch: int = 64
    seed: int = 0
    model: ModelConfig = field(default_factory=ModelConfig)
    input: InputSpec = field(default_factory=InputSpec)
    mask: MaskConfig = field(default_factory=MaskConfig)
    decode_leads: int = 6
    patch_dropout: tuple[float, float] = (0.3, 0.7)
    lead_dropout: float = 0.3
