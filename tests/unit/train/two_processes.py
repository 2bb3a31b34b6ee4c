"""Run by torchrun in each of two processes: trains as a user does, and saves what each ends with."""

import sys
from pathlib import Path

import torch
from torch import nn

from lamae.cli.main import main
from lamae.train import loop, pretrain
from lamae.train.config import OptimConfig, RunConfig
from lamae.train.device import make_fabric

COUNT = 24


def train_without_draws(out: Path, share: slice = slice(None)) -> dict[str, torch.Tensor]:
    """A loss that draws nothing, so that two processes should do what one does.

    Args:
        out: Folder of the run.
        share: Rows of a process's part of each batch to use.
    """
    torch.manual_seed(0)
    x, y = torch.randn(COUNT, 4), torch.randn(COUNT, 1)
    fabric = make_fabric()
    fabric.launch()
    # Each process begins elsewhere, as the first one must prevail.
    torch.manual_seed(fabric.global_rank)
    # The last part is never used and gets no gradient.
    module = nn.ModuleDict(
        {"first": nn.Linear(4, 8), "second": nn.Linear(8, 1), "unused": nn.Linear(2, 2)}
    )

    def loss(module, rows, generator):
        rows = rows[share]
        # The rounding of bfloat16 would mask what is compared here.
        with torch.autocast("cpu", enabled=False):
            predicted = module["second"](torch.tanh(module["first"](x[rows])))
            return ((predicted - y[rows]) ** 2).mean()

    def validate(module):
        assert fabric.global_rank == 0
        return {}

    optim = OptimConfig(lr=0.02, ema=0.9)
    config = RunConfig(recipe="toy", objective=None, optim=optim, epochs=3, batch=8)
    return loop.fit(fabric, module, loss, validate, COUNT, config, out).state_dict()


if __name__ == "__main__":
    data, out = map(Path, sys.argv[1:])
    fit = pretrain.fit

    def fit_and_keep(fabric, *arguments, **named):
        trained = fit(fabric, *arguments, **named)
        torch.save(trained.state_dict(), out / f"model{fabric.global_rank}.pt")
        return trained

    pretrain.fit = fit_and_keep
    assert main(["pretrain", "rehearsal", "--data", str(data), "--out", str(out / "run")]) == 0
    rank = torch.distributed.get_rank()
    torch.save(train_without_draws(out / "toy"), out / f"toy{rank}.pt")
