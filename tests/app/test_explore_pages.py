"""The pages that explore the model, on the bundled weights: mask and reconstruct, weigh, leave out."""

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from app_views import (
    ATTENTION,
    LEADS_PAGE,
    REAL,
    RECONSTRUCT,
    RECORD,
    charts,
    checked,
    csv_of,
    numbers,
    refused,
    traces,
    upload,
    upload_csv,
    words,
)

from lamae import io
from lamae.app import demos, links
from lamae.app.attention import cohort
from lamae.app.attention.page import NOT_WHY, reading
from lamae.app.leads import subsets as lead_sets
from lamae.app.leads.page import NONE_CHOSEN
from lamae.app.reconstruct import boxes, findings, imputation, masking, results
from lamae.app.reconstruct.page import ALL_MASKED, NOTHING_MASKED
from lamae.ecg import CHEST_LEADS, LEADS
from lamae.inference.analysis import Analysis
from lamae.inference.attribution import explain
from lamae.inference.lead_subsets import with_each
from lamae.inference.rank_correlation import rank_correlation
from lamae.inference.reconstruction import impute
from lamae.results.masking import Masking, Segment
from lamae.results.notice import NOTICE

PTBXL = Path(__file__).parents[3] / "shared" / "ptbxl" / "records100" / "00000"


def chart_named(at, trace: str) -> dict:
    """The one chart that holds this trace."""
    (found,) = [c for c in charts(at) if trace in {t.get("name") for t in c["data"]}]
    return found


def matrix_of(at) -> dict:
    return next(t for t in chart_named(at, "lead matrix")["data"] if t["name"] == "lead matrix")


def poor(count: int) -> np.ndarray:
    signal = REAL.signal[:, ::2].copy()
    signal[:count] = 0.0
    return signal


# Reconstruct


def test_masked_leads_are_reconstructed_and_compared(visit, predictor):
    at = visit(RECONSTRUCT)
    assert list(at.pills(key="mask").value) == list(CHEST_LEADS)
    errors = at.table[0].value
    found = predictor.reconstruct(REAL, mask=CHEST_LEADS)
    expected = found.errors
    assert list(errors["Lead"]) == list(CHEST_LEADS)
    assert list(errors["Model (mV)"]) == [f"{error.rmse:.3f}" for error in expected]
    assert list(errors["Regression (mV)"]) == [f"{error.linear_rmse:.3f}" for error in expected]
    assert set(errors["Algebra (mV)"]) == {"–"}
    assert findings.of_this_ecg(found) in words(at)
    assert findings.SIMULATED not in words(at)
    at.segmented_control(key="preset").set_value("None")
    checked(at.run())
    at.segmented_control(key="preset").set_value("V1–V6")
    checked(at.run())
    assert list(at.pills(key="mask").value) == list(CHEST_LEADS)


@pytest.mark.parametrize("masked", [CHEST_LEADS, ("V2",)])
def test_the_test_folds_median_stands_beside_this_ecg(visit, predictor, masked):
    at = visit(RECONSTRUCT, demo="atrial_fibrillation", mask=",".join(masked))
    measured = predictor.card.results.test.reconstruction[",".join(masked)].values()
    model, linear = (
        np.median([getattr(lead, key) for lead in measured])
        for key in ("rmse_mv", "linear_rmse_mv")
    )
    found = predictor.reconstruct(demos.load("atrial_fibrillation"), mask=masked)
    said = findings.of_the_test(found, LEADS, predictor.card)
    assert f"{model:.3f} mV" in said
    assert f"{linear:.3f} mV" in said
    assert said in words(at)
    assert findings.SIMULATED in words(at)
    at.slider(key="ratio").set_value(0.5)
    assert "test fold" not in words(checked(at.run()))


def test_algebra_is_said_to_be_enough_where_it_is(visit, predictor):
    at = visit(RECONSTRUCT, mask="III")
    assert list(at.table[0].value["Lead"]) == ["III"]
    assert float(at.table[0].value["Algebra (mV)"].iloc[0]) < 0.02
    assert findings.of_this_ecg(predictor.reconstruct(REAL, mask=("III",))) in words(at)


