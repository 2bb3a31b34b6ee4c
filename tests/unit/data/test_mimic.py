"""MIMIC-IV-ECG: leads by name, codes as they were meant, folds patient-wise."""

import shutil

import numpy as np
import pandas as pd
import pytest
from data_builders import MIMIC_ROWS, SPEC, make_mimic, write_mimic_record

from lamae.data import load_mimic, mimic
from lamae.data.mimic import FOLD_OF, codes_of
from lamae.ecg import LEADS
from lamae.ecg.statements import ICD10_CODES
from lamae.errors import DataError
from lamae.io import write
from lamae.signal.preprocess import prepare
from lamae.simulate import simulate


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_mimic(tmp_path_factory.mktemp("mimic"))


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


def change(folder, table, **columns) -> None:
    index = pd.read_csv(folder / table)
    index.assign(**columns).to_csv(folder / table, index=False)


def drop(folder, table, column) -> None:
    pd.read_csv(folder / table).drop(columns=column).to_csv(folder / table, index=False)


def test_leads_land_in_their_rows_whatever_their_order(folder):
    records = load_mimic(folder, SPEC, progress=False)
    assert records.present.all()
    for seed, values in enumerate(records.values):
        made = simulate("sinus_rhythm", fs=500.0, rng=np.random.default_rng(seed)).ecg
        # 200 steps a mV.
        np.testing.assert_allclose(values, prepare(made, SPEC).values, atol=0.02)
    i, ii, avl, avf = (records.values[:, LEADS.index(lead)] for lead in ("I", "II", "aVL", "aVF"))
    np.testing.assert_allclose(avl, i - ii / 2, atol=0.04)
    np.testing.assert_allclose(avf, ii - i / 2, atol=0.04)


def test_codes_folds_age_and_sex_are_those_of_the_table(folder):
    records = load_mimic(folder, SPEC, progress=False)
    assert records.ecg_id.tolist() == [row[1] for row in MIMIC_ROWS]
    assert records.patient_id.tolist() == [row[0] for row in MIMIC_ROWS]
    assert records.fold.tolist() == [1, 1, 2, 9, 10]
    assert records.female.tolist() == [True, True, False, False, False]
    assert records.sex_known.tolist() == [True, True, True, True, False]
    np.testing.assert_array_equal(records.age, np.float32([52, 52, 91, 66, np.nan]))
    assert records.amplitude.all()
    assert records.statements.shape == (5, 0)
    assert records.labels == mimic.CODES
    assert records.description.title == "MIMIC-IV-ECG 1.0, in part"
    said = [{c for c, yes in zip(ICD10_CODES, row, strict=True) if yes} for row in records.codes]
    assert said == [{"I48.91"}, set(), {"I48.91", "Z95.0"}, {"I47.10"}, set()]


def test_no_diagnosis_is_not_the_same_as_none_of_our_codes(folder):
    records = load_mimic(folder, SPEC, progress=False)
    assert records.labelled.tolist() == [True, False, True, True, True]
    with pytest.raises(DataError, match="1 of the 5 ECGs have no labels"):
        records.code_labels()
    known = records.take(records.labelled)
    np.testing.assert_array_equal(known.code_labels(), known.codes)


@pytest.mark.parametrize(
    ("diagnosis", "codes"),
    [
        ("I4891", {"I48.91"}),
        ("i48.91 ", {"I48.91"}),
        ("I480", {"I48.91"}),
        ("I4811", {"I48.91"}),
        ("I484", {"I48.92"}),
        ("I48", set()),
        ("I471", {"I47.10"}),
        ("I4710", {"I47.10"}),
        ("I4719", {"I47.10"}),
        ("I4711", set()),
        ("I248", {"I24.89"}),
        ("I2481", set()),
        ("I4510", {"I45.10"}),
        ("I4519", {"I45.10"}),
        ("I450", set()),
        ("I252", {"I25.2"}),
        ("I2510", set()),
        ("I2520", {"I25.2"}),
        ("R9431", {"R94.31"}),
        ("R943", set()),
        ("", set()),
    ],
)
def test_a_code_counts_for_ours_if_an_ecg_cannot_tell_them_apart(diagnosis, codes):
    assert codes_of(diagnosis) == codes


def test_every_code_of_ours_stands_for_itself():
    for code in ICD10_CODES:
        assert codes_of(code) == codes_of(code.replace(".", "")) == {code}


def test_folds_can_be_chosen(folder):
    assert load_mimic(folder, SPEC, folds=[9, 10], progress=False).fold.tolist() == [9, 10]
    with pytest.raises(DataError, match="folds needed"):
        load_mimic(folder, SPEC, folds=[5], progress=False)


def test_the_published_test_and_validation_folds_are_ours():
    assert [fold for fold in FOLD_OF if FOLD_OF[fold] == 9] == [18]
    assert [fold for fold in FOLD_OF if FOLD_OF[fold] == 10] == [19]
    assert set(FOLD_OF.values()) == set(range(1, 11))


def test_without_the_table_of_labels_pretraining_is_possible(folder):
    (folder / "records_w_diag_icd10.csv").unlink()
    records = load_mimic(folder, SPEC, progress=False)
    assert len(records) == 5
    assert records.codes is None
    assert not records.labelled.any()
    assert not records.sex_known.any()
    assert np.isnan(records.age).all()
    # One patient, one fold; the same on every machine.
    assert records.fold[0] == records.fold[1]
    assert records.fold.tolist() == [FOLD_OF[mimic._draw(row[0])] for row in MIMIC_ROWS]
    assert [mimic._draw(number) for number in (1, 2, 3)] == [13, 6, 3]
    with pytest.raises(DataError, match="have no labels"):
        records.code_labels()


