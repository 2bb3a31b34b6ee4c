"""PTB-XL is read as it is, and the arrays are those that serving uses."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_builders import SPEC, make_ptbxl

from lamae.data import load_ptbxl
from lamae.data.zscored import LIMB_RMS
from lamae.ecg import LEADS, LIMB_FROM_I_II
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.errors import DataError
from lamae.io import read_path, write
from lamae.signal.preprocess import prepare
from lamae.simulate import simulate


@pytest.fixture
def folder(tmp_path) -> Path:
    """A made data set in PTB-XL's layout: two usable ECGs and one without amplitudes."""
    return make_ptbxl(tmp_path)


def test_signals_labels_and_folds_are_read(folder):
    records = load_ptbxl(folder, SPEC, progress=False)
    assert records.ecg_id.tolist() == [1, 2]
    assert records.patient_id.tolist() == [7, -2]
    assert records.fold.tolist() == [9, 10]
    assert records.female.tolist() == [True, False]
    assert records.sex_known.all()
    said = [
        {name for name, yes in zip(STATEMENT_NAMES, row, strict=True) if yes}
        for row in records.statements
    ]
    # Likelihood 0 means unknown, not absent.
    assert said == [{"NORM", "SR"}, {"AFIB"}]


def test_the_same_array_feeds_training_and_serving(folder):
    records = load_ptbxl(folder, SPEC, progress=False)
    served = prepare(read_path(folder / "records100" / "00000" / "00001_lr.hea"), SPEC)
    np.testing.assert_array_equal(records.values[0], served.values)
    np.testing.assert_array_equal(records.present[0], served.present.any(axis=1))


def test_ecgs_without_amplitudes_come_when_asked_for(folder):
    assert load_ptbxl(folder, SPEC, progress=False).amplitude.all()
    records = load_ptbxl(folder, SPEC, progress=False, zscored=True)
    assert records.ecg_id.tolist() == [1, 2, 3]
    assert records.amplitude.tolist() == [True, True, False]
    assert records.labelled.all()
    limb = records.values[2, :6] * SPEC.scale
    assert float(np.sqrt(np.mean(limb**2))) == pytest.approx(LIMB_RMS, rel=1e-4)
    np.testing.assert_allclose(limb, LIMB_FROM_I_II @ limb[:2], atol=1e-5)
    with pytest.raises(DataError, match="no ECG of the folds"):
        load_ptbxl(folder, SPEC, folds=[1], progress=False)


def test_a_zscored_ecg_with_contradicting_limb_leads_comes_without_them(folder):
    header = folder / "records100" / "00000" / "00003_lr.hea"
    header.write_text(
        re.sub(r"aVL$", "aVF", header.read_text().replace("aVF", "aVL"), count=1, flags=re.M)
    )
    records = load_ptbxl(folder, SPEC, folds=[1], progress=False, zscored=True)
    assert records.present[0].tolist() == [False] * 6 + [True] * 6
    assert not records.values[0, :6].any()


def test_folds_can_be_chosen(folder):
    assert load_ptbxl(folder, SPEC, folds=[10], progress=False).ecg_id.tolist() == [2]
    with pytest.raises(DataError, match="no ECG of the folds"):
        load_ptbxl(folder, SPEC, folds=[3], progress=False)
    with pytest.raises(DataError, match="fold 3"):
        load_ptbxl(folder, SPEC, progress=False).folds([3])


def test_what_is_missing_is_named(folder, tmp_path):
    (folder / "records100" / "00000" / "00002_lr.hea").unlink()
    with pytest.raises(DataError, match="00002_lr"):
        load_ptbxl(folder, SPEC, progress=False)
    (folder / "ptbxl_database.csv").write_text("ecg_id\n1\n")
    with pytest.raises(DataError, match="scp_codes"):
        load_ptbxl(folder, SPEC, progress=False)
    (folder / "ptbxl_database.csv").unlink()
    with pytest.raises(DataError, match="no ptbxl_database"):
        load_ptbxl(folder, SPEC, progress=False)


@pytest.mark.parametrize(
    ("column", "value"),
    [("scp_codes", "{'NORM'"), ("scp_codes", "7"), ("strat_fold", "ten"), ("ecg_id", None)],
)
def test_a_table_that_holds_something_else_is_refused(folder, column, value):
    table = folder / "ptbxl_database.csv"
    index = pd.read_csv(table).astype({column: object})
    index.loc[1, column] = value
    index.to_csv(table, index=False)
    with pytest.raises(DataError, match="not PTB-XL's table"):
        load_ptbxl(folder, SPEC, progress=False)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,b\n1,2,3\n"'])
def test_a_file_that_is_no_table_is_refused(content, folder):
    (folder / "ptbxl_database.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"ptbxl_database\.csv"):
        load_ptbxl(folder, SPEC, progress=False)


def test_a_recording_that_cannot_be_read_is_named(folder):
    (folder / "records100" / "00000" / "00002_lr.hea").write_text("no header")
    with pytest.raises(DataError, match="00002_lr"):
        load_ptbxl(folder, SPEC, progress=False)


def test_a_recording_that_does_not_fill_the_window_is_named(folder):
    header = folder / "records100" / "00000" / "00002_lr.hea"
    write(
        simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(0)).ecg.window(0.0, 5.0),
        header,
    )
    with pytest.raises(DataError, match=r"00002_lr\.hea cannot be used: It lasts 5 s"):
        load_ptbxl(folder, SPEC, progress=False)


def test_an_unknown_sex_is_not_male(folder):
    table = folder / "ptbxl_database.csv"
    index = pd.read_csv(table).astype({"sex": object})
    index.loc[1, "sex"] = None
    index.to_csv(table, index=False)
    records = load_ptbxl(folder, SPEC, progress=False)
    assert records.female.tolist() == [True, False]
    assert records.sex_known.tolist() == [True, False]


def test_the_real_test_fold_is_whole_and_in_millivolts(real):
    records = real.take(real.amplitude)
    assert len(records) == 350
    assert records.present.all()
    assert len(LEADS) == records.values.shape[1]
    # In units of the scale, the training folds' root mean square is about 1.
    assert 0.7 < float(np.sqrt(np.mean(records.values**2))) < 1.4


def test_real_ecgs_without_amplitudes_look_like_those_with(real):
    assert len(real) == 350 + 146
    sizes = np.sqrt(np.mean(real.values.astype(np.float64) ** 2, axis=2))
    known = real.amplitude
    np.testing.assert_allclose(
        np.median(sizes[~known], axis=0), np.median(sizes[known], axis=0), rtol=0.25
    )
