"""Reads ECG files of many formats into one `ECG`, and writes it again.

Formats are recognised by content. A file is material from a stranger: sizes are checked before
anything is decoded, no name in a file or of a file becomes a path, and only what an ECG needs is
kept (age, sex, the device's filters and measurements; nothing that names a person).
"""

from collections.abc import Mapping
from pathlib import Path

from lamae.ecg import ECG
from lamae.errors import InputError, ReadError
from lamae.io import (
    archive,
    arrays,
    delimited,
    dicom,
    edf,
    edf_header,
    gather,
    scp,
    wfdb,
    xml,
    xml_formats,
)
from lamae.io.assemble import MAX_BYTES, Recording, assemble
from lamae.io.sniff import refuse_known, suffix_of

__all__ = ["FORMATS", "read", "read_path", "to_bytes", "write"]

# What an ECG can be written as; "wfdb" is a zip of a header and its signal file.
FORMATS = ("wfdb", "csv", "npz")


def read(
    name: str,
    content: bytes | Mapping[str, bytes],
    *,
    fs: float | None = None,
    unit: str | None = None,
) -> ECG:
    """Read one recording: WFDB, DICOM, EDF, BDF, SCP-ECG, XML, CSV, TSV, NPY, NPZ, a zip of one.

    XML is an HL7 annotated ECG, or that of GE MUSE, GE CardioSoft or Philips Sierra.

    Args:
        name: File name as the client gave it. Only its suffix is looked at, and only where the
            content leaves a doubt.
        content: The file, or several that make one recording by name (.hea and .dat).
        fs: Sampling rate in Hz, for a file that does not state its own.
        unit: "mV", "uV" or "V", for a file that does not state its own; or the size of one step,
            such as "4.88 uV", for a file in device counts.

    Raises:
        AnswerNeeded: The file states no rate or unit and none was given; its `fields` say which.
        ReadError: The file is damaged, of an unknown format, or no ECG.
    """
    files = {name: content} if isinstance(content, bytes) else dict(content)
    return assemble(_find(files, fs, unit))


def read_path(path: Path, *, fs: float | None = None, unit: str | None = None) -> ECG:
    """Read one recording from disk; for a WFDB header, its signal files beside it too.

    Args:
        path: The file. A WFDB record may be named by its header, its signal file or neither suffix.
        fs: As in `read`.
        unit: As in `read`.

    Raises:
        AnswerNeeded: As in `read`.
        ReadError: As in `read`, or there is no such file.
    """
    header = path.with_suffix(".hea")
    if path.suffix.lower() in (".dat", ".mat") and header.is_file():
        path = header
    elif not path.exists() and (beside := path.with_name(path.name + ".hea")).is_file():
        path = beside
    content = _load(path)
    files = {path.name: content}
    if path.suffix.lower() == ".hea":
        for wanted in wfdb.signal_files(content):
            if wanted not in ("", ".", "..") and (path.parent / wanted).is_file():
                files[wanted] = _load(path.parent / wanted)
    return read(path.name, files, fs=fs, unit=unit)


def to_bytes(ecg: ECG, form: str) -> bytes:
    """The signal as one file: a zip of a WFDB record named "ecg", CSV in mV, or NPZ.

    WFDB holds steps of at most 0.001 mV, whose size the header states; CSV six decimals; NPZ
    the ECG's own samples. Age, sex and the device's measurements stay behind.

    Args:
        ecg: What to write.
        form: One of `FORMATS`.

    Raises:
        InputError: No such format.
    """
    if form not in FORMATS:
        raise InputError(f"There is no format {form}; expected one of {', '.join(FORMATS)}.")
    if form == "wfdb":
        return archive.pack(wfdb.files(ecg, "ecg"))
    return delimited.text_of(ecg).encode() if form == "csv" else arrays.write_npz(ecg)


def write(ecg: ECG, path: Path) -> None:
    """Write the signal as .csv, .npz, or .hea with its signal file beside it, as `to_bytes` does.

    Args:
        ecg: What to write.
        path: Where; its suffix chooses the format.

    Raises:
        InputError: The suffix is none of these, or the folder cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".npz", ".hea"):
        raise InputError("The suffix chooses the format; expected .csv, .npz or .hea.")
    if suffix == ".hea":
        files = wfdb.files(ecg, path.stem)
    else:
        files = {path.name: to_bytes(ecg, suffix[1:])}
    try:
        for name, content in files.items():
            path.with_name(name).write_bytes(content)
    except OSError as error:
        raise InputError(f"The file could not be written: {error.strerror}.") from error


def _load(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReadError(f"The file is larger than {MAX_BYTES / 1e6:.0f} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"The file could not be opened: {error.strerror}.") from error


def _find(files: Mapping[str, bytes], fs: float | None, unit: str | None) -> Recording:
    """Choose the reader for one file, or for the files that make one recording."""
    if not files or not any(files.values()):
        raise ReadError("The file is empty; expected an ECG.")
    if sum(map(len, files.values())) > MAX_BYTES:
        raise ReadError(f"The files are larger than {MAX_BYTES / 1e6:.0f} MB together.")
    headers = [name for name in files if gather.is_header(name, files[name])]
    if len(headers) > 1:
        raise ReadError(f"These are {len(headers)} recordings; open one at a time.")
    if headers:
        others = {name: content for name, content in files.items() if name != headers[0]}
        if len(others) == 1 and next(iter(others.values())).startswith(b"PK\x03\x04"):
            others = archive.members(next(iter(others.values())))
        return wfdb.read(files[headers[0]], others, fs=fs, unit=unit)
    if len(files) > 1:
        raise ReadError(
            f"None of the {len(files)} files is a WFDB header (.hea); expected a header with its "
            "signal file, or a single file."
        )
    name, content = next(iter(files.items()))
    return _single(suffix_of(name), content, fs, unit)


def _single(suffix: str, content: bytes, fs: float | None, unit: str | None) -> Recording:
    if content.startswith(b"PK"):
        if arrays.is_npz(content):
            return arrays.read_npz(content, fs=fs, unit=unit)
        files = archive.members(content)
        if any(inner.startswith(b"PK") and not arrays.is_npz(inner) for inner in files.values()):
            raise ReadError("The zip archive holds another archive; pack the recording itself.")
        return _find(files, fs, unit)
    if content.startswith(b"\x93NUMPY"):
        return arrays.read_npy(content, fs=fs, unit=unit)
    if content[128:132] == b"DICM":
        return dicom.read(content, fs=fs, unit=unit)
    if edf_header.is_edf(content):
        return edf.read(content, fs=fs, unit=unit)
    if scp.is_scp(content):
        return scp.read(content, fs=fs, unit=unit)
    if xml.looks_like_xml(content):
        return xml_formats.read(content, fs=fs, unit=unit)
    refuse_known(suffix, content)
    if delimited.looks_like_table(content):
        return delimited.read(content, fs=fs, unit=unit)
    raise ReadError(
        "The file is of no known ECG format; expected WFDB (.hea with .dat), a DICOM waveform, "
        "EDF, BDF, SCP-ECG, HL7, GE or Philips XML, CSV, NPY or NPZ, or a zip of one recording."
    )