def test_the_seed_decides_which_patches_are_masked(visit):
    at = visit(RECONSTRUCT, mask="")
    at.slider(key="ratio").set_value(0.5)
    first = list(checked(at.run()).table[0].value["Model (mV)"])
    assert len(first) == 12
    at.number_input(key="seed").set_value(1)
    assert list(checked(at.run()).table[0].value["Model (mV)"]) != first
    at.number_input(key="seed").set_value(0)
    assert list(checked(at.run()).table[0].value["Model (mV)"]) == first


def test_masking_nothing_or_everything_is_met_with_words(visit):
    at = visit(RECONSTRUCT, mask="")
    assert NOTHING_MASKED in words(at)
    assert len(charts(at)) == 1
    at.pills(key="mask").set_value(list(LEADS))
    assert ALL_MASKED in words(checked(at.run()))


def test_what_is_masked_stays_masked_after_another_page(visit):
    at = visit(RECONSTRUCT, mask="V5,V6")
    checked(at.switch_page(ATTENTION).run())
    checked(at.switch_page(RECONSTRUCT).run())
    assert list(at.pills(key="mask").value) == ["V5", "V6"]


# Attention


@pytest.mark.parametrize("stage", ["pretrained", "fine-tuned"])
def test_lead_weights_stand_beside_equal_ones(visit, predictor, stage):
    at = visit(ATTENTION)
    at.segmented_control(key="stage").set_value(stage)
    checked(at.run())
    expected = predictor.attention(REAL, stage=stage)
    np.testing.assert_allclose(
        numbers(traces(at)["lead weights"]["y"]) + 1 / 12, expected.weights, atol=1e-5
    )
    most = expected.leads[int(expected.weights.argmax())]
    said = reading(expected, f"{stage} model")
    assert f"**{most}**" in said
    assert f"{expected.weights.max():.2%}" in said
    assert "8.33%" in said
    assert said in words(at)
    assert NOT_WHY in words(at)
    for heading in ("Lead weights", "Frontal plane, limb leads", "Over time", "From lead to lead"):
        assert f"{heading}, {stage} model" in words(at)
    assert "Attention beside lead ablation, fine-tuned model" in words(at)


def test_the_attention_first_shown_is_that_of_the_model_that_gives_the_codes(visit):
    at = visit(ATTENTION)
    assert at.segmented_control(key="stage").value == "fine-tuned"
    assert "pretrained model" not in words(at)


def test_layer_and_head_choose_a_matrix(visit, predictor):
    at = visit(ATTENTION)
    expected = predictor.attention(REAL, stage="fine-tuned")
    np.testing.assert_allclose(
        numbers(matrix_of(at)["customdata"]).reshape(12, 12),
        expected.matrix,
        atol=1e-5,
    )
    layers, heads = expected.layer_weights.shape[:2]
    at.segmented_control(key="layer").set_value(layers - 1)
    at.segmented_control(key="head").set_value(heads - 1)
    checked(at.run())
    np.testing.assert_allclose(
        numbers(matrix_of(at)["customdata"]).reshape(12, 12),
        expected.layer_matrix[-1, -1],
        atol=1e-5,
    )


@pytest.mark.parametrize(("mask", "ratio"), [("mask", "ratio"), ("hide", "share")])
def test_a_link_masks_leads_segments_and_a_ratio(visit, predictor, mask, ratio):
    at = visit(RECONSTRUCT, **{mask: "V2,II:2-3", ratio: "0.3"})
    assert list(at.pills(key="mask").value) == ["V2"]
    assert at.slider(key="ratio").value == pytest.approx(0.3)
    found = predictor.reconstruct(
        REAL, mask=("V2",), ratio=0.3, segments=(Segment("II", 2.0, 3.0),)
    )
    shown = at.table[0].value.set_index("Lead")
    errors = {error.lead: error for error in found.errors}
    assert shown.loc["II", "Masked"] == f"{errors['II'].masked_share:.0%}"
    assert shown.loc["II", "Model (mV)"] == f"{errors['II'].rmse:.3f}"
    assert masking.UNMASK_BOXES in [button.label for button in at.button]


