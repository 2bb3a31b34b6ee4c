"""The one training loop: CPU, GPU or several of either, through Lightning Fabric."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from lightning.fabric import Fabric
from torch import Generator, Tensor, nn

from lamae.errors import DataError, DivergedError
from lamae.objectives.objective import Sampler, Shuffled
from lamae.train.config import RunConfig
from lamae.train.device import device_name
from lamae.train.optim import WeightAverage, make_optimizers, rate_at, set_rate
from lamae.train.progress import Progress
from lamae.train.run import RunFolder, Stateful, environment

Prepare = Callable[[Tensor, Generator], Any]
Loss = Callable[[nn.Module, Any, Generator], Tensor]
Validate = Callable[[nn.Module], Mapping[str, float]]
Trained = TypeVar("Trained", bound=nn.Module)

# Between the seeds of two processes; further apart than any two epochs.
SEEDS_APART = 1_000_000_007


@runtime_checkable
class Hooks(Protocol):
    """What an objective does around the steps of a run; see `lamae.objectives.Objective`."""

    def before_step(self, step: int, steps: int) -> None: ...  # noqa: D102

    def after_step(self, step: int, steps: int) -> None: ...  # noqa: D102

    def state(self) -> Mapping[str, Stateful]: ...  # noqa: D102

    def diagnostics(self) -> Mapping[str, float]: ...  # noqa: D102


class NoHooks:
    """Nothing but the steps: fine-tuning."""

    def before_step(self, step: int, steps: int) -> None:
        """Do nothing."""

    def after_step(self, step: int, steps: int) -> None:
        """Do nothing."""

    def state(self) -> Mapping[str, Stateful]:
        """No state."""
        return {}

    def diagnostics(self) -> Mapping[str, float]:
        """No figures."""
        return {}


def fit(
    fabric: Fabric,
    module: Trained,
    loss: Loss,
    validate: Validate,
    count: int,
    config: RunConfig[Any],
    out: Path,
    *,
    prepare: Prepare = lambda rows, generator: rows,
    sampler: Sampler | None = None,
    hooks: Hooks | None = None,
    made_from: Mapping[str, str] = MappingProxyType({}),
) -> Trained:
    """Train, validate and save after every epoch; go on from the last epoch saved in `out`.

    Order, masks and dropout of an epoch depend only on the seed and the epoch's number, so a run
    that was killed and continued ends with the same weights as an unbroken one; on a GPU, whose
    sums have no fixed order, with about the same.

    Several processes each take an equal share of every batch and average the gradients: the order
    of the ECGs is that of one process, and so is the result of a loss that draws nothing. Each
    process has its own generator, so that masks differ between shares; the first one's is that of
    a single process. Only the first process validates, writes and prints.

    Args:
        fabric: Where to train; launched.
        module: What to train.
        loss: From the module, a prepared batch and a generator on the CPU to the loss. It may
            call any method of the module; its value is averaged over the processes.
        validate: From the module to figures, once an epoch.
        count: Training ECGs.
        config: The run.
        out: Folder of the run, which all processes see.
        prepare: From the rows of a batch, [B] on the device, and the generator to what the
            loss takes, tensors or tuples of them; the rows themselves by default. The share of
            time spent here is "waiting" in metrics.jsonl.
        sampler: Which ECGs each step takes; by default all of them in random order.
        hooks: What is done around the steps; by default nothing.
        made_from: What else must be the same when a run goes on: a name and what identifies
            it, such as a SHA-256.

    Returns:
        The trained module, on its device; with `config.optim.ema`, its averaged weights.

    Raises:
        DataError: There are fewer training ECGs than one step takes, the processes cannot share
            a batch equally, another process trains in `out`, or its checkpoint is damaged, of a
            run with other settings or data, or past the plateau of a schedule of other epochs.
        DivergedError: The loss or its gradient became infinite or not a number.
    """
    sampler = sampler or Shuffled(count)
    hooks = hooks or NoHooks()
    steps = sampler.steps(config.batch)
    if not steps:
        raise DataError(
            f"{count} training ECGs are fewer than a batch of {config.batch}; choose a recipe with "
            "smaller batches, or give more data."
        )
    if config.batch % fabric.world_size:
        raise DataError(
            f"A batch of {config.batch} cannot be shared equally by {fabric.world_size} "
            "processes; start a number of processes that divides it."
        )
    out.mkdir(parents=True, exist_ok=True)
    folder, first = RunFolder(out), fabric.global_rank == 0
    with folder.locked() if first else nullcontext():
        step, *optimizers = fabric.setup(
            _Loss(module, loss), *make_optimizers(module, config.optim)
        )
        parts: dict[str, Stateful] = {"module": module}
        parts |= {f"optimizer {number}": each for number, each in enumerate(optimizers)}
        parts |= {f"objective {name}": part for name, part in hooks.state().items()}
        average = None
        if config.optim.ema is not None:
            parts["average"] = average = WeightAverage(module, config.optim.ema)
        if config.compile:
            # In place, unlike torch.compile(module), so that names in the state do not change.
            module.compile()
        epoch = folder.restore(parts, config, steps, made_from, fabric.device)
        # No process may still be reading what the first one now writes.
        fabric.barrier()
        if first:
            folder.begin(config, made_from, environment(fabric), epoch)
        progress = Progress(
            config,
            steps,
            epoch,
            count=count,
            device=device_name(fabric.device),
            silent=not first,
        )
        passes = _Passes(
            fabric,
            module,
            step,
            optimizers,
            prepare,
            sampler,
            hooks,
            average,
            progress,
            config,
        )
        saved = time.monotonic()
        while epoch < config.epochs:
            began = time.monotonic()
            line = passes.run(epoch)
            epoch += 1
            diagnostics = dict(hooks.diagnostics())
            if first:
                trained = average.module if average else module
                figures = diagnostics | _validated(fabric, trained, validate)
                seconds = time.monotonic() - began
                folder.log({"epoch": epoch, **line, "seconds": seconds, **figures})
                if epoch == config.epochs or time.monotonic() - saved >= config.checkpoint_seconds:
                    folder.save(parts, epoch)
                    saved = time.monotonic()
                progress.epoch(epoch, line["loss"], figures, line["ecgs_per_second"])
            fabric.barrier()
        progress.close()
    if average:
        module.load_state_dict(average.module.state_dict())
    return module.eval()


class _Loss(nn.Module):
    """Module and loss as one, so that what averages gradients sees the whole of a step.

    A loss may then call any part of the module, not only its `forward`.
    """

    def __init__(self, module: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.module = module
        self.loss = loss

    def forward(self, batch: Any, generator: Generator) -> Tensor:
        return self.loss(self.module, batch, generator)


@dataclass(frozen=True, eq=False)
class _Passes:
    """Passes over the training ECGs; the arguments of `fit`, set up."""

    fabric: Fabric
    module: nn.Module
    loss: Any
    optimizers: Sequence[Any]
    prepare: Prepare
    sampler: Sampler
    hooks: Hooks
    average: WeightAverage | None
    progress: Progress
    config: RunConfig[Any]

    def run(self, epoch: int) -> dict[str, float]:
        """Train for one epoch, numbered from 0; returns its loss and speed."""
        fabric, config = self.fabric, self.config
        steps = self.sampler.steps(config.batch)
        total_steps = config.epochs * steps
        seed = config.seed * 100_003 + epoch
        generator = Generator().manual_seed(seed)
        order = self.sampler.epoch(config.batch, generator, fabric.global_rank, fabric.world_size)
        # Once an epoch: a transfer every step would make a GPU wait.
        order = order.to(fabric.device)
        if fabric.global_rank:
            seed += SEEDS_APART * fabric.global_rank
            generator.manual_seed(seed)
        # Dropout draws from torch's global generator, the only one it can.
        torch.manual_seed(seed)
        total = torch.zeros((), device=fabric.device)
        norms = torch.zeros((), device=fabric.device)
        waited, began = 0.0, time.perf_counter()
        for number, rows in enumerate(order):
            done = epoch * steps + number
            started = time.perf_counter()
            batch = self.prepare(rows, generator)
            waited += time.perf_counter() - started
            rate = rate_at(done, total_steps, config.optim)
            for optimizer in self.optimizers:
                set_rate(optimizer, rate)
            self.hooks.before_step(done, total_steps)
            value, norm = self._step(batch, generator)
            with torch.no_grad():
                self.hooks.after_step(done + 1, total_steps)
            total += value
            norms += norm
            self.progress.step(total, number + 1)
        # Read once an epoch, because reading makes the CPU wait for the GPU.
        mean = fabric.all_reduce(total / steps, reduce_op="mean")
        assert isinstance(mean, Tensor)
        loss = float(mean)
        seconds = time.perf_counter() - began
        if not torch.isfinite(loss + norms):
            raise DivergedError(
                f"Loss or gradient of epoch {epoch + 1} is not finite; a lower learning rate or a "
                "longer warm-up may help. The last checkpoint is that of an epoch before."
            )
        return {
            "loss": loss,
            "ecgs_per_second": steps * config.batch / seconds,
            "waiting": waited / seconds,
        }

    def _step(self, batch: Any, generator: Generator) -> tuple[Tensor, Tensor]:
        """One step; returns its loss and the norm of its gradient, unread."""
        value = self.loss(batch, generator)
        self.fabric.backward(value)
        # Over all optimisers at once; asking whether it is finite would make a GPU wait.
        norm = nn.utils.clip_grad_norm_(self.loss.parameters(), self.config.optim.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if self.average:
            self.average.update_parameters(self.module)
        return value.detach(), norm


def _validated(fabric: Fabric, module: nn.Module, validate: Validate) -> dict[str, float]:
    module.eval()
    with torch.no_grad(), fabric.autocast():
        figures = dict(validate(module))
    module.train()
    return figures
