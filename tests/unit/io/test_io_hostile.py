"""Damaged and hostile files end in a plain error, quickly and in little memory."""

import io
import pickle
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from edf_builders import Edf
from edf_builders import encode as encode_edf
from io_builders import (
    csv_bytes,
    dicom_bytes,
    group,
    lively_ecg,
    mat_files,
    npy_bytes,
    wfdb_files,
    zipped,
)
from scp_builders import Scp, measured
from scp_builders import encode as encode_scp

from lamae.errors import LamaeError, ReadError
from lamae.io import read
from lamae.io.arrays import write_npz
from lamae.io.dicom import transfer_syntax
from lamae.io.names import mv_per_unit

LIVELY = lively_ecg(seconds=1.2, fs=250.0)
KNOWN = {"fs": 250.0, "unit": "mV"}


def targets(folder):
    """Each format's bytes, and how to read them once they are damaged."""
    record = wfdb_files(LIVELY, folder)
    packed = wfdb_files(LIVELY, folder, fmt="212", gain=200.0)
    mat = mat_files(LIVELY)
    seven = measured(100, 202, 277, 377, 620, (64, 49, -25), 731, 82, 401)
    return {
        "edf": (encode_edf(Edf(LIVELY)), lambda b: read("r.edf", b)),
        "edf+d": (encode_edf(Edf(LIVELY, plus="D", gaps={2: 1.0})), lambda b: read("r.edf", b)),
        "bdf": (encode_edf(Edf(LIVELY, 3, "C")), lambda b: read("r.bdf", b)),
        "scp": (encode_scp(Scp(LIVELY, interval=4000, section7=seven)), lambda b: read("r.scp", b)),
        "scp plain": (
            encode_scp(Scp(LIVELY, 0, huffman=False, interval=4000)),
            lambda b: read("r.scp", b),
        ),
        "hea": (record["rec.hea"], lambda b: read("r.hea", {**record, "rec.hea": b})),
        "dat": (record["rec.dat"], lambda b: read("r.hea", {**record, "rec.dat": b})),
        "dat 212": (packed["rec.dat"], lambda b: read("r.hea", {**packed, "rec.dat": b})),
        "mat": (mat["rec.mat"], lambda b: read("r.hea", {**mat, "rec.mat": b})),
        "zip": (zipped(record), lambda b: read("r.zip", b)),
        "dicom": (dicom_bytes(group(LIVELY)), lambda b: read("r.dcm", b)),
        "csv": (csv_bytes(LIVELY), lambda b: read("r.csv", b, **KNOWN)),
        "tsv": (csv_bytes(LIVELY, separator="\t"), lambda b: read("r.tsv", b, **KNOWN)),
        "npy": (npy_bytes(LIVELY.signal), lambda b: read("r.npy", b, **KNOWN)),
        "npy 64": (
            npy_bytes(LIVELY.signal.astype(np.float64) / 1e3),
            lambda b: read("r.npy", b, fs=250.0, unit="V"),
        ),
        "npz": (write_npz(LIVELY), lambda b: read("r.npz", b)),
    }


KINDS = (
    "hea", "dat", "dat 212", "mat", "zip", "dicom", "csv", "tsv", "npy", "npy 64", "npz",
    "edf", "edf+d", "bdf", "scp", "scp plain",
)  # fmt: skip


def attempt(reader, content):
    """True where it reads; only our own errors may come out."""
    message = None
    try:
        ecg = reader(content)
    except LamaeError as error:
        message = str(error)
    if message is not None:
        assert 0 < len(message) < 400
        return False
    assert np.isfinite(ecg.signal).all()
    return True


