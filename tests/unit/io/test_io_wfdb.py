"""WFDB: calibration, gaps, headers that lie, and names that try to get out."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from io_builders import header_text, lively_ecg, mat_files, wfdb_files, zipped

from lamae.ecg import LEADS, LIMB_FROM_I_II
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path

LIVELY = lively_ecg()
COUNTS = np.round(LIVELY.signal.T * 1000).astype("<i2")
SAMPLES = len(COUNTS)


def record(lines=None, counts=COUNTS, fs="500", samples=SAMPLES, comments=""):
    lines = lines or [f"rec.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    return {
        "rec.hea": header_text(lines, samples, fs) + comments.encode(),
        "rec.dat": counts.tobytes(),
    }


def lines(template, **of_lead):
    return [of_lead.get(lead, template).format(lead=lead) for lead in LEADS]


def test_unit_absent_means_millivolt():
    ecg = read("", record(lines("rec.dat 16 1000 16 0 0 0 0 {lead}")))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


def test_microvolt_is_not_taken_for_millivolt():
    ecg = read("", record(lines("rec.dat 16 1/uV 16 0 0 0 0 {lead}")))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


@pytest.mark.parametrize(("gain", "zero"), [("1000(250)/mV", 0), ("1000/mV", 250)])
def test_baseline_is_subtracted_and_defaults_to_the_adc_zero(gain, zero):
    ecg = read("", record(lines(f"rec.dat 16 {gain} 16 {zero} 0 0 0 {{lead}}"), COUNTS + 250))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


@pytest.mark.parametrize("gain", ["0/mV", "0.0(0)/mV"])
def test_zero_gain_is_refused_not_taken_for_200(gain):
    with pytest.raises(ReadError, match="no gain"):
        read("", record(lines(f"rec.dat 16 {gain} 16 0 0 0 0 {{lead}}")))


def test_a_unit_that_is_no_voltage_is_refused():
    with pytest.raises(ReadError, match="not a voltage"):
        read("", record(lines("rec.dat 16 1000/NU 16 0 0 0 0 {lead}")))


@pytest.mark.parametrize("fs", ["0", "0.0"])
def test_zero_rate_is_asked_for(fs):
    with pytest.raises(AnswerNeeded) as caught:
        read("", record(fs=fs))
    assert caught.value.fields == ("fs",)
    assert read("", record(fs=fs), fs=500.0).fs == 500.0


def test_a_missing_rate_is_asked_for_and_never_250():
    files = record()
    files["rec.hea"] = files["rec.hea"].replace(f"rec 12 500 {SAMPLES}".encode(), b"rec 12")
    with pytest.raises(AnswerNeeded):
        read("", files)
    assert read("", files, fs=500.0).signal.shape == (12, SAMPLES)


def test_a_rate_that_contradicts_the_header_is_refused():
    with pytest.raises(ReadError, match=r"states a sampling rate of 500 Hz, but 250 Hz was given"):
        read("", record(), fs=250.0)


def test_short_gaps_are_bridged_and_long_ones_cost_the_lead():
    counts = COUNTS.copy()
    counts[100:200, LEADS.index("V1")] = -32768  # 0.2 s
    counts[100:201, LEADS.index("V2")] = -32768
    ecg = read("", record(counts=counts))
    assert "V2" not in ecg.leads
    expected = np.interp(np.arange(100, 200), [99, 200], LIVELY.lead("V1")[[99, 200]])
    np.testing.assert_allclose(ecg.lead("V1")[100:200], expected, atol=1e-5)
    assert any("V1" in note and "straight lines" in note for note in ecg.notes)
    assert any("V2" in note and "Left out" in note for note in ecg.notes)


def test_a_limb_lead_lost_to_a_gap_is_derived_again():
    counts = COUNTS.copy()
    counts[100:400, LEADS.index("II")] = -32768
    ecg = read("", record(counts=counts))
    assert ecg.leads == LEADS
    np.testing.assert_allclose(ecg.lead("II"), LIVELY.lead("II"), atol=2e-3)
    assert any("Derived" in note and "II" in note for note in ecg.notes)


def test_a_truncated_signal_file_is_refused():
    files = record()
    files["rec.dat"] = files["rec.dat"][:-2]
    with pytest.raises(ReadError, match="cut short"):
        read("", files)


def test_length_may_be_left_to_the_file():
    assert read("", record(samples=0)).signal.shape == (12, SAMPLES)


def test_a_header_that_announces_too_much_is_refused_before_decoding():
    with pytest.raises(ReadError, match="in memory"):
        read("", record(samples=10**11))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "http://host/x.dat", ".."]
)
def test_file_names_in_a_header_never_reach_outside(name):
    hostile = lines(f"{name} 16 1000/mV 16 0 0 0 0 {{lead}}")
    content = header_text(hostile, 10)
    with pytest.raises(ReadError, match="refers to 1 signal file"):
        read("../../x.hea", {"../../x.hea": content})
    # With a single signal file beside it the name does not matter: the file is used instead.
    ecg = read("x.hea", {"x.hea": header_text(hostile, SAMPLES), "y.dat": COUNTS.tobytes()})
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


def test_read_path_does_not_follow_a_header_out_of_its_folder(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.dat").write_bytes(COUNTS.tobytes())
    (inner / "x.hea").write_bytes(
        header_text(lines("../secret.dat 16 1000/mV 16 0 0 0 0 {lead}"), SAMPLES)
    )
    with pytest.raises(ReadError, match="of which 0 came with it"):
        read_path(inner / "x.hea")


@pytest.mark.parametrize("damage", [False, True])
def test_the_temporary_folder_is_always_deleted(damage, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []
    original = Path.write_bytes

    def spy(self, content):
        seen.append(self)
        return original(self, content)

    monkeypatch.setattr(Path, "write_bytes", spy)
    if damage:
        monkeypatch.setattr("wfdb.rdrecord", lambda *a, **k: [][0])
        with pytest.raises(ReadError):
            read("", record())
    else:
        read("", record())
    assert seen
    assert all(path.parent.parent == tmp_path for path in seen)
    assert list(tmp_path.iterdir()) == []


def test_a_header_alone_asks_for_its_signal_file():
    with pytest.raises(ReadError, match=r"Choose the \.hea file together"):
        read("rec.hea", record()["rec.hea"])


@pytest.mark.parametrize("name", ["rec.dat", "rec.mat"])
def test_a_signal_file_alone_asks_for_its_header(name):
    with pytest.raises(ReadError, match=r"choose the \.hea file"):
        read(name, COUNTS.tobytes())


def test_several_segments_are_refused_kindly():
    with pytest.raises(ReadError, match="several segments"):
        read("m.hea", b"multi/3 12 500 3000\na 1000\nb 1000\nc 1000\n")


def test_leads_in_one_file_and_others_in_another():
    files = record(
        lines(
            "limb.dat 16 1000/mV 16 0 0 0 0 {lead}",
            **dict.fromkeys(LEADS[6:], "chest.dat 16 1000/mV 16 0 0 0 0 {lead}"),
        )
    )
    del files["rec.dat"]
    files["limb.dat"] = COUNTS[:, :6].tobytes()
    files["chest.dat"] = COUNTS[:, 6:].tobytes()
    np.testing.assert_allclose(read("", files).signal, LIVELY.signal, atol=1e-6)


def test_a_file_that_holds_no_lead_need_not_come(tmp_path):
    """The PTB Diagnostic ECG Database keeps the Frank leads apart, in an .xyz file."""
    frank = [f"rec.xyz 16 1000/mV 16 0 0 0 0 v{axis}" for axis in "xyz"]
    files = record([*lines("rec.dat 16 1000/mV 16 0 0 0 0 {lead}"), *frank])
    ecg = read("", files)
    assert ecg.leads == LEADS
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    with_it = read("", {**files, "rec.xyz": COUNTS[:, :3].tobytes()})
    np.testing.assert_array_equal(with_it.signal, ecg.signal)
    assert any("3 channels that are not" in note for note in with_it.notes)


def test_several_samples_a_frame_raise_the_rate():
    ecg = read(
        "",
        {
            "a.hea": header_text(["a.dat 16x2 1000/mV 16 0 0 0 0 II"], SAMPLES // 2, "250"),
            "a.dat": COUNTS[:, 1].tobytes(),
        },
    )
    assert ecg.fs == 500.0
    np.testing.assert_allclose(ecg.lead("II"), LIVELY.lead("II"), atol=1e-6)


def test_channels_that_are_no_leads_may_have_any_unit():
    extra = [*lines("rec.dat 16 1000/mV 16 0 0 0 0 {lead}"), "rec.dat 16 0/mmHg 16 0 0 0 0 ABP"]
    counts = np.column_stack([COUNTS, COUNTS[:, 0]])
    ecg = read("", record(extra, counts))
    assert ecg.leads == LEADS
    assert any("1 channel that is not" in note for note in ecg.notes)
    assert not any("ABP" in note for note in ecg.notes)


def test_a_wrong_checksum_is_noted():
    sums = COUNTS.astype(np.int64).sum(axis=0) % 65536
    honest = [
        f"rec.dat 16 1000/mV 16 0 0 {s} 0 {lead}" for lead, s in zip(LEADS, sums, strict=True)
    ]
    assert not read("", record(honest)).notes
    damaged = COUNTS.copy()
    damaged[5, 2] += 1
    (note,) = read("", record(honest, damaged)).notes
    assert "checksum" in note
    assert note.endswith(": III.")


@pytest.mark.parametrize(
    ("comments", "age", "sex"),
    [
        ("#Age: 61\n#Sex: Female\n", 61.0, "female"),
        ("# <age>: 81 <sex>: M <diagnoses>: none\n", 81.0, "male"),
        ("# age: n/a\n# sex: n/a\n", None, None),
        ("#Age: 300\n", None, None),
        ("# Doe, Jane, page: 7\n", None, None),
    ],
)
def test_age_and_sex_are_all_that_is_kept_of_the_comments(comments, age, sex):
    ecg = read("", record(comments=comments))
    assert (ecg.age, ecg.sex) == (age, sex)
    assert "Doe" not in repr(ecg)


def test_limb_leads_from_two(tmp_path):
    two = [lead for lead in LEADS if lead not in ("I", "III", "aVR", "aVL")]
    keep = [LEADS.index(lead) for lead in two]
    ecg = read(
        "",
        record(
            [f"rec.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in two],
            np.ascontiguousarray(COUNTS[:, keep]),
        ),
    )
    assert ecg.leads == LEADS
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=3e-3)
    np.testing.assert_allclose(ecg.signal[:6], LIMB_FROM_I_II @ ecg.signal[:2], atol=1e-3)
    assert any("Derived from the other limb leads: I, III, aVR, aVL." in note for note in ecg.notes)


def test_read_path_finds_the_files_by_any_of_their_names(tmp_path):
    wfdb_files(LIVELY, tmp_path)
    for name in ("rec.hea", "rec.dat", "rec"):
        assert read_path(tmp_path / name).leads == LEADS
    with pytest.raises(ReadError, match="could not be opened"):
        read_path(tmp_path / "none.hea")
    with pytest.raises(ReadError, match="could not be opened"):
        read_path(tmp_path)


def test_header_and_signal_as_challenge_mat(tmp_path):
    ecg = read("", mat_files(LIVELY))
    assert (ecg.age, ecg.sex, ecg.source) == (61.0, "female", "WFDB record")


def test_two_recordings_in_one_zip_are_refused(tmp_path):
    files = wfdb_files(LIVELY, tmp_path)
    files |= {"b.hea": files["rec.hea"], "b.dat": files["rec.dat"]}
    with pytest.raises(ReadError, match="2 recordings"):
        read("x.zip", zipped(files))
