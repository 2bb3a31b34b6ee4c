"""The library's folder, read one folder at a time, from which nothing outside can be named."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lamae import io
from lamae.ecg import ECG
from lamae.errors import InputError, ReadError
from lamae.io.wfdb_header import signal_files

SETTING = "LAMAE_RECORDS"
# What one drop-down list can hold and still be used.
MAX_ENTRIES = 2000
MAX_HEADER = 1_000_000


@dataclass(frozen=True)
class Listing:
    """What one folder of the library holds.

    Attributes:
        folders: Names of its folders.
        records: Names of its WFDB records, without the suffix.
        left_off: How many entries were not listed.
    """

    folders: tuple[str, ...]
    records: tuple[str, ...]
    left_off: int


def root() -> Path | None:
    """The library folder named by LAMAE_RECORDS; None where the setting is absent or wrong."""
    named = os.environ.get(SETTING, "")
    return Path(named).resolve() if named and Path(named).is_dir() else None


def listing(library: Path, parts: Sequence[str]) -> Listing:
    """List one folder of the library.

    Args:
        library: The library folder.
        parts: Names of the folders that lead to it.

    Raises:
        InputError: A part is not the name of a folder in its listing.
        ReadError: The folder cannot be read.
    """
    folders, records = names_in(within(library, parts))
    left_off = max(0, len(folders) - MAX_ENTRIES) + max(0, len(records) - MAX_ENTRIES)
    return Listing(tuple(folders[:MAX_ENTRIES]), tuple(records[:MAX_ENTRIES]), left_off)


def record(library: Path, parts: Sequence[str], name: str) -> Path:
    """Path of a record's header, checked against what its folder holds.

    Args:
        library: The library folder.
        parts: Names of the folders that lead to it, from whatever source.
        name: Name of the record, without the suffix.

    Raises:
        InputError: The folder or the record is not in the library.
        ReadError: The folder cannot be read.
    """
    folder = within(library, parts)
    if name not in names_in(folder)[1]:
        raise InputError("That record is not in the library; choose another from the list.")
    return folder / f"{name}.hea"


def read(library: Path, parts: Sequence[str], name: str) -> ECG:
    """Read a record of the library.

    Args:
        library: As in `record`.
        parts: As in `record`.
        name: As in `record`.

    Raises:
        AnswerNeeded: Its header has no sampling rate.
        InputError: The folder or the record is not in the library, or leads out of it.
        ReadError: The files cannot be read as an ECG.
    """
    header = record(library, parts, name)
    try:
        with header.open("rb") as file:
            wanted = signal_files(file.read(MAX_HEADER))
    except OSError as error:
        raise ReadError("This record of the library cannot be read.") from error
    if any((header.parent / signal).is_symlink() for signal in wanted):
        raise InputError(
            "The record's signal file is a link, and links are not followed out of the library; "
            "put the file itself beside its header."
        )
    return io.read_path(header)


def within(library: Path, parts: Sequence[str]) -> Path:
    """A folder of the library, each part checked against the folder before.

    Raises:
        InputError: A part is not the name of a folder there.
        ReadError: A folder cannot be read.
    """
    folder = library
    for part in parts:
        if part not in names_in(folder)[0]:
            raise InputError("That folder is not in the library; choose another from the list.")
        folder = folder / part
    return folder


def names_in(folder: Path) -> tuple[list[str], list[str]]:
    """Names of a folder's folders and records; links are left out, as they may lead elsewhere.

    Raises:
        ReadError: The folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not entry.is_symlink()]
    except OSError as error:
        raise ReadError("This folder of the library cannot be read.") from error
    folders = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    records = [e.name[: -len(".hea")] for e in entries if e.is_file() and e.name.endswith(".hea")]
    return sorted(folders), sorted(records)
