"""A complete description of a training run."""

from dataclasses import dataclass, field

from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.signal.preprocess import InputSpec
from lamae.train.augment import AugmentConfig


@dataclass(frozen=True)
class OptimConfig:
    """AdamW, alone or beside Muon, with warm-up, a plateau and a decay to zero.

    Attributes:
        lr: Learning rate on the plateau.
        muon: Let Muon update the matrices of the transformer blocks, with this many times the
            learning rate. None leaves all to AdamW.
        weight_decay: Of matrices, with Muon of its own alone; biases, norms and embeddings have
            none.
        betas: Of Adam.
        warmup: Share of the steps in which the rate rises from zero.
        decay: Share of the steps in which it falls to zero again. Before that, a run may be
            continued with another number of epochs, if the rate would not yet fall with it.
        clip: Largest norm of the gradient.
        ema: Decay, a step, of an exponential moving average of the weights, such as 0.999; it
            is validated and returned in place of the last weights. None for no average.
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
        mask: What pretraining masks.
        zscored: Train on ECGs without amplitudes, too; in fine-tuning they teach the
            statements in `lamae.data.zscored.FREE_OF_AMPLITUDE` alone.
        decode_leads: Leads that a pretraining step reconstructs, drawn anew each step; fewer
            than all save time.
        relative: Measure errors of reconstruction in units of what linear regression leaves, see
            `lamae.model.mae.relative_loss`, instead of as squares.
        keep: Share of the weights that pretraining began with in those that it ends with: both
            are mixed, which keeps of either what it does well (arXiv 2109.01903). Only with
            weights to begin with.
        augment: How ECGs are changed before they are learned from.
        patch_dropout: Least and largest share of the patches that a fine-tuning step masks:
            it saves time and keeps the model from leaning on single beats.
        segment: Whether those are the patches before and after a random segment of the ECG,
            which leaves its rhythm whole, instead of patches here and there in each lead.
        lead_dropout: Share of the fine-tuning steps that mask 1 to 11 leads, so that one
            model serves any set of leads.
        compile: Let torch.compile fuse the model's operations. It costs minutes at the start
            and a C++ compiler, and is meant for long runs on a GPU.
        checkpoint_seconds: Least time between two checkpoints, in s; 0 saves after every
            epoch. The last epoch is always saved.
    """

    recipe: str
    optim: OptimConfig
    epochs: int
    batch: int = 64
    seed: int = 0
    model: ModelConfig = field(default_factory=ModelConfig)
    input: InputSpec = field(default_factory=InputSpec)
    mask: MaskConfig = field(default_factory=MaskConfig)
    zscored: bool = False
    decode_leads: int = 6
    relative: bool = False
    keep: float = 0.0
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    patch_dropout: tuple[float, float] = (0.0, 0.5)
    segment: bool = False
    lead_dropout: float = 0.3
    compile: bool = False
    checkpoint_seconds: float = 0.0
