"""Leads that cannot be read are masked, and what was tested with twelve is not
quoted for fewer."""

import csv
import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from card_builders import scores as made_scores
from pdf_reading import page_streams, texts

from lamae import io
from lamae import report as export
from lamae.cli.main import main
from lamae.ecg import ECG, LEADS
from lamae.inference.analysis import Analysis
from lamae.inference.input_check import check_input
from lamae.inference.predictor import Predictor
from lamae.measure import signal_quality
from lamae.results.card import InputReference
from lamae.results.scores import LabelScore, Results
from lamae.simulate import simulate

FLAT = ("I", "aVL", "V5", "V6")
LEFT = tuple(lead for lead in LEADS if lead not in FLAT)
MASKED = "I, aVL, V5, V6 could not be read (flat) and were masked."
TESTED = "tested with twelve leads over 10 s only"
UNCOMPARED = "not compared with known ones"


def flattened(ecg: ECG, leads: tuple[str, ...]) -> ECG:
    signal = ecg.signal.copy()
    signal[[ecg.leads.index(lead) for lead in leads]] = 0.0
    return replace(ecg, signal=signal)


def with_card(predictor: Predictor, **entries: object) -> Predictor:
    return Predictor(replace(predictor.bundle, card=replace(predictor.card, **entries)))


@pytest.fixture(scope="module")
def tested(tiny: Predictor) -> Predictor:
    """A model whose card holds a test and a gate that lets everything pass."""
    score = LabelScore(0.9, (0.8, 0.95), 0.5, (0.4, 0.6), 20, 0.06)
    return with_card(
        tiny,
        results=Results(test=made_scores(dict.fromkeys(tiny.codes, score))),
        input_check=InputReference(((0.5, 1e3), (0.99, 1e6)), 300),
    )


@pytest.fixture(scope="module")
def block() -> ECG:
    rng = np.random.default_rng(1)
    return simulate("left_bundle_branch_block", seconds=10.0, fs=250.0, rng=rng).ecg


@pytest.fixture(scope="module")
def poor(block: ECG) -> ECG:
    return flattened(block, FLAT)


def judged(predictor: Predictor | None, ecg: ECG):
    return check_input(predictor, ecg, signal_quality(ecg))


def scores(prediction):
    return {code.code: code.probability for code in prediction.codes}


def test_leads_that_cannot_be_read_are_left_out_and_named(tested: Predictor, poor: ECG):
    found = judged(tested, poor)
    assert found.passed
    assert found.leads == LEFT
    assert [(lead.lead, lead.verdict) for lead in found.left_out] == [(n, "flat") for n in FLAT]
    assert found.masked == MASKED
    # Its reference was made with twelve leads.
    assert found.reconstruction is None
    said = " ".join(found.remarks(tested.predict(poor, leads=found.leads)))
    assert said.startswith(MASKED)
    assert TESTED in said
    assert "8 leads" in said
    assert UNCOMPARED in said


def test_one_lead_and_several_verdicts_are_named_in_words(tested: Predictor, block: ECG):
    assert judged(None, flattened(block, ("V5",))).masked == (
        "V5 could not be read (flat) and was masked."
    )
    signal = flattened(block, ("V5", "V6")).signal.copy()
    signal[6] += np.random.default_rng(0).normal(scale=1.0, size=signal.shape[1])
    found = judged(None, replace(block, signal=signal))
    assert found.masked == ("V1, V5, V6 could not be read (V1 noisy; V5, V6 flat) and were masked.")


def test_where_all_can_be_read_nothing_is_masked_or_said(tested: Predictor, block: ECG):
    found = judged(tested, block)
    assert found.leads == LEADS
    assert found.reconstruction is not None
    assert found.masked is None
    prediction = tested.predict(block, leads=found.leads)
    assert found.remarks(prediction) == ()
    assert block.only(found.leads) is block
    assert scores(prediction) == scores(tested.predict(block))
    assert {code.auroc for code in prediction.codes} == {0.9}


def test_where_none_can_be_read_no_codes_are_shown_and_nothing_is_masked(tested: Predictor):
    found = judged(tested, ECG(np.zeros((12, 2500), np.float32), 250.0, LEADS, "CSV table"))
    assert not found.passed
    assert "No lead can be read" in found.reason
    assert (found.leads, found.left_out) == (LEADS, ())


def test_an_ecg_of_some_leads_alone(poor: ECG):
    part = poor.only(LEFT)
    assert part.leads == LEFT
    np.testing.assert_array_equal(part.lead("V4"), poor.lead("V4"))


