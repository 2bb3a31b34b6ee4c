"""Which files make one recording: a single file, or a header with the files that it names."""

from collections.abc import Collection, Mapping, Sequence

from lamae.errors import ReadError
from lamae.io.file import File
from lamae.io.readers import READERS, Reader
from lamae.io.wfdb_header import bare_name


def header_reader(name: str, content: bytes, readers: Sequence[Reader] = READERS) -> Reader | None:
    """The format of the record whose header a file is; None where it is no header."""
    file = File(name, content)
    return next((reader for reader in readers if reader.parts and reader.sniff(file)), None)


def record(
    files: Mapping[str, bytes], arrived: Collection[str], *, readers: Sequence[Reader] = READERS
) -> dict[str, bytes]:
    """The record that files which have just arrived complete with older ones.

    Only the names in a header tie files that came apart: a suffix would tie unrelated ones.

    Args:
        files: All that there are, the oldest first.
        arrived: Names of those that are new.
        readers: The formats.

    Returns:
        The newest header that ties new files to older ones, and what there is of the signal
        files that it names; nothing where no header does.
    """
    for header, content in reversed(list(files.items())):
        reader = header_reader(header, content, readers)
        if reader is None or reader.parts is None:
            continue
        try:
            named = {name.lower() for name in reader.parts(content)}
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
