"""Attribution: against gradients derived by hand, and on a whole model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import GradientShap

from lamae.ecg import lead_indices
from lamae.errors import InputError, SignalError
from lamae.inference.attribution import METHODS, explain, find_beats, time_sums
from lamae.inference.attribution.baselines import median_beat_throughout, normal_ecgs, without_waves
from lamae.inference.attribution.case import ECGS_AT_ONCE, score_of
from lamae.inference.predictor import Predictor
from lamae.results.attribution import PARTS
from lamae.signal.preprocess import prepare
from lamae.simulate import simulate


def gap_of(linear, tenth, baseline):
    x = prepare(tenth, linear.spec).values
    return (linear.w.numpy() * (x - baseline)).astype(np.float64)


@pytest.mark.parametrize("method", ["integrated_gradients", "input_x_gradient"])
def test_gradient_methods_give_w_times_x_on_a_linear_model(method, linear, tenth):
    result = explain(linear, tenth, "I48.91", method=method)
    np.testing.assert_allclose(result.values, gap_of(linear, tenth, 0), atol=1e-3)
    if method == "integrated_gradients":
        assert result.completeness_error == pytest.approx(0, abs=1e-3)


def test_saliency_is_the_size_of_the_gradient_per_mv(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="saliency")
    np.testing.assert_allclose(result.values, linear.w.abs() / linear.spec.scale, rtol=1e-4)


def test_integrated_gradients_from_the_median_beat_give_what_differs_from_it(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="integrated_gradients_beat")
    x = prepare(tenth, linear.spec).values
    alike = median_beat_throughout(x, find_beats(tenth), 100.0)
    np.testing.assert_allclose(result.values, gap_of(linear, tenth, alike), atol=1e-3)
    assert result.completeness_error < 1e-3


def test_gradient_shap_gives_the_difference_from_the_mean_normal_ecg(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="gradient_shap")
    mean = normal_ecgs(linear.spec).mean(dim=0).numpy()
    np.testing.assert_allclose(result.values, gap_of(linear, tenth, mean), atol=2e-3)
    assert result.completeness_error < 1e-3


def test_gradient_shap_is_captums_in_expectation(tiny, sinus):
    ours = explain(tiny, sinus, "I25.2", method="gradient_shap")
    x, visible = tiny.model_input(prepare(sinus, tiny.spec), sinus.leads)
    # Captum draws baselines from NumPy's global state, and the way there from torch's.
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    theirs = GradientShap(
        lambda s: tiny.code_score(s, visible.expand(len(s), -1, -1), "I25.2")
    ).attribute(x, baselines=normal_ecgs(tiny.spec), n_samples=60, stdevs=0.0)[0]
    # Both are drawn: they agree within what 32 and 60 samples leave open.
    np.testing.assert_allclose(ours.per_lead, theirs.sum(dim=1), atol=0.15)
    assert np.corrcoef(ours.per_lead, theirs.sum(dim=1))[0, 1] > 0.8


@pytest.mark.parametrize(
    ("method", "parts"),
    [("lead_ablation", 1), ("segment_ablation", 10)],
)
def test_ablation_gives_the_sum_over_what_was_masked_on_a_linear_model(
    method, parts, linear, tenth
):
    result = explain(linear, tenth, "I48.91", method=method)
    product = gap_of(linear, tenth, 0)
    np.testing.assert_allclose(result.per_lead, product.sum(axis=1), rtol=1e-3, atol=2e-3)
    masked = result.values.reshape(12, parts, -1).sum(axis=2)
    np.testing.assert_allclose(
        masked, product.reshape(12, parts, -1).sum(axis=2), rtol=1e-3, atol=2e-2
    )


def test_a_second_is_masked_in_all_leads_at_once(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="second_ablation")
    product = gap_of(linear, tenth, 0).reshape(12, 10, 100).sum(axis=(0, 2))
    seconds = result.values.reshape(12, 10, 100).sum(axis=(0, 2))
    np.testing.assert_allclose(seconds, product, rtol=1e-3, atol=2e-2)
    assert np.ptp(result.values, axis=0).max() == 0


def test_a_beat_is_masked_in_all_leads_at_once(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="beat_ablation")
    patches = (np.arange(50) + 0.5) / 5
    beat = np.repeat(find_beats(tenth).nearest(patches), 20)
    product = gap_of(linear, tenth, 0).sum(axis=0)
    for number in np.unique(beat):
        assert result.values[:, beat == number].sum() == pytest.approx(
            product[beat == number].sum(), rel=1e-3, abs=0.02
        )


def test_wave_ablation_gives_the_fall_when_a_wave_of_a_lead_is_levelled(linear, tenth):
    result = explain(linear, tenth, "I48.91", method="wave_ablation")
    beats = find_beats(tenth)
    x = prepare(tenth, linear.spec).values
    product = gap_of(linear, tenth, without_waves(x, beats, 100.0))
    part = beats.parts(np.arange(1000) / 100)
    for wave in range(PARTS.index("other")):
        np.testing.assert_allclose(
            result.values[:, part == wave].sum(axis=1),
            product[:, part == wave].sum(axis=1),
            atol=5e-3,
        )
    assert not result.values[:, part == PARTS.index("other")].any()


def test_lead_ablation_is_the_fall_in_the_models_score_without_the_lead(tiny, sinus):
    result = explain(tiny, sinus, "I25.2", method="lead_ablation")
    x, visible = tiny.model_input(prepare(sinus, tiny.spec), sinus.leads)
    without = visible.clone()
    without[:, 7] = False
    with torch.no_grad():
        fall = tiny.code_score(x, visible, "I25.2") - tiny.code_score(x, without, "I25.2")
    assert result.per_lead[7] == pytest.approx(float(fall), abs=1e-5)


def test_integrated_gradients_share_out_what_lead_ablation_gives(tiny, sinus):
    shared = explain(tiny, sinus, "I25.2", method="integrated_gradients")
    whole = explain(tiny, sinus, "I25.2", method="lead_ablation")
    assert shared.completeness_error < 0.05
    np.testing.assert_allclose(
        shared.per_lead, whole.per_lead, atol=0.05 * np.abs(whole.per_lead).sum()
    )


def test_a_contrast_is_the_difference_of_two_maps(tiny, sinus):
    methods = ("lead_ablation", "input_x_gradient", "gradient_shap")
    for method in methods:
        one, other = (explain(tiny, sinus, code, method=method) for code in ("I25.2", "I48.91"))
        both = explain(tiny, sinus, "I25.2", method=method, against="I48.91")
        np.testing.assert_allclose(both.values, one.values - other.values, atol=1e-4)
        assert both.score == pytest.approx(one.score - other.score, abs=1e-5)
        assert both.against == "I48.91"


def test_a_code_is_not_compared_with_itself_or_with_an_unknown_one(tiny, sinus):
    with pytest.raises(InputError, match="itself"):
        explain(tiny, sinus, "I25.2", against="I25.2")
    with pytest.raises(InputError, match="Z99"):
        explain(tiny, sinus, "I25.2", against="Z99")


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


@pytest.mark.parametrize("method", METHODS)
def test_methods_leave_the_shared_model_as_it_was_and_hold_few_ecgs(
    method, tiny, sinus, monkeypatch
):
    model, most, asked = tiny.classifier, 0, Predictor.code_score

    def counting(self, x, visible, code):
        nonlocal most
        most = max(most, len(x))
        for module in model.modules():
            assert not module._forward_hooks
            assert not module._forward_pre_hooks
            assert not module._backward_hooks
        return asked(self, x, visible, code)

    monkeypatch.setattr(Predictor, "code_score", counting)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    explain(tiny, sinus, "R00.1", method=method)
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert 1 <= most <= ECGS_AT_ONCE


@pytest.mark.parametrize("method", ["lead_ablation", "integrated_gradients"])
def test_one_lead_alone_can_be_explained(method, tiny, sinus):
    part = replace(sinus, signal=sinus.signal[:1], leads=("I",))
    assert np.isfinite(explain(tiny, part, "I48.91", method=method).per_lead).all()


@pytest.mark.parametrize("method", ["segment_ablation", "integrated_gradients", "gradient_shap"])
def test_a_visitor_can_cancel(method, tiny, sinus):
    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        explain(tiny, sinus, "I48.91", method=method, progress=cancel)


def test_beats_are_needed_only_where_they_are_asked_for(tiny, sinus):
    flat = replace(sinus, signal=np.zeros_like(sinus.signal))
    explain(tiny, flat, "I48.91", method="lead_ablation")
    for method in ("beat_ablation", "integrated_gradients_beat", "wave_ablation"):
        with pytest.raises(SignalError, match="No beats"):
            explain(tiny, flat, "I48.91", method=method)


def test_unknown_codes_and_methods_are_named(tiny, sinus):
    with pytest.raises(InputError, match="Z99"):
        explain(tiny, sinus, "Z99")
    with pytest.raises(InputError, match="lead_ablation"):
        explain(tiny, sinus, "I48.91", method="magic")


def test_a_premature_beat_is_what_differs_from_the_median_beat(linear):
    ecg = simulate("premature_ventricular_beats", seconds=10.0, rng=np.random.default_rng(3)).ecg
    x = prepare(ecg, linear.spec).values
    beats = find_beats(ecg.window(0.0, 10.0))
    assert not beats.usual.all()
    alike = median_beat_throughout(x, beats, 100.0)
    off = np.sqrt(((x - alike) ** 2).mean(axis=0))
    beat = beats.nearest(np.arange(1000) / 100)
    of_beat = np.array([off[beat == number].max() for number in range(len(beats.r_times))])
    assert of_beat[~beats.usual].min() > 2 * np.median(of_beat[beats.usual])


@pytest.mark.parametrize(
    ("method", "by"), [("second_ablation", "second"), ("beat_ablation", "beat")]
)
def test_sums_over_time_are_what_the_score_loses_without_each_segment(tiny, sinus, method, by):
    start = 1.5
    found = explain(tiny, sinus, "I25.2", method=method, start=start)
    window = sinus.window(start, 10.0)
    patch = tiny.bundle.config.patch / tiny.spec.fs
    sums = time_sums(found, window, by=by, patch=patch, fs=sinus.fs, start=start)
    assert len(sums.values) == (10 if by == "second" else len(find_beats(window).r_times))
    assert (sums.starts[0], sums.ends[-1]) == pytest.approx((start, start + 10.0))
    np.testing.assert_allclose(sums.starts[1:], sums.ends[:-1])
    x, visible = tiny.model_input(prepare(sinus, tiny.spec, start), sinus.leads)
    score = score_of(tiny, "I25.2", None)
    middles = start + (np.arange(visible.shape[-1]) + 0.5) * patch
    lost = []
    for begin, end in zip(sums.starts, sums.ends, strict=True):
        shown = visible & torch.from_numpy((middles < begin) | (middles > end))
        lost.append(float(score(x, visible) - score(x, shown)))
    np.testing.assert_allclose(sums.values, lost, atol=2e-3 + 0.02 * np.abs(lost).max())


def test_methods_that_mask_all_leads_at_once_tell_no_lead_from_another(tiny, sinus):
    for name, method in METHODS.items():
        per_lead = explain(tiny, sinus, "I25.2", method=name).per_lead
        assert method.resolves_leads == (np.ptp(per_lead) > 1e-4), name
