"""Reads ECG files of many formats into one `ECG`, and writes it again.

Formats are recognised by content. A file is untrusted: sizes are checked before anything is
decoded, no name in a file or of a file becomes a path, and only what an ECG needs is kept (age,
sex, the device's filters and measurements; nothing that names a person).

A format is one module with a `read` function and one row of `READERS`.
"""

from lamae.io.file import File
from lamae.io.readers import READERS, Reader, formats_table, formats_text
from lamae.io.reading import read, read_path
from lamae.io.writing import FORMATS, to_bytes, write

__all__ = [
    "FORMATS",
    "READERS",
    "File",
    "Reader",
    "formats_table",
    "formats_text",
    "read",
    "read_path",
    "to_bytes",
    "write",
]
