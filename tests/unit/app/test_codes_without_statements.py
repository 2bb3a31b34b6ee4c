"""A made set of three codes without statements: predicted, calibrated, evaluated and shown."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.app.codes import scores
from lamae.data import Records
from lamae.ecg.labels import Code, LabelSet, Span
from lamae.errors import DataError
from lamae.evaluate import score_records
from lamae.inference.bundle import load_bundle, save_bundle
from lamae.inference.predictor import Predictor
from lamae.model import Classifier
from lamae.results.card import ModelCard
from lamae.results.json import from_json, to_json
from lamae.results.scores import Scores
from lamae.train.release import calibrate

BLOCK = Span("I30", "I5A", "Other forms of heart disease")
LABELS = LabelSet(
    "three codes",
    (
        Code("I48.91", "Unspecified atrial fibrillation", (BLOCK,)),
        Code("X01", "a code of our own"),
        Code("X02", "another"),
    ),
)


@pytest.fixture(scope="module")
def records() -> Records:
    rng = np.random.default_rng(0)
    held = rng.random((60, 3)) < 0.5
    held[:, 2] = False
    return Records(
        values=rng.normal(size=(60, 12, 1000)).astype(np.float32),
        present=np.ones((60, 12), dtype=bool),
        statements=np.zeros((60, 0), dtype=bool),
        fold=np.full(60, 9),
        ecg_id=np.arange(60),
        patient_id=np.arange(60),
        age=np.full(60, 60, dtype=np.float32),
        female=np.arange(60) < 30,
        codes=held,
        labels=LABELS,
    )


@pytest.fixture(scope="module")
def predictor(tiny, records, tmp_path_factory) -> Predictor:
    torch.manual_seed(0)
    config = replace(tiny.bundle.config, statements=3)
    classifier = Classifier(config)
    torch.nn.init.normal_(classifier.head.weight, std=0.1)
    bundle = replace(
        tiny.bundle,
        config=config,
        classifier=classifier.eval().requires_grad_(False),
        labels=LABELS,
        calibration=(),
        card=ModelCard("three"),
    )
    path = tmp_path_factory.mktemp("three") / "w.safetensors"
    save_bundle(calibrate(bundle, records, records), path)
    return Predictor(load_bundle(path))


def test_codes_are_calibrated_from_their_own_outputs(predictor, records):
    assert predictor.codes == ("I48.91", "X01")
    assert list(predictor.card.not_offered) == ["X02"]
    logits = predictor.output_logits(records.values[:4], records.present[:4])
    assert logits.shape == (4, 3)
    found = predictor.probabilities(torch.from_numpy(logits))
    for column, each in enumerate(predictor.bundle.calibration):
        np.testing.assert_array_equal(found[:, column], each.probability(logits[:, column]))


def test_a_prediction_has_codes_and_no_statements(predictor, sinus):
    found = predictor.predict(sinus)
    assert found.statements == ()
    assert {code.code: code.title for code in found.codes} == {
        "I48.91": "Unspecified atrial fibrillation",
        "X01": "a code of our own",
    }
    assert all(code.statements == () for code in found.codes)


def test_evaluation_scores_the_codes_that_model_and_data_share(predictor, records):
    result = score_records(predictor, records, rng=np.random.default_rng(0), progress=False)
    assert list(result["icd10"]["codes"]) == ["I48.91", "X01", "X02"]
    assert result["icd10"]["counted"] == 2
    assert result["statements"] is result["statements_trained"] is None
    assert from_json(Scores, to_json(result)).calibration.count
    other = replace(records, labels=LabelSet("two", LABELS.codes[1:]), codes=records.codes[:, 1:])
    part = score_records(predictor, other, rng=np.random.default_rng(0), progress=False)
    assert list(part["icd10"]["codes"]) == ["X01", "X02"]
    same = result["icd10"]["codes"]["X01"]["auroc"]
    assert part["icd10"]["codes"]["X01"]["auroc"] == same
    assert sum(part["calibration"]["count"]) == 60
    strange = replace(
        records, labels=LabelSet("one", (Code("Y00", "y"),)), codes=records.codes[:, :1]
    )
    with pytest.raises(DataError, match="no code is in both"):
        score_records(predictor, strange, rng=np.random.default_rng(0), progress=False)


def test_the_tables_of_the_codes_page(predictor, sinus):
    prediction = predictor.predict(sinus)
    groups = scores.by_parents(prediction, LABELS)
    assert [[score.code for score in scores] for _, scores in groups] == [["I48.91"], ["X01"]]
    assert [scores.heading(code) for code, _ in groups] == [
        f"**{BLOCK.title}** ({BLOCK.codes})",
        "",
    ]
    table = scores.table(prediction.codes, prediction, predictor)
    assert set(table["Code"]) == {"I48.91", "X01"}
    assert scores.SCORES not in table.columns
    whole = scores.whole_table(prediction, predictor)
    assert "Chapter" not in whole.columns
    blocks = dict(zip(whole["Code"], whole["Block"], strict=True))
    assert blocks == {"I48.91": BLOCK.codes, "X01": ""}
    assert [scores.doubts(code, LABELS) for code in prediction.codes] == ["", ""]
