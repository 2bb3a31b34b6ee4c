"""The model is not shown leads that cannot be read, and no test is quoted that does not apply."""

from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from app_views import (
    ATTENTION,
    CODES,
    LEADS_PAGE,
    LIBRARY,
    RECONSTRUCT,
    RECORD,
    charts,
    checked,
    numbers,
    traces,
    words,
)

from lamae.app import demos
from lamae.app.reconstruct.page import ALL_MASKED
from lamae.app.reconstruct.results import MEANS_LITTLE
from lamae.ecg import LEADS

FLAT = ("I", "aVL", "V5", "V6")
LEFT = tuple(lead for lead in LEADS if lead not in FLAT)
MASKED = "I, aVL, V5, V6 could not be read (flat) and were masked."
BLOCK = demos.load("left_bundle_branch_block")


@pytest.fixture
def hold(monkeypatch):
    """Take another current ECG instead of any demo."""

    def take(ecg):
        monkeypatch.setattr(demos, "load", lambda name: ecg)
        st.cache_data.clear()
        return ecg

    return take


def poor():
    signal = BLOCK.signal.copy()
    signal[[LEADS.index(lead) for lead in FLAT]] = 0.0
    return replace(BLOCK, signal=signal)


def arms_swapped(ecg):
    signal = ecg.signal.copy()
    signal[:5] = ecg.signal[[LEADS.index(lead) for lead in ("I", "III", "II", "aVL", "aVR")]]
    signal[0] *= -1
    return replace(ecg, signal=signal)


def test_swapped_arms_are_a_doubt_above_the_paper_and_beside_every_code(visit, hold, monkeypatch):
    sinus = demos.load("sinus_rhythm")
    assert not visit(RECORD).warning
    hold(arms_swapped(sinus))
    at = visit(RECORD)
    (said,) = at.warning
    assert "may have been swapped" in said.value
    order = [element.type for element in at.main]
    assert order.index("warning") < order.index("plotly_chart")
    for page in (CODES, LEADS_PAGE):
        assert [("may have been swapped" in one.value) for one in visit(page).info] == [True]
    load = {demos.RECORDING: arms_swapped(sinus), "sinus_rhythm": sinus}
    monkeypatch.setattr(demos, "load", load.__getitem__)
    at = visit(LIBRARY)
    at.selectbox(key="beside_demo").set_value("sinus_rhythm")
    told = words(checked(at.run())).splitlines()
    assert [line[:2] for line in told if "may have been swapped" in line] == ["B:"]


def test_codes_are_read_from_the_readable_leads(visit, hold, predictor):
    ecg = hold(poor())
    at = visit(CODES, code="I44.7")
    expected = {c.code: c.probability for c in predictor.predict(ecg, leads=LEFT).codes}
    shown = traces(at)["probability"]
    told = numbers(shown["x"])
    assert len(told) > 3
    np.testing.assert_allclose(told, [expected[c] for c in shown["customdata"]], atol=1e-4)
    said = words(at)
    assert said.count(MASKED) == 1
    assert said.count("tested with twelve leads over 10 s only") == 1
    assert "not compared with known ones" in said
    assert "; AUROC" not in said
    assert "at most 10%" not in said
    assert "known ECGs: " not in said
    assert "AUROC (95% CI)" not in at.dataframe[0].value.columns
    # The map is of the leads that the model saw, painted on all that was recorded.
    assert list(traces(at, 2)["attribution"]["x"]) == list(LEFT)


def test_one_lead_is_not_given_the_evidence_of_twelve(visit, hold):
    hold(BLOCK.only(("I",)))
    said = words(visit(CODES))
    assert "lead I alone" in said
    assert "could not be read" not in said
    assert "; AUROC" not in said
    assert "at most 10%" not in said


def test_a_readable_ecg_is_told_as_before(visit, hold, predictor):
    hold(BLOCK)
    at = visit(CODES)
    said = words(at)
    assert "known ECGs: " in said
    assert "; AUROC" in said
    assert "at most 10%" in said
    assert "tested with twelve" not in said
    assert "AUROC (95% CI)" in at.dataframe[0].value.columns


def test_attention_goes_to_the_readable_leads(visit, hold, predictor):
    ecg = hold(poor())
    at = visit(ATTENTION)
    assert MASKED in words(at)
    weights = predictor.attention(ecg.only(LEFT), stage="fine-tuned").weights
    drawn = next(t for c in charts(at) for t in c["data"] if list(t.get("x", ())) == list(LEFT))
    # Bars stand on an even share.
    np.testing.assert_allclose(numbers(drawn["y"]) + 1 / len(LEFT), weights, atol=1e-4)


def test_sets_of_leads_are_made_of_the_readable_ones(visit, hold):
    hold(poor())
    at = visit(LEADS_PAGE)
    assert MASKED in words(at)
    assert list(at.pills(key="leads").options) == list(LEFT)
    assert list(at.pills(key="leads").value) == ["II"]


def test_nothing_is_reconstructed_from_a_lead_that_cannot_be_read(visit, hold, predictor):
    ecg = hold(poor())
    at = visit(RECONSTRUCT, mask="V2")
    said = words(at)
    assert said.count(MASKED) == 1
    assert MEANS_LITTLE not in said
    grey = traces(at)["not recorded"]["text"]
    assert set(grey) == {f"{lead} flat, not used" for lead in FLAT}
    expected = predictor.reconstruct(ecg.only(LEFT), mask=("V2",)).errors[0].rmse
    assert expected != pytest.approx(
        predictor.reconstruct(ecg, mask=("V2",)).errors[0].rmse, abs=2e-3
    )
    assert at.table[0].value["Model (mV)"].tolist() == [f"{expected:.3f}"]


def test_what_is_masked_at_first_can_be_read(visit, hold):
    hold(poor())
    at = visit(RECONSTRUCT)
    assert list(at.pills(key="mask").value) == ["V1", "V2", "V3", "V4"]
    assert MEANS_LITTLE not in words(at)


@pytest.mark.parametrize(
    ("leads", "masked"),
    [(("V1", "V2", "V3"), ["V3"]), (("V2",), []), (("II", "V1", "V2"), ["V1", "V2"])],
)
def test_something_is_left_to_reconstruct_from_at_first(visit, hold, leads, masked):
    hold(BLOCK.only(leads))
    at = visit(RECONSTRUCT)
    assert list(at.pills(key="mask").value) == masked
    assert ALL_MASKED not in words(at)


def test_a_lead_that_cannot_be_read_may_be_masked_and_its_error_means_little(visit, hold):
    hold(poor())
    said = words(visit(RECONSTRUCT, mask="V5"))
    assert said.count(MASKED) == 1
    assert f"V5 is flat in this recording: {MEANS_LITTLE}." in said


def test_leads_that_cannot_be_read_are_nothing_to_go_by(visit, hold):
    hold(poor())
    at = visit(RECONSTRUCT, mask=",".join(LEFT))
    assert ALL_MASKED in words(at)