def test_a_link_that_makes_no_sense_is_answered_kindly(visit):
    at = visit(RECONSTRUCT, mask="<script>")
    assert "no lead" in at.error[0].value
    assert list(at.pills(key="mask").value) == list(CHEST_LEADS)
    said = lead_sets.FOREIGN.format(", ".join(LEADS))
    assert said in words(visit(LEADS_PAGE, leads="V9"))


@pytest.mark.parametrize("ratio", ["²", "٠.٣x", "nan", "-0.3", "1.", ".", ""])
def test_a_ratio_that_is_none_is_passed_over(visit, ratio):
    at = visit(RECONSTRUCT, mask="none", ratio=ratio)
    assert at.slider(key="ratio").value == 0.0
    assert list(at.pills(key="mask").value) == []


@pytest.mark.parametrize("odd", ["²", "٣", "II:²-³", "1e999"])
@pytest.mark.parametrize(
    ("view", "name"),
    [(RECONSTRUCT, "mask"), (LEADS_PAGE, "leads"), (ATTENTION, "code"), (RECORD, "demo")],
)
def test_no_character_in_a_link_breaks_a_page(visit, view, name, odd):
    assert charts(visit(view, **{name: odd}))


def test_half_of_everything_and_a_missing_v2_are_one_click_away(visit):
    at = visit(RECONSTRUCT)
    assert "Reach" not in at.table[0].value.columns
    at.segmented_control(key="preset").set_value("Half of everything")
    checked(at.run())
    assert at.slider(key="ratio").value == 0.5
    table = at.table[0].value.set_index("Lead")
    assert len(table) == 12
    # Two of the other five limb leads are visible most of the time, not always.
    assert 0.5 < int(table.loc["aVF", "Reach"].rstrip("%")) / 100 < 1
    assert float(table.loc["aVF", "Algebra (mV)"]) < float(table.loc["aVF", "Model there (mV)"])
    assert table.loc["V1", "Reach"] == "0%"
    assert "(in I, II, III, aVR, aVL, aVF)" in words(at)
    at.segmented_control(key="preset").set_value("V2")
    checked(at.run())
    assert at.slider(key="ratio").value == 0.0
    assert list(at.table[0].value["Lead"]) == ["V2"]


def test_residual_regression_and_range_are_drawn_on_request(visit, predictor):
    at = visit(RECONSTRUCT)
    assert not {"linear regression", "reconstruction minus true"} & set(traces(at))
    at.pills(key="also").set_value(["Regression", "Residual", "Range"])
    checked(at.run())
    drawn = set(traces(at))
    assert {
        "linear regression",
        "reconstruction minus true",
        "10–90 % of 8 reconstructions",
    } <= drawn
    band = Analysis(REAL, 0.0, predictor).band(Masking(CHEST_LEADS))
    assert results.about_band(band) in words(at)


def test_masking_and_reconstructing_can_be_played(visit):
    at = visit(RECONSTRUCT)
    (sheet,) = [c for c in charts(at) if c.get("frames")]
    assert sheet["layout"]["updatemenus"][0]["buttons"][0]["label"].endswith("Mask and reconstruct")
    at.segmented_control(key="preset").set_value("None")
    checked(at.run())
    assert not any(c.get("frames") for c in charts(at))


def test_errors_are_told_by_wave(visit):
    heat = {t["name"]: t for t in chart_named(visit(RECONSTRUCT), "wave errors")["data"]}
    assert heat["wave errors"]["x"] == ["P", "QRS", "ST", "T", "rest"]
    assert heat["wave errors"]["y"] == list(CHEST_LEADS)


def test_the_curve_is_computed_on_demand_and_kept(visit):
    at = visit(RECONSTRUCT)
    assert "model" not in {t.get("name") for c in charts(at) for t in c["data"]}
    at.button(key="compute_curve").click()
    checked(at.run())
    curve = {t["name"]: t for t in chart_named(at, "model")["data"]}
    assert len(curve["model"]["y"]) == len(curve["linear regression"]["y"]) == 10
    assert curve["model"]["y"][0] < curve["model"]["y"][-1]
    checked(at.switch_page(ATTENTION).run())
    checked(at.switch_page(RECONSTRUCT).run())
    assert chart_named(at, "model")


@pytest.mark.parametrize("view", [RECONSTRUCT, ATTENTION, LEADS_PAGE])
def test_a_poor_signal_is_refused_on_every_page_that_explores(visit, view):
    at = upload_csv(visit(RECORD), poor(9))
    checked(at.switch_page(view).run())
    assert refused(at)


