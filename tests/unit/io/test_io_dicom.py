"""DICOM: the rhythm group, its calibration, what is kept, and what is refused."""

import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from io_builders import dicom_bytes, group, lively_ecg, pulse_ecg, zipped
from pydicom import Dataset
from pydicom.sequence import Sequence

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path

SAMPLE = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"
LIVELY = lively_ecg()


def test_the_recording_bundled_with_pydicom():
    ecg = read_path(SAMPLE)
    assert ecg.leads == LEADS
    assert (ecg.fs, ecg.duration) == (1000.0, 10.0)
    assert ecg.source == "DICOM waveform"
    assert (ecg.age, ecg.sex) == (42.0, "female")
    assert ecg.filters == "high-pass 0.05 Hz, low-pass 300 Hz, no notch"
    assert ecg.measurements == {
        "pr": 161, "qrs": 75, "qt": 368, "qtc": 370, "p_axis": 74, "qrs_axis": 52, "t_axis": 57,
        "heart_rate": pytest.approx(60_000 / 982),
    }  # fmt: skip
    assert 0.3 < np.abs(ecg.signal).max() < 5
    assert limb_lead_disagreement(ecg) < 0.02
    assert any("1 of 2 recordings" in note for note in ecg.notes)


def test_its_samples_are_the_steps_times_their_size():
    dataset = pydicom.dcmread(SAMPLE)
    raw = pydicom.waveforms.multiplex_array(dataset, 0, as_raw=True)
    np.testing.assert_allclose(read_path(SAMPLE).signal, raw.T * 1.25e-3, atol=1e-6)


def test_nothing_that_names_a_person_is_kept():
    ecg = read_path(SAMPLE)
    dataset = pydicom.dcmread(SAMPLE)
    kept = repr(ecg) + " ".join(ecg.notes)
    for tag in ("PatientName", "PatientID", "PatientBirthDate", "InstitutionName", "StudyDate"):
        assert str(dataset[tag].value) not in kept


def test_the_rhythm_is_read_whatever_the_order_of_groups():
    median = group(pulse_ecg(1.2), label="MEDIAN BEAT", originality="DERIVED")
    ecg = read("", dicom_bytes(median, group(LIVELY)))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


def test_averaged_beats_alone_are_refused():
    with pytest.raises(ReadError, match="averaged beats"):
        read("", dicom_bytes(group(pulse_ecg(1.2), label="MEDIAN BEAT", originality="DERIVED")))


@pytest.mark.parametrize("name", ["Lead {} (Einthoven)", "MDC_ECG_LEAD_{}", "lead {}", "{}"])
def test_channel_names_as_devices_write_them(name):
    names = tuple(name.format(lead.upper()) for lead in LEADS)
    ecg = read("", dicom_bytes(group(LIVELY, names=names)))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


def test_minus_avr_is_turned_upright():
    names = tuple("Lead -aVR" if lead == "aVR" else lead for lead in LEADS)
    ecg = read("", dicom_bytes(group(LIVELY, names=names)))
    np.testing.assert_allclose(ecg.lead("aVR"), -LIVELY.lead("aVR"), atol=1e-6)
    assert any("inverted" in note for note in ecg.notes)


def test_code_and_name_that_disagree_are_refused():
    item = group(LIVELY)
    source = item.ChannelDefinitionSequence[6].ChannelSourceSequence[0]
    source.CodeValue = "5.6.3-9-4"  # V2, on the channel named V1
    with pytest.raises(ReadError, match="code of one lead and the name of another"):
        read("", dicom_bytes(item))


def test_without_sensitivity_it_is_refused():
    with pytest.raises(ReadError, match="no channel sensitivity"):
        read("", dicom_bytes(group(LIVELY, sensitivity="")))


def test_without_unit_it_is_asked_for():
    content = dicom_bytes(group(LIVELY, unit=None))
    with pytest.raises(AnswerNeeded) as caught:
        read("", content)
    assert caught.value.fields == ("unit",)
    np.testing.assert_allclose(read("", content, unit="uV").signal, LIVELY.signal, atol=1e-6)


def test_a_unit_that_is_no_voltage_is_refused():
    with pytest.raises(ReadError, match="not a voltage"):
        read("", dicom_bytes(group(LIVELY, unit="mm[Hg]")))


