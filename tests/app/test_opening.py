"""Files that need an answer, that arrive one by one, and what the Record page says of them."""

from io import BytesIO
from itertools import permutations
from pathlib import Path

import numpy as np
import pydicom
import pytest
from app_views import ATTENTION, REAL, RECORD, checked, csv_of, upload, upload_csv, words
from streamlit.testing.v1 import AppTest

from lamae import io
from lamae.ecg import LEADS
from lamae.simulate import simulate

SAMPLE = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"


def press_open(at: AppTest) -> AppTest:
    (button,) = (button for button in at.button if button.label == "Open")
    return checked(button.click().run())


def parts(seed: int = 8, name: str = "r") -> dict[str, bytes]:
    """A WFDB record whose limb and chest leads lie in two signal files."""
    ecg = simulate("sinus_rhythm", rng=np.random.default_rng(seed)).ecg
    steps = np.rint(ecg.signal * 1000).astype("<i2")
    lines = [f"{name} 12 {ecg.fs:g} {steps.shape[1]}"]
    for lead, row in zip(LEADS, steps, strict=True):
        group = "chest" if lead.startswith("V") else "limb"
        checksum = (int(row.sum(dtype=np.int64)) + 2**15) % 2**16 - 2**15
        lines.append(f"{name}_{group}.dat 16 1000/mV 16 0 {row[0]} {checksum} 0 {lead}")
    return {
        f"{name}.hea": "\n".join([*lines, ""]).encode(),
        f"{name}_limb.dat": steps[:6].T.tobytes(),
        f"{name}_chest.dat": steps[6:].T.tobytes(),
    }


# Answers


@pytest.mark.parametrize("first", ["rate", "unit"])
def test_a_csv_can_be_answered_one_field_at_a_time(visit, first):
    at = upload(visit(RECORD), "ecg.csv", csv_of(REAL.signal[:, ::2]))
    for field in ("rate", "unit") if first == "rate" else ("unit", "rate"):
        assert "Uploaded" not in words(at)
        if field == "rate":
            at.number_input(key="answer_fs").set_value(500.0)
        else:
            at.selectbox(key="answer_unit").set_value("mV")
        press_open(at)
    assert "Uploaded ECG 1" in words(at)
    assert "10.0 s, 12 leads, 500 Hz" in words(at)


def test_what_was_answered_first_can_still_be_corrected(visit):
    at = upload(visit(RECORD), "ecg.csv", csv_of(1000 * REAL.signal[:, ::2]))
    at.selectbox(key="answer_unit").set_value("mV")
    press_open(at)
    at.number_input(key="answer_fs").set_value(500.0)
    press_open(at)
    assert "unit" in at.error[0].value
    assert at.number_input(key="answer_fs").value == 500.0
    at.selectbox(key="answer_unit").set_value("uV")
    press_open(at)
    assert "Uploaded ECG 1" in words(at)


def test_an_answer_waits_while_another_page_is_looked_at(visit):
    at = upload(visit(RECORD), "ecg.csv", csv_of(REAL.signal[:, ::2]))
    at.selectbox(key="answer_unit").set_value("mV")
    press_open(at)
    checked(at.switch_page(ATTENTION).run())
    checked(at.switch_page(RECORD).run())
    assert at.selectbox(key="answer_unit").value == "mV"
    at.number_input(key="answer_fs").set_value(500.0)
    press_open(at)
    assert "Uploaded ECG 1" in words(at)


def test_the_next_file_is_asked_about_afresh(visit):
    at = upload(visit(RECORD), "ecg.csv", csv_of(REAL.signal[:, ::2]))
    at.number_input(key="answer_fs").set_value(500.0)
    press_open(at)
    upload(at, "other.csv", csv_of(REAL.signal[:, ::4]))
    assert at.number_input(key="answer_fs").value is None
    assert at.selectbox(key="answer_unit").value is None


# Files that arrive one by one


@pytest.mark.parametrize("order", list(permutations((".hea", "limb.dat", "chest.dat"))))
def test_a_record_of_three_files_opens_in_any_order(visit, order):
    files = parts()
    at = visit(RECORD)
    for number, end in enumerate(order):
        assert "Uploaded" not in words(at)
        (name,) = (name for name in files if name.endswith(end))
        upload(at, name, files[name])
        if number == 1 and ".hea" in order[:2]:
            assert "2 signal files, of which 1 came" in at.error[0].value
    assert not at.error
    assert "Uploaded ECG 1" in words(at)
    assert "10.0 s, 12 leads" in words(at)


def test_an_unrelated_file_is_not_taken_for_the_missing_one(visit):
    files, others = parts(), parts(9, "s")
    at = upload(visit(RECORD), "r.hea", files["r.hea"])
    upload(at, "r_limb.dat", files["r_limb.dat"])
    upload(at, "scan.pdf", b"%PDF-1.7 no signal")
    assert "This is a PDF" in at.error[0].value
    upload(at, "s_chest.dat", others["s_chest.dat"])
    assert "without its header" in at.error[0].value
    assert "Uploaded" not in words(at)
    upload(at, "r_chest.dat", files["r_chest.dat"])
    assert "Uploaded ECG 1" in words(at)
    assert "checksum" not in words(at)


# What the page says


def dicom_with(age: str) -> bytes:
    dataset = pydicom.dcmread(SAMPLE)
    dataset.PatientAge = age
    file = BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def told(at: AppTest) -> dict[str, str]:
    (facts,) = (t.value for t in at.table if "Source" in set(t.value.iloc[:, 0]))
    return dict(zip(facts.iloc[:, 0], facts.iloc[:, 1], strict=True))


@pytest.mark.parametrize(
    ("age", "said", "young"),
    [("003M", "3 months", True), ("215M", "17 years", True), ("216M", "18 years", False)],
)
def test_a_childs_age_is_told_as_usual_and_what_the_model_knows_of_children(
    visit, predictor, age, said, young
):
    at = upload(visit(RECORD), "child.dcm", dicom_with(age))
    assert told(at)["Age"] == said
    assert (predictor.card.minors in words(at)) == young


def test_one_lead_is_one_lead(visit):
    alone = io.to_bytes(REAL.only(["V3"]), "npz")
    at = upload(visit(RECORD), "one.npz", alone)
    assert "1 lead, 1000 Hz" in words(at)
    checked(at.switch_page(ATTENTION).run())
    assert "**V3** is the only lead" in words(at)
    assert "too few leads to compare." in words(at)


def test_the_devices_qtc_stands_in_a_row_of_its_own(visit):
    at = visit(RECORD)
    (table,) = (t.value for t in at.table if "Confidence" in t.value.columns)
    rows = table.set_index("Measurement")
    assert rows.loc["QTc (device's formula)", "Device"] == "370 ms"
    assert rows.loc["QTc (device's formula)", "Estimate"] == "–"
    assert rows.loc["QTc (Fridericia)", "Device"] == "–"
    assert rows.loc["QTc (Fridericia)", "Estimate"].endswith(" ms")
    upload_csv(at, REAL.signal[:, ::2])
    (table,) = (t.value for t in at.table if "Confidence" in t.value.columns)
    assert "QTc (device's formula)" not in set(table["Measurement"])
