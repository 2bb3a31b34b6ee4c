"""MIMIC-IV-ECG, with ICD-10-CM codes of discharge diagnoses where the table of them is at hand.

The recordings are those of PhysioNet's mimic-iv-ecg 1.0: record_list.csv beside files/, 500 Hz,
10 s, aVF before aVL (leads are found by name). The labels are those of PhysioNet's
mimic-iv-ecg-ext-icd-labels 1.0.1, a separate download: copy its records_w_diag_icd10.csv into the
same folder. Both are for credentialed users.

Labels. Column all_diag_all: hospital discharge diagnoses, or those of the emergency department
where there was no admission. They say what the patient was discharged with, not what the ECG shows,
and for two ECGs in five there are none: those count as not labelled rather than as healthy. A
diagnosis carries a code of ours if it is that code, a more specific one below it, or one of
`SAME_ON_ECG`; a less specific one above it does not count.

Folds. The table's column fold (0 to 19, patient-wise, the one of the published benchmark, which
trains on 0 to 17, validates on 18 and tests on 19) becomes our 1 to 8, 9 and 10. Without the
table, a hash of the patient's number takes its place: patient-wise too, but another split.

Source: Gow et al., MIMIC-IV-ECG: Diagnostic Electrocardiogram Matched Subset, PhysioNet, 2023;
    Strodthoff, Lopez Alcaraz, Haverkamp, Prospects for AI-enhanced ECG as a unified screening
    tool for cardiac and non-cardiac conditions, European Heart Journal - Digital Health, 2024
    (labels and folds).
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from lamae.data.recordings import read_recordings
from lamae.data.records import FOLDS, TEST_FOLD, TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.ecg.statements import SCP
from lamae.errors import DataError
from lamae.results.description import DataDescription
from lamae.signal.preprocess import InputSpec

TABLE = "record_list.csv"
LABELS = "records_w_diag_icd10.csv"
# How many recordings the whole data set holds.
PUBLISHED = 800_035
CODES = SCP.without_statements("ICD-10-CM codes of discharge diagnoses")
DESCRIPTION = DataDescription(
    name="MIMIC-IV-ECG",
    version="1.0",
    population="patients of one hospital in Boston, United States, all adults",
    licence="as PhysioNet gives it for mimic-iv-ecg 1.0",
    citation="Gow B. et al., MIMIC-IV-ECG: Diagnostic Electrocardiogram Matched Subset, "
    "PhysioNet (2023).",
    limits=(
        "Codes of MIMIC-IV-ECG are diagnoses at discharge, not findings on the ECG.",
        "Other hospitals, populations, devices and children are untested.",
    ),
)
# Ours of each published fold.
FOLD_OF: Mapping[int, int] = MappingProxyType(
    {
        **{fold: TRAINING_FOLDS[fold % len(TRAINING_FOLDS)] for fold in range(18)},
        18: VALIDATION_FOLD,
        19: TEST_FOLD,
    }
)
# Of 800,035 recordings some are damaged or short; more than this share means that something else
# is wrong.
SPARE = 0.01

# What an ECG cannot tell from our code: its specific forms, and a parent that was itself a code in
# the years of the data (I24.8, I47.1). Patterns without dots, from the start; $ leaves out what
# lies below.
SAME_ON_ECG: Mapping[str, str] = MappingProxyType(
    {
        "I24.89": "I248$",
        "I45.10": "I4519",  # other right bundle-branch block
        "I47.10": "I471$|I4719",  # other supraventricular tachycardia
        "I48.91": "I48[012]",  # paroxysmal, persistent, permanent atrial fibrillation
        "I48.92": "I48[34]",  # typical, atypical atrial flutter
    }
)


def load_mimic(
    folder: Path,
    spec: InputSpec,
    *,
    folds: Iterable[int] | None = None,
    progress: bool = True,
    zscored: bool = False,
) -> Records:
    """Read MIMIC-IV-ECG into memory: 48 kB for each ECG, 38 GB for all of them.

    Args:
        folder: Holds record_list.csv, files/ and, for labels, records_w_diag_icd10.csv.
        spec: What the model takes.
        folds: Read these folds only.
        progress: Show a progress bar.
        zscored: Makes no difference: all recordings are in mV.

    Returns:
        The ECGs with study_id and subject_id as their numbers; those that cannot be read or do
        not fill the window, up to one in a hundred together, are left out.

    Raises:
        DataError: A table or a recording is missing or cannot be used.
    """
    index = read_index(folder)
    wanted = FOLDS if folds is None else tuple(folds)
    description = replace(DESCRIPTION, part=len(index) < PUBLISHED)
    index = index[index["fold"].isin(wanted)]
    if index.empty:
        named = ", ".join(map(str, wanted))
        raise DataError(f"The data folder lists no ECG of the folds needed ({named}).")
    values, present, read = read_recordings(
        folder, list(index["path"]), spec, table=TABLE, spare=SPARE, progress=progress
    )
    index = index.iloc[read]
    codes = list(CODES.code_names)
    return Records(
        values=values,
        present=present,
        statements=np.zeros((len(index), 0), dtype=bool),
        fold=index["fold"].to_numpy(),
        ecg_id=index["study_id"].to_numpy(),
        patient_id=index["subject_id"].to_numpy(),
        age=index["age"].to_numpy(),
        female=(index["gender"] == "F").to_numpy(),
        codes=index[codes].to_numpy(dtype=bool) if set(codes) <= set(index.columns) else None,
        labelled=index["labelled"].to_numpy(),
        sex_known=index["gender"].isin(["F", "M"]).to_numpy(),
        labels=CODES,
        description=description,
    )


def read_index(folder: Path) -> pd.DataFrame:
    """The table of recordings, with our folds, age, gender and whether they are labelled.

    Returns:
        The table; where there are labels, with a column for each of our codes.

    Raises:
        DataError: The table of recordings is missing, or a table is not what its name says.
    """
    if not (folder / TABLE).is_file():
        raise DataError(
            f"The data folder holds no {TABLE}; give the folder of a MIMIC-IV-ECG download, in "
            "which that table lies beside files."
        )
    index = _read(folder / TABLE, {"subject_id": "int64", "study_id": "int64", "path": "str"})
    if not (folder / LABELS).is_file():
        drawn = index["subject_id"].map(_draw)
        return index.assign(
            fold=drawn.map(FOLD_OF), age=np.float32(np.nan), gender="", labelled=False
        )
    labels = _read(
        folder / LABELS,
        {
            "study_id": "int64",
            "all_diag_all": "str",
            "age": "float32",
            "gender": "str",
            "fold": "int64",
        },
    ).set_index("study_id")
    missing = int((~index["study_id"].isin(labels.index)).sum())
    if missing or not labels.index.is_unique or not labels["fold"].isin(FOLD_OF).all():
        raise DataError(
            f"{LABELS} does not give each ECG of {TABLE} one line with a fold from 0 to 19 "
            f"({missing} are missing); use tables of versions that belong together."
        )
    index = index.join(labels, on="study_id")
    try:
        said = [[str(code) for code in ast.literal_eval(cell)] for cell in index["all_diag_all"]]
    except (SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{LABELS} holds no lists of codes in all_diag_all: {error}.") from error
    known = [frozenset[str]().union(*map(codes_of, diagnoses)) for diagnoses in said]
    labels = pd.DataFrame({code: [code in codes for codes in known] for code in CODES.code_names})
    return index.assign(
        fold=index["fold"].map(FOLD_OF), labelled=[bool(diagnoses) for diagnoses in said]
    ).join(labels)


@cache
def codes_of(diagnosis: str) -> frozenset[str]:
    """Our codes that an ICD-10-CM code stands for, written with a dot or without one."""
    bare = diagnosis.strip().upper().replace(".", "")
    return frozenset(code for code in CODES.code_names if re.match(_pattern(code), bare))


@cache
def _pattern(code: str) -> str:
    bare = code.replace(".", "")
    return f"{bare}|{SAME_ON_ECG[code]}" if code in SAME_ON_ECG else bare


def _read(table: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """The columns needed of one of the tables, by name and type."""
    try:
        found = pd.read_csv(table, nrows=0).columns
        missing = [name for name in columns if name not in found]
        if missing:
            raise DataError(f"{table.name} lacks the columns {', '.join(missing)}.")
        return pd.read_csv(table, usecols=list(columns)).astype(dict(columns))
    except (TypeError, ValueError) as error:
        raise DataError(f"{table.name} is not MIMIC-IV-ECG's table: {error}.") from error


def _draw(patient: int) -> int:
    """One of the published folds, the same for all ECGs of a patient."""
    digest = hashlib.sha256(str(patient).encode()).digest()
    return int.from_bytes(digest[:8], "big") % len(FOLD_OF)