def test_correction_factor_baseline_and_padding_count():
    item = group(LIVELY)
    for channel in item.ChannelDefinitionSequence:
        channel.ChannelSensitivityCorrectionFactor = "2"
        channel.ChannelBaseline = "500"
    ecg = read("", dicom_bytes(item))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal * 2 + 0.5, atol=1e-5)

    counts = np.round(LIVELY.signal.T * 1000).astype("<i2")
    counts[50:80, 6] = -32768
    item = group(LIVELY)
    item.WaveformData = counts.tobytes()
    item.WaveformPaddingValue = np.int16(-32768).tobytes()
    item["WaveformPaddingValue"].VR = "OW"
    ecg = read("", dicom_bytes(item))
    assert ecg.lead("V1").min() > -10
    assert any("V1" in note for note in ecg.notes)


def test_deflated_files_are_refused_without_being_unpacked():
    plain = dicom_bytes(group(LIVELY))
    at = plain.index(b"1.2.840.10008.1.2.1\0")
    # Same length, so that the rest of the meta information stays where it is.
    padded = b"1.2.840.10008.1.2.1.99"
    start = at - 8
    head = plain[:start] + plain[start : start + 6] + len(padded).to_bytes(2, "little") + padded
    bomb = zlib.compressobj(9, wbits=-15)
    content = head + bomb.compress(b"\0" * 300_000_000) + bomb.flush()
    assert len(content) < 400_000
    tracemalloc.start()
    with pytest.raises(ReadError, match="deflated"):
        read("x.dcm", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_second_transfer_syntax_cannot_hide_behind_the_first():
    plain = dicom_bytes(group(LIVELY))
    at = plain.index(b"1.2.840.10008.1.2.1\0") - 8
    end = at + 8 + 20
    deflated = b"\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99"
    with pytest.raises(ReadError, match="transfer syntax"):
        read("x.dcm", plain[:end] + deflated + plain[end:])


def test_big_samples_are_refused_before_decoding():
    item = group(LIVELY)
    item.NumberOfWaveformSamples = 2**31
    with pytest.raises(ReadError, match="in memory"):
        read("", dicom_bytes(item))


def test_an_object_without_waveform_is_refused():
    with pytest.raises(ReadError, match="no waveform"):
        read("", dicom_bytes())


def test_device_values_that_mean_not_computed_are_left_out():
    def annotation(meaning, value, unit):
        item, concept, units = Dataset(), Dataset(), Dataset()
        concept.CodeMeaning, concept.CodeValue = meaning, "x"
        units.CodeValue = unit
        item.ConceptNameCodeSequence = Sequence([concept])
        item.MeasurementUnitsCodeSequence = Sequence([units])
        item.NumericValue = value
        return item

    content = pydicom.dcmread(SAMPLE)
    content.WaveformAnnotationSequence = Sequence(
        [
            annotation("PR Interval", "29999", "ms"),
            annotation("QRS Duration", "0.09", "s"),
            annotation("Heart Rate", "72", "/min"),
            annotation("RR Interval", "1000", "ms"),
            annotation("QT Interval", "400", "furlong"),
        ]
    )
    written = BytesIO()
    content.save_as(written)
    assert read("", written.getvalue()).measurements == {"qrs": 90.0, "heart_rate": 72.0}


@pytest.mark.parametrize("unit", ["uV", "mV", "V"])
@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.5.1.4.1.1.9.1.1",
        "1.2.840.10008.5.1.4.1.1.9.1.2",
        "1.2.840.10008.5.1.4.1.1.9.1.3",
    ],
)
def test_twelve_lead_general_and_ambulatory_objects(uid, unit):
    content = dicom_bytes(group(LIVELY, unit=unit))
    old = b"1.2.840.10008.5.1.4.1.1.9.1.1"
    assert old in content
    ecg = read("", content.replace(old, uid.encode()))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


@pytest.mark.parametrize("extended", [True, False])
def test_twelve_bits_stored_in_sixteen(extended):
    small = np.clip(np.round(LIVELY.signal * 400), -2048, 2047).astype(np.int16)
    item = group(LIVELY)
    for channel in item.ChannelDefinitionSequence:
        channel.WaveformBitsStored = 12
        channel.ChannelSensitivity = "2.5"
    item.WaveformData = (small.T if extended else small.T & 4095).astype("<i2").tobytes()
    np.testing.assert_allclose(read("", dicom_bytes(item)).signal, small * 2.5e-3, atol=1e-6)


