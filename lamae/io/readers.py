"""The formats that are read: one row each, from which all that lists or chooses formats comes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from lamae.io.archive import MAX_MEMBERS, is_npz
from lamae.io.assemble import Recording
from lamae.io.edf_header import is_edf
from lamae.io.file import File
from lamae.io.layout import holds_numbers, looks_like_table
from lamae.io.scp.container import is_scp
from lamae.io.sniff import refusal
from lamae.io.wfdb_header import looks_like_header, signal_files

# Called with a File and, by name, fs (Hz) and unit, which are used only where the file states none.
Read = Callable[..., Recording]


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes:
        name: For people.
        suffixes: Usual suffixes, a header's own first. They describe; content decides.
        notes: What is read and what is refused, in one line.
        module: Module that holds its `read` function, imported when it is needed.
        sniff: Whether a file is of this format.
        asks: What its files may leave out and a person may have to answer: "fs", "unit".
        function: Name of the `read` function.
        parts: For a record of several files: the bare names that its header refers to.
    """

    name: str
    suffixes: tuple[str, ...]
    notes: str
    module: str
    sniff: Callable[[File], bool]
    asks: tuple[str, ...] = ()
    function: str = "read"
    parts: Callable[[bytes], tuple[str, ...]] | None = None

    def load(self) -> Read:
        """The function that reads this format."""
        function: Read = getattr(import_module(self.module), self.function)
        return function


def starts(mark: bytes, at: int = 0) -> Callable[[File], bool]:
    """A sniff for content with these bytes at an offset."""
    return lambda file: file.content[at : at + len(mark)] == mark


def root_is(*tags: str) -> Callable[[File], bool]:
    """A sniff for XML whose root element has one of these names."""
    return lambda file: file.is_xml and file.root.tag in tags


def _is_wfdb(file: File) -> bool:
    return file.suffix == ".hea" or looks_like_header(file.content)


_TABLES = (".csv", ".tsv", ".txt")


def _is_table(file: File) -> bool:
    known = file.is_xml or refusal(file.suffix, file.content)
    if known or not looks_like_table(file.content):
        return False
    # What calls itself a table is told what its rows lack; other text is of no known format.
    return file.suffix in _TABLES or holds_numbers(file.content)


# In the order in which they are tried: a table of numbers has no mark of its own and comes last.
READERS: tuple[Reader, ...] = (
    Reader(
        "WFDB",
        (".hea", ".dat", ".mat"),
        "Formats 8, 16, 24, 32, 61, 80, 160, 212, 310, 311 and FLAC 508, 516, 524; `.mat` of the "
        "PhysioNet Challenges. The header comes with its signal files.",
        "lamae.io.wfdb",
        _is_wfdb,
        asks=("fs",),
        parts=signal_files,
    ),
    Reader(
        "NPZ",
        (".npz",),
        'Arrays "signal" (12 x T), "fs", "unit" and "leads".',
        "lamae.io.arrays",
        lambda file: is_npz(file.content),
        asks=("fs", "unit"),
        function="read_npz",
    ),
    Reader(
        "NPY",
        (".npy",),
        "A bare array, 12 x T or T x 12, in the standard order of leads.",
        "lamae.io.arrays",
        starts(b"\x93NUMPY"),
        asks=("fs", "unit"),
        function="read_npy",
    ),
    Reader(
        "DICOM",
        (".dcm",),
        "12-lead, general and ambulatory ECG waveforms: the rhythm, never the averaged beat.",
        "lamae.io.dicom",
        starts(b"DICM", at=128),
        asks=("fs", "unit"),
    ),
    Reader(
        "EDF, EDF+, BDF",
        (".edf", ".bdf"),
        "Of a recording with gaps, the longest segment; a truncated file is refused.",
        "lamae.io.edf",
        lambda file: is_edf(file.content),
        asks=("unit",),
    ),
    Reader(
        "SCP-ECG",
        (".scp", ".ecg"),
        "EN 1064: checksums, Huffman tables, differences, subtracted reference beats; bimodal "
        "compression is refused.",
        "lamae.io.scp",
        lambda file: is_scp(file.content),
    ),
    Reader(
        "HL7 aECG",
        (".xml",),
        "HL7 annotated ECG.",
        "lamae.io.hl7",
        root_is("AnnotatedECG"),
        asks=("fs", "unit"),
    ),
    Reader(
        "GE MUSE XML",
        (".xml",),
        "RestingECG: the rhythm; III, aVR, aVL and aVF are derived.",
        "lamae.io.muse",
        root_is("RestingECG"),
        asks=("fs", "unit"),
    ),
    Reader(
        "GE CardioSoft XML",
        (".xml",),
        "Sapphire and CardiologyXML.",
        "lamae.io.cardiosoft",
        root_is("sapphire", "CardiologyXML"),
        asks=("fs", "unit"),
    ),
    Reader(
        "Philips XML",
        (".xml",),
        "Sierra 1.03 and 1.04, compressed (XLI) or not.",
        "lamae.io.philips",
        root_is("restingecgdata"),
        asks=("fs",),
    ),
    Reader(
        "CSV, TSV",
        _TABLES,
        "One row a sample, one column a lead, lead names in the first row.",
        "lamae.io.delimited",
        _is_table,
        asks=("fs", "unit"),
    ),
)  # fmt: skip


def names(readers: Sequence[Reader] = READERS) -> str:
    """The names of the formats as a list in a sentence."""
    *others, last = (reader.name for reader in readers)
    return f"{', '.join(others)} or {last}" if others else last


def formats_text(readers: Sequence[Reader] = READERS) -> str:
    """The formats with their suffixes, in one sentence: the help text of a file picker."""
    items = [f"{reader.name} ({', '.join(reader.suffixes)})" for reader in readers]
    return f"{', '.join(items)}, or a .zip of one recording."


def formats_table(readers: Sequence[Reader] = READERS) -> str:
    """The formats as a Markdown table: what docs/formats.md holds between its markers."""
    words = {"fs": "sampling rate", "unit": "unit"}
    head = ("format", "suffixes", "what is read", "asked for where absent")
    rows = [
        (
            reader.name,
            ", ".join(f"`{suffix}`" for suffix in reader.suffixes),
            reader.notes,
            ", ".join(words[field] for field in reader.asks) or "-",
        )
        for reader in readers
    ]
    packed = (
        "zip",
        "`.zip`",
        f"One recording of any of these, in at most {MAX_MEMBERS} files.",
        "-",
    )
    lines = [head, ("---",) * len(head), *rows, packed]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
