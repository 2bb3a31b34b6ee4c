"""Made data sets in the layouts of real ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

from lamae.data import Records
from lamae.ecg import LEADS
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.io import write
from lamae.signal.preprocess import InputSpec, prepare
from lamae.simulate import RHYTHMS, simulate

SPEC = InputSpec()
# As MIMIC-IV-ECG stores them.
MIMIC_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")


def make_records(count: int = 12, seed: int = 0) -> Records:
    """Simulated ECGs of all folds; every fourth has no known amplitude."""
    rng = np.random.default_rng(seed)
    rhythms = [list(RHYTHMS)[n % len(RHYTHMS)] for n in range(count)]
    ecgs = [simulate(rhythm, fs=100.0, rng=rng).ecg for rhythm in rhythms]
    return Records(
        values=np.stack([prepare(ecg, SPEC).values for ecg in ecgs]),
        present=np.ones((count, len(LEADS)), dtype=bool),
        statements=rng.random((count, len(STATEMENT_NAMES))) < 0.1,
        fold=1 + np.arange(count) % 10,
        ecg_id=rng.permutation(1000)[:count],
        patient_id=np.arange(count) - 3,
        age=np.where(np.arange(count) % 5 == 0, np.nan, 60.0).astype(np.float32),
        female=np.arange(count) % 2 == 0,
        amplitude=np.arange(count) % 4 != 0,
        sex_known=np.arange(count) % 3 != 1,
    )


def make_ptbxl(folder: Path) -> Path:
    """Three ECGs; the third is z-scored lead by lead, as those in zscored100 are."""
    records = folder / "records100" / "00000"
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
                "strat_fold": (9, 10, 1)[number - 1],
                "filename_lr": f"records100/00000/0000{number}_lr",
                "raw_amplitude": number != 3,
            }
        )
    pd.DataFrame(rows).to_csv(folder / "ptbxl_database.csv", index=False)
    return folder


def write_mimic_record(folder: Path, patient: int, study: int, seed: int) -> str:
    """One recording of 500 Hz in MIMIC-IV-ECG's order of leads; returns its path."""
    path = f"files/p{str(patient)[:4]}/p{patient}/s{study}/{study}"
    (folder / path).parent.mkdir(parents=True)
    ecg = simulate("sinus_rhythm", fs=500.0, rng=np.random.default_rng(seed)).ecg
    wfdb.wrsamp(
        str(study),
        fs=500,
        units=["mV"] * 12,
        sig_name=list(MIMIC_LEADS),
        p_signal=np.stack([ecg.lead(lead) for lead in MIMIC_LEADS], axis=1).astype(np.float64),
        fmt=["16"] * 12,
        adc_gain=[200.0] * 12,
        baseline=[0] * 12,
        write_dir=str((folder / path).parent),
    )
    return path


# subject_id, study_id, all_diag_all, age, gender, fold
MIMIC_ROWS = (
    (10000032, 40689238, "['I4891', 'I10', 'E8339']", 52.0, "F", 0),
    (10000032, 44458630, "[]", 52.0, "F", 0),
    (10000117, 45090959, "['I480', 'Z950']", 91.0, "M", 17),
    (10000764, 46001111, "['I471', 'I5022', 'W19XXXA']", 66.0, "M", 18),
    (10000935, 47002222, "['I2510']", None, "missing", 19),
)


def make_mimic(folder: Path) -> Path:
    """Five ECGs of four patients, with the table of labels."""
    listed, labels = [], []
    for seed, (patient, study, said, age, gender, fold) in enumerate(MIMIC_ROWS):
        path = write_mimic_record(folder, patient, study, seed)
        time = "2180-07-23 08:44:00"
        listed.append(
            {"subject_id": patient, "study_id": study, "file_name": study, "ecg_time": time, "path": path}
        )  # fmt: skip
        labels.append(
            {
                "file_name": f"mimic-iv-ecg-diagnostic-electrocardiogram-matched-subset-1.0/{path}",
                "study_id": study,
                "subject_id": patient,
                "ecg_time": time,
                "ed_diag_ed": "[]",
                "all_diag_hosp": said,
                "all_diag_all": said,
                "gender": gender,
                "age": age,
                "fold": fold,
                "strat_fold": 19 - fold,
            }
        )
    pd.DataFrame(listed).to_csv(folder / "record_list.csv", index=False)
    # The labels' order is another one.
    pd.DataFrame(labels[::-1]).to_csv(folder / "records_w_diag_icd10.csv", index=False)
    return folder
