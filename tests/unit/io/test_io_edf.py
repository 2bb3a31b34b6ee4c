"""EDF, EDF+ and BDF: calibration, gaps, headers that lie, and files cut short."""

import time
import tracemalloc
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import edfio
import numpy as np
import pytest
from edf_builders import Edf, encode
from io_builders import lively_ecg, pulse_ecg, zipped

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats")


def same(ecg, expected=LIVELY.signal):
    np.testing.assert_allclose(ecg.signal, expected, atol=1e-6)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("unit", ["uV", "mV", "V", "µV"])
def test_every_unit_and_width(width, unit):
    ecg = read("", encode(Edf(LIVELY, width, unit=unit)))
    same(ecg)
    assert (ecg.leads, ecg.fs, ecg.notes) == (LEADS, 500.0, ())
    assert ecg.source == ("EDF file" if width == 2 else "BDF file")


@pytest.mark.parametrize("plus", ["C", "D"])
@pytest.mark.parametrize("width", [2, 3])
def test_annotations_are_no_lead_and_no_surprise(width, plus):
    ecg = read("", encode(Edf(LIVELY, width, plus)))
    same(ecg)
    assert ecg.notes == ()
    assert ecg.source.endswith("+ file")


@pytest.mark.filterwarnings("ignore::UserWarning:edfio")
@pytest.mark.parametrize(
    ("edf", "signal"), [(edfio.Edf, edfio.EdfSignal), (edfio.Bdf, edfio.BdfSignal)]
)
def test_what_another_program_writes_reads_as_it_reads_it(edf, signal):
    signals = [
        signal(row.astype(np.float64) * 1000, 500, label=f"ECG {lead}", physical_dimension="uV")
        for lead, row in zip(LEADS, LIVELY.signal, strict=True)
    ]
    other = signal(np.arange(200.0), 100, label="Resp", physical_dimension="")
    person = edfio.Patient(code="4711", sex="F", birthdate=date(1960, 5, 17), name="Doe_Jane")
    written = BytesIO()
    edf(
        [*signals[:3], other, *signals[3:]],
        patient=person,
        recording=edfio.Recording(startdate=date(2020, 5, 16)),
        annotations=[] if edf is edfio.Bdf else [edfio.EdfAnnotation(0.5, None, "Doe coughs")],
    ).write(written)
    ecg = read("x.edf", written.getvalue())
    reader = edfio.read_edf if edf is edfio.Edf else edfio.read_bdf
    theirs = reader(BytesIO(written.getvalue()))
    values = np.stack([s.data for s in theirs.signals if s.label.startswith("ECG")]) / 1000
    np.testing.assert_allclose(ecg.signal, values, atol=1e-6)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-4)
    assert any("1 channel that is not" in note for note in ecg.notes)
    if ecg.source.endswith("+ file"):
        assert (ecg.age, ecg.sex) == (59.0, "female")
    for secret in ("Doe", "4711", "1960"):
        assert secret not in repr(ecg)


def test_24_bits_keep_their_sign_and_size():
    wide = replace(LIVELY, signal=LIVELY.signal + np.float32(300))
    same(read("", encode(Edf(wide, 3))), wide.signal)


def test_the_range_gives_size_and_offset_of_a_step():
    changed = {"low": "-900", "high": "1100", ("low", "V1"): "1000", ("high", "V1"): "-1000"}
    ecg = read("", encode(Edf(LIVELY, fields=changed)))
    np.testing.assert_allclose(ecg.lead("V2"), LIVELY.lead("V2") + 0.1, atol=1e-6)
    np.testing.assert_allclose(ecg.lead("V1"), -LIVELY.lead("V1"), atol=1e-6)


def test_filters_are_put_in_our_words():
    ecg = read("", encode(Edf(LIVELY, fields={"prefilter": "HP:0.05Hz LP:150Hz N:50Hz"})))
    assert ecg.filters == "high-pass 0.05 Hz, low-pass 150 Hz, notch 50 Hz"


@pytest.mark.parametrize("width", [2, 3])
def test_the_longest_segment_without_a_gap_is_kept(width):
    ecg = read("", encode(Edf(LIVELY, width, "D", gaps={3: 2.0, 17: 0.05})))
    same(ecg, LIVELY.signal[:, 150:850])
    assert ecg.duration == 1.4
    assert any("has gaps" in note and "1.4 s" in note for note in ecg.notes)


def test_overlapping_records_are_a_gap_too():
    ecg = read("", encode(Edf(LIVELY, plus="D", gaps={15: -0.1})))
    same(ecg, LIVELY.signal[:, :750])


def test_gaps_without_times_are_refused():
    content = encode(Edf(LIVELY, head={"reserved": "EDF+D"}))
    with pytest.raises(ReadError, match="does not say where"):
        read("", content)
    content = encode(Edf(LIVELY, plus="D"))
    with pytest.raises(ReadError, match="when it begins"):
        read("", content.replace(b"+0.7\x14", b"?0.7\x14"))


@pytest.mark.parametrize("cut", [1, 2, 24, 1000, 20_000])
@pytest.mark.parametrize("width", [2, 3])
def test_files_cut_short_are_refused(width, cut):
    content = encode(Edf(LIVELY, width))
    with pytest.raises(ReadError, match="cut short"):
        read("", content[:-cut])


def test_what_follows_the_last_record_is_left_out():
    ecg = read("", encode(Edf(LIVELY)) + b"\1" * 77)
    same(ecg)
    assert any("longer than its header" in note for note in ecg.notes)


