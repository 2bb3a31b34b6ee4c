"""One table lists the formats: what is sniffed, read, asked for and documented comes from it."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import toy_format
from io_builders import csv_bytes, lively_ecg, zipped

from lamae.errors import AnswerNeeded, ReadError
from lamae.io import READERS, Reader, formats_table, formats_text, gather, read, read_path
from lamae.io.readers import starts
from lamae.io.writing import FORMATS

ROOT = Path(__file__).parents[3]
ECG = lively_ecg(seconds=1.2, fs=250.0)
TOY = Reader("Toy", (".toy",), "Twelve leads.", "toy_format", starts(toy_format.MARK))
CONTENT = toy_format.MARK + ECG.signal.astype("<f4").tobytes()


def test_a_format_is_one_module_and_one_row():
    with pytest.raises(ReadError):
        read("ecg.toy", CONTENT)
    readers = (*READERS, TOY)
    ecg = read("ecg.toy", CONTENT, readers=readers)
    np.testing.assert_array_equal(ecg.signal, ECG.signal)
    assert (ecg.fs, ecg.source) == (250.0, "toy")
    packed = read("ecg.zip", zipped({"ecg.toy": CONTENT}), readers=readers)
    assert packed.digest == ecg.digest
    assert "| Toy | `.toy` | Twelve leads. | - |" in formats_table(readers)
    assert "Toy (.toy)" in formats_text(readers)
    with pytest.raises(ReadError, match="Toy"):
        read("ecg.toy", b"\x02" + CONTENT, readers=readers)


def test_a_format_of_several_files_is_gathered_by_its_row(tmp_path):
    row = Reader(
        "Toys",
        (".toys", ".row"),
        "A header and a file for each lead.",
        "toy_format",
        starts(toy_format.MARK),
        function="read_parts",
        parts=toy_format.parts,
    )
    files = {"r.toys": toy_format.MARK + b"a.row b.row"}
    files |= {name: ECG.signal[at].tobytes() for at, name in enumerate(("a.row", "b.row"))}
    readers = (*READERS, row)
    ecg = read("r.toys", files, readers=readers)
    np.testing.assert_array_equal(ecg.signal[:2], ECG.signal[:2])
    assert gather.record(files, files.keys(), readers=readers) == {}
    assert gather.record(files, {"b.row"}) == {}
    unrelated = {"x.csv": b"1", **files}
    assert gather.record(unrelated, {"b.row"}, readers=readers).keys() == files.keys()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert read_path(tmp_path / "r.toys", readers=readers).digest == ecg.digest
    assert read_path(tmp_path / "r", readers=readers).digest == ecg.digest


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_row_can_be_loaded_and_described(reader):
    parameters = inspect.signature(reader.load()).parameters
    assert list(parameters) == ["file", "fs", "unit"]
    assert reader.suffixes
    assert all(re.fullmatch(r"\.[a-z]{2,4}", suffix) for suffix in reader.suffixes)
    assert set(reader.asks) <= {"fs", "unit"}
    assert "|" not in reader.notes
    assert "\n" not in reader.notes


def test_every_format_that_is_written_is_read():
    suffixes = {suffix for reader in READERS for suffix in reader.suffixes}
    assert {f".{form}" for form in FORMATS if form != "wfdb"} | {".hea"} <= suffixes


def test_what_a_row_asks_for_is_what_its_files_leave_out():
    [table] = [reader for reader in READERS if ".csv" in reader.suffixes]
    with pytest.raises(AnswerNeeded) as asked:
        read("ecg.csv", csv_bytes(ECG))
    assert set(asked.value.fields) == set(table.asks)


def test_the_documentation_holds_the_table():
    page = ROOT / "docs" / "formats.md"
    found = re.search(
        r"<!-- formats -->\n+(.*?)\n*<!-- /formats -->", page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    assert found[1].strip() == formats_table().strip()


def test_a_format_library_is_loaded_only_for_its_own_files():
    script = (
        "import sys, lamae.io\nprint(sorted({'pydicom', 'wfdb', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