# pydicom warns of damaged elements, which is all that one asks of it here.
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("kind", KINDS)
def test_truncated_files(kind, tmp_path):
    content, reader = targets(tmp_path)[kind]
    assert attempt(reader, content)
    cuts = sorted({0, 1, 2, 4, 8, 100, 131, 132, 140, *(len(content) * k // 25 for k in range(25))})
    outcomes = [attempt(reader, content[:cut]) for cut in cuts if cut < len(content)]
    # A table cut after a whole second is a shorter table; every other format knows its length.
    if kind not in ("csv", "tsv"):
        assert not any(outcomes)


# pydicom warns of damaged elements, which is all that one asks of it here.
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes(kind, tmp_path):
    content, reader = targets(tmp_path)[kind]
    rng = np.random.default_rng(20)
    # Half of the damage goes to the beginning, where the structure is.
    spots = np.concatenate(
        [rng.integers(0, min(len(content), 2000), 60), rng.integers(0, len(content), 30)]
    )
    for spot in spots:
        damaged = bytearray(content)
        damaged[spot] ^= int(rng.integers(1, 256))
        attempt(reader, bytes(damaged))


# pydicom warns of damaged elements, which is all that one asks of it here.
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("kind", KINDS)
def test_scrambled_segments(kind, tmp_path):
    content, reader = targets(tmp_path)[kind]
    rng = np.random.default_rng(21)
    for _ in range(25):
        start = int(rng.integers(0, min(len(content), 4000)))
        noise = rng.integers(0, 256, int(rng.integers(2, 40)), dtype=np.uint8).tobytes()
        attempt(reader, content[:start] + noise + content[start + len(noise) :])
        attempt(reader, content[:start] + noise + content[start:])


@pytest.mark.parametrize("filling", [" ", "_", " _", "(", "u"])
def test_long_headings_and_units_are_read_in_no_time(filling):
    """Patterns that go back over a long text would hold every visitor up."""
    long = "I" + filling * 50_000
    start = time.process_time()
    attempt(lambda b: read("r.csv", b, **KNOWN), f"{long}x,II\n".encode() + b"1,2\n" * 600)
    assert mv_per_unit("1" + filling * 1_000_000 + "1") is None
    assert time.process_time() - start < 2


@pytest.mark.parametrize("suffix", ["", ".hea", ".dat", ".dcm", ".csv", ".npy", ".npz", ".zip"])
def test_noise_under_every_suffix(suffix):
    rng = np.random.default_rng(22)
    for size in (1, 10, 200, 5000):
        assert not attempt(lambda b: read("x" + suffix, b), rng.bytes(size))
    assert not attempt(lambda b: read("x" + suffix, b), b"")


def test_no_files_at_all():
    with pytest.raises(ReadError, match="empty"):
        read("x", {})


def test_the_clients_file_name_is_never_repeated(tmp_path):
    name = "../../etc/<script>Doe.hea"
    for content in (b"", b"junk", b"\x00\x01", b"%PDF-1.7", csv_bytes(LIVELY)):
        with pytest.raises(ReadError) as caught:
            read(name, content)
        assert "Doe" not in str(caught.value)
        assert "etc" not in str(caught.value)


def test_traversal_names_in_a_zip_are_harmless(tmp_path, monkeypatch):
    record = wfdb_files(LIVELY, tmp_path / "..")
    monkeypatch.chdir(tmp_path)
    content = zipped({"../../../rec.hea": record["rec.hea"], "/etc/rec.dat": record["rec.dat"]})
    assert read("x.zip", content).leads == LIVELY.leads
    assert list(tmp_path.iterdir()) == []


def test_hidden_files_and_folders_in_a_zip_are_passed_over(tmp_path):
    record = {f"folder/{name}": content for name, content in wfdb_files(LIVELY, tmp_path).items()}
    extra = {"__MACOSX/._rec.hea": b"x", "folder/.DS_Store": b"x", "folder/": b""}
    assert read("x.zip", zipped(record | extra)).leads == LIVELY.leads


def test_two_files_of_one_name_are_refused():
    with pytest.raises(ReadError, match="two files of one name"):
        read("x.zip", zipped({"a/x.csv": b"1", "b/x.csv": b"2"}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = zipped({"rec.dat": b"\0" * 250_000_000})
    assert len(bomb) < 400_000
    assert peak_of(bomb, "more than 200 MB") < 5_000_000


def test_a_zip_that_lies_about_its_sizes_is_refused():
    content = bytearray(zipped({"rec.csv": b"0" * 5_000_000}))
    small = (1000).to_bytes(4, "little")
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        spot = content.index(mark) + at
        content[spot : spot + 4] = small
    assert peak_of(bytes(content), "zip archive") < 3_000_000


def test_an_npz_bomb_is_refused_before_it_is_unpacked():
    packed = io.BytesIO()
    np.savez_compressed(packed, signal=np.zeros((12, 4_500_000)))
    assert peak_of(packed.getvalue(), "more than 200 MB") < 5_000_000


def test_an_array_that_declares_too_much_is_refused():
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (12, 10**12)}
    )
    assert peak_of(head.getvalue() + b"\0" * 100, "declares") < 3_000_000


def peak_of(content, message):
    tracemalloc.start()
    with pytest.raises(ReadError, match=message):
        read("x", content, **KNOWN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_unusual_compression_is_refused(method):
    with pytest.raises(ReadError, match="unusual compression"):
        read("x.zip", zipped({"x.csv": b"1,2\n"}, method))


def test_a_zip_in_a_zip_is_refused():
    with pytest.raises(ReadError, match="another archive"):
        read("x.zip", zipped({"a.zip": zipped({"x.csv": b"1"})}))


def test_too_many_members_are_refused():
    with pytest.raises(ReadError, match="holds 65 files"):
        read("x.zip", zipped({f"{at}.csv": b"1" for at in range(65)}))


class Detonator:
    fired = False

    def __reduce__(self):
        return (setattr, (Detonator, "fired", True))


def test_pickles_are_never_opened():
    boxed = np.empty((1,), dtype=object)
    boxed[0] = Detonator()
    packed = io.BytesIO()
    np.savez(packed, signal=boxed)
    for content in (npy_bytes(boxed), packed.getvalue(), pickle.dumps(Detonator())):
        with pytest.raises(ReadError):
            read("x.npy", content, **KNOWN)
    assert not Detonator.fired


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy_bytes(np.zeros((3, 500))), r"shape \(3, 500\)"),
        (npy_bytes(np.zeros(500)), "shape"),
        (npy_bytes(np.zeros((12, 500), dtype=complex)), "objects or records"),
        (npy_bytes(np.zeros((12, 500), dtype=bool)), "type bool"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused(content, message):
    with pytest.raises(ReadError, match=message):
        read("x.npy", content, **KNOWN)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fs": "fast"}, "is text"),
        ({"fs": [1.0, 2.0]}, "not one value"),
        ({"unit": "furlong"}, "not known"),
        ({"leads": [1, 2]}, "no list of names"),
        ({"leads": ["I", "II"]}, "2 rows or 2 columns"),
        ({"fs": 1e9}, "50 to 20,000 Hz"),
    ],
)
def test_archives_with_senseless_fields_are_refused(fields, message):
    packed = io.BytesIO()
    np.savez(packed, **{"signal": LIVELY.signal, "fs": 250.0, "unit": "mV", **fields})
    with pytest.raises(ReadError, match=message):
        read("x.npz", packed.getvalue())


def test_meta_information_that_does_not_end():
    assert transfer_syntax(b"") is None
    assert transfer_syntax(b"\0" * 132 + b"\x02\x00\x10\x00UI\xff\xff1.2") is None
    assert transfer_syntax(b"\0" * 132 + b"\x02\x00\x01\x00OB\0\0\xff\xff\xff\xff") is None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"0       X X X X", "EDF header"),
        (b"\xffBIOSEMI", "BDF header"),
        (b"\0" * 16 + b"SCPECG", "SCP-ECG"),
        (b"<?xml version='1.0'?><AnnotatedECG xmlns='urn:hl7-org:v3'/>", "HL7"),
        (b"<?xml version='1.0'?><RestingECG/>", "MUSE"),
        (b"<restingecgdata/>", "Philips"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "XML"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"MATLAB 5.0 MAT-file", "MATLAB"),
        (b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_known_but_unread_formats_are_named(content, name):
    with pytest.raises(ReadError, match=name):
        read("x", content)
