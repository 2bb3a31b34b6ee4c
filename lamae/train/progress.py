"""Progress of a run, on standard error; standard output is left to what --json prints."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from tqdm import tqdm

from lamae.train.config import RunConfig

SECONDS_BETWEEN_LOSSES = 2.0


class Progress:
    """One bar for the whole run on a terminal; elsewhere one line at the start and an epoch.

    The bar's speed and time left include validation.
    """

    def __init__(
        self,
        config: RunConfig[Any],
        steps: int,
        epoch: int,
        *,
        count: int,
        device: str,
        silent: bool,
    ) -> None:
        """Begin.

        Args:
            config: The run.
            steps: Steps an epoch.
            epoch: Epochs trained before.
            count: Training ECGs.
            device: Where the run trains.
            silent: Print nothing, as every process but the first does.
        """
        self._epochs, self._batch, self._first = config.epochs, config.batch, epoch
        self._silent = silent
        self._began = self._read = time.monotonic()
        self._figures: dict[str, str] = {}
        self._bar = tqdm(
            total=config.epochs * steps * config.batch,
            initial=epoch * steps * config.batch,
            desc=f"epoch {min(epoch + 1, config.epochs)}/{config.epochs}",
            unit=" ECGs",
            unit_scale=True,
            smoothing=0,
            disable=silent or None,
        )
        if self._bar.disable:
            self._print(f"{count} ECGs, {steps} steps an epoch, {device}")

    def step(self, total: Tensor, steps: int) -> None:
        """One step is done.

        Args:
            total: Sum of the losses of the epoch, on its device.
            steps: How many they are.
        """
        self._bar.update(self._batch)
        now = time.monotonic()
        # Reading the loss makes the CPU wait for the GPU.
        if not self._bar.disable and now - self._read > SECONDS_BETWEEN_LOSSES:
            self._read = now
            self._figures["loss"] = f"{float(total) / steps:.4f}"
            self._bar.set_postfix(self._figures)

    def epoch(self, epoch: int, loss: float, figures: Mapping[str, float], rate: float) -> None:
        """An epoch is done and validated.

        Args:
            epoch: Its number, from 1.
            loss: Its mean loss.
            figures: Of validation and diagnostics.
            rate: Training ECGs a second.
        """
        shown = {"loss": loss, **figures}
        self._figures = {name: f"{value:.4f}" for name, value in shown.items()}
        if not self._bar.disable:
            self._bar.set_description(f"epoch {min(epoch + 1, self._epochs)}/{self._epochs}", False)
            self._bar.set_postfix(self._figures)
        else:
            elapsed = time.monotonic() - self._began
            left = elapsed / (epoch - self._first) * (self._epochs - epoch) / 60
            words = " ".join(f"{name} {value}" for name, value in self._figures.items())
            self._print(
                f"epoch {epoch}/{self._epochs} {words} {rate:.0f} ECGs/s {left:.1f} min left"
            )

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()

    def _print(self, line: str) -> None:
        if not self._silent:
            print(line, file=sys.stderr, flush=True)
