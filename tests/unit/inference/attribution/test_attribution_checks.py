"""Every check of a map: a good map passes, and a map that deserves it fails."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.ecg import lead_indices, limb_lead_disagreement
from lamae.inference.attribution import explain
from lamae.inference.attribution.checks import (
    STAGES,
    agreement_check,
    completeness_check,
    electrode_noise,
    randomisation_check,
    randomised,
    stability_check,
)
from lamae.inference.attribution.curves import curves, deletion_check, insertion_check
from lamae.inference.attribution.patches import per_patch
from lamae.results.attribution import EXPECTED

CODE = "I48.91"


@pytest.fixture
def good(linear, tenth):
    return explain(linear, tenth, CODE, method="segment_ablation")


def with_values(attribution, values):
    return replace(attribution, values=values.astype(np.float32))


def random_map(attribution, seed=0):
    values = np.random.default_rng(seed).normal(size=attribution.values.shape)
    return with_values(attribution, values)


def constant_map(attribution):
    return with_values(attribution, np.ones(attribution.values.shape))


# Deletion and insertion


def test_the_score_falls_as_a_good_map_is_deleted_and_rises_as_it_is_inserted(linear, tenth, good):
    found = curves(linear, tenth, good)
    assert deletion_check(found).passed
    assert insertion_check(found).passed
    assert (found.deletion < found.random_deletion.mean(axis=0)).all()


def test_a_random_map_gets_the_curve_of_random_orders(linear, tenth, good):
    beaten = []
    for seed in range(8):
        found = curves(linear, tenth, random_map(good, seed), seed=seed)
        beaten += [deletion_check(found).value, insertion_check(found).value]
        spread = found.random_deletion.std(axis=0)
        assert (np.abs(found.deletion - found.random_deletion.mean(axis=0)) < 5 * spread).all()
    # No better than random: on average half of the orders are beaten.
    assert 0.25 < np.mean(beaten) < 0.75


def test_a_constant_map_and_a_reversed_one_fail(linear, tenth, good):
    found = curves(linear, tenth, constant_map(good))
    assert not (deletion_check(found).passed and insertion_check(found).passed)
    found = curves(linear, tenth, with_values(good, -good.values))
    assert deletion_check(found).value == 0
    assert not insertion_check(found).passed


def test_long_segments_alone_do_not_beat_random_orders(linear, tenth, good):
    """A map with segments is compared with maps of as long segments."""
    beaten = []
    for seed in range(8):
        blocks = np.random.default_rng(seed).normal(size=(12, 10)).repeat(100, axis=1)
        found = curves(linear, tenth, with_values(good, blocks), seed=seed)
        beaten.append(deletion_check(found).value)
    assert 0.2 < np.mean(beaten) < 0.8


def test_curves_mask_and_show_the_share_they_say(linear, tenth, good):
    found = curves(linear, tenth, good, misplaced=2)
    product = per_patch(
        explain(linear, tenth, CODE, method="input_x_gradient"), tenth, linear, 0.0
    ).ravel()
    ranked = per_patch(good, tenth, linear, 0.0).ravel()
    for share, deleted, inserted in zip(found.shares, found.deletion, found.insertion, strict=True):
        assert deleted + inserted == pytest.approx(product.sum(), abs=0.05)
        # Ties within a segment leave open which patch goes first; whole segments do not.
        cut = np.sort(ranked)[::-1][round(share * 600) - 1]
        assert inserted >= product[ranked > cut + 1e-6].sum() - np.abs(product).max() * 5
    assert found.random_deletion.shape == (2, len(found.shares))


def test_curves_work_on_few_leads_and_report(tiny, sinus):
    part = replace(sinus, signal=sinus.signal[lead_indices(("II", "V1"))], leads=("II", "V1"))
    seen = []
    attribution = explain(tiny, part, CODE)
    found = curves(tiny, part, attribution, misplaced=3, progress=seen.append)
    assert np.isfinite(found.deletion).all()
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


# Completeness and agreement


def test_completeness_is_judged_by_its_error(good):
    assert completeness_check(good) is None
    assert completeness_check(replace(good, completeness_error=0.01)).passed
    assert not completeness_check(replace(good, completeness_error=0.2)).passed


def test_methods_agree_on_a_linear_model_and_not_with_a_random_map(linear, tenth):
    methods = ("input_x_gradient", "integrated_gradients")
    one, other = (explain(linear, tenth, CODE, method=name) for name in methods)
    assert agreement_check(one, {"other": other}, tenth, linear).value == pytest.approx(1, abs=0.01)
    random = agreement_check(random_map(one), {"other": other}, tenth, linear)
    assert abs(random.value) < 0.2
    assert not random.passed


def test_a_constant_map_agrees_with_nothing(linear, tenth, good):
    check = agreement_check(constant_map(good), {"good": good}, tenth, linear)
    assert check.value is None
    assert not check.passed


# Randomised weights


def test_shuffled_weights_change_the_map_and_never_the_shared_model(tiny, sinus):
    before = {name: value.clone() for name, value in tiny.classifier.state_dict().items()}
    attribution = explain(tiny, sinus, CODE, method="lead_ablation")
    check = randomisation_check(attribution, lambda other: explain(other, sinus, CODE), sinus, tiny)
    assert check.value < 0.9
    for stage in STAGES:
        assert stage in check.meaning
    after = tiny.classifier.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_map_that_does_not_look_at_the_model_fails(tiny, sinus):
    attribution = explain(tiny, sinus, CODE)
    voltage = with_values(attribution, np.abs(sinus.signal))
    check = randomisation_check(voltage, lambda other: voltage, sinus, tiny)
    assert check.value == pytest.approx(1)
    assert not check.passed


def test_each_stage_shuffles_more(tiny):
    changed = []
    for prefixes in STAGES.values():
        model = randomised(tiny.bundle, prefixes).classifier
        old = dict(tiny.classifier.named_parameters())
        changed.append(
            {name for name, value in model.named_parameters() if not torch.equal(value, old[name])}
        )
        for name, value in model.named_parameters():
            torch.testing.assert_close(value.flatten().sort()[0], old[name].flatten().sort()[0])
    assert changed[0] < changed[1] < changed[2]
    assert "head.weight" in changed[0]
    assert any(name.startswith("backbone.blocks") for name in changed[1])
    assert not any(name.startswith("backbone.encoder") for name in changed[1])
    assert any(name.startswith("backbone.encoder") for name in changed[2])


# Noise


def test_a_map_of_a_linear_model_is_stable_and_a_random_one_is_not(linear, tenth):
    def make(ecg):
        return explain(linear, ecg, CODE, method="input_x_gradient")

    assert stability_check(make(tenth), make, tenth, linear).passed
    seeds = iter(range(1, 99))
    random = stability_check(
        random_map(make(tenth)), lambda ecg: random_map(make(ecg), next(seeds)), tenth, linear
    )
    assert not random.passed
    assert abs(random.value) < 0.2


def test_a_constant_map_is_not_called_stable(linear, tenth, good):
    check = stability_check(constant_map(good), lambda ecg: constant_map(good), tenth, linear)
    assert check.value is None
    assert not check.passed


def test_noise_has_20_uv_and_leaves_the_limb_leads_in_order(sinus):
    noise = electrode_noise(sinus, np.random.default_rng(0))
    rms = np.sqrt((noise.astype(float) ** 2).mean(axis=1))
    np.testing.assert_allclose(rms[[0, 1, *range(6, 12)]], 0.02, rtol=0.05)
    noisy = replace(sinus, signal=sinus.signal + noise)
    assert limb_lead_disagreement(noisy) < 0.002


def test_every_check_says_what_it_expects(linear, tenth, good):
    found = curves(linear, tenth, good, misplaced=2)
    for check in (deletion_check(found), insertion_check(found)):
        assert check.name in EXPECTED
        assert check.meaning.endswith(".")
