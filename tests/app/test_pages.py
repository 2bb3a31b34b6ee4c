"""Every page as Streamlit runs it, on the bundled weights: what it shows, not only that it runs."""

import io as bytes_io
from pathlib import Path

import numpy as np
import pytest
from app_views import (
    ATTENTION,
    CODES,
    MODEL,
    REAL,
    RECONSTRUCT,
    RECORD,
    VIEWS,
    checked,
    csv_of,
    metrics,
    numbers,
    traces,
    upload,
    upload_csv,
    words,
)

from lamae import io
from lamae.app import demos
from lamae.app.codes.page import UNKNOWN_CODE
from lamae.app.session import UNKNOWN_DEMO
from lamae.app.widgets import NOTICE
from lamae.ecg import LEADS
from lamae.simulate import simulate

REAL_NAME = demos.DEMOS[demos.RECORDING]

# Opening


def test_the_app_opens_on_a_real_ecg_already_drawn(visit):
    at = visit()
    assert at.title[0].value == "Record"
    drawn = traces(at)
    assert set(LEADS) <= set(drawn)
    strip = drawn["II"]
    shown = numbers(strip["y"]) - strip["meta"]["offset"]
    np.testing.assert_allclose(shown.max(), REAL.lead("II").max(), atol=0.02)
    assert REAL_NAME in words(at)
    assert "10.0 s, 12 leads, 1000 Hz" in words(at)


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
    assert REAL_NAME in words(at)


def test_a_wrong_answer_can_be_given_again_without_another_upload(visit):
    signal = 1000 * REAL.signal[:, ::2]
    at = upload_csv(visit(RECORD), signal)
    [error] = at.error
    assert "unit" in error.value
    assert REAL_NAME in words(at)
    at.selectbox(key="answer_unit").set_value("uV")
    at.number_input(key="answer_fs").set_value(500.0)
    at.button[0].click()
    checked(at.run())
    assert not at.error
    assert "Uploaded ECG 1" in words(at)


def test_a_file_without_a_suffix_is_told_by_its_content(visit):
    at = visit(RECORD)
    assert not at.file_uploader[0].proto.type
    assert "Sampling rate" in str(upload(at, "IM000001", csv_of(REAL.signal)).number_input)


def test_a_damaged_file_is_refused_kindly_and_the_ecg_stays(visit):
    at = upload(visit(RECORD), "ecg.dcm", b"\x00" * 128 + b"DICM" + b"\x07" * 300)
    [error] = at.error
    assert len(error.value) > 20
    assert "Traceback" not in error.value
    assert REAL_NAME in words(at)
    assert set(LEADS) <= set(traces(at))


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


def test_the_current_ecg_stays_from_page_to_page(visit):
    ecg = simulate("atrial_fibrillation", rng=np.random.default_rng(5)).ecg
    at = upload_csv(visit(RECORD), ecg.signal)
    for view in (CODES, ATTENTION, RECORD):
        checked(at.switch_page(view).run())
        assert "Uploaded ECG 1" in words(at)


def test_visitors_do_not_meet_in_one_session(visit):
    upload_csv(visit(RECORD), REAL.signal[:, ::2])
    assert "Uploaded" not in words(visit(RECORD))


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


# Links


def test_a_link_to_an_unknown_code_or_demo_is_answered_kindly(visit, predictor):
    assert UNKNOWN_CODE in words(visit(CODES, code="Z99.99"))
    code, why = next(iter(predictor.card.not_offered.items()))
    assert f"{code!r} ({why})" in words(visit(CODES, code=code))
    for view in (RECORD, ATTENTION):
        at = visit(view, demo="../../etc/passwd")
        assert UNKNOWN_DEMO in words(at)
        assert REAL_NAME in words(at)


# Model


def test_the_card_shows_results_data_and_limits(visit, predictor):
    at = visit(MODEL)
    test = predictor.card.results.test.icd10
    low, high = test.ci
    shown = metrics(at)[f"{test.counted} ICD-10-CM codes, macro AUROC (95% CI)"]
    assert shown == f"{test.macro_auroc:.3f} ({low:.3f}–{high:.3f})"
    assert predictor.sha256 in words(at)
    for limit in (*predictor.card.limits, predictor.card.old_people):
        assert limit in words(at)
    measured = [code for code, score in test.codes.items() if score.auroc is not None]
    drawn = " ".join(traces(at)["AUROC"]["y"])
    assert all(code in drawn for code in measured)


def test_the_model_page_sets_reconstruction_beside_regression(visit, predictor):
    measured = predictor.card.results.test.reconstruction
    at = visit(MODEL)
    (table,) = (t.value for t in at.table if "Masked alone: model (mV)" in t.value.columns)
    assert list(table["Lead"]) == [f"V{number}" for number in range(1, 7)]
    for lead, row in table.set_index("Lead").iterrows():
        alone, together = measured[lead][lead], measured["V1,V2,V3,V4,V5,V6"][lead]
        assert row["Masked alone: model (mV)"] == f"{alone.rmse_mv:.3f}"
        assert row["Masked alone: regression (mV)"] == f"{alone.linear_rmse_mv:.3f}"
        assert row["Masked all six: model (mV)"] == f"{together.rmse_mv:.3f}"
        assert row["Masked all six: correlation"] == f"{together.pearson_r:.2f}"
