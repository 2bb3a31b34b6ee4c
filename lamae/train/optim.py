"""Optimiser, schedule, groups of parameters and the average of the weights."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lamae.train.config import OptimConfig
from lamae.train.muon import Muon


def rate_at(step: int, steps: int, config: OptimConfig) -> float:
    """Share of the full learning rate at a step: warm-up, plateau, decay to zero."""
    warmup = max(1, round(config.warmup * steps))
    return max(0.0, min(1.0, (step + 1) / warmup, (steps - step) / _decay(steps, config)))


def decays_from(steps: int, config: OptimConfig) -> int:
    """The first step of so many whose rate the decay lowers; at most their number."""
    return steps - _decay(steps, config) + 1


def _decay(steps: int, config: OptimConfig) -> int:
    """From how many steps before the end on the rate falls."""
    return max(1, round(config.decay * steps))


def make_optimizers(module: nn.Module, config: OptimConfig) -> list[torch.optim.Optimizer]:
    """AdamW, and Muon for the matrices of the blocks.

    AdamW decays no weight of embeddings, norms and biases, and beside Muon none at all. Muon's
    steps are scaled to the size that AdamW's have, so that one weight decay serves both.

    Source: Muon, Jordan et al. 2024; the scaling, Liu et al., Muon is Scalable for LLM Training
        (arXiv 2502.16982), section 2.2.
    """
    adamw: dict[float, list[nn.Parameter]] = {}
    matrices: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if config.muon is not None and _in_block(name, parameter):
            matrices.append(parameter)
            continue
        plain = parameter.ndim < 2 or ".lead." in name or config.muon is not None
        adamw.setdefault(0.0 if plain else config.weight_decay, []).append(parameter)
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            [
                {"params": part, "lr": config.lr, "full_lr": config.lr, "weight_decay": decay}
                for decay, part in adamw.items()
            ],
            betas=config.betas,
            # One operation instead of a dozen for each parameter.
            fused=True,
        )
    ]
    if config.muon is not None and matrices:
        rate = config.lr * config.muon
        groups = [{"params": matrices, "lr": rate, "full_lr": rate}]
        found.append(Muon(groups, weight_decay=config.weight_decay))
    return found


def _in_block(name: str, parameter: nn.Parameter) -> bool:
    """Whether it is a matrix of attention or MLP, as opposed to an embedding or a head."""
    return parameter.ndim == 2 and (".attend_" in name or ".mlp." in name)


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set every group to a share of its full learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * share


class WeightAverage(AveragedModel):
    """Exponential moving average of a module's weights, kept in `module`, a copy of it.

    The decay rises to its full value as min(decay, (1 + updates) / (10 + updates)), so that the
    initial weights are soon forgotten and short runs gain from an average too.

    Source: Polyak and Juditsky 1992 for the average; the warm-up is that of TensorFlow's
        `ExponentialMovingAverage(num_updates=...)`.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        super().__init__(module, multi_avg_fn=self._update)
        self._decay = decay
        self.requires_grad_(False)
        self.eval()

    def _update(self, average: Any, weights: Any, _: Tensor | int) -> None:
        # The count handed over lies on the weights' device, where reading it would make a GPU
        # wait; the buffer it was copied from lies on the CPU.
        updates = int(self.n_averaged)
        decay = min(self._decay, (1 + updates) / (10 + updates))
        get_ema_multi_avg_fn(decay)(average, weights, updates)
