"""The interface of a pretraining objective, and what it works on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Generator, Tensor, nn

from lamae.errors import InputError
from lamae.model.families import Embeds, Reconstructs

# Masks of validation are the same in every epoch, batch size and run, so that losses compare.
VALIDATION_SEED = 9
VALIDATION_BATCH = 32

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


@dataclass(frozen=True, eq=False)
class Signals:
    """ECGs on the device that trains.

    Attributes:
        x: Signals in model units.
        present: Leads that each recording has.
        patient: Whose recording it is, for objectives that pair recordings.
    """

    x: Float[Tensor, "n L T"]
    present: Bool[Tensor, "n L"]
    patient: Int[Tensor, " n"]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Int[Tensor, " B"]) -> "Signals":
        """These ECGs."""
        return Signals(self.x[rows], self.present[rows], self.patient[rows])

    def validation_batches(self) -> list["Signals"]:
        """All ECGs, `VALIDATION_BATCH` at a time."""
        parts = (part.split(VALIDATION_BATCH) for part in (self.x, self.present, self.patient))
        return [Signals(*part) for part in zip(*parts, strict=True)]

    def available(self, patches: int) -> Bool[Tensor, "n L N"]:
        """Patches that the recordings have.

        Args:
            patches: N.
        """
        return self.present[:, :, None].expand(-1, -1, patches)


@runtime_checkable
class Sampler(Protocol):
    """The order in which ECGs are learned from, and which of them share a step."""

    def steps(self, batch: int) -> int:
        """Steps in an epoch of batches of this size."""
        ...

    def epoch(
        self, batch: int, generator: Generator, rank: int, world: int
    ) -> Int[Tensor, "steps share"]:
        """Rows of the training ECGs that one process takes in each step.

        Args:
            batch: ECGs a step, over all processes; a multiple of their number.
            generator: On the CPU, in the same state in all processes.
            rank: Of this process.
            world: Number of processes.
        """
        ...


@dataclass(frozen=True)
class Shuffled:
    """Every ECG at most once an epoch, in random order.

    Attributes:
        count: Training ECGs.
    """

    count: int

    def steps(self, batch: int) -> int:
        """Full batches only."""
        return self.count // batch

    def epoch(
        self, batch: int, generator: Generator, rank: int, world: int
    ) -> Int[Tensor, "steps share"]:
        """See `Sampler`; the processes take the rows of a batch in turn."""
        order = torch.randperm(self.count, generator=generator)
        return order[: self.steps(batch) * batch].view(-1, batch)[:, rank::world]


@dataclass(frozen=True, eq=False)
class Pretrained:
    """What pretraining leaves behind, and what it may begin with.

    Attributes:
        family: Of the model, as bundles name it.
        config: Sizes, a dataclass of the family.
        backbone: What fine-tuning begins with.
        reconstructor: Reconstructs signals, where the method learns that; it may share the
            backbone.
        run: What the card says of the run beside what it says of every run.
        title: Name of the method on the card.
        paper: That describes it.
    """

    family: str
    config: Any
    backbone: Embeds
    reconstructor: Reconstructs | None = None
    run: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    paper: str = ""


@runtime_checkable
class ObjectiveConfig(Protocol):
    """The settings of one method: a frozen dataclass."""

    def build(self, model: Any) -> "Objective[Any, Any]":
        """The objective, its network with random weights.

        Args:
            model: Sizes, a dataclass of the method's family.
        """
        ...


class Objective(ABC, Generic[Network, Batch]):
    """What a pretraining method optimises.

    A step is `before_step`, `sample`, `loss`, the optimiser, `after_step`. All draws come from
    the generator given. What changes from step to step and does not follow from the step's number
    belongs to `state`, so that a run that was stopped goes on exactly.

    Attributes:
        network: What the optimiser trains and `optim.ema` averages; parameters that need no
            gradient, such as those of a target network, belong to `state` instead.
    """

    network: Network

    def measure(self, values: Float32[np.ndarray, "n L T"]) -> None:
        """Set what is computed from the training ECGs rather than learned; nothing by default.

        Args:
            values: Training ECGs with known amplitudes, in model units.
        """

    def start_from(self, before: Pretrained) -> None:
        """Begin with the weights of an earlier run.

        Raises:
            InputError: The method cannot go on with weights, or not with these.
        """
        raise InputError(
            f"{type(self).__name__} begins with random weights, not with weights of family "
            f"{before.family!r}; choose another recipe, or leave out --init."
        )

    def sampler(self, signals: Signals) -> Sampler:
        """The order of the training ECGs."""
        return Shuffled(len(signals))

    def before_step(self, step: int, steps: int) -> None:
        """Follow a schedule, such as that of a temperature.

        Args:
            step: Optimiser steps done since the run began.
            steps: Of the whole run.
        """

    @abstractmethod
    def sample(self, signals: Signals, rows: Int[Tensor, " B"], generator: Generator) -> Batch:
        """What a step learns from: tensors, or tuples of them.

        Args:
            signals: All training ECGs.
            rows: Those of this step.
            generator: On the CPU, so that a seed gives the same draws on every device.
        """

    @abstractmethod
    def loss(self, network: Network, batch: Batch, generator: Generator) -> Float[Tensor, ""]:
        """The loss of a batch."""

    def after_step(self, step: int, steps: int) -> None:
        """Act after the optimiser, without gradients: update a target network, for example.

        Args:
            step: Optimiser steps done, this one included.
            steps: Of the whole run.
        """

    def state(self) -> Mapping[str, Any]:
        """What a checkpoint holds beside network and optimisers: modules, or what is like them."""
        return {}

    def diagnostics(self) -> Mapping[str, float]:
        """Figures of the epoch that ends, for log and progress; of the first process."""
        return {}

    @abstractmethod
    def validate(self, network: Network, signals: Signals) -> Mapping[str, float]:
        """Figures on the validation ECGs, for log and progress.

        Args:
            network: Trained so far, or its average; in evaluation mode.
            signals: ECGs with known amplitudes.
        """

    @abstractmethod
    def result(self, network: Network) -> Pretrained:
        """What the run leaves behind; called once, in one process.

        Args:
            network: Trained, or its average.
        """
