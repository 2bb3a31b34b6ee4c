from dataclasses import replace

import pytest
import torch

from lamae.inference.predictor import Predictor


class LinearPredictor(Predictor):
    """A model whose score is w . x over the visible patches: every method's answer is known."""

    def __init__(self, bundle):
        super().__init__(bundle)
        generator = torch.Generator().manual_seed(0)
        self.w = torch.randn(12, 1000, generator=generator)

    def code_score(self, x, visible, code):
        shown = visible.repeat_interleave(20, dim=-1)
        return (x * shown * self.w).sum(dim=(1, 2))


@pytest.fixture
def linear(tiny) -> LinearPredictor:
    return LinearPredictor(tiny.bundle)


@pytest.fixture
def tenth(sinus):
    """A recording at the model's own rate, so that nothing is interpolated."""
    return replace(sinus, signal=sinus.signal[:, ::5], fs=100.0).window(0.0, 10.0)
