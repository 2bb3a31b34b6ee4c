"""GE MUSE XML: the rhythm rather than the averaged beat, scale, offsets, checksum, contradictions."""

import re
from pathlib import Path

import numpy as np
import pytest
from io_builders import lively_ecg
from xml_builders import muse

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats/ge_muse_xml")
PLAIN = muse(LIVELY)
MIDDLE = PLAIN.index(b"Rhythm")


def in_rhythm(old, new, count=-1):
    """The file with something replaced in its rhythm waveform only."""
    assert old in PLAIN[MIDDLE:]
    return PLAIN[:MIDDLE] + PLAIN[MIDDLE:].replace(old, new, count)


def test_eight_leads_become_twelve():
    ecg = read("x.xml", PLAIN)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=0.0011)
    for lead in ("I", "II", "V1", "V6"):
        np.testing.assert_allclose(ecg.lead(lead), LIVELY.lead(lead), atol=1e-6)
    assert (ecg.leads, ecg.fs, ecg.source) == (LEADS, 500.0, "GE MUSE XML")
    assert ecg.notes == ("Derived from the other limb leads: III, aVR, aVL, aVF.",)


@pytest.mark.parametrize("step", [1.0, 2.5, 4.88])
def test_every_size_of_step(step):
    ecg = read("", muse(LIVELY, leads=LEADS, step=step))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=step / 2000 + 0.0006)
    assert ecg.notes == ()


def test_other_units():
    content = PLAIN.replace(b">1<", b">0.001<").replace(b"MICROVOLTS", b"MILLIVOLTS")
    np.testing.assert_allclose(read("", content).lead("I"), LIVELY.lead("I"), atol=1e-6)


def test_what_is_kept():
    ecg = read("", PLAIN)
    assert (ecg.age, ecg.sex) == (61.0, "male")
    assert ecg.filters == "high-pass 0.16 Hz, low-pass 150 Hz, notch 60 Hz"
    assert ecg.measurements == {
        "heart_rate": 62.0, "pr": 150.0, "qrs": 92.0, "qt": 400.0, "qtc": 406.0,
        "qtc_fridericia": 404.0, "qrs_axis": -20.0,
    }  # fmt: skip
    for secret in ("Doe", "4711", "1941", "2002"):
        assert secret not in repr(ecg)


@pytest.mark.parametrize(
    ("patient", "age"),
    [
        ("<PatientAge>18</PatientAge><AgeUnits>MONTHS</AgeUnits>", 1.5),
        ("<PatientAge>x</PatientAge><AgeUnits>YEARS</AgeUnits>", 60.0),
        ("<PatientRace>A</PatientRace>", 60.0),
        ("<PatientAge>900</PatientAge><AgeUnits>YEARS</AgeUnits>", None),
    ],
)
def test_the_age_stated_or_between_both_dates(patient, age):
    assert read("", muse(LIVELY, patient=patient)).age == age


def test_no_age_from_one_date():
    content = muse(LIVELY, patient="<PatientRace>A</PatientRace>").replace(b"05-16-2002", b"")
    assert read("", content).age is None


@pytest.mark.parametrize(
    ("mains", "words"), [(b"NONE", "150 Hz, no notch"), (b"50", "notch 50 Hz"), (b"?", "150 Hz")]
)
def test_mains_filter(mains, words):
    content = in_rhythm(b"<ACFilter>60<", b"<ACFilter>" + mains + b"<")
    assert read("", content).filters.endswith(words)


def test_another_lead_is_left_out():
    content = in_rhythm(b"<LeadID>V6<", b"<LeadID>V3R<")
    ecg = read("", content)
    assert "V6" not in ecg.leads
    assert any("1 channel that is not" in note for note in ecg.notes)


def test_electrodes_off_are_said():
    content = in_rhythm(b"<LeadOff>FALSE<", b"<LeadOff>TRUE<", 1)
    assert "The device reported electrodes off in I." in read("", content).notes


def test_leads_that_begin_apart_share_a_segment():
    content = in_rhythm(b"<LeadTimeOffset>0<", b"<LeadTimeOffset>100<", 1)
    ecg = read("", content)
    assert ecg.signal.shape == (12, 950)
    np.testing.assert_allclose(ecg.lead("I"), LIVELY.lead("I")[:950], atol=1e-6)
    np.testing.assert_allclose(ecg.lead("V1"), LIVELY.lead("V1")[50:], atol=1e-6)
    assert any("1.9 s they share" in note for note in ecg.notes)
    samples = in_rhythm(b"<LeadOffsetFirstSample>0<", b"<LeadOffsetFirstSample>50<", 1)
    np.testing.assert_array_equal(read("", samples).signal, ecg.signal)
    both = in_rhythm(b"<LeadTimeOffset>0<", b"<LeadTimeOffset>100<")
    assert read("", both).signal.shape == (12, 1000)


