"""HL7 annotated ECG: scale, origin, time increment, and which series and values are taken."""

from pathlib import Path

import numpy as np
import pytest
from io_builders import lively_ecg
from xml_builders import annotation, annotation_set, hl7

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats/hl7_aecg")
PLAIN = hl7(LIVELY)


@pytest.mark.parametrize("unit", ["uV", "mV", "V"])
@pytest.mark.parametrize("origin", [0.0, 1000.0, -250.0])
def test_every_unit_and_origin(unit, origin):
    ecg = read("x.xml", hl7(LIVELY, unit=unit, origin=origin))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    assert (ecg.leads, ecg.fs, ecg.source, ecg.notes) == (LEADS, 500.0, "HL7 annotated ECG", ())


def test_an_origin_in_a_unit_of_its_own():
    ecg = read("", hl7(LIVELY, unit="uV", origin=1000.0, origin_unit="mV"))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


def test_steps_of_another_size():
    ecg = read("", hl7(LIVELY, step=2.5))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=0.00126)


def test_missing_limb_leads_are_derived():
    ecg = read("", hl7(LIVELY, leads=("V1", "II", "I")))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal[:7], atol=0.001)
    assert ecg.notes == ("Derived from the other limb leads: III, aVR, aVL, aVF.",)


def test_who_it_is_stays_behind_but_for_age_and_sex():
    ecg = read("", PLAIN)
    assert (ecg.age, ecg.sex, ecg.filters) == (49.0, "female", "low-pass 150 Hz")
    for secret in ("Doe", "1953", "2002"):
        assert secret not in repr(ecg)


@pytest.mark.parametrize(
    ("value", "unit", "age"), [("46", "a", 46.0), ("18", "mo", 1.5), ("x", "a", 49.0)]
)
def test_a_stated_age_comes_first(value, unit, age):
    stated = (
        '<controlVariable><relatedObservation><code code="21612-7"/>'
        f'<value value="{value}" unit="{unit}"/></relatedObservation></controlVariable>'
    )
    assert read("", hl7(LIVELY, more=stated)).age == age


@pytest.mark.parametrize("date", [b"", b"2002", b"20021399", b"19530101"])
def test_no_age_without_two_dates(date):
    assert read("", PLAIN.replace(b"20021122091000", date, 1)).age is None


def test_values_of_all_leads_are_kept():
    beat = annotation("MDC_ECG_TIME_PD_QT", "0.42", "s") + annotation("MDC_ECG_TIME_PD_PR", "148")
    beat += annotation("MDC_ECG_ANGLE_QRS_FRONT", "-61", "deg")
    content = annotation("MDC_ECG_BEAT", inner=beat) * 3
    content += annotation("MDC_ECG_HEART_RATE", "71", "bpm")
    content += annotation("MDC_ECG_TIME_PD_QTc", "443") + annotation("MDC_ECG_TIME_PD_P", "-1")
    ecg = read("", hl7(LIVELY, annotations=annotation_set(content)))
    assert ecg.measurements == {
        "qt": pytest.approx(420.0), "pr": 148.0, "qrs_axis": -61.0, "heart_rate": 71.0, "qtc": 443.0,
    }  # fmt: skip


def test_values_of_one_lead_one_beat_or_one_reader_are_not():
    one_lead = annotation("MDC_ECG_TIME_PD_QRS", "99", lead="V2")
    inside = annotation("MDC_ECG_WAVC", lead="V2", inner=annotation("MDC_ECG_TIME_PD_P", "90"))
    beats = [
        annotation("MDC_ECG_BEAT", inner=annotation("MDC_ECG_TIME_PD_PR", n))
        for n in ("148", "160")
    ]
    person = annotation_set(annotation("MDC_ECG_TIME_PD_QT", "400"), "assignedPerson")
    device = annotation_set(one_lead + inside + "".join(beats))
    assert read("", hl7(LIVELY, annotations=device + person)).measurements == {}