def test_the_fold_without_labels_is_drawn_evenly():
    drawn = np.bincount([mimic._draw(number) for number in range(20_000)], minlength=20)
    assert drawn.min() > 880
    assert drawn.max() < 1120


def test_what_is_missing_is_named(folder):
    path = write_mimic_record(folder, 10000032, 49999999, 9)
    (folder / f"{path}.hea").unlink()
    listed = pd.read_csv(folder / "record_list.csv")
    listed.loc[0, "path"] = path
    listed.to_csv(folder / "record_list.csv", index=False)
    with pytest.raises(DataError, match=r"49999999\.hea is listed in record_list\.csv but missing"):
        load_mimic(folder, SPEC, progress=False)
    (folder / "record_list.csv").unlink()
    with pytest.raises(DataError, match=r"no record_list\.csv"):
        load_mimic(folder, SPEC, progress=False)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("record_list.csv", "path"),
        ("record_list.csv", "subject_id"),
        ("records_w_diag_icd10.csv", "all_diag_all"),
        ("records_w_diag_icd10.csv", "fold"),
    ],
)
def test_a_missing_column_is_named(table, column, folder):
    drop(folder, table, column)
    with pytest.raises(DataError, match=rf"{table} lacks the columns {column}"):
        load_mimic(folder, SPEC, progress=False)


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ("record_list.csv", {"study_id": "s1"}, "not MIMIC-IV-ECG's table"),
        ("records_w_diag_icd10.csv", {"fold": None}, "not MIMIC-IV-ECG's table"),
        ("records_w_diag_icd10.csv", {"fold": 20}, "a fold from 0 to 19"),
        ("records_w_diag_icd10.csv", {"study_id": 40689238}, "4 are missing"),
        ("records_w_diag_icd10.csv", {"all_diag_all": "I4891"}, "no lists of codes"),
        ("records_w_diag_icd10.csv", {"all_diag_all": "[I48"}, "no lists of codes"),
        ("records_w_diag_icd10.csv", {"all_diag_all": None}, "no lists of codes"),
    ],
)
def test_a_table_that_holds_something_else_is_refused(table, columns, message, folder):
    change(folder, table, **columns)
    with pytest.raises(DataError, match=message):
        load_mimic(folder, SPEC, progress=False)


@pytest.mark.parametrize("table", ["record_list.csv", "records_w_diag_icd10.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,b\n1,2,3\n"'])
def test_a_file_that_is_no_table_is_refused(table, content, folder):
    (folder / table).write_bytes(content)
    with pytest.raises(DataError, match=table):
        load_mimic(folder, SPEC, progress=False)


def test_few_unreadable_recordings_are_left_out_and_many_are_refused(folder, monkeypatch):
    path = pd.read_csv(folder / "record_list.csv")["path"][2]
    (folder / f"{path}.hea").write_text("no header")
    with pytest.raises(DataError, match="cannot be used"):
        load_mimic(folder, SPEC, progress=False)
    monkeypatch.setattr(mimic, "SPARE", 0.2)
    records = load_mimic(folder, SPEC, progress=False)
    assert records.ecg_id.tolist() == [row[1] for n, row in enumerate(MIMIC_ROWS) if n != 2]
    assert records.fold.tolist() == [1, 1, 9, 10]
    assert len(records.values) == len(records.present) == len(records.codes) == 4


@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_recordings_that_do_not_fill_the_window_count_as_unreadable(seconds, folder, monkeypatch):
    header = folder / f"{pd.read_csv(folder / 'record_list.csv')['path'][2]}.hea"
    write(
        simulate("sinus_rhythm", fs=500.0, rng=np.random.default_rng(2)).ecg.window(0.0, seconds),
        header,
    )
    with pytest.raises(DataError, match=rf"cannot be used: It lasts {seconds:g} s, and .* 10 s"):
        load_mimic(folder, SPEC, progress=False)
    monkeypatch.setattr(mimic, "SPARE", 0.2)
    records = load_mimic(folder, SPEC, progress=False)
    assert records.ecg_id.tolist() == [row[1] for n, row in enumerate(MIMIC_ROWS) if n != 2]


def test_the_progress_bar_says_how_many_are_left_out(folder, monkeypatch, capsys):
    paths = list(pd.read_csv(folder / "record_list.csv")["path"])
    short = simulate("sinus_rhythm", fs=500.0, rng=np.random.default_rng(2)).ecg.window(0.0, 9.0)
    write(short, folder / f"{paths[1]}.hea")
    (folder / f"{paths[2]}.hea").write_text("no header")
    monkeypatch.setattr(mimic, "SPARE", 0.4)
    assert len(load_mimic(folder, SPEC)) == 3
    assert "2 unreadable or too short, left out" in capsys.readouterr().err


def test_the_last_sample_decides_whether_a_window_is_full(folder):
    """At 500 Hz 4,996 samples give the model all of its 1,000, and 4,995 do not."""
    header = folder / f"{pd.read_csv(folder / 'record_list.csv')['path'][0]}.hea"
    ecg = simulate("sinus_rhythm", fs=500.0, rng=np.random.default_rng(0)).ecg
    write(ecg.window(0.0, 4996 / 500), header)
    assert len(load_mimic(folder, SPEC, progress=False)) == 5
    write(ecg.window(0.0, 4995 / 500), header)
    with pytest.raises(DataError, match=r"lasts 9\.99 s"):
        load_mimic(folder, SPEC, progress=False)
