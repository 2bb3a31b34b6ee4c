"""A catalogue of a folder without a table: the names of its records and where they lie."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lamae.app.library.catalogue import Catalogue
from lamae.app.library.folder import names_in, within
from lamae.errors import ReadError

# Beyond this the listing takes long; a folder below is chosen instead.
MAX_RECORDS = 20_000
MAX_FOLDERS = 20_000


def read_names(library: Path, parts: Sequence[str]) -> Catalogue:
    """List the records in a folder of the library and in all folders below it.

    Args:
        library: The library folder.
        parts: Names of the folders that lead to the folder.

    Raises:
        InputError: A part is not the name of a folder there.
        ReadError: The folder cannot be read.
    """
    top = within(library, parts)
    names_in(top)
    found: list[str] = []
    waiting, visited = deque([""]), 0
    while waiting and len(found) <= MAX_RECORDS and visited < MAX_FOLDERS:
        here = waiting.popleft()
        visited += 1
        try:
            folders, records = names_in(top / here)
        except ReadError:
            # One folder that is closed to us does not close the library.
            continue
        found += [f"{here}{name}" for name in records]
        waiting.extend(f"{here}{name}/" for name in folders)
    before = "".join(f"{part}/" for part in parts)
    keys = [before + key for key in found[:MAX_RECORDS]]
    cut = bool(waiting) or len(found) > MAX_RECORDS
    keys.sort()
    return Catalogue("Library", np.array(keys, dtype=np.str_), {"": tuple(keys)}, cut=cut)
