"""PTB-XL is read as it is, and the arrays are those that serving uses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lamae.data import load_ptbxl
from lamae.ecg import LEADS
from lamae.errors import DataError
from lamae.io import read_path, write
from lamae.labels import STATEMENT_NAMES
from lamae.preprocess import InputSpec, prepare
from lamae.simulate import simulate

SPEC = InputSpec()
REAL = Path(__file__).parents[4] / "shared" / "ptbxl"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A made data set in PTB-XL's layout: two usable ECGs and one without amplitudes."""
    records = tmp_path / "records100" / "00000"
    records.mkdir(parents=True)
    rows = []
    for number, rhythm in enumerate(["sinus_rhythm", "atrial_fibrillation", "sinus_rhythm"], 1):
        ecg = simulate(rhythm, fs=100.0, rng=np.random.default_rng(number)).ecg
        write(ecg, records / f"0000{number}_lr.hea")
        rows.append(
            {
                "ecg_id": number,
                "patient_id": 7.0 if number == 1 else None,
                "age": 50.0 + number,
                "sex": number % 2,
                "scp_codes": "{'NORM': 100.0, 'SR': 0.0}" if number != 2 else "{'AFIB': 0.0}",
                "strat_fold": 8 + number,
                "filename_lr": f"records100/00000/0000{number}_lr",
                "raw_amplitude": number != 3,
            }
        )
    pd.DataFrame(rows).to_csv(tmp_path / "ptbxl_database.csv", index=False)
    return tmp_path


def test_signals_labels_and_folds_are_read(folder):
    records = load_ptbxl(folder, SPEC, progress=False)
    assert records.ecg_id.tolist() == [1, 2]
    assert records.patient_id.tolist() == [7, -2]
    assert records.fold.tolist() == [9, 10]
    assert records.female.tolist() == [True, False]
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


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/ptbxl is not here")
def test_the_real_test_fold_is_whole_and_in_millivolts():
    records = load_ptbxl(REAL, SPEC, folds=[10], progress=False)
    assert len(records) == 350
    assert records.present.all()
    assert len(LEADS) == records.values.shape[1]
    # In units of the scale, the training folds' root mean square is about 1.
    assert 0.7 < float(np.sqrt(np.mean(records.values**2))) < 1.4
