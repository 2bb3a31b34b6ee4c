"""PTB-XL: any download of it, or a part that keeps its layout.

Source: Wagner et al., PTB-XL, a large publicly available electrocardiography dataset,
    Scientific Data 7, 154 (2020).
"""

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int64

from lamae.data.recordings import read_recordings
from lamae.data.records import FOLDS, Records
from lamae.data.zscored import restore_scale
from lamae.ecg.statements import SCP
from lamae.errors import DataError
from lamae.results.description import DataDescription
from lamae.signal.preprocess import InputSpec

TABLE = "ptbxl_database.csv"
# How many recordings the whole data set holds.
PUBLISHED = 21_799
DESCRIPTION = DataDescription(
    name="PTB-XL",
    version="1.0.3",
    population="one German source, almost wholly adults",
    licence="CC BY 4.0",
    citation="Wagner P. et al., PTB-XL, a large publicly available electrocardiography dataset, "
    "Scientific Data 7, 154 (2020), CC BY 4.0.",
    limits=("Other populations, devices, pacemaker settings and children are untested.",),
)
NEEDED = {"ecg_id", "age", "sex", "scp_codes", "strat_fold", "filename_lr"}


def read_index(folder: Path) -> pd.DataFrame:
    """PTB-XL's table of ECGs.

    Returns:
        The table, with the statements of each ECG as a dictionary, and in "amplitude" whether
        the recording is in mV: False where a column raw_amplitude says so.

    Raises:
        DataError: The table is missing, lacks columns or holds what does not belong there.
    """
    table = folder / TABLE
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
    raw = index.get("raw_amplitude", pd.Series(True, index=index.index))
    return index.assign(amplitude=raw.astype(bool)).reset_index(drop=True)


def load_ptbxl(
    folder: Path,
    spec: InputSpec,
    *,
    folds: Iterable[int] | None = None,
    progress: bool = True,
    zscored: bool = False,
) -> Records:
    """Read PTB-XL at 100 Hz into memory.

    Args:
        folder: Holds ptbxl_database.csv and records100.
        spec: What the model takes.
        folds: Read these folds only.
        progress: Show a progress bar.
        zscored: Read the ECGs without amplitudes, too, brought to a plausible scale as
            `lamae.data.zscored` describes. One whose limb leads contradict each other comes
            without them.

    Raises:
        DataError: The table or a recording that it names is missing, cannot be read or does not
            fill the window.
    """
    index = read_index(folder)
    wanted = FOLDS if folds is None else tuple(folds)
    description = replace(DESCRIPTION, part=len(index) < PUBLISHED)
    index = index[index["strat_fold"].isin(wanted) & (index["amplitude"] | zscored)]
    if index.empty:
        named = ", ".join(map(str, wanted))
        raise DataError(f"The data folder lists no ECG of the folds needed ({named}).")
    values, present, _ = read_recordings(
        folder, list(index["filename_lr"]), spec, table=TABLE, progress=progress
    )
    amplitude = index["amplitude"].to_numpy()
    for row in np.flatnonzero(~amplitude):
        values[row] = restore_scale(values[row]) / spec.scale
        present[row] &= values[row].any(axis=1)
    return Records(
        values=values,
        present=present,
        statements=np.array(
            [[name in said for name in SCP.statement_names] for said in index["scp_codes"]]
        ),
        fold=index["strat_fold"].to_numpy(),
        ecg_id=index["ecg_id"].to_numpy(),
        patient_id=_patients(index),
        age=index["age"].to_numpy(),
        female=index["sex"].to_numpy() == 1,
        amplitude=amplitude,
        sex_known=index["sex"].isin([0, 1]).to_numpy(),
        labels=SCP,
        description=description,
    )


def _patients(index: pd.DataFrame) -> Int64[np.ndarray, " n"]:
    own = -index["ecg_id"]
    known = index.get("patient_id", own).fillna(own)
    return known.to_numpy(dtype=np.int64)
