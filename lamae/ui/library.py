"""A folder of WFDB records, read one folder at a time, from which nothing outside can be named."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lamae.errors import InputError, ReadError

SETTING = "LAMAE_RECORDS"
# What one drop-down list can hold and still be used; PTB-XL has 1,000 records a folder.
MAX_ENTRIES = 2000


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
        parts: Names of the folders that lead to it, each taken from a listing.

    Raises:
        InputError: A part is not the name of a folder in its listing.
        ReadError: The folder cannot be read.
    """
    folder = library
    for part in parts:
        if part not in _names(folder)[0]:
            raise InputError("That folder is not in the library; choose one from the list.")
        folder = folder / part
    folders, records = _names(folder)
    left_off = max(0, len(folders) - MAX_ENTRIES) + max(0, len(records) - MAX_ENTRIES)
    return Listing(tuple(folders[:MAX_ENTRIES]), tuple(records[:MAX_ENTRIES]), left_off)


def record(library: Path, parts: Sequence[str], name: str) -> Path:
    """Path of a record's header, checked against the listing of its folder.

    Raises:
        InputError: The folder or the record is not in the library.
        ReadError: The folder cannot be read.
    """
    if name not in listing(library, parts).records:
        raise InputError("That record is not in the library; choose one from the list.")
    return library.joinpath(*parts) / f"{name}.hea"


def _names(folder: Path) -> tuple[list[str], list[str]]:
    """Names of folders and records; links are left out, as they may lead elsewhere."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not entry.is_symlink()]
    except OSError as error:
        raise ReadError("This folder of the library cannot be read.") from error
    folders = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    records = [e.name[: -len(".hea")] for e in entries if e.is_file() and e.name.endswith(".hea")]
    return sorted(folders), sorted(records)
