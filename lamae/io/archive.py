"""Zip archives, unpacked in memory under strict limits; names inside them are never paths."""

import lzma
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

from lamae.errors import ReadError
from lamae.io.assemble import MAX_BYTES

# What zipfile raises on damaged or hostile archives. RuntimeError and its kinds are its answer to
# compressions, versions and encryption that it does not know.
LIBRARY_ERRORS = (
    AttributeError, EOFError, LookupError, MemoryError, OSError, OverflowError, RuntimeError,
    TypeError, ValueError, lzma.LZMAError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error,
)  # fmt: skip
MARK = b"PK"
MAX_MEMBERS = 64
# LZMA and bzip2 members can demand gigabytes for their dictionaries alone.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def members(content: bytes) -> dict[str, bytes]:
    """The files in a zip, by bare name.

    Folders, and the hidden files that operating systems add, are passed over.

    Raises:
        ReadError: It is damaged, encrypted or too large when unpacked.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _unpack(archive)
    except LIBRARY_ERRORS as error:
        raise ReadError("The zip archive is damaged; pack the recording again.") from error


def is_npz(content: bytes) -> bool:
    """Whether the content is a zip that holds only NumPy arrays."""
    if not content.startswith(MARK):
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except LIBRARY_ERRORS:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files by name: the same bytes whenever and wherever it is made."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # A bare entry is dated 1980 and knows no user.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [
        (name, entry)
        for entry in archive.infolist()
        if (name := entry.filename.replace("\\", "/").split("/")[-1])
        and not name.startswith(".")
        and "__MACOSX" not in entry.filename
    ]
    if not 1 <= len(entries) <= MAX_MEMBERS:
        raise ReadError(
            f"The zip archive holds {len(entries)} files; expected one recording in at most "
            f"{MAX_MEMBERS}. Pack the files of one recording only."
        )
    if sum(entry.file_size for _, entry in entries) > MAX_BYTES:
        raise ReadError(
            f"The zip archive would unpack to more than {MAX_BYTES / 1e6:.0f} MB, which is not "
            "read. Pack one shorter recording only."
        )
    files: dict[str, bytes] = {}
    for name, entry in entries:
        if entry.flag_bits & 1:
            raise ReadError("The zip archive is encrypted; pack the recording without a password.")
        if entry.compress_type not in METHODS:
            raise ReadError(
                "The zip archive uses an unusual compression; pack it as an ordinary zip (deflate)."
            )
        if name in files:
            raise ReadError(
                "The zip archive holds two files of one name in different folders; pack the "
                "files of one recording only."
            )
        with archive.open(entry) as member:
            # The declared size may lie: never read past it.
            files[name] = member.read(entry.file_size + 1)
        if len(files[name]) != entry.file_size:
            raise ReadError("The zip archive states wrong sizes; pack the recording again.")
    return files
