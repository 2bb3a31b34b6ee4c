"""The budget of every row."""

from dataclasses import dataclass, field, replace
from typing import Any

from lamae.benchmark.methods import Pretraining
from lamae.model import ModelConfig
from lamae.objectives import ObjectiveConfig
from lamae.train.config import FinetuneConfig, OptimConfig, RunConfig
from lamae.train.recipes import rehearsal, small, small_codes, small_long

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Budget:
    """The limits of all rows, the long ones apart.

    Only long rows, and the ablation of this, learn from ECGs without amplitudes too.

    Attributes:
        model: Sizes, except what an ablation changes; classifiers of long rows also have the
            convolutions over time of recipe `small_codes`.
        pretrain_epochs: Passes over the training ECGs in pretraining.
        label_epochs: Passes over the labelled ECGs, from pretrained and from random weights.
        long_pretrain_epochs: Passes in long pretraining, as in recipe `small_long`.
        long_pretrain_batch: ECGs a step there.
        long_epochs: Passes over the labelled ECGs in long rows, as in recipe `small_codes`; more
            did not raise the transformer's score on fold 9.
        resnet_epochs: The same for the ResNet, which gains for longer.
        batch: ECGs a step.
        decode_leads: Leads that a pretraining step reconstructs.
        patch_dropout: Least and largest share of the patches that a fine-tuning step masks.
        muon: See `OptimConfig`. Ten epochs with it reconstruct as well as twenty of AdamW alone.
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

        It is recipe `small_codes` without mixup and with a shorter average, which together slow
        the first epochs. Fine-tuning and training from scratch differ only in the initial
        weights. A long run is exactly that recipe, so that `finetune` can go on with it and make
        a bundle of it.
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

        It masks leads as often as the others, but no patches, which are masked to save tokens.
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
    """So little that all kinds of rows run within a minute, to test the command."""
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
