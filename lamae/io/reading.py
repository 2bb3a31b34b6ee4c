"""Reads one recording: chooses the format by content and hands the file to its module."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lamae.ecg import ECG
from lamae.errors import ReadError
from lamae.io import archive
from lamae.io.assemble import MAX_BYTES, Recording, assemble
from lamae.io.file import File
from lamae.io.gather import header_reader
from lamae.io.readers import READERS, Reader, names
from lamae.io.sniff import refusal


def read(
    name: str,
    content: bytes | Mapping[str, bytes],
    *,
    fs: float | None = None,
    unit: str | None = None,
    readers: Sequence[Reader] = READERS,
) -> ECG:
    """Read one recording of any format in `READERS`, or a zip of one.

    Args:
        name: File name as the client gave it. Only its suffix is used, and only where the
            content leaves a doubt.
        content: The file, or several that make one recording by name (.hea and .dat).
        fs: Sampling rate in Hz, for a file that does not state its own.
        unit: "mV", "uV" or "V", for a file that does not state its own; or the size of one step,
            such as "4.88 uV", for a file in device counts.
        readers: The formats.

    Raises:
        AnswerNeeded: The file states no rate or unit and none was given; its `fields` name them.
        ReadError: The file is damaged, of an unknown format, or no ECG.
    """
    files = {name: content} if isinstance(content, bytes) else dict(content)
    return assemble(_recording(files, fs, unit, readers))


def read_path(
    path: Path,
    *,
    fs: float | None = None,
    unit: str | None = None,
    readers: Sequence[Reader] = READERS,
) -> ECG:
    """Read one recording from disk; for a header, the files beside it that it names too.

    Args:
        path: The file. A WFDB record may be named by its header, its signal file or neither suffix.
        fs: As in `read`.
        unit: As in `read`.
        readers: As in `read`.

    Raises:
        AnswerNeeded: As in `read`.
        ReadError: As in `read`, or there is no such file.
    """
    for reader in readers:
        if reader.parts is None:
            continue
        path = _header_path(path, reader)
        if path.suffix.lower() == reader.suffixes[0]:
            content = _load(path)
            beside = [
                path.parent / part
                for part in reader.parts(content)
                if part not in ("", ".", "..") and (path.parent / part).is_file()
            ]
            files = {path.name: content, **{part.name: _load(part) for part in beside}}
            return read(path.name, files, fs=fs, unit=unit, readers=readers)
    return read(path.name, _load(path), fs=fs, unit=unit, readers=readers)


def _header_path(path: Path, reader: Reader) -> Path:
    """The header that a path means, which may name a signal file or the record itself."""
    first, *others = reader.suffixes
    if path.suffix.lower() in others and (header := path.with_suffix(first)).is_file():
        return header
    if not path.exists() and (header := path.with_name(path.name + first)).is_file():
        return header
    return path


def _load(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReadError(f"The file is larger than {MAX_BYTES / 1e6:.0f} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"The file could not be opened: {error.strerror}.") from error


def _recording(
    files: Mapping[str, bytes], fs: float | None, unit: str | None, readers: Sequence[Reader]
) -> Recording:
    """Read one file, or the files that make one recording."""
    if not files or not any(files.values()):
        raise ReadError("The file is empty; expected an ECG.")
    if sum(map(len, files.values())) > MAX_BYTES:
        raise ReadError(f"The files are larger than {MAX_BYTES / 1e6:.0f} MB together.")
    headers = {
        name: reader for name in files if (reader := header_reader(name, files[name], readers))
    }
    if len(headers) > 1:
        raise ReadError(f"These are {len(headers)} recordings; open one at a time.")
    for name, reader in headers.items():
        others = {other: content for other, content in files.items() if other != name}
        if len(others) == 1 and next(iter(others.values())).startswith(b"PK\x03\x04"):
            others = archive.members(next(iter(others.values())))
        return reader.load()(File(name, files[name], others), fs=fs, unit=unit)
    if len(files) > 1:
        kinds = [f"{r.name} header ({r.suffixes[0]})" for r in readers if r.parts]
        raise ReadError(
            f"None of the {len(files)} files is a {' or '.join(kinds)}; expected a header with its "
            "signal file, or a single file."
        )
    [(name, content)] = files.items()
    file = File(name, content)
    for reader in readers:
        if reader.sniff(file):
            return reader.load()(file, fs=fs, unit=unit)
    if content.startswith(archive.MARK):
        return _unpacked(content, fs, unit, readers)
    raise ReadError(_unknown(file, readers))


def _unpacked(
    content: bytes, fs: float | None, unit: str | None, readers: Sequence[Reader]
) -> Recording:
    files = archive.members(content)
    if any(c.startswith(archive.MARK) and not archive.is_npz(c) for c in files.values()):
        raise ReadError("The zip archive holds another archive; pack the recording itself.")
    return _recording(files, fs, unit, readers)


def _unknown(file: File, readers: Sequence[Reader]) -> str:
    """Why no format fits a file."""
    if file.is_xml:
        kinds = names([reader for reader in readers if ".xml" in reader.suffixes])
        return (
            f"This is an XML file of no ECG format that is read; expected {kinds}. Export the "
            "recording in one of these."
        )
    return refusal(file.suffix, file.content) or (
        f"The file is of no known ECG format; expected {names(readers)}, or a zip of one."
    )
