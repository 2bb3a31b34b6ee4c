"""The input and the output of every attribution method."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lamae.ecg import ECG
from lamae.errors import InputError
from lamae.inference.predictor import Predictor
from lamae.model.classifier import code_logits
from lamae.signal.preprocess import InputSpec

Score = Callable[[Tensor, Tensor], Tensor]
Progress = Callable[[float], None]

# Bounds memory: attention over all tokens of one ECG takes about 6 MB a block.
ECGS_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Case:
    """A score on one window of one ECG, to be attributed.

    Attributes:
        score: From signals [B 12 T] and visible patches [B 12 N] to log-odds [B].
        x: The signal in model units.
        visible: Patches that the recording has.
        patch: Samples in a patch.
        spec: What the model takes.
        window: What was recorded in the window.
        report: Called with the share done; may raise to cancel.
    """

    score: Score
    x: Float[Tensor, "1 12 T"]
    visible: Bool[Tensor, "1 12 N"]
    patch: int
    spec: InputSpec
    window: ECG
    report: Progress

    @property
    def leads(self) -> list[int]:
        """Rows of the leads that the model saw."""
        return torch.nonzero(self.visible[0].any(dim=-1))[:, 0].tolist()

    @property
    def samples(self) -> Bool[Tensor, "12 T"]:
        """Samples that the model saw."""
        return self.visible[0].repeat_interleave(self.patch, dim=-1)

    def of_signal(self, calls: int, done: int = 0) -> Callable[[Tensor], Tensor]:
        """The score as a function of the signal alone, which reports how far it is.

        Args:
            calls: How many ECGs will be scored in all.
            done: How many of them were scored before.
        """
        count = done

        def score(signal: Tensor) -> Tensor:
            nonlocal count
            count += len(signal)
            self.report(min(0.99, count / calls))
            return self.score(signal, self.visible.expand(len(signal), -1, -1))

        return score


@dataclass(frozen=True, eq=False)
class Found:
    """The attribution of a method.

    Attributes:
        values: Share of the score at each sample.
        error: Relative difference of its sums from the promised ones; None where the method
            promises none.
    """

    values: Float[Tensor, "12 T"]
    error: float | None = None


def score_of(predictor: Predictor, code: str, against: str | None) -> Score:
    """The score (log-odds before calibration) of a code, or by how much it exceeds another's.

    Raises:
        InputError: The model does not offer one of the codes, or they are the same.
        WeightsError: The weights were pretrained only.
    """
    if against is None:
        return lambda x, visible: predictor.code_score(x, visible, code)
    if against == code:
        raise InputError(f"{code} cannot be compared with itself; choose another code.")
    classifier = predictor.classifier
    pair = tuple(predictor.members[predictor.code_index(name)] for name in (code, against))

    def difference(x: Tensor, visible: Tensor) -> Tensor:
        both = code_logits(classifier(x, visible), pair)
        return both[:, 0] - both[:, 1]

    return difference


def relative_error(pairs: list[tuple[float, float]]) -> float:
    """Sum of |found - promised| over the sum of |promised|."""
    off = sum(abs(found - promised) for found, promised in pairs)
    return off / max(sum(abs(promised) for _, promised in pairs), 1e-6)
