"""Every page as Streamlit runs it, on the bundled weights: what it shows, not only that it runs."""

import io as bytes_io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lamae import io
from lamae.attribute import explain
from lamae.ecg import CHEST_LEADS, LEADS
from lamae.predict import Predictor
from lamae.simulate import simulate
from lamae.ui import demos
from lamae.ui.widgets import NOTICE

ROOT = Path(__file__).parents[2]
RECORD, CODES = "pages/analyse/record.py", "pages/analyse/codes.py"
RECONSTRUCT, ATTENTION = "pages/explore/reconstruct.py", "pages/explore/attention.py"
MODEL = "pages/about/model.py"
VIEWS = (RECORD, CODES, RECONSTRUCT, ATTENTION, MODEL)
REAL = demos.load(demos.RECORDING)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.bundled()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Arrive at a page as a new visitor, with nothing clicked before."""
    monkeypatch.chdir(ROOT)

    def arrive(view: str | None = None, **query: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in query.items():
            at.query_params[name] = value
        if view is not None:
            at.switch_page(view)
        return checked(at.run())

    return arrive


def checked(at: AppTest) -> AppTest:
    assert not at.exception, [e.value for e in at.exception]
    return at


def words(at: AppTest) -> str:
    """All text of the page and the sidebar, without Markdown's escapes."""
    kinds = (
        at.title,
        at.subheader,
        at.markdown,
        at.caption,
        at.error,
        at.info,
        at.sidebar.markdown,
    )
    return re.sub(r"\\(.)", r"\1", "\n".join(str(e.value) for kind in kinds for e in kind))


def charts(at: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def traces(at: AppTest, chart: int = 0) -> dict[str, dict]:
    return {trace.get("name", ""): trace for trace in charts(at)[chart]["data"]}


def numbers(values: object) -> np.ndarray:
    """Values of a trace, written out or as Plotly's binary."""
    if isinstance(values, dict):
        import base64

        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return np.asarray(values, dtype=float)


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in at.metric}


def csv_of(signal: np.ndarray) -> bytes:
    file = bytes_io.StringIO()
    np.savetxt(file, signal.T, delimiter=",", header=",".join(LEADS), comments="", fmt="%.4f")
    return file.getvalue().encode()


def upload(at: AppTest, name: str, content: bytes) -> AppTest:
    at.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return checked(at.run())


def upload_csv(at: AppTest, signal: np.ndarray, fs: float = 500.0, unit: str = "mV") -> AppTest:
    upload(at, "ecg.csv", csv_of(signal))
    at.number_input(key="answer_fs").set_value(fs)
    at.selectbox(key="answer_unit").set_value(unit)
    at.button[0].click()
    return checked(at.run())


# Opening


def test_the_app_opens_on_a_real_ecg_already_drawn(visit):
    at = visit()
    assert at.title[0].value == "Record"
    drawn = traces(at)
    assert set(LEADS) <= set(drawn)
    strip = drawn["II"]
    shown = numbers(strip["y"]) - strip["meta"]["offset"]
    np.testing.assert_allclose(shown.max(), REAL.lead("II").max(), atol=0.02)
    assert "Real recording" in words(at)
    assert "10.0 s, 12 leads, 1000 Hz" in words(at)


def test_the_device_is_heard_before_our_estimate(visit):
    shown = metrics(visit(RECORD))
    assert shown["Heart rate, device"] == f"{REAL.measurements['heart_rate']:.0f} bpm"
    labels = list(shown)
    assert labels.index("Heart rate, device") < labels.index("Heart rate, estimate")
    estimate = float(shown["Heart rate, estimate"].split()[0])
    assert estimate == pytest.approx(REAL.measurements["heart_rate"], abs=3)


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_cold_and_says_what_it_is_not(visit, view, predictor):
    at = visit(view)
    assert at.title[0].value == Path(view).stem.capitalize()
    assert NOTICE in words(at)
    assert predictor.sha256[:8] in words(at)


def test_the_sidebar_holds_the_ecg_and_the_model_only(visit, predictor):
    lines = [block.value for block in visit(RECORD).sidebar.markdown]
    assert len(lines) == 2
    assert demos.DEMOS[demos.RECORDING].split(",")[0] in lines[0]
    assert predictor.name in lines[1].replace("\\", "")


def test_signal_quality_of_all_leads_is_a_table(visit):
    quality = visit(RECORD).table[0].value
    assert list(quality["Lead"]) == list(LEADS)
    assert quality["Quality"].isin(["good", "noisy", "baseline wander"]).all()


