"""PTB-XL: any download of it, or a part that keeps its layout.

Source: Wagner et al., PTB-XL, a large publicly available electrocardiography dataset,
    Scientific Data 7, 154 (2020).
"""

import ast
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int64
from tqdm import tqdm

from lamae.data.records import Records
from lamae.ecg import lead_indices
from lamae.errors import DataError, ReadError
from lamae.io import read_path
from lamae.labels import STATEMENT_NAMES
from lamae.preprocess import InputSpec, prepare

TRAINING_FOLDS = tuple(range(1, 9))
VALIDATION_FOLD = 9
TEST_FOLD = 10
NEEDED = {"ecg_id", "age", "sex", "scp_codes", "strat_fold", "filename_lr"}


def read_index(folder: Path) -> pd.DataFrame:
    """PTB-XL's table of ECGs, those alone whose amplitudes are in mV.

    Returns:
        The table, with the statements of each ECG as a dictionary.

    Raises:
        DataError: The table is missing, lacks columns or holds what does not belong there.
    """
    table = folder / "ptbxl_database.csv"
    if not table.is_file():
        raise DataError(
            "The data folder holds no ptbxl_database.csv; give the folder of a PTB-XL download, "
            "in which that table lies beside records100."
        )
    try:
        index = pd.read_csv(table)
        missing = NEEDED - set(index.columns)
        if missing:
            raise DataError(f"ptbxl_database.csv lacks the columns {', '.join(sorted(missing))}.")
        index = index.astype({"ecg_id": np.int64, "strat_fold": np.int64, "age": np.float32})
        index["scp_codes"] = index["scp_codes"].map(lambda codes: dict(ast.literal_eval(codes)))
    except (SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"ptbxl_database.csv is not PTB-XL's table: {error}.") from error
    if "raw_amplitude" in index.columns:
        index = index[index["raw_amplitude"].astype(bool)]
    return index.reset_index(drop=True)


def load_ptbxl(
    folder: Path,
    spec: InputSpec,
    *,
    folds: Iterable[int] | None = None,
    progress: bool = True,
) -> Records:
    """Read PTB-XL at 100 Hz into memory.

    Args:
        folder: Holds ptbxl_database.csv and records100.
        spec: What the model takes.
        folds: Read these folds only.
        progress: Show a progress bar.

    Raises:
        DataError: The table or a recording that it names is missing or cannot be read.
    """
    index = read_index(folder)
    wanted = range(1, 11) if folds is None else list(folds)
    index = index[index["strat_fold"].isin(wanted)]
    if index.empty:
        named = ", ".join(map(str, wanted))
        raise DataError(f"The data folder lists no ECG of the folds needed ({named}).")
    values = np.zeros((len(index), len(spec.leads), spec.samples), dtype=np.float32)
    present = np.zeros(values.shape[:2], dtype=bool)
    statements = np.zeros((len(index), len(STATEMENT_NAMES)), dtype=bool)
    rows = zip(index["filename_lr"], index["scp_codes"], strict=True)
    for n, (name, codes) in enumerate(
        tqdm(rows, total=len(index), desc="reading PTB-XL", unit="ECG", disable=not progress)
    ):
        header = folder / f"{name}.hea"
        if not header.is_file():
            raise DataError(
                f"{name}.hea is listed in ptbxl_database.csv but missing from the folder; "
                "complete the download of records100."
            )
        try:
            ecg = read_path(header)
        except ReadError as error:
            raise DataError(f"{name}.hea cannot be read: {error}") from error
        values[n] = prepare(ecg, spec).values
        present[n, lead_indices(ecg.leads)] = True
        for statement in codes:
            if statement in STATEMENT_NAMES:
                statements[n, STATEMENT_NAMES.index(statement)] = True
    return Records(
        values=values,
        present=present,
        statements=statements,
        fold=index["strat_fold"].to_numpy(),
        ecg_id=index["ecg_id"].to_numpy(),
        patient_id=_patients(index),
        age=index["age"].to_numpy(),
        female=index["sex"].to_numpy() == 1,
    )


def _patients(index: pd.DataFrame) -> Int64[np.ndarray, " n"]:
    own = -index["ecg_id"]
    known = index.get("patient_id", own).fillna(own)
    return known.to_numpy(dtype=np.int64)
