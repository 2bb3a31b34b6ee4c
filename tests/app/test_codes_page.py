"""The Codes page: verdicts with their evidence, the input check before them, and why."""

import re
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
import torch
from app_views import (
    CODES,
    LEADS_PAGE,
    REAL,
    RECORD,
    charts,
    checked,
    numbers,
    refused,
    traces,
    upload_csv,
    words,
)

from lamae.app import demos
from lamae.app.codes import attribution, page, scores
from lamae.app.codes.scores import SCORES
from lamae.ecg.icd10 import DOUBTS, block_of, chapter_of, not_coded
from lamae.inference.analysis import Analysis
from lamae.inference.attribution import METHODS, explain
from lamae.inference.bundle import Bundle, CodeCalibration
from lamae.inference.predictor import Predictor
from lamae.model import Classifier, MaskedAutoencoder, ModelConfig
from lamae.model.families import LAMAE
from lamae.results.attribution import EXPECTED
from lamae.results.card import InputReference, ModelCard
from lamae.results.prediction import ORDER
from lamae.results.verdict import UNDECIDED, Conformal, Cuts
from lamae.signal.preprocess import InputSpec

SMALL = ModelConfig(
    width=16, heads=2, depth=1, latent_depth=2, decoder_width=12, decoder_heads=2, decoder_depth=1
)


@pytest.fixture
def serve(monkeypatch):
    """Let the app use another predictor than the bundled one."""

    def forget():
        # Visitors simulated by AppTest share one session as far as caches can tell.
        st.cache_resource.clear()
        st.cache_data.clear()

    def use(predictor):
        monkeypatch.setattr(Predictor, "bundled", classmethod(lambda cls: predictor))
        forget()
        return predictor

    yield use
    forget()


@pytest.fixture(scope="module")
def small() -> Predictor:
    """A small model with random weights: every method and check is quick."""
    torch.manual_seed(0)
    classifier = Classifier(SMALL)
    torch.nn.init.normal_(classifier.head.weight, std=0.1)
    mae = MaskedAutoencoder(SMALL).eval().requires_grad_(False)
    return Predictor(
        Bundle(
            family=LAMAE,
            config=SMALL,
            input=InputSpec(),
            backbone=mae.backbone,
            reconstructor=mae,
            classifier=classifier.eval().requires_grad_(False),
            calibration=(
                CodeCalibration("I48.91", 1.0, 0.0, 0.4),
                CodeCalibration("I25.2", 0.5, -1.0, 0.2),
            ),
            card=ModelCard("small"),
            sha256="0" * 64,
        )
    )


def with_card(predictor, **entries):
    return Predictor(replace(predictor.bundle, card=replace(predictor.card, **entries)))


def reference_at(limit):
    return InputReference(((0.5, limit / 2), (0.99, limit)), 300)


# Codes


def test_suggested_codes_are_sentences_with_their_evidence(visit, predictor):
    at = visit(CODES, demo="atrial_fibrillation")
    prediction = predictor.predict(demos.load("atrial_fibrillation"))
    first = prediction.codes[0]
    assert f"{first.probability:.2f} (threshold {first.threshold:.2f}" in words(at)
    assert page.NEVER_A_DIAGNOSIS in words(at)
    assert scores.meaning(prediction, predictor.card) in words(at)
    assert ORDER in words(at)
    # Beside a calibrated probability stand names, not scores on another scale.
    [line] = [one for one in words(at).splitlines() if one.startswith(f":gray[:small[{first.code}")]
    assert first.statements[0].description in line
    assert f"{first.statements[0].probability:.2f}" not in line


@pytest.mark.parametrize("demo", ["anterior_st_elevation", "atrial_fibrillation"])
def test_what_is_urgent_and_never_suggested_is_said_beside_the_codes(visit, predictor, demo):
    said = words(visit(CODES, demo=demo))
    assert said.count(not_coded(predictor.codes)) == 1
    assert "I21" in said


