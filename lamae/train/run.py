"""The folder of a run: settings, environment, metrics and the last checkpoint."""

import fcntl
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol, runtime_checkable

import torch
from lightning.fabric import Fabric

from lamae.errors import DataError
from lamae.train.config import RunConfig
from lamae.train.device import device_name
from lamae.train.optim import decays_from

# Settings that may change when a run goes on; epochs only as `_refuse_other_epochs` allows.
FREE_TO_CHANGE = {"epochs", "checkpoint_seconds", "compile"}


@runtime_checkable
class Stateful(Protocol):
    """Part of a checkpoint: a module, an optimiser or the state of an objective."""

    def state_dict(self) -> dict[str, Any]: ...  # noqa: D102

    def load_state_dict(self, state_dict: Any) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class RunFolder:
    """A folder that all processes of a run see and that the first of them writes.

    Attributes:
        path: Holds config.json, environment.json, metrics.jsonl and checkpoint.pt.
    """

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The last state saved."""
        return self.path / "checkpoint.pt"

    @property
    def metrics(self) -> Path:
        """The figures of each epoch, a line each."""
        return self.path / "metrics.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training here.

        Raises:
            DataError: Another process does already.
        """
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise DataError(
                f"Another process is training in {self.path}; wait for it, or choose another "
                "folder."
            ) from error
        finally:
            os.close(folder)

    def restore(
        self,
        parts: Mapping[str, Stateful],
        config: RunConfig[Any],
        steps: int,
        made_from: Mapping[str, str],
        device: torch.device,
    ) -> int:
        """Put the parts into the state last saved, if there is one.

        Args:
            parts: What a checkpoint holds, by name.
            config: The run.
            steps: Steps an epoch.
            made_from: As in `lamae.train.loop.fit`.
            device: Where the parts are.

        Returns:
            Epochs trained so far.

        Raises:
            DataError: The checkpoint is damaged, of a run with other settings or data, or of one
                with other epochs whose learning rate had begun to fall or would have.
        """
        if not self.checkpoint.is_file():
            return 0
        try:
            state = torch.load(self.checkpoint, map_location=device, weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(state[name])
            epoch = int(state["epoch"])
            saved = json.loads((self.path / "config.json").read_text())
        except (EOFError, KeyError, RuntimeError, UnpicklingError, ValueError) as error:
            raise DataError(
                f"{self.checkpoint} is damaged or of another run; choose another folder for "
                "this one."
            ) from error
        self._refuse_another(saved, _settings(config, made_from))
        self._refuse_other_epochs(saved["epochs"], epoch, steps, config)
        return epoch

    def save(self, parts: Mapping[str, Stateful], epoch: int) -> None:
        """Replace the checkpoint; one that is cut off while it is written never counts."""
        state = {**{name: part.state_dict() for name, part in parts.items()}, "epoch": epoch}
        with _replaced(self.checkpoint) as partial:
            torch.save(state, partial)

    def begin(
        self,
        config: RunConfig[Any],
        made_from: Mapping[str, str],
        made_with: Mapping[str, Any],
        epoch: int,
    ) -> None:
        """Write what the run is, and forget epochs that no checkpoint holds.

        Args:
            config: The run.
            made_from: As in `lamae.train.loop.fit`.
            made_with: See `environment`.
            epoch: Epochs trained so far.
        """
        settings = _settings(config, made_from)
        for name, values in (("config", settings), ("environment", made_with)):
            with _replaced(self.path / f"{name}.json") as partial:
                partial.write_text(json.dumps(values, indent=2) + "\n")
        if self.metrics.is_file():
            # A line that was cut off while it was written is of an epoch to train again.
            kept = self.metrics.read_text().splitlines()[:epoch]
            with _replaced(self.metrics) as partial:
                partial.write_text("".join(f"{line}\n" for line in kept))

    def log(self, line: Mapping[str, Any]) -> None:
        """Add the figures of an epoch."""
        with self.metrics.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _refuse_another(self, saved: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        wanted = json.loads(json.dumps(settings))
        fixed = [name for name in wanted if name not in FREE_TO_CHANGE]
        other = [name for name in fixed if saved.get(name) != wanted[name]]
        if other:
            raise DataError(
                f"{self.path} holds a run with another {', '.join(other)}; choose another "
                "folder, or recipe, data and weights that it was begun with."
            )

    def _refuse_other_epochs(
        self, before: int, trained: int, steps: int, config: RunConfig[Any]
    ) -> None:
        """Refuse epochs with which the rates of the whole run would follow no schedule.

        On the plateau any number will do: schedules differ in length of warm-up alone until then.
        """
        if config.epochs == before:
            return
        if trained * steps > decays_from(before * steps, config.optim):
            reason = "in which the decay of the learning rate had begun"
        elif trained > config.epochs:
            reason = f"more than the {config.epochs} now wanted"
        elif trained * steps > decays_from(config.epochs * steps, config.optim):
            reason = (
                f"and in one of {config.epochs} the decay of the learning rate would have begun "
                "before that"
            )
        else:
            return
        raise DataError(
            f"{self.path} holds {trained} epochs of a run of {before}, {reason}; choose another "
            f"folder, or {before} epochs again."
        )


def _settings(config: RunConfig[Any], made_from: Mapping[str, str]) -> dict[str, Any]:
    """What a run must have in common with the one it goes on with."""
    # Fields alone do not tell two methods apart.
    return {**asdict(config), "method": type(config.objective).__name__, **made_from}


def metrics(out: Path) -> list[dict[str, Any]]:
    """The figures of every epoch of a run, the first first."""
    return list(map(json.loads, RunFolder(out).metrics.read_text().splitlines()))


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file to write in place of another; one that is cut off while it is written never counts."""
    partial = path.with_suffix(".partial")
    yield partial
    partial.replace(path)


def environment(fabric: Fabric) -> dict[str, Any]:
    """What a run is made with: device, processes, versions, commit.

    Returns:
        "dirty" is whether the code differed from its commit; None where there is no commit to
        compare with, "commit" then being "unknown".
    """
    commit = _git("rev-parse", "HEAD")
    return {
        "device": device_name(fabric.device),
        "threads": torch.get_num_threads(),
        "precision": str(fabric._precision.precision),
        "processes": fabric.world_size,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "lightning", "numpy")},
        "commit": commit or "unknown",
        "dirty": bool(_git("status", "--porcelain")) if commit else None,
    }


def _git(*arguments: str) -> str:
    """What git says of the code that runs; nothing where either is missing."""
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, *arguments]
    folder = Path(__file__).parent
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    ).stdout.strip()
