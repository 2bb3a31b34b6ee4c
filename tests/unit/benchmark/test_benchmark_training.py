"""What tells the rows apart is what they are trained from, on and with."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.benchmark import training as rows_trained
from lamae.benchmark.budget import rehearsal_budget
from lamae.benchmark.label_fractions import labelled_rows, repeats
from lamae.benchmark.methods import Pretraining
from lamae.benchmark.pretraining import records_for
from lamae.benchmark.rows import ROWS, Row
from lamae.benchmark.training import begin_with, outputs, train_classifier
from lamae.data import Records
from lamae.ecg import LEADS
from lamae.inference.bundle import Bundle
from lamae.model import Classifier, MaskedAutoencoder
from lamae.model.families import LAMAE
from lamae.signal.preprocess import InputSpec

BUDGET = rehearsal_budget()


@pytest.fixture
def records() -> Records:
    """Sixty ECGs of noise in folds 1, 9 and 10; every third one has no amplitudes."""
    rng = np.random.default_rng(0)
    return Records(
        values=rng.normal(scale=3.0, size=(60, 12, 1000)).astype(np.float32),
        present=np.ones((60, 12), dtype=bool),
        statements=rng.random((60, 71)) < 0.3,
        fold=np.repeat([1, 9, 10], 20),
        ecg_id=np.arange(60),
        patient_id=np.arange(60),
        age=np.full(60, 60, dtype=np.float32),
        female=np.zeros(60, dtype=bool),
        amplitude=np.arange(60) % 3 > 0,
    )


def pretrained(**sizes) -> Bundle:
    config = replace(BUDGET.model, **sizes)
    torch.manual_seed(1)
    mae = MaskedAutoencoder(config)
    return Bundle(LAMAE, config, InputSpec(), mae.backbone, mae, sha256="of these")


def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def row(name: str) -> Row:
    return next(each for each in ROWS if each.name == name)


def test_a_classifier_begins_with_the_pretrained_backbone():
    bundle = pretrained()
    torch.manual_seed(2)
    model = Classifier(BUDGET.model)
    lead = bundle.backbone.encoder.lead.weight
    assert not torch.equal(model.backbone.encoder.lead.weight, lead)
    begin_with(bundle, model)
    torch.testing.assert_close(state(model.backbone), state(bundle.backbone), rtol=0, atol=0)


def test_latent_attention_that_was_not_pretrained_stays_random():
    bundle = pretrained(latent_depth=0, decoder_cross=False)
    torch.manual_seed(2)
    model = Classifier(BUDGET.model)
    before = state(model.backbone.blocks)
    assert before
    begin_with(bundle, model)
    torch.testing.assert_close(
        state(model.backbone.encoder), state(bundle.backbone.encoder), rtol=0, atol=0
    )
    torch.testing.assert_close(state(model.backbone.blocks), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "ecgs"), [("lamae_finetuned", 13), ("scratch_10", 2), ("scratch", 13)]
)
def test_a_row_is_trained_from_its_weights_on_its_share_of_the_labels(
    name, ecgs, records, monkeypatch, tmp_path
):
    seen = {}

    def fit(_fabric, model, training, validation, _config, _out, *, pretrained):
        seen.update(
            backbone=state(model.backbone),
            training=training,
            validation=validation,
            pretrained=pretrained,
        )
        return model

    monkeypatch.setattr(rows_trained, "fit_classifier", fit)
    bundle = pretrained() if row(name).pretraining else None
    in_mv = records.take(records.amplitude)
    train_classifier(row(name), 0, bundle, BUDGET, in_mv, tmp_path)
    fraction, training = row(name).label_fraction, in_mv.folds([1])
    wanted = np.tile(training.ecg_id[labelled_rows(training, fraction)], repeats(fraction))
    assert len(set(wanted)) == ecgs
    assert seen["training"].ecg_id.tolist() == wanted.tolist()
    assert set(seen["validation"].fold) == {9}
    assert seen["pretrained"] == ("of these" if bundle else "")
    if bundle:
        torch.testing.assert_close(seen["backbone"], state(bundle.backbone), rtol=0, atol=0)


def test_seeds_begin_with_other_weights(records, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(
        rows_trained,
        "fit_classifier",
        lambda _, model, *rest, **more: begun.append(state(model.backbone)) or model,
    )
    for seed in (0, 1, 0):
        train_classifier(row("scratch"), seed, None, BUDGET, records, tmp_path)
    first, other, again = (each["encoder.lead.weight"] for each in begun)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_leads_that_are_not_to_be_seen_make_no_difference(records):
    torch.manual_seed(0)
    model = Classifier(BUDGET.model).eval()
    torch.nn.init.normal_(model.head.weight)
    only = np.isin(LEADS, ("I", "II", "V2"))
    part = records.folds([10])
    values = part.values.copy()
    values[:, ~only] = 7.0
    patches = BUDGET.model.patches
    some = outputs(model, part, patches, only)
    np.testing.assert_array_equal(some, outputs(model, replace(part, values=values), patches, only))
    assert np.abs(some - outputs(model, part, patches)).max() > 0.01


def test_ecgs_without_amplitudes_are_learned_from_where_they_are_wanted_and_nowhere_judged(
    records,
):
    assert records_for(Pretraining(), records).amplitude.all()
    more = records_for(Pretraining(zscored=True), records)
    assert not more.folds([1]).amplitude.all()
    assert more.folds([9, 10]).amplitude.all()
    assert len(more.folds([1])) == 20


def test_a_scale_of_its_own_is_that_of_each_record(records):
    own = records_for(Pretraining(per_record=True), records)
    power = np.square(own.values).mean(axis=(1, 2))
    np.testing.assert_allclose(power, 1.0, rtol=1e-4)