def test_a_flat_lead_is_imputed_and_marked_and_the_current_ecg_stays(visit, predictor):
    signal = REAL.signal[:, ::2].copy()
    signal[7] = 0.0
    at = upload_csv(visit(RECORD), signal)
    checked(at.switch_page(RECONSTRUCT).run())
    at.pills(key="mask").set_value(["V2"])
    checked(at.run())
    assert "V2 is flat" in words(at)
    assert results.MEANS_LITTLE in words(at)
    assert "V2 reconstructed by the model" in at.warning[0].value
    tested = predictor.card.results.test.reconstruction["V2"]["V2"].rmse_mv
    assert f"V2 {tested:.3f} mV" in at.warning[0].value
    imputed = chart_named(at, "imputed, not recorded")
    drawn = {t.get("name"): t for t in imputed["data"]}
    assert "<b>V2</b> <i>imputed</i>" in drawn["lead names"]["text"]
    assert not np.ptp(at.session_state["lamae"].current.ecg.lead("V2"))
    others = [lead for lead in LEADS if lead != "V2"]
    ecg = at.session_state["lamae"].current.ecg
    before = predictor.predict(ecg, leads=others).codes[0].probability
    checked(at.switch_page("pages/analyse/codes.py").run())
    assert f"{before:.2f}" in words(at)


def test_the_file_of_an_imputed_ecg_never_gives_the_reconstructed_lead_as_recorded(predictor):
    imputed = impute(predictor, REAL, ("V2", "III"))
    text = f"# {NOTICE}\n{imputation.table(imputed).to_csv(index=False)}"
    heading = next(csv.reader(StringIO(text.splitlines()[1])))
    assert "V2 reconstructed by the model" in heading
    read = io.read("imputed.csv", text.encode(), fs=100.0)
    assert "V2" not in read.leads
    # III follows from I and II by algebra, and the reader says so.
    assert any("III" in note for note in read.notes)


def test_a_lead_that_was_not_recorded_can_be_imputed(visit):
    file = csv_of(REAL.signal[:, ::2]).decode().splitlines()
    few = "\n".join(",".join(line.split(",")[:8]) for line in file)
    at = upload(visit(RECORD), "few.csv", few.encode())
    at.number_input(key="answer_fs").set_value(500.0)
    at.selectbox(key="answer_unit").set_value("mV")
    at.button[0].click()
    checked(at.run())
    checked(at.switch_page(RECONSTRUCT).run())
    assert "V3, V4, V5, V6 were not recorded" in words(at)
    (key,) = [p.key for p in at.pills if p.key.startswith("impute_")]
    at.pills(key=key).set_value(["V4"])
    checked(at.run())
    assert "V4 reconstructed by the model" in at.warning[0].value


# Boxes over the paper


def test_a_box_masks_whole_patches_and_a_second_one_shows_them_again(monkeypatch):
    state = {"reconstructed_places": PLACES, boxes.MASK: ["V2"]}
    monkeypatch.setattr(boxes.st, "session_state", Attributes(state))
    state["reconstructed"] = {"selection": {"box": [{"x": [2.05, 2.5], "y": [1, 0.5]}]}}
    boxes.touched(REAL, 0.0, "reconstructed")
    (key,) = [k for k in state if k.startswith("segments")]
    assert state[key] == (Segment("II", 2.0, 2.6),)
    assert state["touches"] == 1
    state["box_masks"] = boxes.ALL
    boxes.touched(REAL, 0.0, "reconstructed")
    assert state[key] == (Segment("I", 2.0, 2.6), Segment("II", 2.0, 2.6))
    boxes.touched(REAL, 0.0, "reconstructed")
    assert state[key] == ()
    state["reconstructed"] = {"selection": {"box": [], "points": [{"customdata": "V5"}]}}
    boxes.touched(REAL, 0.0, "reconstructed")
    assert state[boxes.MASK] == ["V2", "V5"]
    boxes.touched(REAL, 0.0, "reconstructed")
    assert state[boxes.MASK] == ["V2"]


