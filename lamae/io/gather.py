"""Files that arrive one by one, and which of them make one WFDB record."""

from collections.abc import Collection, Mapping

from lamae.errors import ReadError
from lamae.io.sniff import suffix_of
from lamae.io.wfdb import signal_files
from lamae.io.wfdb_header import bare_name, looks_like_header


def is_header(name: str, content: bytes) -> bool:
    """Whether a file is the header of a WFDB record."""
    return suffix_of(name) == ".hea" or looks_like_header(content)


def record(files: Mapping[str, bytes], arrived: Collection[str]) -> dict[str, bytes]:
    """The WFDB record that files which have just arrived complete with older ones.

    Only the names in a header tie files that came apart: a suffix would take a stranger's.

    Args:
        files: All that there are, the oldest first.
        arrived: Names of those that are new.

    Returns:
        The newest header that ties new files to older ones, and what there is of the signal
        files that it names; nothing where no header does.
    """
    for header, content in reversed(list(files.items())):
        if not is_header(header, content):
            continue
        try:
            named = {name.lower() for name in signal_files(content)}
        except ReadError:
            continue
        found = {
            name: files[name]
            for name in files
            if name == header or bare_name(name).lower() in named
        }
        new = found.keys() & set(arrived)
        if new and new != found.keys():
            return found
    return {}


def newest(files: Mapping[str, bytes], size: int) -> dict[str, bytes]:
    """The newest files, as many as stay within `size` bytes together; the oldest come first."""
    kept: dict[str, bytes] = {}
    for name, content in reversed(list(files.items())):
        size -= len(content)
        if size < 0:
            break
        kept[name] = content
    return dict(reversed(list(kept.items())))
