"""The linear probe: logistic regression on frozen features."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor
from torch.nn import functional as F

from lamae.evaluate import code_scores, macro_auroc

STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
ITERATIONS = 60
# Features that vary less are constant but for rounding, which is not to be blown up.
LEAST_SPREAD = 1e-4


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear map from features to log-odds of statements.

    Attributes:
        mean: Of the training features.
        spread: Their standard deviation; 1 for constants.
        weight: For standardised features.
        bias: Likewise.
        strength: Of the regularisation.
    """

    mean: Float[Tensor, " features"]
    spread: Float[Tensor, " features"]
    weight: Float[Tensor, "features statements"]
    bias: Float[Tensor, " statements"]
    strength: float

    def __call__(
        self, features: Float32[np.ndarray, "n features"]
    ) -> Float32[np.ndarray, "n statements"]:
        """Log-odds of every statement."""
        x = (torch.from_numpy(features) - self.mean) / self.spread
        return (x @ self.weight + self.bias).numpy()


def fit_probes(
    features: Float32[np.ndarray, "n features"],
    statements: Bool[np.ndarray, "n statements"],
    strengths: tuple[float, ...] = STRENGTHS,
) -> list[Probe]:
    """Logistic regression of all statements at once, for each strength of the regularisation.

    The loss is the sum over statements of the mean cross-entropy, plus strength times the
    squared weights; each strength starts from the solution of the one before. A statement that
    no ECG carries, or every ECG, gets a constant.

    Args:
        features: Of the training ECGs.
        statements: Which of them each ECG carries.
        strengths: Of the regularisation.
    """
    x, y = torch.from_numpy(features), torch.from_numpy(statements.astype(np.float32))
    mean, spread = x.mean(dim=0), x.std(dim=0, correction=0)
    spread = torch.where(spread > LEAST_SPREAD, spread, 1.0)
    x = (x - mean) / spread
    known = statements.any(axis=0) & (~statements).any(axis=0)
    fitted = torch.from_numpy(np.flatnonzero(known))
    # Half an ECG more of each kind keeps the log-odds of what was never seen finite.
    prior = torch.logit((y.sum(dim=0) + 0.5) / (len(y) + 1))
    weight = torch.zeros(x.shape[1], len(fitted), requires_grad=True)
    bias = prior[fitted].clone().requires_grad_()
    probes = []
    for strength in strengths:
        if len(fitted):
            _minimise(x, y[:, fitted], weight, bias, strength)
        whole, constant = torch.zeros(x.shape[1], y.shape[1]), prior.clone()
        whole[:, fitted], constant[fitted] = weight.detach(), bias.detach()
        probes.append(Probe(mean, spread, whole, constant, strength))
    return probes


def best_probe(
    probes: list[Probe],
    features: Float32[np.ndarray, "n features"],
    codes: Bool[np.ndarray, "n codes"],
) -> Probe:
    """The probe with the best macro AUROC over ICD-10-CM codes; the stronger one of equals."""
    return max(probes, key=lambda probe: macro_auroc(code_scores(probe(features)), codes))


def _minimise(
    x: Float[Tensor, "n features"],
    y: Float[Tensor, "n fitted"],
    weight: Float[Tensor, "features fitted"],
    bias: Float[Tensor, " fitted"],
    strength: float,
) -> None:
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=ITERATIONS,
        tolerance_grad=1e-6,
        tolerance_change=1e-8,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = x @ weight + bias
        misfit = F.binary_cross_entropy_with_logits(logits, y, reduction="sum")
        value = misfit / len(x) + strength * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