def test_the_longest_segment_with_the_most_leads():
    """A series of averaged beats, another segment with fewer leads, then the recording."""
    series = PLAIN[PLAIN.index(b"<component><series>") : PLAIN.rindex(b"</AnnotatedECG>")]
    short = hl7(LIVELY.window(0.0, 1.2))
    short = short[short.index(b"<component><series>") : short.rindex(b"</AnnotatedECG>")]
    beat = series.replace(b'"RHYTHM"', b'"REPRESENTATIVE_BEAT"').replace(b"LEAD_V6", b"LEAD_V7")
    ecg = read("", PLAIN.replace(series, beat + short + series))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    assert ecg.notes == ("The fullest of 2 recordings in the file was read.",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"MDC_ECG_LEAD", b"MDC_ECG_OTHER", "holds no rhythm recording"),
        (b'"RHYTHM"', b'"REPRESENTATIVE_BEAT"', "averaged beats only"),
        (b"<scale", b"<size", "no scale or no samples"),
        (b'<scale value="1"', b'<scale value="one"', "scale or origin of a lead"),
        (b'<scale value="1"', b'<scale value="0"', "scale or origin of a lead"),
        (b'<scale value="1"', b'<scale value="-1"', "scale or origin of a lead"),
        (b'<scale value="1"', b'<scale value="2,500"', "scale or origin of a lead"),
        (b'<origin value="0"', b'<origin value="nan"', "scale or origin of a lead"),
        (b'unit="uV"', b'unit="mmHg"', "not a voltage"),
        (b'increment value="0.002"', b'increment value="0"', "time increment"),
        (b'increment value="0.002"', b'increment value="-1"', "time increment"),
        (b'increment value="0.002"', b'increment value="soon"', "time increment"),
        (
            b'increment value="0.002" unit="s"',
            b'increment value="0.002" unit="h"',
            "time increment",
        ),
        (b'increment value="0.002"', b'increment value="1"', "50 to 20,000 Hz"),
        (b'increment value="0.002"', b'increment value="1e-30"', "50 to 20,000 Hz"),
        (b"<digits>", b"<digits>7 ", None),
        (b"<digits>", b"<digits>x ", "not all numbers"),
        (b"<digits>", b"<digits>1,5 ", "not all numbers"),
        (b"<digits>", b"<digits>1e999 ", "not all numbers"),
        (b"<digits>", b"<digits>1-2 ", "not all numbers"),
        (b"LEAD_III", b"LEAD_II", "more than once"),
    ],
)
def test_contradictions_are_refused(old, new, message):
    assert old in PLAIN
    if message is None:
        assert read("", PLAIN.replace(old, new)).signal.shape[1] == 1001
        return
    with pytest.raises(ReadError, match=message):
        read("", PLAIN.replace(old, new))


def test_leads_of_different_lengths_are_refused():
    with pytest.raises(ReadError, match="different lengths"):
        read("", PLAIN.replace(b"<digits>", b"<digits>7 ", 1))


def test_a_comma_before_decimals():
    content = PLAIN.replace(b'increment value="0.002"', b'increment value="0,002"')
    np.testing.assert_allclose(read("", content).signal, LIVELY.signal, atol=1e-6)
    assert read("", content).fs == 500.0


def test_what_the_file_leaves_out_is_asked_for():
    no_rate = PLAIN.replace(b"increment", b"other")
    no_unit = PLAIN.replace(b' unit="uV"', b"")
    for content, field in ((no_rate, "fs"), (no_unit, "unit")):
        with pytest.raises(AnswerNeeded) as caught:
            read("", content)
        assert caught.value.fields == (field,)
    np.testing.assert_allclose(read("", no_unit, unit="uV").signal, LIVELY.signal, atol=1e-6)
    assert read("", no_rate, fs=500.0).fs == 500.0
    with pytest.raises(ReadError, match="states a sampling rate of 500 Hz"):
        read("", PLAIN, fs=250.0)
    half = hl7(LIVELY, origin=1000.0).replace(
        b'<origin value="1000" unit="uV"', b'<origin value="1000"'
    )
    with pytest.raises(ReadError, match="scale or its origin only"):
        read("", half, unit="uV")


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
def test_a_device_file():
    ecg = read_path(FORMATS / "subject1_0.xml")
    assert (ecg.signal.shape, ecg.fs, ecg.leads) == ((12, 5000), 500.0, LEADS)
    assert (ecg.age, ecg.sex, ecg.filters) == (46.0, "male", "low-pass 150 Hz, notch 60 Hz")
    assert ecg.measurements == {
        "p": 102.0, "pr": 148.0, "qrs": 120.0, "qt": 420.0, "qtc": 443.0,
        "p_axis": 44.0, "qrs_axis": -61.0, "t_axis": 86.0,
    }  # fmt: skip
    assert limb_lead_disagreement(ecg) < 0.003
    # The file states no rate; QT and QTc imply one (Bazett): 60 / (420 / 443)^2.
    found = heart_rate(ecg)
    assert found is not None
    assert found.rate == pytest.approx(60 / (420 / 443) ** 2, rel=0.1)
    assert 0.5 < np.ptp(ecg.lead("II")) < 3
    assert "Clark" not in repr(ecg)


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
@pytest.mark.parametrize(
    ("name", "message"),
    [("empty.xml", "no rhythm recording"), ("minimum_aecg.xml", "lasts 0.03 s")],
)
def test_device_files_that_hold_no_ecg(name, message):
    with pytest.raises(ReadError, match=message):
        read_path(FORMATS / name)
