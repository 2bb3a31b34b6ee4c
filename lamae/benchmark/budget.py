"""What every row of the comparison may spend."""

from dataclasses import dataclass, field, replace
from typing import Any

from lamae.benchmark.rows import Pretraining
from lamae.model import ModelConfig
from lamae.objectives import ObjectiveConfig
from lamae.train.config import FinetuneConfig, OptimConfig, RunConfig
from lamae.train.recipes import rehearsal, small, small_codes, small_long

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Budget:
    """One for all rows but the long ones: no other may train longer or wider than it says.

    All but the long rows, and the ablation that asks for others, learn from ECGs in mV alone.

    Attributes:
        model: Sizes, but for what an ablation changes; the long rows' classifiers also have the
            convolutions over time of recipe `small_codes`.
        pretrain_epochs: Passes over the training ECGs without labels.
        label_epochs: Passes over the labelled ECGs, from pretrained and from random weights alike.
        long_pretrain_epochs: Passes over the ECGs in the long pretrainings, as in recipe
            `small_long`.
        long_pretrain_batch: ECGs a step there.
        long_epochs: Passes over the labelled ECGs in the long rows, as in recipe `small_codes`:
            on fold 9 the transformer, fine-tuned with patches masked here and there, gained no
            more after that.
        resnet_epochs: The same of the ResNet, which gains for longer.
        batch: ECGs a step.
        decode_leads: Leads that a pretraining step reconstructs.
        patch_dropout: Least and largest share of the patches that a fine-tuning step masks.
        muon: How far Muon exceeds the learning rate, see `OptimConfig`. With it ten epochs
            reconstruct as well as twenty with AdamW alone.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    pretrain_epochs: int = 10
    label_epochs: int = 10
    long_pretrain_epochs: int = small_long().epochs
    long_pretrain_batch: int = small_long().batch
    long_epochs: int = small_codes().epochs
    resnet_epochs: int = 32
    batch: int = 32
    decode_leads: int = 2
    patch_dropout: tuple[float, float] = (0.3, 0.7)
    muon: float = 4.0

    def pretraining(self, name: str, how: Pretraining) -> RunConfig[ObjectiveConfig]:
        """The run that pretrains: recipe `small` within the budget, or `small_long`."""
        model = replace(self.model, **how.model)
        if how.long:
            long: RunConfig[Any] = small_long()
            return replace(
                long,
                objective=how.method(long.objective.decode_leads),
                epochs=self.long_pretrain_epochs,
                batch=self.long_pretrain_batch,
                model=model,
                zscored=how.zscored,
            )
        recipe: RunConfig[Any] = small()
        return replace(
            recipe,
            recipe=f"benchmark {name}",
            objective=how.method(self.decode_leads),
            optim=replace(recipe.optim, muon=self.muon),
            epochs=self.pretrain_epochs,
            batch=self.batch,
            model=model,
            zscored=how.zscored,
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )

    def classifier(self, name: str, seed: int, *, long: bool = False) -> RunConfig[FinetuneConfig]:
        """The run that trains a classifier with labels.

        It is as recipe `small_codes`, but without blended ECGs and with a shorter average:
        together they slow the first epochs. Fine-tuning and training from scratch are the same
        but for the weights they begin with. A long run is that recipe in everything, so that
        `finetune` takes it for its own and makes weights to ship of it.
        """
        config = small_codes()
        config = replace(
            config,
            recipe=config.recipe if long else f"benchmark {name}",
            epochs=self.long_epochs,
            batch=self.batch,
            seed=seed,
            model=replace(self.model, rhythm_width=config.model.rhythm_width),
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )
        if long:
            return config
        return replace(
            config,
            optim=replace(config.optim, muon=self.muon, ema=0.998),
            epochs=self.label_epochs,
            model=self.model,
            zscored=False,
            objective=replace(
                config.objective, patch_dropout=self.patch_dropout, segment=False, mixup=0.0
            ),
        )

    def resnet(self, name: str, seed: int, *, long: bool = False) -> RunConfig[FinetuneConfig]:
        """The run that trains the supervised ResNet.

        It masks leads as often as the others do, but no patches: those are there to save
        tokens, of which it has none.
        """
        config = self.classifier(name, seed, long=long)
        return replace(
            config,
            recipe=f"benchmark {name}",
            epochs=self.resnet_epochs if long else self.label_epochs,
            optim=OptimConfig(lr=2e-3, betas=(0.9, 0.999), warmup=0.15, decay=0.85, ema=0.995),
            objective=replace(config.objective, patch_dropout=(0.0, 0.0)),
        )


def rehearsal_budget() -> Budget:
    """So little that all kinds of rows run within a minute: shows that the command works."""
    return Budget(
        model=rehearsal().model,
        pretrain_epochs=1,
        label_epochs=1,
        long_pretrain_epochs=1,
        long_pretrain_batch=8,
        long_epochs=1,
        resnet_epochs=1,
        batch=8,
    )