@pytest.mark.parametrize("seconds", [8.0, 9.5])
def test_auroc_is_quoted_for_twelve_leads_over_ten_seconds_only(
    tested: Predictor, block: ECG, seconds: float
):
    short = block.window(0.0, seconds)
    whole = seconds > 9
    prediction = tested.predict(short)
    assert {code.auroc for code in prediction.codes} == ({0.9} if whole else {None})
    found = judged(tested, short)
    assert (found.reconstruction is not None) == whole
    said = " ".join(found.remarks(prediction))
    assert (f"12 leads over {seconds:.1f} s" in said) == (not whole)
    few = tested.predict(block, leads=("I",))
    assert (
        {code.auroc for code in few.codes} == {code.auroc_interval for code in few.codes} == {None}
    )
    assert "lead I alone" in str(few.untested)


def test_exports_mask_what_cannot_be_read_and_say_so(tested: Predictor, poor: ECG):
    report = export.report(Analysis(poor, 0.0, tested))
    assert report.prediction is not None
    assert scores(report.prediction) == scores(tested.predict(poor, leads=LEFT))
    values = json.loads(export.results_json(report))
    assert values["read_by_model"] == {"leads": list(LEFT), "seconds": 10.0}
    assert {code["auroc"] for code in values["codes"]} == {None}
    table = list(csv.DictReader(StringIO(export.results_csv(report).decode("utf-8-sig"))))
    remarks = [row["value"] for row in table if row["quantity"] == "remark"]
    printed = " ".join(texts(page_streams(export.pdf(report))[0]))
    for told in (" ".join(values["codes_remarks"]), " ".join(remarks), printed):
        assert all(told.count(words) == 1 for words in (MASKED, TESTED, UNCOMPARED))
    assert "AUROC 0" not in printed


def test_a_doubt_of_the_electrodes_stands_beside_codes_wherever_they_are_written(
    tiny: Predictor, sinus: ECG, tmp_path, capsys: pytest.CaptureFixture[str]
):
    lead = sinus.lead
    arms = [-lead("I"), lead("III"), lead("II"), lead("aVL"), lead("aVR")]
    swapped = replace(sinus, signal=np.stack([*arms, *sinus.signal[5:]]))
    report = export.report(Analysis(swapped, 0.0, tiny))
    doubt = "the arm electrodes may have been swapped"
    assert [doubt in remark for remark in report.remarks].count(True) == 1
    assert not any(doubt in remark for remark in export.report(Analysis(sinus, 0.0, tiny)).remarks)
    # Once on the page, whether there are codes or not.
    for given in (report, replace(report, prediction=None, refusal="Poor signal.", remarks=())):
        printed = " ".join(texts(page_streams(export.pdf(given))[0]))
        assert printed.count(doubt) == 1
    path = tmp_path / "swapped.npz"
    io.write(swapped, path)
    assert main(["predict", str(path), "--json"]) == 0
    assert doubt in json.loads(capsys.readouterr().out)["remarks"][0]


def test_exports_of_a_readable_ecg_quote_the_test(tested: Predictor, block: ECG):
    report = export.report(Analysis(block, 0.0, tested))
    values = export.results(report)
    assert values["codes_remarks"] == []
    assert {code["auroc"] for code in values["codes"]} == {0.9}
    assert "AUROC 0.90" in " ".join(texts(page_streams(export.pdf(report))[0]))


def test_left_bundle_branch_block_is_seen_with_four_leads_flat(
    poor: ECG, tmp_path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "poor.npz"
    io.write(poor, path)
    bundled = Predictor.bundled()

    def asked(*argv: str) -> dict:
        assert main([argv[0], str(path), *argv[1:], "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    answer = asked("predict")
    told = {code["code"]: code["probability"] for code in answer["codes"]}
    assert told == pytest.approx(scores(bundled.predict(poor, leads=LEFT)), rel=1e-4)
    assert told["I44.7"] > scores(bundled.predict(poor))["I44.7"] + 0.1
    assert answer["leads"] == list(LEFT)
    assert answer["remarks"][0] == MASKED
    assert TESTED in answer["remarks"][1]
    assert asked("attention")["leads"] == list(LEFT)
    explained = asked("explain", "--code", "I44.7")
    assert list(explained["per_lead"]) == list(LEFT)
    assert explained["remarks"] == [MASKED]
    assert asked("predict", "--leads", "V4, V5")["leads"] == ["V4"]
    assert main(["predict", str(path), "--leads", "V5,V6"]) == 2
    assert "from V5, V6" in capsys.readouterr().err
    assert main(["predict", str(path)]) == 0
    assert MASKED in capsys.readouterr().out