def test_the_paper_follows_its_controls(visit):
    at = visit(RECORD)
    at.segmented_control(key="layout").set_value("12x1")
    at.segmented_control(key="gain").set_value(20)
    checked(at.run())
    [paper] = charts(at)
    assert sum(trace.get("name") in LEADS for trace in paper["data"]) == 12
    assert any("20 mm/mV" in note["text"] for note in paper["layout"]["annotations"])


@pytest.mark.parametrize("name", [n for n in demos.DEMOS if n != demos.RECORDING])
def test_simulated_demos_say_so(name):
    assert demos.DEMOS[name].startswith("Simulated: ")
    assert demos.load(name).source.startswith("simulated")


def test_a_demo_can_be_chosen(visit):
    at = visit(RECORD)
    at.selectbox(key="demo").set_value("sinus_tachycardia")
    checked(at.run())
    assert "Simulated: sinus tachycardia" in words(at)
    assert float(metrics(at)["Heart rate, estimate"].split()[0]) > 100
    assert "Heart rate, device" not in metrics(at)


# Uploads


def test_a_csv_is_asked_about_and_never_guessed(visit):
    ecg = simulate("sinus_rhythm", rng=np.random.default_rng(3)).ecg
    at = visit(RECORD)
    upload(at, "ecg.csv", csv_of(ecg.signal))
    assert at.number_input(key="answer_fs").value is None
    assert at.selectbox(key="answer_unit").value is None
    assert "Uploaded" not in words(at)
    at.number_input(key="answer_fs").set_value(500.0)
    at.selectbox(key="answer_unit").set_value("mV")
    at.button[0].click()
    checked(at.run())
    assert "Uploaded ECG 1" in words(at)
    strip = traces(at)["V3"]
    assert np.ptp(numbers(strip["y"])) == pytest.approx(np.ptp(ecg.lead("V3")[3750:5000]), abs=0.3)


def test_an_answer_left_out_is_asked_for_again(visit):
    at = upload(visit(RECORD), "ecg.csv", csv_of(REAL.signal[:, ::2]))
    at.number_input(key="answer_fs").set_value(500.0)
    at.button[0].click()
    checked(at.run())
    assert at.selectbox(key="answer_unit").value is None
    assert "Real recording" in words(at)


def test_a_damaged_file_is_refused_kindly_and_the_ecg_stays(visit):
    at = upload(visit(RECORD), "ecg.dcm", b"\x00" * 128 + b"DICM" + b"\x07" * 300)
    [error] = at.error
    assert len(error.value) > 20
    assert "Traceback" not in error.value
    assert "Real recording" in words(at)
    assert len(charts(at)) == 1


def test_the_name_of_a_clients_file_is_never_shown(visit):
    at = upload(visit(RECORD), "../../Jane_Doe_1950-01-01.dcm", b"no ECG")
    assert "Jane" not in words(at)


def test_wfdb_in_two_files(visit, tmp_path):
    ecg = simulate("left_bundle_branch_block", rng=np.random.default_rng(4)).ecg
    io.write(ecg, tmp_path / "lbbb.hea")
    at = visit(RECORD)
    at.file_uploader[0].set_value(
        [(p.name, p.read_bytes(), "application/octet-stream") for p in sorted(tmp_path.iterdir())]
    )
    checked(at.run())
    assert "Uploaded ECG 1" in words(at)
    assert "10.0 s, 12 leads, 500 Hz" in words(at)


def test_wfdb_files_may_arrive_one_by_one_and_after_a_failure(visit, tmp_path):
    io.write(simulate("sinus_rhythm", rng=np.random.default_rng(8)).ecg, tmp_path / "r.hea")
    at = upload(visit(RECORD), "other.npy", b"no array")
    upload(at, "r.hea", (tmp_path / "r.hea").read_bytes())
    assert at.error
    assert "Uploaded" not in words(at)
    upload(at, "r.dat", (tmp_path / "r.dat").read_bytes())
    assert not at.error
    assert "Uploaded ECG 1" in words(at)


def test_one_upload_follows_another(visit):
    at = upload_csv(visit(RECORD), REAL.signal[:, ::2])
    upload_csv(at, REAL.signal[:, 1::2])
    assert "Uploaded ECG 2" in words(at)


def test_the_ecg_stays_in_hand_from_page_to_page(visit):
    ecg = simulate("atrial_fibrillation", rng=np.random.default_rng(5)).ecg
    at = upload_csv(visit(RECORD), ecg.signal)
    for view in (CODES, ATTENTION, RECORD):
        checked(at.switch_page(view).run())
        assert "Uploaded ECG 1" in words(at)


def test_visitors_do_not_meet_in_one_session(visit):
    upload_csv(visit(RECORD), REAL.signal[:, ::2])
    assert "Uploaded" not in words(visit(RECORD))