def test_the_rate_may_have_an_exponent():
    content = in_rhythm(b"<SampleBase>500<", b"<SampleBase>5<")
    content = content.replace(b"<SampleExponent>0<", b"<SampleExponent>2<")
    assert read("", content).fs == 500.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"Rhythm", b"Median", "no rhythm waveform but an averaged beat"),
        (b"<LeadID>", b"<LeadID>X", "none of the twelve standard leads"),
        (b"<LeadAmplitudeUnitsPerBit>1<", b"<LeadAmplitudeUnitsPerBit>0<", "how large a step"),
        (b"<LeadAmplitudeUnitsPerBit>1<", b"<LeadAmplitudeUnitsPerBit>-1<", "how large a step"),
        (b"<LeadAmplitudeUnitsPerBit>1<", b"<LeadAmplitudeUnitsPerBit>big<", "how large a step"),
        (b"<LeadAmplitudeUnitsPerBit>1<", b"<LeadAmplitudeUnitsPerBit>4,880<", "how large a step"),
        (
            b"<LeadAmplitudeUnitsPerBit>1<",
            b"<LeadAmplitudeUnitsPerBit>1e300<",
            "unit is probably wrong|No lead",
        ),
        (b"MICROVOLTS", b"MMHG", "not a voltage"),
        (b"<LeadSampleSize>2<", b"<LeadSampleSize>4<", "two bytes each"),
        (b"<LeadSampleCountTotal>1000<", b"<LeadSampleCountTotal>99999999999<", "announced"),
        (b"<LeadSampleCountTotal>1000<", b"<LeadSampleCountTotal>999<", "announced"),
        (b"<LeadTimeOffset>0<", b"<LeadTimeOffset>now<", "where a lead begins"),
        (b"<LeadTimeOffset>0<", b"<LeadTimeOffset>1e12<", "where a lead begins"),
        (b"<SampleBase>500<", b"<SampleBase>5<", "50 to 20,000 Hz"),
        (b"<WaveFormData>", b"<WaveFormData>*", "base64"),
        (b"<WaveFormData>", b"<WaveFormData>AAAA", "announced"),
        (b"<LeadID>V1<", b"<LeadID>V2<", "more than once"),
    ],
)
def test_contradictions_are_refused(old, new, message):
    with pytest.raises(ReadError, match=message):
        read("", in_rhythm(old, new))


def test_leads_recorded_one_after_another_are_refused():
    content = in_rhythm(b"<LeadTimeOffset>0<", b"<LeadTimeOffset>1500<", 1)
    with pytest.raises(ReadError, match="not recorded at the same time"):
        read("", content)


def test_the_checksum_is_held_to():
    start = PLAIN.index(b"<WaveFormData>", MIDDLE) + 40
    changed = (
        PLAIN[:start] + (b"B" if PLAIN[start : start + 1] == b"A" else b"A") + PLAIN[start + 1 :]
    )
    with pytest.raises(ReadError, match="checksum"):
        read("", changed)
    for sum_ in (b"", b"0", b"none"):
        without = re.sub(rb"<LeadDataCRC32>\d+", b"<LeadDataCRC32>" + sum_, changed)
        assert read("", without).leads == LEADS


def test_what_the_file_leaves_out_is_asked_for():
    content = in_rhythm(b"<SampleBase>500<", b"<SampleBase><").replace(b"MICROVOLTS", b"")
    with pytest.raises(AnswerNeeded) as caught:
        read("", content)
    assert caught.value.fields == ("fs", "unit")
    ecg = read("", content, fs=500.0, unit="uV")
    np.testing.assert_allclose(ecg.lead("I"), LIVELY.lead("I"), atol=1e-6)


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
def test_a_device_file():
    ecg = read_path(FORMATS / "example1.xml")
    assert (ecg.signal.shape, ecg.fs, ecg.leads) == ((12, 5000), 500.0, LEADS)
    assert ecg.filters == "high-pass 0.16 Hz, low-pass 150 Hz, notch 60 Hz"
    assert ecg.measurements == {
        "heart_rate": 48.0, "pr": 138.0, "qrs": 96.0, "qt": 452.0, "qtc": 403.0,
            "qtc_fridericia": 419.0,
        "p_axis": 51.0, "qrs_axis": 20.0, "t_axis": 40.0,
    }  # fmt: skip
    assert limb_lead_disagreement(ecg) < 1e-6
    found = heart_rate(ecg)
    assert found is not None
    assert found.rate == pytest.approx(48.0, abs=1.0)
    # The file's own times of QRS, in samples of 500 Hz doubled.
    np.testing.assert_allclose(found.r_times[:3], np.array([614, 1914, 3132]) / 1000, atol=0.04)
    assert 1.0 < np.ptp(ecg.lead("II")) < 2.5