PLACES = [
    {"lead": "I", "left": 0.0, "right": 10.0, "low": 2.0, "high": 3.0},
    {"lead": "II", "left": 0.0, "right": 10.0, "low": 0.0, "high": 1.0},
]


class Attributes(dict):
    """A session's state: items that are attributes, too."""

    def __init__(self, items: dict):
        self.__dict__["items_"] = items

    def __getitem__(self, key):
        return self.items_[key]

    def __setitem__(self, key, value):
        self.items_[key] = value

    def __setattr__(self, key, value):
        self.items_[key] = value

    def get(self, key, default=None):
        return self.items_.get(key, default)


# Attention over time, in space, beside ablation, over many


def test_attention_lies_under_the_traces_and_is_summed_over_waves(visit, predictor):
    at = visit(ATTENTION)
    expected = predictor.attention(REAL, stage="fine-tuned")
    band = {t.get("name"): t for t in chart_named(at, "attention over time")["data"]}
    assert band["attention over time"]["type"] == "heatmap"
    (table,) = [t.value for t in at.table if "Share of attention" in t.value.columns]
    assert list(table["Wave"]) == ["P", "QRS", "ST", "T", "rest"]
    total = sum(float(share.rstrip("%")) for share in table["Share of attention"])
    assert total == pytest.approx(100, abs=0.3)
    assert expected.over_time.sum() == pytest.approx(1, abs=1e-4)


def test_leads_stand_on_the_hexaxial_diagram_with_their_weights(visit, predictor):
    at = visit(ATTENTION)
    weights = predictor.attention(REAL, stage="fine-tuned").weights
    shares = dict(zip(LEADS, weights.tolist(), strict=True))
    printed = [t for c in charts(at) for t in c["data"] if t.get("name") == "shares"]
    said = " ".join(text for trace in printed for text in trace["text"])
    for lead, weight in shares.items():
        assert f"<b>{lead}</b><br>{weight:.1%}" in said


def test_attention_and_ablation_agree_as_far_as_they_do(visit, predictor):
    code = predictor.codes[2]
    at = visit(ATTENTION, code=code)
    drop = explain(predictor, REAL, code, method="lead_ablation").per_lead
    weights = predictor.attention(REAL, stage="fine-tuned").weights
    agreement = rank_correlation(weights, abs(drop))
    assert f"{agreement:+.2f}".replace("-", "−") in words(at)


def test_weights_over_the_demos_have_intervals(visit):
    at = visit(ATTENTION)
    assert cohort.BEFORE in words(at)
    at.button(key="cohort_start").click()
    checked(at.run())
    groups = at.selectbox(key="cohort_group").options
    assert groups[0].startswith(f"All ECGs ({len(demos.DEMOS)}")
    drawn = chart_named(at, f"all ECGs ({len(demos.DEMOS)})")["data"][0]
    assert len(numbers(drawn["y"])) == 12
    assert all(numbers(drawn["error_y"]["array"]) > 0)
    assert "for which the model suggests" in words(at)


def test_weights_over_a_library(visit, tmp_path, monkeypatch):
    for number, name in enumerate(("sinus_rhythm", "atrial_fibrillation", "sinus_tachycardia")):
        io.write(demos.load(name), tmp_path / f"r{number}.hea")
    io.write(replace(REAL, signal=REAL.signal[:3], leads=LEADS[:3]), tmp_path / "few.hea")
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path))
    at = visit(ATTENTION)
    at.segmented_control(key="cohort_source").set_value("Library")
    checked(at.run())
    at.button(key="cohort_start").click()
    checked(at.run())
    assert "3 ECGs (Library)" in words(at)
    assert "1 left out" in words(at)


# Leads


def test_codes_with_some_leads_stand_beside_those_with_all(visit, predictor):
    at = visit(LEADS_PAGE, demo="atrial_fibrillation", leads="I,V5")
    assert list(at.pills(key="leads").value) == ["I", "V5"]
    ecg = demos.load("atrial_fibrillation")
    shown = {t["name"]: t for t in chart_named(at, "leads chosen")["data"]}
    some = {c.code: c.probability for c in predictor.predict(ecg, leads=("I", "V5")).codes}
    every = {c.code: c.probability for c in predictor.predict(ecg).codes}
    codes = shown["leads chosen"]["customdata"]
    np.testing.assert_allclose(
        numbers(shown["leads chosen"]["x"]), [some[c] for c in codes], rtol=1e-3
    )
    np.testing.assert_allclose(
        numbers(shown["all leads"]["x"]), [every[c] for c in codes], rtol=1e-3
    )
    scores = with_each(predictor, ecg, ("I", "V5"))
    assert f"{scores.change[0]:.3f} on average" in words(at)