def test_long_recordings_ask_for_a_window(visit):
    ecg = simulate("sinus_rhythm", seconds=30.0, fs=250.0, rng=np.random.default_rng(6)).ecg
    at = upload_csv(visit(RECORD), ecg.signal, fs=250.0)
    [window] = at.slider
    assert (window.min, window.max) == (0.0, 20.0)
    window.set_value(12.5)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(12.5, abs=0.01)
    checked(at.switch_page(CODES).run())
    assert at.slider[0].value == 12.5


def test_short_recordings_say_so(visit):
    at = upload_csv(visit(RECORD), REAL.signal[:, : 6 * 1000 : 2])
    assert "lasts 6.0 s" in words(at)


def test_what_the_reader_derived_is_said_on_every_page_about_the_ecg(visit):
    file = bytes_io.StringIO()
    some = np.stack([REAL.lead(lead)[::2] for lead in ("I", "II", "V2")])
    np.savetxt(file, some.T, delimiter=",", header="I,II,V2", comments="", fmt="%.4f")
    at = upload(visit(RECORD), "three.csv", file.getvalue().encode())
    at.number_input(key="answer_fs").set_value(500.0)
    at.selectbox(key="answer_unit").set_value("mV")
    at.button[0].click()
    checked(at.run())
    for view in (RECORD, CODES, RECONSTRUCT, ATTENTION):
        if view != RECORD:
            checked(at.switch_page(view).run())
        assert "Derived from the other limb leads: III, aVR, aVL, aVF." in words(at)


def test_the_window_of_a_very_long_recording_is_typed(visit):
    long = np.tile(REAL.signal[:, ::4], 13)
    at = upload_csv(visit(RECORD), long, fs=250.0)
    assert "2 min 10 s" in words(at)
    [window] = [box for box in at.number_input if "Window" in box.label]
    window.set_value(60.0)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(60.0, abs=0.01)


# Codes


def test_suggested_codes_are_sentences_with_their_evidence(visit, predictor):
    at = visit(CODES, demo="atrial_fibrillation")
    prediction = predictor.predict(demos.load("atrial_fibrillation"))
    first = prediction.codes[0]
    assert f"{first.probability:.2f} (threshold {first.threshold:.2f}" in words(at)
    for code in prediction.codes:
        if code.suggested:
            assert f"suggested, {code.probability:.2f} (threshold {code.threshold:.2f}" in words(at)
    table = at.dataframe[0].value
    assert list(table["Code"]) == [code.code for code in prediction.codes]
    np.testing.assert_allclose(table["Probability"], [c.probability for c in prediction.codes])
    for code, statements in zip(prediction.codes, table["Statements behind it"], strict=True):
        assert code.statements[0].description in statements
    assert "rules nothing out" in words(at)


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
    assert "Arends" in words(at)
    assert "heatmap" in {trace["type"] for trace in charts(at)[1]["data"]}


def test_integrated_gradients_show_their_completeness_error(visit, predictor):
    at = visit(CODES, code=predictor.codes[0])
    assert at.selectbox[0].value == predictor.codes[0]
    at.selectbox(key="method").set_value("integrated_gradients")
    checked(at.run())
    found = explain(predictor, REAL, predictor.codes[0], method="integrated_gradients")
    assert f"Completeness error: {found.completeness_error:.1%}" in words(at)


def test_a_link_to_an_unknown_code_or_demo_is_answered_kindly(visit):
    assert "cannot suggest" in words(visit(CODES, code="Z99.99"))
    for view in (RECORD, ATTENTION):
        at = visit(view, demo="../../etc/passwd")
        assert "does not exist" in at.error[0].value
        assert "Real recording" in words(at)


def test_a_poor_signal_gets_a_refusal_and_no_number(visit):
    signal = REAL.signal[:, ::2].copy()
    signal[:9] = 0.0
    at = upload_csv(visit(RECORD), signal)
    checked(at.switch_page(CODES).run())
    assert "No result for this ECG" in words(at)
    assert not charts(at)
    assert not at.dataframe
    assert "threshold" not in words(at)


# Reconstruct


def test_hidden_leads_are_restored_and_compared(visit, predictor):
    at = visit(RECONSTRUCT)
    at.segmented_control(key="preset").set_value("V1–V6")
    checked(at.run())
    assert list(at.pills(key="hide").value) == list(CHEST_LEADS)
    errors = at.table[0].value
    expected = predictor.reconstruct(REAL, hide=CHEST_LEADS).errors
    assert list(errors["Lead"]) == list(CHEST_LEADS)
    assert list(errors["Model (mV)"]) == [f"{error.rmse:.3f}" for error in expected]
    assert list(errors["Regression (mV)"]) == [f"{error.linear_rmse:.3f}" for error in expected]
    assert set(errors["Algebra (mV)"]) == {"–"}
    assert "Algebra cannot restore" in words(at)


