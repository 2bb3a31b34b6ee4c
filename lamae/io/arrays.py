"""NumPy files: a bare array (.npy), or signal, rate, unit and leads together (.npz)."""

import tokenize
from collections.abc import Mapping
from io import BytesIO

import numpy as np

from lamae.ecg import ECG, LEADS
from lamae.errors import ReadError
from lamae.io.archive import members
from lamae.io.assemble import MAX_BYTES, Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import mv_per_unit

LIBRARY_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RecursionError,
    SyntaxError, TypeError, ValueError, tokenize.TokenError,
)  # fmt: skip
SIGNAL_NAMES = ("signal", "ecg", "data", "x", "arr_0")


def read_npy(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read a bare 12 x T or T x 12 array.

    Args:
        file: The file.
        fs: Sampling rate in Hz.
        unit: Unit of the values.

    Raises:
        AnswerNeeded: Rate or unit is not given.
        ReadError: It is no such array.
    """
    signal = _by_lead(_array(file.content), None)
    rate, scale = settle(None, None, fs, unit)
    return _recording(signal, None, rate, scale, "NumPy array")


def read_npz(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read an archive with "signal" and, where they are known, "fs", "unit" and "leads".

    Args:
        file: The file.
        fs: Sampling rate in Hz, used only where the archive has none.
        unit: Unit of the values, used only where the archive has none.

    Raises:
        AnswerNeeded: Neither the archive nor the caller gives rate or unit.
        ReadError: It holds no such signal.
    """
    packed = members(file.content)
    arrays = {name.removesuffix(".npy").lower(): packed[name] for name in packed}
    found = [name for name in SIGNAL_NAMES if name in arrays]
    if not found:
        raise ReadError(
            'The NumPy archive has no array named "signal"; expected "signal" (12 x T), "fs", '
            '"unit" and "leads".'
        )
    leads = _leads(arrays)
    signal = _by_lead(_array(arrays[found[0]]), leads)
    stated_fs = _scalar(arrays, "fs")
    stated_unit = _scalar(arrays, "unit")
    scale = mv_per_unit(stated_unit) if isinstance(stated_unit, str) else None
    if stated_unit is not None and scale is None:
        raise ReadError('"unit" in the NumPy archive is not known; expected "mV", "uV" or "V".')
    if isinstance(stated_fs, str):
        raise ReadError('"fs" in the NumPy archive is text; expected a number in Hz.')
    rate, factor = settle(stated_fs or None, scale, fs, unit)
    return _recording(signal, leads, rate, factor, "NumPy archive")


def write_npz(ecg: ECG) -> bytes:
    """The ECG as an archive that `read_npz` reads back without loss."""
    packed = BytesIO()
    np.savez(
        packed,
        signal=ecg.signal,
        fs=np.float64(ecg.fs),
        unit=np.str_("mV"),
        leads=np.array(ecg.leads),
    )
    return packed.getvalue()


def _recording(
    signal: np.ndarray, leads: tuple[str, ...] | None, fs: float, scale: float, source: str
) -> Recording:
    notes: tuple[str, ...] = ()
    if leads is None:
        notes = (
            f"The array does not name its leads; taken to be {', '.join(LEADS)}. The order of "
            "V1-V6 cannot be checked.",
        )
    return Recording(
        channels=tuple(
            Channel(lead, scaled(values, scale))
            for lead, values in zip(leads or LEADS, signal, strict=True)
        ),
        fs=fs,
        source=source,
        notes=notes,
        named=leads is not None,
    )


def _array(content: bytes) -> np.ndarray:
    """The array in .npy content, its declared size checked before anything is allocated."""
    stream = BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, kind = reader(stream)
        declared = kind.itemsize * int(np.prod(shape, dtype=object))
    except LIBRARY_ERRORS as error:
        raise ReadError("The NumPy array's header is damaged; save the array again.") from error
    if kind.hasobject or kind.kind not in "iufbUS":
        raise ReadError(
            "The NumPy array holds objects or records; expected plain numbers. "
            "Save it as a float array."
        )
    if declared > MAX_BYTES or min(shape, default=1) < 0:
        raise ReadError(
            f"The NumPy array declares {declared / 1e6:,.0f} MB; at most "
            f"{MAX_BYTES / 1e6:.0f} MB can be read."
        )
    if declared > len(content) - stream.tell():
        raise ReadError("The NumPy array is shorter than its header declares; save it again.")
    try:
        return np.load(BytesIO(content), allow_pickle=False)
    except LIBRARY_ERRORS as error:
        raise ReadError("The NumPy array is damaged; save the array again.") from error


def _by_lead(array: np.ndarray, leads: tuple[str, ...] | None) -> np.ndarray:
    """The array with one row a lead."""
    count = len(leads or LEADS)
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 1 and count == 1:
        array = array[None]
    if array.dtype.kind not in "iuf" or array.ndim != 2 or count not in array.shape:
        raise ReadError(
            f"The NumPy array has shape {array.shape} and type {array.dtype.name}; expected "
            f"numbers in {count} rows or {count} columns, one a lead."
        )
    rows = array if array.shape[0] == count else array.T
    check_size(*rows.shape)
    return rows


def _leads(arrays: Mapping[str, bytes]) -> tuple[str, ...] | None:
    if "leads" not in arrays:
        return None
    names = _array(arrays["leads"])
    if names.dtype.kind != "U" or names.ndim != 1 or not 1 <= len(names) <= 64:
        raise ReadError('"leads" in the NumPy archive is no list of names; expected "I", "II", ...')
    return tuple(str(name) for name in names)


def _scalar(arrays: Mapping[str, bytes], name: str) -> float | str | None:
    if name not in arrays:
        return None
    value = _array(arrays[name])
    if value.size != 1 or value.dtype.kind not in "iufUS":
        raise ReadError(f'"{name}" in the NumPy archive is not one value.')
    only = value.reshape(-1)[0]
    if value.dtype.kind in "US":
        return only.decode("ascii", errors="replace") if isinstance(only, bytes) else str(only)
    return float(only)
