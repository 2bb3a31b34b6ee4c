"""Reads the recordings that a data set's table names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int64
from tqdm import tqdm

from lamae.ecg import ECG, lead_indices
from lamae.errors import DataError, ReadError
from lamae.signal.preprocess import InputSpec, prepare

Signals = tuple[
    Float32[np.ndarray, "read 12 time"], Bool[np.ndarray, "read 12"], Int64[np.ndarray, " read"]
]


def read_recordings(
    folder: Path,
    names: Sequence[str],
    spec: InputSpec,
    *,
    table: str,
    spare: float = 0.0,
    progress: bool = True,
) -> Signals:
    """Read WFDB records and prepare them for the model.

    Args:
        folder: Of the data set.
        names: Paths of the records within it, without suffix.
        spec: What the model takes.
        table: Name of the file that lists them, for messages.
        spare: Share of the recordings that may be unreadable or too short to fill the window;
            those are left out. Training would show the rest of the window as a flat line, where
            serving masks it.
        progress: Show a progress bar.

    Returns:
        The signals in model units, the leads that each recording has, and which of `names`
        these are: all of them where nothing was left out.

    Raises:
        DataError: A recording is missing, or more than spare cannot be read or are too short.
    """
    # Reading a cache must work where wfdb and pydicom are not installed, as on a bare GPU machine.
    from lamae.io import read_path

    values = np.zeros((len(names), len(spec.leads), spec.samples), dtype=np.float32)
    present = np.zeros(values.shape[:2], dtype=bool)
    read: list[int] = []
    bar = tqdm(names, desc=f"reading {table}", unit="ECG", disable=not progress)
    for number, name in enumerate(bar):
        header = folder / f"{name}.hea"
        if not header.is_file():
            raise DataError(
                f"{name}.hea is listed in {table} but missing from the folder; complete the "
                "download, or keep only the lines of the table whose recordings are there."
            )
        try:
            ecg = read_path(header)
            whole = _fill_window(ecg, spec)
        except ReadError as error:
            if number + 1 - len(read) > spare * len(names):
                raise DataError(f"{name}.hea cannot be used: {error}") from error
            bar.set_postfix_str(f"{number + 1 - len(read)} unreadable or too short, left out")
            continue
        # Kept without gaps: a copy without those left out would need the memory twice.
        values[len(read)] = whole
        present[len(read), lead_indices(ecg.leads)] = True
        read.append(number)
    return values[: len(read)], present[: len(read)], np.array(read, dtype=np.int64)


def _fill_window(ecg: ECG, spec: InputSpec) -> Float32[np.ndarray, "12 time"]:
    """What the model takes of a recording.

    Raises:
        ReadError: The recording does not fill the window.
    """
    prepared = prepare(ecg, spec)
    if not prepared.present[:, -1].any():
        raise ReadError(
            f"It lasts {ecg.duration:g} s, and the model takes {spec.seconds:g} s; take its line "
            "out of the table."
        )
    return prepared.values