def test_algebra_is_said_to_be_enough_where_it_is(visit):
    at = visit(RECONSTRUCT, hide="III")
    assert list(at.table[0].value["Lead"]) == ["III"]
    assert float(at.table[0].value["Algebra (mV)"].iloc[0]) < 0.02
    assert "algebra is enough" in words(at)


def test_the_seed_decides_which_patches_are_hidden(visit):
    at = visit(RECONSTRUCT, hide="")
    at.slider(key="share").set_value(0.5)
    first = list(checked(at.run()).table[0].value["Model (mV)"])
    assert len(first) == 12
    at.number_input(key="seed").set_value(1)
    assert list(checked(at.run()).table[0].value["Model (mV)"]) != first
    at.number_input(key="seed").set_value(0)
    assert list(checked(at.run()).table[0].value["Model (mV)"]) == first


def test_hiding_nothing_or_everything_is_met_with_words(visit):
    at = visit(RECONSTRUCT, hide="")
    assert "Nothing is hidden" in words(at)
    assert len(charts(at)) == 1
    at.pills(key="hide").set_value(list(LEADS))
    assert "All leads are hidden" in words(checked(at.run()))


def test_what_is_hidden_stays_hidden_after_another_page(visit):
    at = visit(RECONSTRUCT, hide="V5,V6")
    checked(at.switch_page(ATTENTION).run())
    checked(at.switch_page(RECONSTRUCT).run())
    assert list(at.pills(key="hide").value) == ["V5", "V6"]


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
    assert f"**{most}** receives most attention, {expected.weights.max():.2%}" in words(at)
    assert "8.33%" in words(at)
    assert "linear combinations of I and II" in words(at)


def test_layer_and_head_choose_a_matrix(visit, predictor):
    at = visit(ATTENTION)
    expected = predictor.attention(REAL)
    np.testing.assert_allclose(
        numbers(traces(at, 1)["lead matrix"]["customdata"]).reshape(12, 12),
        expected.matrix,
        atol=1e-5,
    )
    layers, heads = expected.layer_weights.shape[:2]
    at.segmented_control(key="layer").set_value(layers - 1)
    at.segmented_control(key="head").set_value(heads - 1)
    checked(at.run())
    np.testing.assert_allclose(
        numbers(traces(at, 1)["lead matrix"]["customdata"]).reshape(12, 12),
        expected.layer_matrix[-1, -1],
        atol=1e-5,
    )


# Model


def test_the_card_shows_results_data_and_limits(visit, predictor):
    at = visit(MODEL)
    test = predictor.card["results"]["test"]["icd10"]
    low, high = test["ci"]
    shown = metrics(at)["ICD-10-CM codes, macro AUROC (95% CI)"]
    assert shown == f"{test['macro_auroc']:.3f} ({low:.3f}–{high:.3f})"
    assert predictor.sha256 in words(at)
    for limit in predictor.card["limits"]:
        assert limit in words(at)
    measured = [code for code, entry in test["codes"].items() if entry["auroc"] is not None]
    drawn = " ".join(traces(at)["AUROC"]["y"])
    assert all(code in drawn for code in measured)


def test_the_model_page_sets_restoration_beside_regression(visit, predictor):
    measured = predictor.card["results"]["test"]["restoration"]
    at = visit(MODEL)
    (table,) = (t.value for t in at.table if "Hidden alone: model (mV)" in t.value.columns)
    assert list(table["Lead"]) == [f"V{number}" for number in range(1, 7)]
    for lead, row in table.set_index("Lead").iterrows():
        alone, together = measured[lead][lead], measured["V1,V2,V3,V4,V5,V6"][lead]
        assert row["Hidden alone: model (mV)"] == f"{alone['rmse_mv']:.3f}"
        assert row["Hidden alone: regression (mV)"] == f"{alone['linear_rmse_mv']:.3f}"
        assert row["Hidden all six: model (mV)"] == f"{together['rmse_mv']:.3f}"
        assert row["Hidden all six: correlation"] == f"{together['pearson_r']:.2f}"


# The library


def test_a_record_of_the_library_can_be_opened(visit, tmp_path, monkeypatch):
    (tmp_path / "ward").mkdir()
    ecg = simulate("sinus_bradycardia", rng=np.random.default_rng(7)).ecg
    io.write(ecg, tmp_path / "ward" / "r1.hea")
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path))
    at = visit(RECORD)
    at.selectbox(key="library_0").set_value("ward")
    checked(at.run())
    at.selectbox(key="record").set_value("r1")
    checked(at.run())
    assert "Library: r1" in words(at)
    assert float(metrics(at)["Heart rate, estimate"].split()[0]) < 60
