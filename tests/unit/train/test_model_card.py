"""The card says of data and weights what their own descriptions say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from card_builders import run, scores

from lamae.data import Records, mimic, ptbxl
from lamae.ecg.statements import SCP
from lamae.inference.bundle import load_bundled
from lamae.results.card import ModelCard, TrainingData, parse_card
from lamae.results.description import DataDescription
from lamae.results.json import to_json
from lamae.results.scores import LabelScore, Results
from lamae.train.cards import citations, limits, training_data
from lamae.train.model_card import model_card

PAPER = "LAMAE, arXiv 2603.26475"
DOCUMENT = Path(__file__).parents[3] / "MODEL_CARD.md"


def learned(description: DataDescription, **entries) -> TrainingData:
    return TrainingData(description, 1000, (1, 2), "0" * 64, **entries)


@pytest.fixture
def german() -> TrainingData:
    return learned(ptbxl.DESCRIPTION, minors=8)


@pytest.fixture
def american() -> TrainingData:
    return learned(mimic.DESCRIPTION, minors=0)


def test_the_document_is_that_of_the_bundled_weights():
    assert DOCUMENT.read_text() == model_card(load_bundled())


def test_the_bundled_card_says_what_a_run_on_its_data_would_say():
    bundle = load_bundled()
    card = bundle.card
    assert list(card.limits) == limits(card.data, card.labelled_data, bundle.labels)
    assert card.citation == citations(card.paper, card.data, card.labelled_data)


def test_a_model_of_one_data_set_says_nothing_of_another(german, american, tiny):
    for data, labels, own, other in (
        (american, mimic.CODES, "Boston", "German"),
        (german, SCP, "German", "Boston"),
    ):
        card = ModelCard(
            "made",
            limits=tuple(limits(data, data, labels)),
            citation=citations(PAPER, data, data),
            data=data,
            finetuning=run(data=data),
        )
        bundle = replace(tiny.bundle, card=card)
        text = model_card(bundle)
        assert own in text
        assert other not in text
        assert ("map from ECG statements" in text) == bool(labels.statements)


def test_both_data_sets_are_named_where_both_were_learned_from(german, american):
    said = " ".join(limits(american, german, SCP))
    assert said.index("Pretrained on patients of one hospital") < said.index("one German source")
    assert len(citations(PAPER, american, german)) == 3
    assert len(citations(PAPER, german, german)) == 2


@pytest.mark.parametrize(
    ("minors", "words"), [(0, "not trained"), (8, "hardly trained"), (None, "is not known")]
)
def test_how_little_is_known_of_minors_is_counted(german, minors, words):
    card = ModelCard("made", finetuning=run(data=replace(german, minors=minors)))
    assert words in card.minors


def test_a_model_that_learned_from_many_minors_says_nothing_of_them(german):
    assert ModelCard("made", data=replace(german, minors=300)).minors is None


def test_what_was_learned_from_is_counted():
    records = Records(
        values=np.zeros((3, 12, 4), dtype=np.float32),
        present=np.ones((3, 12), dtype=bool),
        statements=np.zeros((3, 71), dtype=bool),
        fold=np.array([2, 1, 2]),
        ecg_id=np.arange(3),
        patient_id=np.arange(3),
        age=np.float32([17.9, 18, np.nan]),
        female=np.zeros(3, dtype=bool),
        amplitude=np.array([True, True, False]),
        description=ptbxl.DESCRIPTION,
    )
    found = training_data(records)
    assert (found.records, found.folds, found.minors) == (3, (1, 2), 1)
    assert (found.without_amplitudes, found.description) == (1, ptbxl.DESCRIPTION)


def test_a_card_comes_back_from_its_json(german):
    score = LabelScore(0.9, (0.8, 0.95), None, None, 7, 0.1)
    card = ModelCard(
        "made",
        data=german,
        pretraining=run(environment={"threads": 2}, history=({"epoch": 0, "loss": 0.5},)),
        results=Results(test=scores({"I48.91": score})),
    )
    assert parse_card(to_json(card)) == card


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version 2, expected 1"),
        ({"colour": "blue"}, "unknown entries: colour"),
        ({"name": None}, "ModelCard.name is NoneType, expected str"),
        ({"limits": "one"}, "ModelCard.limits is str, expected a list"),
        ({"data": {"records": 3}}, "ModelCard.data lacks description"),
        ({"pretraining": {**to_json(run()), "epochs": True}}, "epochs is bool, expected int"),
        ({"input_check": {"quantiles": [[0.5]], "ecgs": 1}}, "1 entries, expected 2"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused_with_its_entry(change, words):
    with pytest.raises(ValueError, match=words):
        parse_card({**to_json(ModelCard("made")), **change})


def test_weights_without_results_have_a_card_too(tiny):
    text = model_card(tiny.bundle)
    assert text.startswith("# tiny\n")
    assert "test fold" not in text
