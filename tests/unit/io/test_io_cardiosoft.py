"""GE Sapphire and CardioSoft XML: the recording rather than the averaged beat, and invalid samples."""

from pathlib import Path

import numpy as np
import pytest
from io_builders import lively_ecg
from xml_builders import cardiosoft, sapphire

from lamae.ecg import LEADS, limb_lead_disagreement
from lamae.errors import AnswerNeeded, ReadError
from lamae.io import read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats/ge_cardiosoft_xml")
SAPPHIRE, CARDIOSOFT = sapphire(LIVELY), cardiosoft(LIVELY)


@pytest.mark.parametrize("content", [SAPPHIRE, CARDIOSOFT])
def test_both_kinds(content):
    ecg = read("x.xml", content)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)
    assert (ecg.leads, ecg.fs, ecg.source, ecg.notes) == (LEADS, 500.0, "GE CardioSoft XML", ())
    assert ecg.age == 61.0
    for secret in ("Doe", "Döe", "4711"):
        assert secret not in repr(ecg)


def test_what_is_kept_of_sapphire():
    ecg = read("", SAPPHIRE)
    assert ecg.sex == "male"
    assert ecg.filters == "high-pass 0.16 Hz, low-pass 150 Hz, notch 50 Hz"
    # PR is marked invalid.
    assert ecg.measurements == {"heart_rate": 83.0, "qrs": 76.0, "qt": 368.0, "qrs_axis": 59.0}


def test_what_is_kept_of_cardiosoft():
    ecg = read("", CARDIOSOFT)
    assert ecg.sex == "female"
    assert ecg.filters == "low-pass 150 Hz, notch 50 Hz"
    assert ecg.measurements == {"heart_rate": 61.0, "pr": 150.0, "qrs_axis": 40.0}


def test_invalid_samples_are_gaps():
    ecg = read("", sapphire(LIVELY, gaps=(500, 501)))
    trace = LIVELY.lead("V3")
    line = np.interp([500, 501], [499, 502], [trace[499], trace[502]])
    np.testing.assert_allclose(ecg.lead("V3")[500:502], line, atol=1e-6)
    assert any("filled by straight lines: V3" in note for note in ecg.notes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"<wav>", b"<wave>", "damaged or cut short"),
        (b"ecgWaveformMXG", b"ecgOther", "no rhythm recording"),
        (b'lead="', b'lead="X', "no rhythm recording"),
        (b' S="1"', b' S="0"', "how large a step"),
        (b' S="1"', b' S="-1"', "how large a step"),
        (b' S="1"', b' S="4,880"', "how large a step"),
        (b' S="1"', b' S="?"', "how large a step"),
        (b'U="uV"', b'U="mmHg"', "not a voltage"),
        (b'asizeVT="1000"', b'asizeVT="99999999"', "are announced"),
        (b'asizeVT="1000"', b'asizeVT="1"', "are announced"),
        (b'sampleRate V="500"', b'sampleRate V="5"', "50 to 20,000 Hz"),
        (b'label="V1" V="', b'label="V1" V="x ', "not all numbers"),
        (b'lead="V2"', b'lead="V1"', "more than once"),
    ],
)
def test_contradictions_in_sapphire(old, new, message):
    assert old in SAPPHIRE
    with pytest.raises(ReadError, match=message):
        read("", SAPPHIRE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"StripData", b"OtherData", "no rhythm recording"),
        (b">1</Resolution>", b">0</Resolution>", "how large a step"),
        (b'units="uVperLsb"', b'units="mmHgPerLsb"', "not a voltage"),
        (b"Total>1000<", b"Total>99999999<", "are announced"),
        (b'<WaveformData lead="V6">', b'<WaveformData lead="V6">1.5.5,', "not all numbers"),
        (b'<WaveformData lead="V6">', b'<WaveformData lead="V6">;', "not all numbers"),
    ],
)
def test_contradictions_in_cardiosoft(old, new, message):
    assert old in CARDIOSOFT
    with pytest.raises(ReadError, match=message):
        read("", CARDIOSOFT.replace(old, new))


def test_leads_of_different_lengths_are_refused():
    content = CARDIOSOFT.replace(b"ChannelSampleCountTotal", b"Other")
    content = content.replace(b'<WaveformData lead="V6">', b'<WaveformData lead="V6">7,')
    with pytest.raises(ReadError, match="different lengths"):
        read("", content)


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (SAPPHIRE.replace(b"sampleRate", b"other"), ("fs",)),
        (SAPPHIRE.replace(b'sampleRate V="500" U="Hz"', b'sampleRate V="500" U="1/min"'), ("fs",)),
        (SAPPHIRE.replace(b'U="uV" S', b"S"), ("unit",)),
        (
            CARDIOSOFT.replace(b' units="uVperLsb"', b"").replace(b"SampleRate", b"o"),
            ("fs", "unit"),
        ),
    ],
)
def test_what_the_file_leaves_out_is_asked_for(content, fields):
    with pytest.raises(AnswerNeeded) as caught:
        read("", content)
    assert caught.value.fields == fields
    answers = {"fs": 500.0, "unit": "uV"}
    ecg = read("", content, **{field: answers[field] for field in fields})
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-6)


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
@pytest.mark.parametrize(
    ("name", "rate", "qrs", "peak"), [("58_1.XML", 99.0, 62.0, None), ("70.XML", 83.0, 76.0, 0.864)]
)
def test_device_files(name, rate, qrs, peak):
    ecg = read_path(FORMATS / name)
    assert (ecg.signal.shape, ecg.fs, ecg.leads) == ((12, 5000), 500.0, LEADS)
    assert (ecg.age, ecg.sex) == (None, None)
    assert ecg.filters == "high-pass 0.16 Hz, low-pass 150 Hz, notch 50 Hz"
    assert (ecg.measurements["heart_rate"], ecg.measurements["qrs"]) == (rate, qrs)
    assert limb_lead_disagreement(ecg) < 0.006
    found = heart_rate(ecg)
    assert found is not None
    assert found.rate == pytest.approx(rate, abs=1.5)
    if peak:
        # The device's own R amplitude in V4, over its averaged beat.
        heights = [
            ecg.lead("V4")[round(t * 500) - 30 : round(t * 500) + 30].max()
            for t in found.r_times[1:-1]
        ]
        assert np.median(heights) - np.median(ecg.lead("V4")) == pytest.approx(peak, rel=0.15)
