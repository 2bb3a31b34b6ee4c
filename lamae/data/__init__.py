"""Data sets as arrays ready for the model, with labels and patient-wise splits."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from lamae.data import mimic, ptbxl
from lamae.data.cache import check_place, read_cache, write_cache
from lamae.data.mimic import load_mimic
from lamae.data.ptbxl import load_ptbxl
from lamae.data.records import TEST_FOLD, TRAINING_FOLDS, VALIDATION_FOLD, Records
from lamae.errors import DataError
from lamae.signal.preprocess import InputSpec

__all__ = [
    "TEST_FOLD",
    "TRAINING_FOLDS",
    "VALIDATION_FOLD",
    "Records",
    "check_place",
    "load_mimic",
    "load_ptbxl",
    "load_records",
    "read_cache",
    "write_cache",
]


class _Load(Protocol):
    def __call__(
        self,
        folder: Path,
        spec: InputSpec,
        *,
        folds: Iterable[int] | None,
        progress: bool,
        zscored: bool,
    ) -> Records: ...


# The table that a data set's folder is known by, and what reads it.
DATA_SETS: Mapping[str, _Load] = MappingProxyType(
    {ptbxl.TABLE: load_ptbxl, mimic.TABLE: load_mimic}
)


def load_records(
    path: Path,
    spec: InputSpec,
    *,
    folds: Iterable[int] | None = None,
    progress: bool = True,
    zscored: bool = False,
) -> Records:
    """Read a data set: PTB-XL's folder, MIMIC-IV-ECG's, or a cache of either.

    Args:
        path: The folder, or a file that `write_cache` made.
        spec: What the model takes.
        folds: Read these folds only.
        progress: Show a progress bar where recordings are read.
        zscored: Read the ECGs without amplitudes, too; see `lamae.data.zscored`.

    Raises:
        DataError: There is no data set, or it is damaged, incomplete or made for another model.
    """
    if path.is_file():
        return read_cache(path, spec, folds=folds, zscored=zscored)
    if not path.is_dir():
        raise DataError(
            f"There is no {path}; give the folder of a data set, or a file made by lamae cache."
        )
    for table, load in DATA_SETS.items():
        if (path / table).is_file():
            return load(path, spec, folds=folds, progress=progress, zscored=zscored)
    raise DataError(
        f"{path} holds neither {' nor '.join(DATA_SETS)}; give the folder in which the table of "
        "a PTB-XL or MIMIC-IV-ECG download lies, or a file made by lamae cache."
    )
