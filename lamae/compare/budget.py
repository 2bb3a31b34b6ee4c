"""What every row of the comparison may spend."""

from dataclasses import dataclass, field, replace

from lamae.model import ModelConfig
from lamae.train.config import OptimConfig, RunConfig
from lamae.train.recipes import rehearsal, small, small_codes

CHECKPOINT_SECONDS = 60.0
# Of parts that begin with random weights.
SCRATCH_LR = 1e-3


@dataclass(frozen=True)
class Budget:
    """One for all rows: no row may train longer or wider than it says.

    Labels come from ECGs in mV alone, in every row.

    Attributes:
        model: Sizes, but for what an ablation changes.
        pretrain_epochs: Passes over the training ECGs without labels.
        finetune_epochs: Passes over the labelled ECGs from pretrained weights.
        scratch_epochs: Passes over the labelled ECGs from random weights; more of them, so that
            a row without pretraining is not merely undertrained.
        batch: ECGs a step.
        decode_leads: Leads that a pretraining step restores.
        patch_dropout: Least and largest share of the patches that a fine-tuning step hides.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    pretrain_epochs: int = 20
    finetune_epochs: int = 5
    scratch_epochs: int = 10
    batch: int = 32
    decode_leads: int = 2
    patch_dropout: tuple[float, float] = (0.3, 0.7)

    def pretraining(self, name: str) -> RunConfig:
        """The run that pretrains, as recipe `small` but for the budget."""
        return replace(
            small(),
            recipe=f"compare {name}",
            epochs=self.pretrain_epochs,
            batch=self.batch,
            model=self.model,
            decode_leads=self.decode_leads,
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )

    def finetuning(self, name: str, seed: int) -> RunConfig:
        """The run that fine-tunes pretrained weights, as recipe `small_codes` does."""
        config = small_codes()
        return replace(
            config,
            recipe=f"compare {name}",
            epochs=self.finetune_epochs,
            batch=self.batch,
            seed=seed,
            model=self.model,
            patch_dropout=self.patch_dropout,
            zscored=False,
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )

    def from_scratch(self, name: str, seed: int) -> RunConfig:
        """The run that trains the same classifier from random weights, all parts alike."""
        config = self.finetuning(name, seed)
        optim = replace(config.optim, lr=SCRATCH_LR, latent_lr=None, encoder_lr=None)
        return replace(config, epochs=self.scratch_epochs, optim=optim, probe_first=False)

    def resnet(self, name: str, seed: int) -> RunConfig:
        """The run that trains the supervised ResNet.

        It hides leads as often as the others do, but no patches: those are there to save
        tokens, of which it has none.
        """
        return replace(
            self.from_scratch(name, seed),
            optim=OptimConfig(lr=2e-3, betas=(0.9, 0.999), warmup=0.15, decay=0.85, ema=0.995),
            patch_dropout=(0.0, 0.0),
        )


def rehearsal_budget() -> Budget:
    """So little that all kinds of rows run within a minute: shows that the command works."""
    return Budget(
        model=rehearsal().model,
        pretrain_epochs=1,
        finetune_epochs=1,
        scratch_epochs=1,
        batch=8,
    )
