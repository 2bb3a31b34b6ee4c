"""The one training loop: CPU, GPU or several of either, through Lightning Fabric."""

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch
from lightning.fabric import Fabric
from torch import Generator, Tensor, nn
from tqdm import tqdm

from lamae.errors import DataError
from lamae.train.config import RunConfig
from lamae.train.optim import make_optimizer, rate_at, set_rate

Loss = Callable[[nn.Module, Tensor, Generator], Tensor]
Validate = Callable[[nn.Module], Mapping[str, float]]
Trained = TypeVar("Trained", bound=nn.Module)


def make_fabric() -> Fabric:
    """The fastest device here, in bfloat16 where it multiplies matrices faster than float32."""
    if torch.cuda.is_available():
        return Fabric(accelerator="cuda", devices="auto", precision="bf16-mixed")
    return Fabric(accelerator="cpu", precision="bf16-mixed" if cpu_has_bf16() else "32-true")


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in hardware (AVX512-BF16 or AMX)."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and "avx512_bf16" in cpuinfo.read_text()


def fit(
    fabric: Fabric,
    module: Trained,
    loss: Loss,
    validate: Validate,
    count: int,
    config: RunConfig,
    out: Path,
) -> Trained:
    """Train, validate and save after every epoch; go on from the last epoch saved in `out`.

    Masks, order and dropout of an epoch follow from the seed and the epoch's number alone, so
    a run that was killed and continued ends where an unbroken one does.

    Args:
        fabric: Where to train.
        module: What to train.
        loss: From the module, the rows of a batch and a generator to the loss.
        validate: From the module to figures, once an epoch.
        count: Training ECGs.
        config: The run.
        out: Folder of the run.

    Returns:
        The trained module, on its device.

    Raises:
        DataError: There are fewer training ECGs than one step takes, or `out` holds a
            checkpoint that is damaged or of a run with other settings.
    """
    steps = count // config.batch
    if not steps:
        raise DataError(f"{count} training ECGs are fewer than a batch of {config.batch}.")
    out.mkdir(parents=True, exist_ok=True)
    wrapped, optimizer = fabric.setup(module, make_optimizer(module, config.optim))
    epoch = 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.is_file():
        try:
            state = torch.load(checkpoint, map_location=fabric.device, weights_only=True)
            module.load_state_dict(state["module"])
            optimizer.load_state_dict(state["optimizer"])
            epoch = state["epoch"]
        except (EOFError, KeyError, RuntimeError, UnpicklingError, ValueError) as error:
            raise DataError(
                f"{checkpoint} is damaged or of another run; choose another folder for this one."
            ) from error
        _refuse_other_settings(config, out)
    if fabric.global_rank == 0:
        (out / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
        (out / "environment.json").write_text(json.dumps(environment(fabric), indent=2) + "\n")
    while epoch < config.epochs:
        began = time.monotonic()
        mean = _epoch(fabric, wrapped, optimizer, loss, epoch, steps, count, config)
        module.eval()
        with torch.no_grad(), fabric.autocast():
            figures = dict(validate(module))
        module.train()
        epoch += 1
        seconds = time.monotonic() - began
        if fabric.global_rank == 0:
            line = {
                "epoch": epoch,
                "loss": mean,
                "seconds": seconds,
                "ecgs_per_second": steps * config.batch / seconds,
                **figures,
            }
            with (out / "metrics.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
            state = {
                "module": module.state_dict(),
                "optimizer": optimizer.state_dict(),
                "epoch": epoch,
            }
            partial = checkpoint.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(checkpoint)
            shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
            # Standard output is left to what --json prints at the end.
            said = f"epoch {epoch}/{config.epochs} loss {mean:.4f} {shown} {seconds:.0f} s"
            print(said, file=sys.stderr)
        fabric.barrier()
    module.eval()
    return module


def _epoch(
    fabric: Fabric,
    module: Any,
    optimizer: Any,
    loss: Loss,
    epoch: int,
    steps: int,
    count: int,
    config: RunConfig,
) -> float:
    """One pass over the training ECGs; returns the mean loss."""
    generator = Generator().manual_seed(config.seed * 100_003 + epoch)
    # Dropout draws from torch's global generator, the only one it can.
    torch.manual_seed(config.seed * 100_003 + epoch)
    order = torch.randperm(count, generator=generator)
    total = torch.zeros((), device=fabric.device)
    bar = tqdm(
        range(steps),
        desc=f"epoch {epoch + 1}/{config.epochs}",
        unit="step",
        leave=False,
        disable=None,
    )
    for step in bar:
        rows = order[step * config.batch : (step + 1) * config.batch]
        rows = rows[fabric.global_rank :: fabric.world_size]
        done = epoch * steps + step
        set_rate(optimizer, rate_at(done, config.epochs * steps, config.optim))
        with fabric.autocast():
            value = loss(module, rows, generator)
        fabric.backward(value)
        fabric.clip_gradients(module, optimizer, max_norm=config.optim.clip)
        optimizer.step()
        optimizer.zero_grad()
        total += value.detach()
        if step % 10 == 9:
            bar.set_postfix(loss=f"{float(total) / (step + 1):.4f}")
    return float(total) / steps


def _refuse_other_settings(config: RunConfig, out: Path) -> None:
    """A run goes on with the settings it began with; only more epochs may be asked for."""
    saved = json.loads((out / "config.json").read_text())
    wanted = json.loads(json.dumps(asdict(config)))
    other = [name for name in wanted if name != "epochs" and saved.get(name) != wanted[name]]
    if other:
        raise DataError(
            f"{out} holds a run with another {', '.join(other)}; choose another folder, or the "
            "recipe that it was begun with."
        )


def environment(fabric: Fabric) -> dict[str, Any]:
    """What a run was made with: device, versions, commit."""
    device = (
        torch.cuda.get_device_name(fabric.device)
        if fabric.device.type == "cuda"
        else f"CPU, {torch.get_num_threads()} threads"
    )
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "device": device,
        "precision": str(fabric._precision.precision),
        "processes": fabric.world_size,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "commit": commit or "unknown",
    }


def metrics(out: Path) -> list[dict[str, Any]]:
    """The figures of every epoch of a run, the first first.

    An epoch whose checkpoint was never finished was trained again: its last line counts.
    """
    lines = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return list({line["epoch"]: line for line in lines}.values())
