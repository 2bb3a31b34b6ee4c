"""CSV and TSV: what is asked, what is recognised, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from io_builders import csv_bytes, lively_ecg

from lamae.ecg import LEADS
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path

LIVELY = lively_ecg()
SAMPLE = Path("../shared/formats/csv/0000050.ECG.csv")
KNOWN = {"fs": 500.0, "unit": "mV"}


def with_columns(before=(), after=(), head=None):
    """The lively ECG with columns of text before and after."""
    rows = csv_bytes(LIVELY).decode().splitlines()
    rows[0] = head or rows[0]
    return "\n".join(
        ",".join([*(str(c[at]) for c in before), row, *(str(c[at]) for c in after)])
        for at, row in enumerate(rows)
    ).encode()


@pytest.mark.parametrize(
    ("given", "fields"),
    [({}, ("fs", "unit")), ({"fs": 500.0}, ("unit",)), ({"unit": "mV"}, ("fs",))],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rate_and_unit_are_asked_for(given, fields, separator):
    with pytest.raises(AnswerNeeded) as caught:
        read("x.csv", csv_bytes(LIVELY, separator=separator), **given)
    assert caught.value.fields == fields


@pytest.mark.parametrize("unit", ["", "mm", "0 mV", "12", "mmHg"])
def test_an_unknown_unit_is_refused(unit):
    with pytest.raises(ReadError, match="unit given is not known"):
        read("x.csv", csv_bytes(LIVELY), fs=500.0, unit=unit)


@pytest.mark.parametrize("name", ["time", "time_s", "Time (s)", "t", "sample", "sample #", ""])
def test_a_column_of_times_is_left_out_by_name(name):
    times = [name, *(np.arange(1000) / 500.0)]
    if "sample" in name or not name:
        times = [name, *range(1000)]
    ecg = read("x.csv", with_columns([times]), **KNOWN)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    assert ecg.notes == ("The column of times or sample numbers was left out.",)


def test_clock_times_as_text_are_left_out_too():
    times = ["timestamp", *(f"12:00:{at / 500:06.3f}" for at in range(1000))]
    np.testing.assert_allclose(
        read("x.csv", with_columns([times]), **KNOWN).signal, LIVELY.signal, atol=1e-6
    )


@pytest.mark.parametrize(("name", "factor"), [("time_s", 1.0), ("time (ms)", 1e3)])
def test_the_time_column_suggests_and_checks_the_rate_but_does_not_replace_it(name, factor):
    content = with_columns([[name, *(np.arange(1000) / 500.0 * factor)]])
    with pytest.raises(AnswerNeeded, match="suggests 500 Hz") as caught:
        read("x.csv", content, unit="mV")
    assert caught.value.fields == ("fs",)
    with pytest.raises(ReadError, match="runs at 500 Hz, but 250 Hz was given"):
        read("x.csv", content, fs=250.0, unit="mV")


@pytest.mark.parametrize("form", ["{} (mV)", "{}[mV]", "{}_mV", "Lead {} mV"])
def test_a_unit_in_the_headings_is_used_and_defended(form):
    content = with_columns(head=",".join(form.format(lead) for lead in LEADS))
    np.testing.assert_allclose(read("x.csv", content, fs=500.0).signal, LIVELY.signal, atol=1e-6)
    with pytest.raises(ReadError, match="states that one unit is 1 mV"):
        read("x.csv", content, fs=500.0, unit="uV")


def test_headings_of_several_units_are_refused():
    head = ",".join(f"{lead} ({'uV' if lead == 'V1' else 'mV'})" for lead in LEADS)
    with pytest.raises(ReadError, match="units that differ"):
        read("x.csv", with_columns(head=head), fs=500.0)


def test_a_second_row_of_units_as_physionet_writes_it():
    rows = csv_bytes(LIVELY).decode().splitlines()
    body = [f"{at / 500:.3f},{row}" for at, row in enumerate(rows[1:])]
    heads = ["'Elapsed time'," + ",".join(f"'{lead}'" for lead in LEADS)]
    heads.append("'seconds'," + ",".join(["'mV'"] * 12))
    content = "\n".join(heads + body).encode()
    with pytest.raises(AnswerNeeded, match="suggests 500 Hz") as caught:
        read("x.csv", content)
    assert caught.value.fields == ("fs",)
    np.testing.assert_allclose(read("x.csv", content, fs=500.0).signal, LIVELY.signal, atol=1e-6)


def test_heading_as_a_comment_as_numpy_writes_it(tmp_path):
    path = tmp_path / "x.txt"
    np.savetxt(path, LIVELY.signal[::-1].T, delimiter=",", header=",".join(LEADS[::-1]))
    np.testing.assert_allclose(read_path(path, **KNOWN).signal, LIVELY.signal, atol=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings(encoding):
    content = csv_bytes(LIVELY).decode().encode(encoding)
    np.testing.assert_allclose(read("x", content, **KNOWN).signal, LIVELY.signal, atol=1e-6)


def test_windows_line_ends_quotes_and_blanks():
    text = csv_bytes(LIVELY, separator=", ").decode().replace("\n", "\r\n")
    quoted = text.replace("aVR", '"aVR"')
    np.testing.assert_allclose(read("x", quoted.encode(), **KNOWN).signal, LIVELY.signal, atol=1e-6)


def test_other_columns_are_left_out_and_not_named():
    remarks = ["remark", *["<b>Doe</b>"] * 1000]
    ecg = read("x.csv", with_columns(after=[remarks, ["Resp", *[1] * 1000]]), **KNOWN)
    assert ecg.leads == LEADS
    assert any("2 channels that are not" in note for note in ecg.notes)
    assert "Doe" not in " ".join(ecg.notes)
    assert "Resp" not in " ".join(ecg.notes)


def test_twelve_nameless_columns_are_the_standard_order_and_say_so():
    ecg = read("x.csv", csv_bytes(LIVELY, head=False), **KNOWN)
    assert ecg.signal.shape == LIVELY.signal.shape
    assert any("cannot be checked" in note for note in ecg.notes)


def test_headings_that_are_only_numbers_are_no_samples():
    numbered = with_columns(head=",".join(str(at) for at in range(12)))
    assert read("x.csv", numbered, **KNOWN).signal.shape == LIVELY.signal.shape


@pytest.mark.parametrize("first", [0, 1])
def test_headings_that_count_the_columns_name_no_leads(first):
    head = ",".join(f"Lead{at}" for at in range(first, first + 12))
    ecg = read("x.csv", with_columns(head=head), **KNOWN)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    assert any("The columns have no names" in note for note in ecg.notes)


def test_fewer_counted_columns_are_refused():
    table = b"Lead 1,Lead 2,Lead 3,Lead 4\n" + b"0.1,0.2,0.1,0.3\n" * 600
    with pytest.raises(ReadError, match="4 columns without lead names"):
        read("x.csv", table, **KNOWN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"V1,V2\n", "No rows of numbers"),
        (b"a,b\n" + b"1,2\n" * 600, "None of the table's columns"),
        (b"1,2,3\n" * 600, "3 columns without lead names"),
        (b"I,II\n" + b"1,2\n" * 300 + b"1,x\n" * 300, "not numbers"),
        (b"I,II\n" + b"1,2\n" * 300 + b"1,2,3\n" * 300, "too many columns"),
        (b"I,II\n" + b"1,2\n" * 300 + b"1,2,3,4\n" * 300, "too many columns"),
        (b"I,II,III\n" + b"1,2\n" * 600, "names 3 columns, but its rows have 2"),
        (b"I,II\n0.1,0.2\n0.1,0.2\n", "at least 1 s"),
        (b",".join([b"1"] * 5000) + b"\n", "5000 columns"),
        (b"I,I\n" + b"0.1,0.2\n" * 600, "more than once"),
    ],
)
def test_tables_that_are_no_recording_are_refused(content, message):
    with pytest.raises(ReadError, match=message):
        read("x.csv", content, **KNOWN)


@pytest.mark.skipif(not SAMPLE.exists(), reason="needs ../shared/formats")
def test_the_sample_in_device_steps():
    with pytest.raises(AnswerNeeded, match="steps of the device") as caught:
        read_path(SAMPLE)
    assert caught.value.fields == ("fs", "unit")
    with pytest.raises(ReadError, match="unit is probably wrong"):
        read_path(SAMPLE, fs=800.0, unit="mV")
    ecg = read_path(SAMPLE, fs=800.0, unit="5 uV")
    assert ecg.leads == LEADS[:6]
    assert ecg.signal.shape[1] == 37855
    np.testing.assert_allclose(
        ecg.signal[:, 0], np.array([-20, -25, -5, 23, -7, -15]) * 5e-3, atol=1e-6
    )
    assert any("holds no values: V1, V2, V3, V4, V5, V6" in note for note in ecg.notes)


PROSE = b"# Title\n\nVersion 2, of 2024, reads 12 leads, in mV.\n\n- one, 2\n- two, three\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [("README.md", "no known ECG format"), ("x", "no known ECG format"), ("x.csv", "rows")],
)
def test_text_without_a_row_of_numbers_is_a_table_by_its_suffix_only(name, words):
    with pytest.raises(ReadError, match=words):
        read(name, PROSE, **KNOWN)


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_a_table_needs_no_suffix_of_a_table(separator):
    ecg = read("x.log", csv_bytes(LIVELY, separator=separator), **KNOWN)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
