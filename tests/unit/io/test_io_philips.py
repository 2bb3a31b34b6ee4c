"""Philips Sierra XML: compression, derived limb leads, the calibration mark, contradictions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from io_builders import lively_ecg, pulse_ecg
from xml_builders import lzw, pack_codes, philips, philips_steps, xli_block

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import philips_xli, read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats/philips_sierra_xml")
OLD = philips(LIVELY, version="1.03")


@pytest.mark.parametrize("coding", ["xli", "base64", "plain"])
@pytest.mark.parametrize("version", ["1.03", "1.04.01"])
@pytest.mark.parametrize("mark", [0.0, 1.0])
def test_every_coding_and_version(coding, version, mark):
    ecg = read("x.xml", philips(LIVELY, version=version, coding=coding, mark=mark))
    np.testing.assert_allclose(ecg.signal, philips_steps(LIVELY) / 1000, atol=1e-6)
    assert (ecg.leads, ecg.fs, ecg.source) == (LEADS, 500.0, "Philips Sierra XML")
    assert ecg.notes == (("The calibration mark in the last 0.4 s was left out.",) if mark else ())


def test_a_mark_that_contradicts_the_scale_is_said():
    (note,) = read("", philips(LIVELY, mark=2.0)).notes
    assert "2 mV high instead of 1 mV" in note


def test_a_flat_end_is_no_mark():
    still = LIVELY.signal.copy()
    still[:, 700:] = 0
    ecg = read("", philips(replace(LIVELY, signal=still), mark=0.0))
    assert ecg.signal.shape[1] == 1000
    assert ecg.notes == ()


@pytest.mark.parametrize("spare", [1, 4])
def test_channels_not_in_use_are_left_out(spare):
    ecg = read("", philips(LIVELY, spare=spare))
    np.testing.assert_allclose(ecg.signal, philips_steps(LIVELY) / 1000, atol=1e-6)


def test_what_is_kept_of_an_old_file():
    ecg = read("", OLD)
    assert (ecg.age, ecg.sex) == (50.0, "male")
    assert ecg.measurements == {"heart_rate": 61.0, "qt": 400.0}
    assert ecg.filters == "high-pass 0.05 Hz, low-pass 150 Hz"
    assert "Doe" not in repr(ecg)


def test_what_is_kept_of_a_new_file():
    """The age follows from both dates, never from a default; the algorithm's rate comes first."""
    ecg = read("", philips(LIVELY))
    assert (ecg.age, ecg.sex) == (68.0, None)
    assert ecg.measurements == {"heart_rate": 63.0, "p": 104.0, "qtc_fridericia": 408.0}
    assert ecg.filters == "high-pass 0.05 Hz, low-pass 150 Hz, no notch"
    for secret in ("Doe", "1951", "2020"):
        assert secret not in repr(ecg)


def test_a_qtc_whose_formula_is_named_keeps_its_name():
    content = philips(LIVELY).decode("utf-16").replace("<qtcf>", "<qtcb>431</qtcb><qtcf>")
    measured = read("", content.encode("utf-16")).measurements
    assert (measured["qtc_fridericia"], measured["qtc_bazett"]) == (408.0, 431.0)


def test_saved_anew_as_utf8_under_its_old_declaration():
    content = philips(LIVELY).decode("utf-16").encode()
    assert b'encoding="utf-16"' in content
    assert read("", content).leads == LEADS


