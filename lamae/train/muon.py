"""Muon for many small matrices."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
TINY = 1e-7


class Muon(torch.optim.Muon):
    """`torch.optim.Muon`, all matrices of one shape at once.

    A matrix after the other, as torch does it, the small matrices of this model took half of a
    training step on a GPU, which waited for the next of hundreds of tiny operations.

    Source: Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks; the
        scaling, Liu et al., Muon is Scalable for LLM Training (arXiv 2502.16982), section 2.2.
    """

    def __init__(self, params: Any, *, weight_decay: float) -> None:
        super().__init__(params, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update all matrices.

        Args:
            closure: Not supported; there for the interface.
        """
        assert closure is None
        for group in self.param_groups:
            params: list[Tensor] = []
            grads: list[Tensor] = []
            averages: list[Tensor] = []
            self._init_group(group, params, grads, averages)
            if not params:
                continue
            torch._foreach_lerp_(averages, grads, 1 - group["momentum"])
            ahead = torch._foreach_lerp(grads, averages, group["momentum"])
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for param, update in zip(params, ahead, strict=True):
                tall = param.shape[0] > param.shape[1]
                pair = (param.mT, update.mT) if tall else (param, update)
                alike.setdefault((min(param.shape), max(param.shape)), []).append(pair)
            for (_, longer), pairs in alike.items():
                steps = orthogonal(torch.stack([update for _, update in pairs])).float()
                scale = 0.2 * longer**0.5 * group["lr"]
                torch._foreach_add_(
                    [param for param, _ in pairs], list(steps.unbind()), alpha=-scale
                )


def orthogonal(x: Float[Tensor, "n rows columns"]) -> Float[Tensor, "n rows columns"]:
    """Matrices near the orthogonal ones nearest to these, by a Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    x = x.bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=TINY)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        change = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, change, x, beta=a)
    return x
