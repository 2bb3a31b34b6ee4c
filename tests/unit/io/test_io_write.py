"""What is written reads back; PTB-XL reads as wfdb itself reads it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb
from io_builders import lively_ecg

from lamae.ecg import LEADS
from lamae.errors import AnswerNeeded, InputError, ReadError
from lamae.io import read, read_path, write

LIVELY = lively_ecg()
PTBXL = Path("../shared/ptbxl/records100")


@pytest.mark.parametrize(
    ("suffix", "answers"), [(".csv", {"fs": 500.0, "unit": "mV"}), (".npz", {}), (".hea", {})]
)
def test_round_trip(suffix, answers, tmp_path):
    noisy = LIVELY.signal + np.float32(1e-4) * np.arange(1000, dtype=np.float32)[None] / 7
    ecg = replace(LIVELY, signal=noisy)
    written = write(ecg, tmp_path / f"out{suffix}")
    assert sorted(written) == sorted(tmp_path.iterdir())
    again = read_path(tmp_path / f"out{suffix}", **answers)
    assert (again.leads, again.fs) == (ecg.leads, ecg.fs)
    step = {".csv": 1e-6, ".npz": 0, ".hea": 1e-3}[suffix]
    np.testing.assert_allclose(again.signal, ecg.signal, atol=0.51 * step + 1e-7)
    if suffix == ".npz":
        assert again.digest == ecg.digest


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".hea"])
def test_some_leads_and_an_odd_rate(suffix, tmp_path):
    rows = [LEADS.index(lead) for lead in ("II", "V1", "V5")]
    ecg = replace(LIVELY, signal=LIVELY.signal[rows], leads=("II", "V1", "V5"), fs=360.5)
    write(ecg, tmp_path / f"out{suffix}")
    answers = {"fs": 360.5, "unit": "mV"} if suffix == ".csv" else {}
    again = read_path(tmp_path / f"out{suffix}", **answers)
    assert (again.leads, again.fs) == (("II", "V1", "V5"), 360.5)
    np.testing.assert_allclose(again.signal, ecg.signal, atol=6e-4)


def test_voltages_beyond_16_bits_keep_their_size(tmp_path):
    ecg = replace(LIVELY, signal=LIVELY.signal + np.float32(300))
    write(ecg, tmp_path / "wide.hea")
    np.testing.assert_allclose(read_path(tmp_path / "wide.hea").signal, ecg.signal, atol=6e-4)


def test_csv_columns(tmp_path):
    write(LIVELY, tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "time_s," + ",".join(LEADS)
    assert lines[2].split(",")[0] == "0.002000"
    assert lines[1].split(",")[1] == f"{LIVELY.signal[0, 0]:.6f}"
    with pytest.raises(AnswerNeeded, match="suggests 500 Hz"):
        read_path(tmp_path / "x.csv", unit="mV")


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".hea"])
def test_nothing_about_the_person_is_written(suffix, tmp_path):
    plain = tmp_path / "a"
    known = tmp_path / "b"
    plain.mkdir()
    known.mkdir()
    write(LIVELY, plain / f"x{suffix}")
    write(
        replace(LIVELY, age=88.0, sex="female", notes=("Doe",), measurements={"qt": 400.0}),
        known / f"x{suffix}",
    )
    for path in plain.iterdir():
        assert path.read_bytes() == (known / path.name).read_bytes()


@pytest.mark.parametrize("name", ["x.edf", "x", "a b.hea", "x;y.hea", "none/x.csv", "none/x.hea"])
def test_what_cannot_be_written_is_refused(name, tmp_path):
    with pytest.raises(InputError):
        write(LIVELY, tmp_path / name)


@pytest.mark.skipif(not PTBXL.exists(), reason="needs ../shared/ptbxl")
def test_ptbxl_reads_as_wfdb_reads_it():
    headers = sorted(PTBXL.glob("*/*.hea"))[::150]
    assert len(headers) > 20
    for header in headers:
        ecg = read_path(header)
        record = wfdb.rdrecord(str(header.with_suffix("")))
        assert record.sig_name == [lead.upper() for lead in LEADS]
        np.testing.assert_array_equal(ecg.signal, record.p_signal.T.astype(np.float32))
        assert ecg.notes == ()
        assert (ecg.fs, ecg.duration) == (100.0, 10.0)


@pytest.mark.skipif(not PTBXL.exists(), reason="needs ../shared/ptbxl")
def test_a_ptbxl_header_with_another_records_signal_is_noticed():
    first, second = sorted(PTBXL.glob("*/*.hea"))[:2]
    files = {"x.hea": first.read_bytes(), "y.dat": second.with_suffix(".dat").read_bytes()}
    assert any("checksum" in note for note in read("x.hea", files).notes)
    with pytest.raises(ReadError, match="of which 0"):
        read("x.hea", {"x.hea": first.read_bytes(), "y.txt": b"1"})