def test_a_recording_that_was_not_closed():
    content = encode(Edf(LIVELY, head={"records": "-1"}))
    ecg = read("", content)
    same(ecg)
    assert any("not closed properly" in note for note in ecg.notes)
    same(read("", content[:-1]), LIVELY.signal[:, :950])
    with pytest.raises(ReadError, match="no complete data record"):
        read("", content[: 13 * 256 + 100])


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"records": "99999999"}, "cut short"),
        ({"records": "0"}, "0 data records"),
        ({"records": "-2"}, "-2 data records"),
        ({"records": "many"}, "data records in the EDF header is not a number"),
        ({"records": "1.5"}, "not a whole number"),
        ({"duration": "0"}, "of 0 s"),
        ({"duration": "-1"}, "of -1 s"),
        ({"duration": "nan"}, "not a number"),
        ({"duration": "1e-9"}, "50 to 20,000 Hz"),
        ({"duration": "1e9"}, "50 to 20,000 Hz"),
        ({"signals": "0"}, "0 signals"),
        ({"signals": "9999"}, "9999 signals"),
        ({"signals": "11"}, "damaged or cut short"),
        ({"signals": ""}, "not a number"),
        ({"size": "0"}, "damaged or cut short"),
        ({"size": "inf"}, "not a number"),
    ],
)
def test_headers_that_cannot_be_right(head, message):
    with pytest.raises(ReadError, match=message):
        read("", encode(Edf(LIVELY, head=head)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"low": "0", "high": "0"}, "is empty"),
        ({"digital_low": "5", "digital_high": "5"}, "is empty"),
        ({"digital_low": "5", "digital_high": "4"}, "is empty"),
        ({"low": "nan"}, "physical range in the EDF header is not a number"),
        ({"high": ""}, "not a number"),
        ({"digital_high": "1.5"}, "not a whole number"),
        ({"samples": "-5"}, "no samples"),
        ({"samples": "0"}, "no samples"),
        ({"samples": "x"}, "not a number"),
        ({"samples": "9999999"}, "cut short"),
        ({"unit": "mmHg"}, "not a voltage"),
        ({"label": "EEG Fpz"}, "named after a standard lead"),
        ({"label": "II"}, "more than once"),
        ({("samples", "V6"): "25"}, "different rates"),
        ({"low": "-1e6", "high": "1e6"}, "unit is probably wrong"),
    ],
)
def test_signals_that_cannot_be_right(fields, message):
    with pytest.raises(ReadError, match=message):
        read("", encode(Edf(LIVELY, fields=fields)))


def test_another_channel_at_another_rate_is_left_out():
    ecg = read("", encode(Edf(LIVELY, extra=("Resp", 7))))
    same(ecg)
    assert any("1 channel" in note for note in ecg.notes)
    assert not any(
        "channel" in note for note in read("", encode(Edf(LIVELY, 3, extra=("Status", 50)))).notes
    )


def test_without_unit_it_is_asked_for():
    content = encode(Edf(LIVELY, unit=""))
    with pytest.raises(AnswerNeeded) as caught:
        read("", content)
    assert caught.value.fields == ("unit",)
    same(read("", content, unit="uV"))
    with pytest.raises(ReadError, match="states a sampling rate of 500 Hz"):
        read("", content, unit="uV", fs=250.0)


def test_hostile_sizes_cost_no_memory():
    hostile = Edf(LIVELY, fields={"samples": "99999999"}, head={"records": "-1"})
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(ReadError):
        read("", encode(hostile))
    content = encode(Edf(LIVELY, head={"records": "99999999"}))
    with pytest.raises(ReadError):
        read("", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert time.monotonic() - start < 2


def test_a_zip_of_one():
    same(read("x.zip", zipped({"x.bdf": encode(Edf(LIVELY, 3))})))


def test_a_scale_that_is_hardly_right_is_said():
    pulses = pulse_ecg()
    assert read("", encode(Edf(pulses))).notes == ()
    tall = replace(pulses, signal=pulses.signal * 6)
    assert any("scale in the file's header" in note for note in read("", encode(Edf(tall))).notes)


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
def test_a_contec_recording_and_its_csv():
    """The header's scale is wrong, and said to be doubtful; the device's is 5 uV a step.

    The EDF was made from the device's file by a converter that wrote a range of -1000 to 1000 mV
    for 16 bits, hence 30.518 uV a step and QRS complexes of 6 mV. The ECG90A counts in steps of
    5 uV, which makes them 1 mV. The CSV has the bare steps.
    """
    edf = read_path(FORMATS / "edf" / "0000050.ECG.edf")
    csv = FORMATS / "csv" / "0000050.ECG.csv"
    assert (edf.fs, edf.leads) == (800.0, LEADS)
    assert any("scale in the file's header may be wrong" in note for note in edf.notes)
    assert limb_lead_disagreement(edf) < 0.05
    with pytest.raises(AnswerNeeded) as caught:
        read_path(csv)
    assert caught.value.fields == ("fs", "unit")
    equal = read_path(csv, fs=800.0, unit=f"{2_000_000 / 65_535:.6f} uV")
    assert equal.leads == LEADS[:6]
    # A step of -32,768 is -1000 mV, so that step 0 is half a step above 0 mV.
    np.testing.assert_allclose(edf.signal[:6] - equal.signal, 1000 / 65_535, atol=1e-5)
    true = read_path(csv, fs=800.0, unit="5 uV")
    assert 0.5 < np.abs(true.signal).max() < 1.5
    assert heart_rate(true).rate == pytest.approx(heart_rate(edf).rate)
    assert heart_rate(true).rate == pytest.approx(123, abs=2)
