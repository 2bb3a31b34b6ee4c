"""What a file is that is recognised but not read, and what to export instead."""

import re

_EXPORT = "Export the recording as DICOM waveform, WFDB or CSV instead."
_PICTURE = f"This is a picture; it shows an ECG but holds no signal. {_EXPORT}"
_MATLAB = (
    "This is a MATLAB file without a WFDB header, so its leads, rate and unit are unknown. "
    "Choose the .hea file together with it, or export CSV."
)
_WFDB_PART = "This is a WFDB signal file without its header; choose the .hea file together with it."
# First bytes of the content, and what it is.
_STARTS = (
    (b"GDF ", f"This is a GDF file, which is not read. {_EXPORT}"),
    (b"ISHNE1.0", f"This is an ISHNE Holter file, which is not read. {_EXPORT}"),
    (b"%PDF", f"This is a PDF; it shows an ECG but holds no signal. {_EXPORT}"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"\x89HDF", f"This is an HDF5 or MATLAB 7.3 file, which is not read. {_EXPORT}"),
    (b"\x1f\x8b", "This is a gzip archive; unpack it, or pack the recording as a zip."),
    (b"7z\xbc\xaf", "This is a 7z archive; unpack it, or pack the recording as a zip."),
    (b"Rar!", "This is a RAR archive; unpack it, or pack the recording as a zip."),
    (b"\x80", f"This may be a Python pickle, which is never opened: it can run code. {_EXPORT}"),
)


def suffix_of(name: str) -> str:
    """The suffix of a client's file name, in lower case; nothing else of it is ever used."""
    match = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    return match[0].lower() if match else ""


def refusal(suffix: str, content: bytes) -> str | None:
    """Why a file is not read whose format is known; None for any other file.

    Args:
        suffix: Of the file's name.
        content: The whole file.
    """
    if content.startswith(b"MATLAB 5.0"):
        return _MATLAB
    if suffix in (".dat", ".mat"):
        return _WFDB_PART
    return next((message for start, message in _STARTS if content.startswith(start)), None)
