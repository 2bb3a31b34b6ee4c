"""Attribution: against gradients derived by hand, and on a whole model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.attribute import METHODS, explain
from lamae.ecg import lead_indices
from lamae.errors import InputError
from lamae.predict import Predictor
from lamae.preprocess import prepare


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


@pytest.mark.parametrize("method", ["integrated_gradients", "input_x_gradient"])
def test_gradient_methods_give_w_times_x_on_a_linear_model(method, linear, tenth):
    result = explain(linear, tenth, "I48.91", method=method)
    x = prepare(tenth, linear.spec).values
    np.testing.assert_allclose(result.values, linear.w.numpy() * x, atol=1e-3)
    if method == "integrated_gradients":
        assert result.completeness_error == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("method", ["lead_ablation", "segment_ablation"])
def test_ablation_gives_the_sum_over_what_was_hidden_on_a_linear_model(method, linear, tenth):
    result = explain(linear, tenth, "I48.91", method=method)
    product = linear.w.numpy() * prepare(tenth, linear.spec).values
    np.testing.assert_allclose(result.per_lead, product.sum(axis=1), rtol=1e-3, atol=1e-3)
    if method == "segment_ablation":
        seconds = result.values.reshape(12, 10, 100)
        expected = product.reshape(12, 10, 100).sum(axis=2)
        np.testing.assert_allclose(seconds[:, :, 50] * 100, expected, rtol=1e-3, atol=2e-3)


def test_lead_ablation_is_the_fall_in_the_models_score_without_the_lead(tiny, sinus):
    result = explain(tiny, sinus, "I25.2", method="lead_ablation")
    x, visible = tiny.model_input(prepare(sinus, tiny.spec), sinus.leads)
    without = visible.clone()
    without[:, 7] = False
    with torch.no_grad():
        fall = tiny.code_score(x, visible, "I25.2") - tiny.code_score(x, without, "I25.2")
    assert result.per_lead[7] == pytest.approx(float(fall), abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_on_the_recordings_own_samples(method, tiny, sinus):
    part = replace(
        sinus, signal=sinus.signal[lead_indices(("II", "V1", "V6"))], leads=("II", "V1", "V6")
    )
    seen = []
    result = explain(tiny, part, "R00.1", method=method, start=1.0, progress=seen.append)
    assert result.values.shape == part.signal.shape
    assert result.leads == part.leads
    assert (result.values[:, :499] == 0).all()
    assert (result.values[:, 5500:] == 0).all()
    np.testing.assert_allclose(result.values.sum(axis=1), result.per_lead, rtol=0.05, atol=0.02)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert np.abs(result.per_lead).max() > 0


def test_one_lead_alone_can_be_ablated(tiny, sinus):
    part = replace(sinus, signal=sinus.signal[:1], leads=("I",))
    assert np.isfinite(explain(tiny, part, "I48.91").per_lead).all()


def test_a_visitor_can_cancel(tiny, sinus):
    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        explain(tiny, sinus, "I48.91", method="segment_ablation", progress=cancel)


def test_unknown_codes_and_methods_are_named(tiny, sinus):
    with pytest.raises(InputError, match="Z99"):
        explain(tiny, sinus, "Z99")
    with pytest.raises(InputError, match="lead_ablation"):
        explain(tiny, sinus, "I48.91", method="magic")