def test_every_code_stands_in_its_block_with_its_evidence(visit, predictor):
    at = visit(CODES, demo="atrial_fibrillation")
    prediction = predictor.predict(demos.load("atrial_fibrillation"))
    by_code = {code.code: code for code in prediction.codes}
    tables = [frame.value for frame in at.dataframe]
    listed = [list(table["Code"]) for table in tables]
    assert sorted(code for block in listed for code in block) == sorted(by_code)
    for block, table in zip(listed, tables, strict=True):
        assert len({block_of(code) for code in block}) == 1
        assert block_of(block[0]).title in words(at)
        assert chapter_of(block[0]).title in words(at)
        for _, row in table.iterrows():
            code, card = by_code[row["Code"]], predictor.card.codes[row["Code"]]
            assert row["Probability"] == pytest.approx(code.probability, abs=1e-6)
            assert row["Threshold"] == code.threshold
            if code.auroc is None:
                assert row["AUROC (95% CI)"] == "not measured"
            else:
                low, high = code.auroc_interval
                assert row["AUROC (95% CI)"] == f"{code.auroc:.2f} ({low:.2f}–{high:.2f})"
            assert row["In training"] == card.prevalence
            assert code.statements[0].description in row[SCORES]
            assert f"{code.statements[0].probability:.2f}" in row[SCORES]
            for statement in code.statements:
                if statement.name in DOUBTS:
                    assert DOUBTS[statement.name] in row["Doubts in the map"]


def test_without_cuts_in_the_card_nothing_is_said_of_cannot_say(visit, small, serve):
    serve(small)
    at = visit(CODES)
    assert UNDECIDED not in words(at)
    assert set(at.dataframe[0].value["Verdict"]) <= {"suggested", "not suggested"}


def test_cannot_say_is_said_and_explained_where_the_card_has_cuts(visit, small, serve):
    entry = Conformal(0.9, {"I48.91": Cuts(0.0, 1.0), "I25.2": Cuts(0.0, 0.0)})
    predictor = serve(with_card(small, conformal=entry))
    at = visit(CODES)
    tables = at.dataframe[0].value, at.dataframe[1].value
    said = {row["Code"]: row["Verdict"] for t in tables for _, row in t.iterrows()}
    assert said["I48.91"] == "cannot say"
    assert said["I25.2"] in ("suggested", "cannot say")
    assert UNDECIDED in words(at)
    open_ones = list(said.values()).count("cannot say")
    label = "Cannot say: 1 code" if open_ones == 1 else f"Cannot say: {open_ones} codes"
    assert label in [expander.label for expander in at.expander]
    assert "at most 10%" in words(at)
    bars = traces(at)["probability"]
    code = [c.code for c in predictor.predict(REAL).codes].index("I48.91")
    assert bars["marker"]["pattern"]["shape"][code] == "/"


# The input check


def test_a_poor_signal_gets_a_refusal_and_no_number(visit):
    signal = REAL.signal[:, ::2].copy()
    signal[:9] = 0.0
    at = upload_csv(visit(RECORD), signal)
    checked(at.switch_page(CODES).run())
    assert refused(at)
    assert not at.dataframe
    assert "threshold" not in words(at)


def test_leads_shows_no_codes_either_where_the_ecg_is_unlike_known_ones(visit, small, serve):
    predictor = serve(with_card(small, input_check=reference_at(0.05)))
    at = visit(LEADS_PAGE)
    assert refused(at)
    assert Analysis(REAL, 0.0, predictor).input_check.reason in words(at)


def test_numbers_behind_a_refusal_are_shown_on_request_only(visit, small, serve):
    predictor = serve(with_card(small, input_check=reference_at(0.05)))
    at = visit(CODES)
    assert refused(at)
    assert Analysis(REAL, 0.0, predictor).input_check.reason in words(at)
    assert not at.dataframe
    at.toggle[0].set_value(True)
    checked(at.run())
    assert at.warning[0].value == page.NOT_FIT
    assert charts(at)
    assert at.dataframe