def test_pulses_keep_their_height():
    ecg = read("", philips(pulse_ecg(), version="1.03"))
    assert ecg.lead("II").max() == pytest.approx(1.0)
    assert ecg.lead("aVR").min() == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"<parsedwaveforms", b"<otherwaveforms", "damaged or cut short"),
        (b'durationperchannel="', b'durationperchannel="9', "damaged or cut short"),
        (b'durationperchannel="', b'durationperchannel="x', "how long it is"),
        (b'durationperchannel="', b'durationperchannel="-', "how long it is"),
        (b'durationperchannel="', b'durationperchannel="99999', "would take"),
        (b'compressmethod="XLI"', b'compressmethod="ZIP"', "compressed in a way"),
        (b"STD-12", b"EASI", "does not name its leads"),
        (b"signalresolution>", b"other>", "how large a step"),
        (b"<signalresolution>1", b"<signalresolution>-1", "how large a step"),
        (b"<signalresolution>1", b"<signalresolution>1,000", "how large a step"),
        (b"<signalresolution>1", b"<signalresolution>100", "unit is probably wrong"),
        (b"<samplingrate>500", b"<samplingrate>5", "50 to 20,000 Hz"),
        (b"</parsedwaveforms>", b"!</parsedwaveforms>", "base64"),
        (b"</samplingrate>", b"</samplingrate><signaloffset>x</signaloffset>", "signal offset"),
    ],
)
def test_contradictions_are_refused(old, new, message):
    assert old in OLD
    with pytest.raises(ReadError, match=message):
        read("", OLD.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('numberofleads="12"', 'numberofleads="13"', "contradicts their names"),
        ('numberofleads="12"', 'numberofleads="many"', "contradicts their names"),
        ('leadlabels="I II', 'leadlabels="I I', "one name"),
        ('leadlabels="I II', 'leadlabels="V9 II', "lacks lead I or II"),
    ],
)
def test_leads_that_contradict_each_other(old, new, message):
    text = philips(LIVELY).decode("utf-16")
    assert old in text
    with pytest.raises(ReadError, match=message):
        read("", text.replace(old, new).encode("utf-16"))


@pytest.mark.parametrize("coding", ["base64", "plain"])
def test_too_few_samples_are_refused(coding):
    content = philips(LIVELY, version="1.03", coding=coding)
    longer = content.replace(b'durationperchannel="2400"', b'durationperchannel="2500"')
    assert longer != content
    with pytest.raises(ReadError, match="are announced"):
        read("", longer)


def test_a_file_without_waveforms_or_rate():
    report = b'<restingecgdata xmlns="http://www3.medical.philips.com"><a/></restingecgdata>'
    with pytest.raises(ReadError, match="no waveforms"):
        read("", report)
    without = OLD.replace(b"samplingrate", b"other")
    with pytest.raises(AnswerNeeded) as caught:
        read("", without)
    assert caught.value.fields == ("fs",)
    assert read("", without, fs=500.0).fs == 500.0
    with pytest.raises(ReadError, match=r"one unit is 0\.001 mV"):
        read("", OLD, unit="mV")


def test_lzw_in_both_directions():
    rng = np.random.default_rng(3)
    steep = rng.integers(-3000, 3000, 400).cumsum() // 20
    for values in (np.zeros(50, np.int64), np.arange(50), np.tile([0, 7], 500), steep):
        (found,) = philips_xli.decode(xli_block(values), len(values))
        np.testing.assert_array_equal(found, values)


def block(packed, size=None):
    return (
        (len(packed) if size is None else size).to_bytes(4, "little", signed=True)
        + b"\1\0\0\0"
        + packed
    )


@pytest.mark.parametrize(
    "content",
    [
        block(lzw(bytes(20)), -8),
        block(lzw(bytes(20)), 0),
        block(lzw(bytes(20)), 10**9),
        block(lzw(bytes(20))[:3]),
        block(lzw(bytes(22))),
        block(lzw(bytes(18))),
        block(pack_codes([300, 1023])),
        block(pack_codes([0, 900, 1023])),
        block(pack_codes([0, *range(256, 1022)])),
        block(lzw(b"\x7f" * 20)),
        block(bytes(100_000)),
    ],
)
def test_blocks_that_lie(content):
    with pytest.raises(ReadError, match="damaged or cut short"):
        philips_xli.decode(content, 10)


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
@pytest.mark.parametrize(
    ("name", "age", "samples", "rate", "peaks"),
    [
        ("129DYPRG.XML", 50.0, 5264, 41.0, {"I": 0.912, "aVL": 0.908}),
        ("2020-5-18_15-48-11.xml", 69.0, 5300, 64.0, {}),
    ],
)
def test_device_files(name, age, samples, rate, peaks):
    ecg = read_path(FORMATS / name)
    assert (ecg.leads, ecg.fs, ecg.age) == (LEADS, 500.0, age)
    assert ecg.signal.shape[1] == samples
    # The limb leads are whole steps of 5 uV, halves rounded down.
    assert limb_lead_disagreement(ecg) < 0.005
    assert ecg.measurements["heart_rate"] == rate
    found = heart_rate(ecg)
    assert found is not None
    assert found.rate == pytest.approx(rate, abs=1.0)
    # The device's own R amplitudes.
    for lead, height in peaks.items():
        trace = ecg.lead(lead)
        assert trace.max() - np.median(trace) == pytest.approx(height, abs=0.06)
    assert "calibration mark" in ecg.notes[0]