def test_limb_leads_that_follow_are_marked_and_only_new_leads_named_best(visit):
    at = visit(LEADS_PAGE, demo="atrial_fibrillation", leads="I,II")
    assert "Hatched: III, aVR, aVL, aVF, no new information" in words(at)
    drawn = {t["name"]: t for t in chart_named(at, "with one more lead")["data"]}
    ranked = drawn["with one more lead"]["x"]
    assert set(ranked[:6]) == set(CHEST_LEADS)
    assert f"**{ranked[0]}**: with it" in words(at)
    at.pills(key="leads").set_value([lead for lead in LEADS if lead != "III"])
    assert lead_sets.NOTHING_NEW in words(checked(at.run()))


def test_a_set_can_be_chosen_and_the_page_says_what_it_is_not(visit):
    at = visit(LEADS_PAGE)
    assert list(at.pills(key="leads").value) == ["I", "II"]
    assert lead_sets.ABOUT_PRESETS in words(at)
    at.selectbox(key="leads_preset").set_value("Watch: I")
    checked(at.run())
    assert list(at.pills(key="leads").value) == ["I"]
    assert "no new information" not in words(at)
    at.pills(key="leads").set_value([])
    assert NONE_CHOSEN in words(checked(at.run()))
    at.selectbox(key="leads_preset").set_value("All")
    assert lead_sets.ALL_CHOSEN in words(checked(at.run()))


def test_leads_go_in_the_order_asked_for(visit):
    at = visit(LEADS_PAGE)
    at.segmented_control(key="removal_order").set_value("Own order")
    checked(at.run())
    (order,) = at.multiselect
    order.set_value(["V6", "I"])
    checked(at.run())
    (figure,) = [c for c in charts(at) if c["layout"]["xaxis"].get("ticktext", [""])[0] == "all"]
    assert figure["layout"]["xaxis"]["ticktext"][1:4] == ["−V6", "−I", "−II"]


def test_robustness_is_computed_on_demand(visit):
    at = visit(LEADS_PAGE)
    at.button(key="compute_robustness").click()
    checked(at.run())
    curve = {t["name"]: t for t in chart_named(at, "10–90 % of subsets")["data"]}
    mean = numbers(curve["mean"]["y"])
    assert len(mean) == 11
    assert mean[0] > mean[-1]


# Links and PTB-XL


def test_links_are_offered_for_demos_only(visit):
    at = visit(RECONSTRUCT, demo="atrial_fibrillation", mask="V1,V2")
    assert "reconstruct?demo=atrial_fibrillation&mask=V1,V2" in at.code[0].value
    at = upload_csv(visit(RECORD), REAL.signal[:, ::2])
    checked(at.switch_page(RECONSTRUCT).run())
    assert not at.code
    assert links.DEMOS_ONLY in words(at)


def test_a_link_leads_back_to_what_it_was_made_of():
    made = links.address("reconstruct", "recording", {"mask": "V1,II:2-3.4", "ratio": ""})
    assert made.endswith("reconstruct?demo=recording&mask=V1,II:2-3.4")
    assert Masking.parse("V1,II:2-3.4").segments == (Segment("II", 2.0, 3.4),)


@pytest.mark.skipif(not (PTBXL / "00001_lr.hea").is_file(), reason="../shared/ptbxl is not here")
def test_a_ptb_xl_record_can_be_explored(visit):
    at = visit(RECORD)
    at.file_uploader[0].set_value(
        [
            (f"r{suffix}", (PTBXL / f"00001_lr{suffix}").read_bytes(), "application/octet-stream")
            for suffix in (".hea", ".dat")
        ]
    )
    checked(at.run())
    for view in (RECONSTRUCT, ATTENTION, LEADS_PAGE):
        checked(at.switch_page(view).run())
        assert charts(at)
        assert not refused(at)
