"""What the Codes page says of the verdicts: what is promised, and what the test fold gave."""

from dataclasses import replace

import card_builders
import pytest

from lamae.app.codes import scores
from lamae.ecg import LEADS
from lamae.results.card import ModelCard
from lamae.results.prediction import Prediction
from lamae.results.scores import Results, VerdictCounts
from lamae.results.verdict import UNDECIDED, Conformal

COUNTS = VerdictCounts(
    carried={"suggested": 60, "not suggested": 12, "cannot say": 28},
    not_carried={"suggested": 25, "not suggested": 900, "cannot say": 75},
)
CARD = ModelCard("made", conformal=Conformal(0.8, {}))
WHOLE = Prediction(codes=(), statements=(), start=0.0, seconds=10.0, leads=LEADS)


def card_with(counts: VerdictCounts | None) -> ModelCard:
    return replace(CARD, results=Results(test=card_builders.scores(verdicts=counts)))


def test_the_errors_of_the_test_fold_are_shares_of_those_with_and_without_a_code() -> None:
    said = scores.tested_errors(card_with(COUNTS))
    carried, not_carried = said.split(",", 1)
    assert "12.0% of 100" in carried
    assert "“not suggested”" in carried
    assert "2.5% of 1,000" in not_carried
    assert "“suggested”" in not_carried


@pytest.mark.parametrize(
    "card",
    [CARD, card_with(None), card_with(VerdictCounts({}, {}))],
    ids=["no test", "none", "empty"],
)
def test_without_counts_nothing_is_said_of_the_test_fold(card: ModelCard) -> None:
    assert scores.tested_errors(card) == ""


def test_a_verdict_that_never_occurred_is_none_of_its_pairs() -> None:
    none = VerdictCounts({"suggested": 4}, {"not suggested": 9})
    assert scores.tested_errors(card_with(none)).count("0.0% of") == 2


def test_what_conformal_prediction_promises_is_an_average() -> None:
    card = card_with(COUNTS)
    said = scores.meaning(WHOLE, card)
    assert "on average" in said
    assert said.count("at most 20%") == 2
    assert UNDECIDED in said
    assert said.endswith(scores.tested_errors(card))
    assert scores.meaning(WHOLE, replace(card, conformal=None)) == scores.operating_point(card)


def test_of_fewer_leads_nothing_is_promised() -> None:
    said = scores.meaning(replace(WHOLE, leads=("I", "II")), card_with(COUNTS))
    assert said == f"{scores.UNTESTED} {UNDECIDED}"
