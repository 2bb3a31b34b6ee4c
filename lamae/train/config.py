"""A complete description of a training run."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lamae.model import ModelConfig
from lamae.objectives.augment import AugmentConfig
from lamae.signal.preprocess import InputSpec

Task = TypeVar("Task", covariant=True)


@dataclass(frozen=True)
class OptimConfig:
    """AdamW, alone or beside Muon, with warm-up, a plateau and a decay to zero.

    Attributes:
        lr: Learning rate on the plateau.
        muon: Muon's learning rate for the matrices of the transformer blocks, in multiples of
            `lr`. None leaves all to AdamW.
        weight_decay: Of matrices, with Muon only of Muon's; biases, norms and embeddings have
            none.
        betas: Of Adam.
        warmup: Share of the steps in which the rate rises from zero.
        decay: Share of the steps in which it falls to zero again. Before that, a run may go on
            with another number of epochs, if the rate would not yet fall with that either.
        clip: Largest norm of the gradient.
        ema: Decay per step of an exponential moving average of the weights, such as 0.999,
            which is validated and returned in place of the last weights. None for no average.
    """

    lr: float
    muon: float | None = None
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    warmup: float = 0.05
    decay: float = 0.3
    clip: float = 1.0
    ema: float | None = None


@dataclass(frozen=True)
class FinetuneConfig:
    """Settings of fine-tuning.

    Attributes:
        patch_dropout: Least and largest share of the patches that a step masks: this saves time
            and keeps the model from relying on single beats.
        segment: Mask the patches before and after a random segment of the ECG, which leaves its
            rhythm intact, instead of patches at random in each lead.
        lead_dropout: Share of the steps that mask 1 to 11 leads, so that one model serves any
            set of leads.
        augment: How ECGs are changed beforehand.
        mixup: Share of the ECGs that another one of the batch is blended into, see
            `lamae.objectives.augment.mixup`.
    """

    patch_dropout: tuple[float, float] = (0.0, 0.5)
    segment: bool = False
    lead_dropout: float = 0.3
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    mixup: float = 0.0


@dataclass(frozen=True)
class RunConfig(Generic[Task]):
    """One run.

    Attributes:
        recipe: Name of the recipe.
        objective: What is optimised: the config of a pretraining method, see
            `lamae.objectives`, or `FinetuneConfig`.
        optim: Optimiser and schedule.
        epochs: Passes over the training folds.
        batch: ECGs a step, over all devices.
        seed: Of parameters, order, masks and dropout.
        model: Sizes, a dataclass of the model's family.
        input: What the model takes.
        zscored: Train on ECGs without amplitudes, too; in fine-tuning they teach only the
            statements in `lamae.data.zscored.FREE_OF_AMPLITUDE`.
        compile: Let torch.compile fuse the model's operations. It costs minutes at the start
            and needs a C++ compiler; for long runs on a GPU.
        checkpoint_seconds: Least time between two checkpoints, in s; 0 saves after every
            epoch. The last epoch is always saved.
    """

    recipe: str
    objective: Task
    optim: OptimConfig
    epochs: int
    batch: int = 64
    seed: int = 0
    model: Any = field(default_factory=ModelConfig)
    input: InputSpec = field(default_factory=InputSpec)
    zscored: bool = False
    compile: bool = False
    checkpoint_seconds: float = 0.0