def test_an_ecg_like_the_known_ones_passes_and_says_so(visit, small, serve):
    predictor = serve(with_card(small, input_check=reference_at(9.0)))
    at = visit(CODES)
    assert not refused(at)
    check = Analysis(REAL, 0.0, predictor).input_check
    assert f"{check.reconstruction.error:.0%}" in page.passed(check)
    assert page.passed(check) in words(at)
    assert not at.toggle


def test_without_a_reference_the_page_says_nothing_of_it(visit, small, serve):
    serve(small)
    assert page.passed(Analysis(REAL, 0.0, small).input_check) == ""
    assert "known ECGs" not in words(visit(CODES))


# Why


def test_a_code_is_explained_on_the_paper_and_by_lead(visit, predictor):
    at = visit(CODES, demo="left_bundle_branch_block")
    ecg = demos.load("left_bundle_branch_block")
    code = at.selectbox[0].value
    assert code == predictor.predict(ecg).codes[0].code
    found = explain(predictor, ecg, code)
    np.testing.assert_allclose(
        numbers(traces(at, 2)["attribution"]["y"]), found.per_lead, atol=1e-4
    )
    assert f"{found.score:+.2f} log-odds" in words(at)
    assert attribution.CAUTION in words(at)
    assert "heatmap" in {trace["type"] for trace in charts(at)[1]["data"]}


def test_a_link_names_the_code_to_explain(visit, predictor):
    at = visit(CODES, code=predictor.codes[0])
    assert at.selectbox[0].value == predictor.codes[0]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_shown_with_the_sums_and_errors_that_it_has(method, visit, small, serve):
    serve(small)
    at = visit(CODES, code="I25.2")
    at.selectbox(key="method").set_value(method)
    checked(at.run())
    found = explain(small, REAL, "I25.2", method=method)
    bars = numbers(traces(at, 2)["attribution"]["y"])
    if METHODS[method].resolves_leads:
        np.testing.assert_allclose(bars, found.per_lead, atol=1e-4, rtol=1e-4)
    else:
        assert bars.sum() == pytest.approx(found.per_lead.sum(), abs=1e-3)
        assert f"Values by {METHODS[method].finest}" in [one.label for one in at.expander]
    assert (len(charts(at)) == 5) == METHODS[method].resolves_waves
    shown = re.findall(r"Completeness error: ([\d.]+%)", words(at))
    error = found.completeness_error
    assert shown == ([] if error is None else [f"{error:.1%}"])
    assert not [button for button in at.button if button.label == "Cancel"]


def test_one_code_is_explained_rather_than_another(visit, small, serve):
    serve(small)
    at = visit(CODES, code="I25.2")
    at.selectbox(key="against_I25.2").set_value("I48.91")
    checked(at.run())
    found = explain(small, REAL, "I25.2", against="I48.91")
    np.testing.assert_allclose(
        numbers(traces(at, 2)["attribution"]["y"]), found.per_lead, atol=1e-4
    )
    assert "Score of I25.2 minus that of I48.91" in words(at)


def test_checks_run_on_demand_and_say_what_was_expected(visit, small, serve):
    serve(small)
    at = visit(CODES, code="I25.2")
    assert attribution.NOT_CHECKED in words(at)
    for key in ("ask_faithful", "ask_robust"):
        at.button(key=key).click()
        checked(at.run())
    said = words(at)
    for title in (
        "Deletion",
        "Insertion",
        "Agreement between methods",
        "Weight randomisation",
        "Stability under noise",
    ):
        assert f"**{title}: " in said
    for name in set(EXPECTED) - {"completeness"}:
        assert EXPECTED[name] in said
    for how in ("lower", "higher"):
        assert re.search(rf"Found {how} than with \d+ of 19 misplaced maps", said)
    assert {"deletion", "insertion"} == {
        word
        for word in ("deletion", "insertion")
        for chart in at.get("plotly_chart")
        if f"{word}_curve" in chart.proto.id
    }
    assert "of 5 checks are as expected" in words(at)
    # Another method has been checked in nothing yet.
    at.selectbox(key="method").set_value("second_ablation")
    assert attribution.NOT_CHECKED in words(checked(at.run()))
