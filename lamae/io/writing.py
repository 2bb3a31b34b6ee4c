"""Writes an ECG's signal as WFDB, CSV or NPZ; age, sex and measurements are left out."""

from collections.abc import Callable
from pathlib import Path

from lamae.ecg import ECG
from lamae.errors import InputError
from lamae.io import archive


def _wfdb(ecg: ECG, name: str) -> dict[str, bytes]:
    from lamae.io import wfdb

    return wfdb.files(ecg, name)


def _csv(ecg: ECG, name: str) -> dict[str, bytes]:
    from lamae.io import delimited

    return {f"{name}.csv": delimited.text_of(ecg).encode()}


def _npz(ecg: ECG, name: str) -> dict[str, bytes]:
    from lamae.io import arrays

    return {f"{name}.npz": arrays.write_npz(ecg)}


# The suffix that chooses each format on disk, and what makes its files by name.
_WRITERS: dict[str, tuple[str, Callable[[ECG, str], dict[str, bytes]]]] = {
    "wfdb": (".hea", _wfdb),
    "csv": (".csv", _csv),
    "npz": (".npz", _npz),
}
FORMATS = tuple(_WRITERS)


def to_bytes(ecg: ECG, form: str) -> bytes:
    """The signal as one file: CSV in mV, NPZ, or a zip of a WFDB record named "ecg".

    WFDB holds steps of at most 0.001 mV, whose size the header states; CSV six decimals; NPZ
    the ECG's own samples.

    Args:
        ecg: What to write.
        form: One of `FORMATS`.

    Raises:
        InputError: No such format.
    """
    if form not in _WRITERS:
        raise InputError(f"There is no format {form}; expected one of {', '.join(FORMATS)}.")
    files = _WRITERS[form][1](ecg, "ecg")
    return next(iter(files.values())) if len(files) == 1 else archive.pack(files)


def write(ecg: ECG, path: Path) -> tuple[Path, ...]:
    """Write the signal as .csv, .npz, or .hea with its signal file beside it, as `to_bytes` does.

    Args:
        ecg: What to write.
        path: Where; its suffix chooses the format.

    Returns:
        The files written.

    Raises:
        InputError: The suffix is none of these, or the folder cannot be written to.
    """
    makers = dict(_WRITERS.values())
    suffix = path.suffix.lower()
    if suffix not in makers:
        raise InputError("The suffix chooses the format; expected .csv, .npz or .hea.")
    files = makers[suffix](ecg, path.stem)
    if len(files) == 1:
        files = {path.name: next(iter(files.values()))}
    try:
        for name, content in files.items():
            path.with_name(name).write_bytes(content)
    except OSError as error:
        raise InputError(f"The file could not be written: {error.strerror}.") from error
    return tuple(map(path.with_name, files))
