"""The predictor between an ECG and the model."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.ecg import CHEST_LEADS, LEADS, lead_indices
from lamae.ecg.statements import SCP, STATEMENT_NAMES
from lamae.errors import InputError, WeightsError
from lamae.inference.predictor import Predictor
from lamae.model import MaskedAutoencoder
from lamae.results.verdict import Conformal, Cuts
from lamae.signal.preprocess import prepare


def only(ecg, leads):
    return replace(ecg, signal=ecg.signal[lead_indices(leads)], leads=tuple(leads))


def test_probability_is_the_calibrated_score_of_the_strongest_statement(tiny, sinus):
    prediction = tiny.predict(sinus)
    assert {code.code for code in prediction.codes} == {"I48.91", "I25.2", "R00.1"}
    by_name = {statement.name: statement.probability for statement in prediction.statements}
    rules = {rule.code: rule for rule in tiny.bundle.calibration}
    for code in prediction.codes:
        names = {statement.name for statement in SCP.statements_of(code.code)}
        assert {statement.name for statement in code.statements} == names
        strongest = max(by_name[name] for name in names)
        score = np.log(strongest / (1 - strongest))
        rule = rules[code.code]
        expected = 1 / (1 + np.exp(-(rule.slope * score + rule.intercept)))
        assert code.probability == pytest.approx(expected, rel=1e-4)
        # Without cuts in the card the threshold alone decides.
        assert code.suggested == (code.probability >= rule.threshold)


def test_a_code_is_suggested_only_where_its_cuts_allow_that(tiny, sinus):
    undecided = Conformal(0.9, {code: Cuts(0.0, 1.0) for code in tiny.codes})
    low = tuple(replace(rule, threshold=1e-9) for rule in tiny.bundle.calibration)
    certain = Predictor(replace(tiny.bundle, calibration=low))
    assert {code.verdict for code in certain.predict(sinus).codes} == {"suggested"}
    unsure = Predictor(replace(certain.bundle, card=replace(tiny.card, conformal=undecided)))
    codes = unsure.predict(sinus).codes
    assert {code.verdict for code in codes} == {"cannot say"}
    assert not any(code.suggested for code in codes)


def test_training_and_serving_score_the_same_array(tiny, sinus):
    values = prepare(sinus, tiny.spec).values
    logits = tiny.output_logits(values[None], np.ones((1, 12), dtype=bool))[0]
    served = {s.name: s.probability for s in tiny.predict(sinus).statements}
    expected = dict(zip(STATEMENT_NAMES, 1 / (1 + np.exp(-logits)), strict=True))
    assert served == pytest.approx(expected, rel=1e-4)


def test_showing_some_leads_equals_a_recording_of_those_leads(tiny, sinus):
    leads = ("I", "II", "V2")
    shown = tiny.predict(sinus, leads=leads)
    recorded = tiny.predict(only(sinus, leads))
    assert shown.leads == recorded.leads == leads
    for first, second in zip(shown.codes, recorded.codes, strict=True):
        assert first.probability == pytest.approx(second.probability, rel=1e-4)
    with pytest.raises(InputError, match="V9"):
        tiny.predict(sinus, leads=("V9",))
    with pytest.raises(InputError, match="none of the leads"):
        tiny.predict(only(sinus, ("I",)), leads=("V1",))


def test_padding_of_a_short_recording_is_masked_from_the_model(tiny, sinus):
    short = sinus.window(0.0, 6.0)
    prediction = tiny.predict(short)
    assert prediction.seconds == pytest.approx(6.0)
    _, visible = tiny.model_input(prepare(short, tiny.spec), short.leads)
    assert visible[0, :, :30].all()
    assert not visible[0, :, 30:].any()


def test_only_masked_samples_are_reconstructed(tiny, sinus):
    result = tiny.reconstruct(sinus, mask=("V1", "V2"), ratio=0.3, seed=4)
    assert result.masked[[6, 7]].all()
    others = [row for row in range(12) if row not in (6, 7)]
    np.testing.assert_allclose(result.masked[others].mean(axis=1), 0.3, atol=0.011)
    np.testing.assert_array_equal(result.output[~result.masked], result.target[~result.masked])
    assert np.isnan(result.linear[~result.masked]).all()
    again = tiny.reconstruct(sinus, mask=("V1", "V2"), ratio=0.3, seed=4)
    np.testing.assert_array_equal(result.output, again.output)
    other = tiny.reconstruct(sinus, mask=("V1", "V2"), ratio=0.3, seed=5)
    assert (result.masked != other.masked).any()


@pytest.mark.parametrize("seconds", [6.05, 6.15])
def test_the_end_of_a_short_recording_is_not_taken_for_masked(tiny, sinus, seconds):
    """Its last patch is filled in part: by less than half, and by more."""
    result = tiny.reconstruct(sinus.window(0.0, seconds), mask=("V1",))
    assert [error.lead for error in result.errors] == ["V1"]
    assert result.errors[0].masked_share > 0.99
    recorded = round(seconds * 100)
    assert result.present[:, :recorded].all()
    assert not result.present[:, recorded:].any()
    assert not result.masked[:, recorded:].any()


def test_the_model_never_sees_what_is_masked(tiny, sinus):
    """A different signal under a masked lead reconstructs to the same."""
    signal = sinus.signal.copy()
    signal[9] = np.random.default_rng(0).normal(size=signal.shape[1])
    other = replace(sinus, signal=signal)
    first, second = (tiny.reconstruct(ecg, mask=("V4",)) for ecg in (sinus, other))
    np.testing.assert_allclose(first.output[9], second.output[9], atol=1e-6)


def test_algebra_reconstructs_limb_leads_exactly_and_chest_leads_never(tiny, sinus):
    errors = {e.lead: e for e in tiny.reconstruct(sinus, mask=("III", "aVF", "V1")).errors}
    assert errors["III"].algebra_rmse == pytest.approx(0, abs=1e-4)
    assert errors["V1"].algebra_rmse is None
    assert errors["V1"].linear_rmse is not None
    assert errors["V1"].masked_share == 1.0


def test_requests_that_make_no_sense_are_refused(tiny, sinus):
    for arguments, words in (
        ({}, "Nothing is masked"),
        ({"ratio": 0.005}, "Nothing is masked"),
        ({"mask": LEADS}, "leave at least one"),
        ({"mask": ("V9",)}, "not a lead"),
        ({"ratio": 1.5}, "expected 0 to 0.95"),
        ({"mask": ("V1",), "start": 11.5}, "earlier start"),
    ):
        with pytest.raises(InputError, match=words):
            tiny.reconstruct(sinus, **arguments)
    with pytest.raises(InputError, match="not in this recording"):
        tiny.reconstruct(only(sinus, CHEST_LEADS), mask=("I",))
    with pytest.raises(InputError, match="stage"):
        tiny.attention(sinus, stage="trained")


@pytest.mark.parametrize("stage", ["pretrained", "fine-tuned"])
def test_attention_is_over_the_leads_that_are_there(tiny, sinus, stage):
    ecg = only(sinus, ("II", "V1", "V5"))
    attention = tiny.attention(ecg, stage=stage)
    assert attention.leads == ("II", "V1", "V5")
    assert attention.layer_matrix.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(attention.weights.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(attention.matrix.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(attention.layer_weights.sum(axis=-1), 1, rtol=1e-5)
    # The attention paid is averaged over blocks and heads before it is divided among leads.
    model = tiny.bundle.reconstructor if stage == "pretrained" else tiny.classifier
    x, visible = tiny.model_input(prepare(ecg, tiny.spec, 0.0), ecg.leads)
    with torch.inference_mode():
        latent = model.backbone(x, visible, want_attention=True)
    paid = torch.stack(latent.attention)[:, 0, :, 0, 1:].unflatten(-1, (3, -1)).sum(dim=-1)
    mean = paid.mean(dim=(0, 1)).numpy()
    np.testing.assert_allclose(attention.weights, mean / mean.sum(), rtol=1e-5)


def test_weights_without_a_classifier_say_what_to_do(tiny, sinus):
    pretrained = Predictor(replace(tiny.bundle, classifier=None))
    with pytest.raises(WeightsError, match="finetune"):
        pretrained.predict(sinus)
    assert pretrained.attention(sinus).leads == LEADS


def test_weights_that_keep_leads_apart_have_no_attention(tiny, sinus):
    config = replace(tiny.bundle.config, latent_depth=0)
    mae = MaskedAutoencoder(config).eval()
    apart = Predictor(replace(tiny.bundle, config=config, backbone=mae.backbone, reconstructor=mae))
    with pytest.raises(WeightsError, match="no lead attention"):
        apart.attention(sinus)


def test_threads_get_their_own_results(tiny, sinus):
    """Visitors share the predictor: mixed calls give what single ones give."""
    windows = [sinus.window(start, 10.0) for start in (0.0, 0.5, 1.0, 2.0)]
    alone = [tiny.attention(ecg).weights for ecg in windows]
    wrong = []

    def visit(number: int) -> None:
        for _ in range(20):
            if not np.array_equal(tiny.attention(windows[number]).weights, alone[number]):
                wrong.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
