"""PTB-XL's table as a catalogue: of its columns only those that name nobody are read.

The reports are free text and may name people; patients' numbers lead to them. Neither is read.
Names of files are taken as they stand, and checked against the folder when one is opened.

Source: Wagner et al., PTB-XL, a large publicly available electrocardiography dataset,
    Scientific Data 7, 154 (2020).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool

from lamae.app.library.catalogue import OLDEST, Catalogue, Details, codes_of
from lamae.app.library.folder import names_in
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.errors import ReadError

TABLE = "ptbxl_database.csv"
NEEDED = frozenset({"ecg_id", "age", "sex", "scp_codes", "strat_fold"})
# The highest sampling rate, which is the default, first.
FILES = {"500 Hz": "filename_hr", "100 Hz": "filename_lr"}
READ = NEEDED | set(FILES.values()) | {"raw_amplitude"}
MAX_BYTES = 100_000_000
SEX = {0: "male", 1: "female"}
# Names stand in a dictionary as Python writes it.
_STATEMENT = re.compile(r"['\"]([^'\"]{1,12})['\"]\s*:")


def has_table(library: Path) -> bool:
    """Whether the folder holds PTB-XL's table."""
    path = library / TABLE
    return path.is_file() and not path.is_symlink()


def stamp(library: Path) -> tuple[int, int]:
    """Changes when the table does: time of its last change in ns, and size in bytes."""
    try:
        found = (library / TABLE).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def read_table(library: Path) -> Catalogue:
    """Read PTB-XL's table, without the ECGs whose amplitudes are lost.

    Args:
        library: The folder that holds it.

    Raises:
        ReadError: It is not PTB-XL's table, or the recordings it names are not in the folder.
    """
    table = _load(library / TABLE)
    missing = NEEDED - set(table.columns)
    if missing or not set(FILES.values()) & set(table.columns):
        raise ReadError(
            f"{TABLE} lacks the columns {', '.join(sorted(missing)) or 'that name files'}, so it "
            "is not PTB-XL's table; copy it again."
        )
    number = pd.to_numeric(table["ecg_id"], errors="coerce")
    table = table[number.between(1, 10**9) & (number % 1 == 0) & ~number.duplicated()]
    kept = table[_raw(table)]
    files = {
        rate: tuple(kept[column].fillna("").astype(str))
        for rate, column in FILES.items()
        if column in kept and _present(library, kept[column])
    }
    if not files:
        raise ReadError(
            f"The recordings that {TABLE} lists are not beside it; expected the folder records100 "
            "or records500."
        )
    statements = _statements(kept["scp_codes"].fillna("").astype(str).tolist())
    age = pd.to_numeric(kept["age"], errors="coerce").to_numpy(dtype=np.float32)
    age[(age < 0) | ~np.isfinite(age)] = np.nan
    sex = pd.to_numeric(kept["sex"], errors="coerce").map(SEX).fillna("")
    fold = pd.to_numeric(kept["strat_fold"], errors="coerce").fillna(0)
    return Catalogue(
        name="PTB-XL",
        keys=kept["ecg_id"].astype(np.int64).to_numpy().astype(np.str_),
        files=files,
        details=Details(
            age=np.minimum(age, OLDEST).round(),
            sex=sex.to_numpy(dtype=np.str_),
            statements=statements,
            codes=codes_of(statements),
            fold=fold.clip(0, 100).to_numpy(dtype=np.int64),
        ),
        left_out=len(table) - len(kept),
    )


def _load(path: Path) -> pd.DataFrame:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReadError(f"{TABLE} is larger than {MAX_BYTES / 1e6:.0f} MB; copy it again.")
        return pd.read_csv(path, usecols=lambda name: name in READ)
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise ReadError(f"{TABLE} cannot be read as a table; copy it again.") from error


def _raw(table: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each recording is in mV; all of them in a table without that column."""
    if "raw_amplitude" not in table:
        return pd.Series(True, index=table.index)
    return table["raw_amplitude"].astype(str).str.lower().isin(["true", "1", "1.0"])


def _present(library: Path, files: "pd.Series[str]") -> bool:
    """Whether the folder in which a column's files lie is there."""
    named = files.dropna().astype(str)
    if named.empty:
        return False
    return named.iloc[0].split("/")[0] in names_in(library)[0]


def _statements(coded: Sequence[str]) -> Bool[np.ndarray, "n 71"]:
    """The statements that each record's dictionary names; names that we do not know are dropped."""
    column = {name: i for i, name in enumerate(STATEMENT_NAMES)}
    found = np.zeros((len(coded), len(STATEMENT_NAMES)), dtype=bool)
    for row, text in enumerate(coded):
        for name in _STATEMENT.findall(text):
            if name in column:
                found[row, column[name]] = True
    return found