def test_more_bits_than_stated_are_left_as_they_are():
    item = group(LIVELY)
    for channel in item.ChannelDefinitionSequence:
        channel.WaveformBitsStored = 10
    np.testing.assert_allclose(read("", dicom_bytes(item)).signal, LIVELY.signal, atol=1e-6)


@pytest.mark.parametrize(
    ("bits", "kind", "dtype"),
    [(8, "SB", "i1"), (32, "SL", "<i4"), (16, "US", "<u2"), (8, "UB", "u1")],
)
def test_other_widths_and_unsigned_samples(bits, kind, dtype):
    steps = np.round(LIVELY.signal * 25).astype(int)
    zero = 0 if kind.startswith("S") else 128
    item = group(LIVELY)
    item.WaveformBitsAllocated = bits
    item.WaveformSampleInterpretation = kind
    item.WaveformData = (steps.T + zero).astype(dtype).tobytes()
    for channel in item.ChannelDefinitionSequence:
        channel.WaveformBitsStored = bits
        channel.ChannelSensitivity = "40"
        channel.ChannelBaseline = str(-40 * zero)
    np.testing.assert_allclose(read("", dicom_bytes(item)).signal, steps * 0.04, atol=1e-5)


@pytest.mark.parametrize("kind", ["MB", "AB"])
def test_companded_samples_are_refused(kind):
    item = group(LIVELY)
    item.WaveformBitsAllocated = 8
    item.WaveformSampleInterpretation = kind
    item.WaveformData = bytes(12_000)
    with pytest.raises(ReadError, match="companded"):
        read("", dicom_bytes(item))


def annotated(*annotations):
    """Measurements as (meaning, code, value, unit, channels it refers to)."""
    content = pydicom.dcmread(SAMPLE)
    items = []
    for meaning, code, value, unit, channels in annotations:
        item, concept, units = Dataset(), Dataset(), Dataset()
        concept.CodeMeaning, concept.CodeValue = meaning, code
        units.CodeValue = unit
        item.ConceptNameCodeSequence = Sequence([concept])
        item.MeasurementUnitsCodeSequence = Sequence([units])
        item.NumericValue = value
        item.ReferencedWaveformChannels = channels
        items.append(item)
    content.WaveformAnnotationSequence = Sequence(items)
    written = BytesIO()
    content.save_as(written)
    return read("", written.getvalue()).measurements


def test_measurements_by_mdc_code_and_by_name():
    assert annotated(
        ("x", "2:15872", "160", "ms", [1, 0]),
        ("QRS duration global", "?", "90", "ms", [1, 0]),
        ("x", "2:16160", "0.4", "s", [1, 0]),
        ("Ventricular Heart Rate", "?", "71", "/min", [1, 0]),
        ("x", "2:16132", "-30", "deg", [1, 0]),
        ("P Axis", "?", "55", "deg", [1, 0]),
    ) == {"pr": 160, "qrs": 90, "qt": 400, "heart_rate": 71, "qrs_axis": -30, "p_axis": 55}


def test_a_qtc_whose_formula_is_named_keeps_its_name():
    bazett = ("QTc global using Bazett formula", "2:15880", "431", "ms", [1, 0])
    fridericia = ("QTc global using Fredericia formula", "2:15892", "420", "ms", [1, 0])
    plain = ("QTc Interval", "5.10.2.5-5", "425", "ms", [1, 0])
    assert annotated(bazett) == {"qtc_bazett": 431}
    assert annotated(fridericia) == {"qtc_fridericia": 420}
    assert annotated(bazett, fridericia, plain) == {
        "qtc": 425,
        "qtc_fridericia": 420,
        "qtc_bazett": 431,
    }


def test_measurements_of_one_lead_are_not_taken_for_the_ecgs():
    one = ("QT Interval", "5.13.5-11", "333", "ms", [1, 4])
    every = (
        "QT Interval",
        "5.13.5-11",
        "400",
        "ms",
        [value for at in range(1, 13) for value in (1, at)],
    )
    assert annotated(one) == {}
    assert annotated(one, every) == {"qt": 400}


def test_a_zip_of_one():
    np.testing.assert_allclose(
        read("x.zip", zipped({"x.dcm": dicom_bytes(group(LIVELY))})).signal,
        LIVELY.signal,
        atol=1e-6,
    )
