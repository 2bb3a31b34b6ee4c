"""SCP-ECG: every encoding gives back the samples; what is kept; what is refused."""

import contextlib
import struct
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from io_builders import lively_ecg, zipped
from scp_builders import DEFAULT_CODES, Scp, encode, measured, record

from lamae.ecg import LEADS, LIMB_FROM_I_II, limb_lead_disagreement
from lamae.errors import LamaeError, ReadError
from lamae.io import read, read_path
from lamae.measure import heart_rate

LIVELY = lively_ecg()
FORMATS = Path("../shared/formats/scp_ecg")
# Two tables of another shape than the default's, each leading to the other.
CUSTOM = [
    [(2, 2, 1, 0, 0b00), (2, 6, 1, 0, 0b10), (2, 2, 0, 2, 0b01), (2, 18, 1, 0, 0b11)],
    [(1, 13, 1, 5, 0), (2, 2, 0, 1, 0b01), (2, 18, 1, -3, 0b11)],
]


def same(ecg, expected=LIVELY.signal):
    np.testing.assert_allclose(ecg.signal, expected, atol=1e-6)


@pytest.mark.parametrize("differences", [0, 1, 2])
@pytest.mark.parametrize(
    "coding",
    [
        {"huffman": False},
        {},
        {"tables": [DEFAULT_CODES]},
        {"tables": CUSTOM},
    ],
)
def test_every_encoding_gives_back_the_samples(differences, coding):
    ecg = read("", encode(Scp(LIVELY, differences, **coding)))
    same(ecg)
    assert (ecg.leads, ecg.fs, ecg.source) == (LEADS, 500.0, "SCP-ECG record")
    assert ecg.notes == ()


def test_all_codes_of_the_default_table_are_told_apart():
    # Differences of every size that a code stands for, and both signs of 8 and 16 bits.
    sizes = [0, 1, -1, 2, -2, 8, -8, 9, -9, 127, -128, 128, -129, 3000, -3000]
    steps = np.cumsum(np.resize(sizes, 1000)) % 4000
    signal = np.concatenate(
        [LIMB_FROM_I_II @ np.stack([steps, 2 * steps // 2]), np.tile(steps, (6, 1))]
    )
    ecg = replace(LIVELY, signal=(signal / 1000).astype(np.float32))
    for differences in (0, 1, 2):
        same(read("", encode(Scp(ecg, differences, step=500))), ecg.signal)


def test_size_of_a_step_is_in_nanovolt():
    twice = encode(Scp(LIVELY))
    at = twice.index(struct.pack("<HHBB", 1000, 2000, 2, 0))
    assert twice.count(struct.pack("<HHBB", 1000, 2000, 2, 0)) == 1
    assert at > 0
    same(
        read("", encode(Scp(replace(LIVELY, signal=LIVELY.signal * 2), step=2000))),
        LIVELY.signal * 2,
    )


@pytest.mark.parametrize(
    ("interval", "fs"), [(1000, 1000.0), (1667, 600.0), (2000, 500.0), (8000, 125.0)]
)
def test_intervals_in_whole_microseconds_stand_for_round_rates(interval, fs):
    assert read("", encode(Scp(LIVELY, interval=interval))).fs == fs


def reference(beat_step=1000, places=((0, 101, 151, 250), (1, 301, 351, 450), (0, 501, 601, 640))):
    rng = np.random.default_rng(3)
    beat = np.round(rng.normal(size=(12, 200)), 2) * beat_step / 1000
    return (200, 101, list(places), beat)


@pytest.mark.parametrize("beat_step", [1000, 2000])
@pytest.mark.parametrize("differences", [1, 2])
def test_subtracted_beats_are_added_again(beat_step, differences):
    scp = Scp(LIVELY, differences, beats=reference(beat_step), beat_step=beat_step)
    same(read("", encode(scp)))
    # Only beats of type 0 are like the reference beat.
    ignored = Scp(LIVELY, differences, beats=reference(beat_step, [(1, 101, 151, 250)]))
    same(read("", encode(ignored)))


def test_a_reference_beat_that_was_not_subtracted_is_left_alone():
    content = encode(Scp(LIVELY, beats=reference(places=[])))
    same(read("", content))


def test_beats_outside_the_reference_beat_are_refused():
    length, fiducial, _, beat = reference()
    scp = Scp(LIVELY, beats=(length, fiducial, [], beat))
    content = encode(scp)
    with pytest.raises(ReadError, match="outside its reference beat"):
        read("", with_section(content, 4, struct.pack("<HHHHIII", 400, 101, 1, 0, 1, 900, 950)))


def test_beats_that_overlap_are_refused():
    places = [(0, 101, 151, 200), (0, 200, 251, 300)]
    with pytest.raises(ReadError, match="overlap"):
        read("", encode(Scp(LIVELY, beats=reference(places=places))))


def test_compression_with_loss_is_refused_by_name():
    with pytest.raises(ReadError, match="bimodal"):
        read("", encode(Scp(LIVELY, beats=reference(), bimodal=1)))


def bodies(content):
    found = {}
    for at in range(22, 22 + 120, 10):
        number, size, start = struct.unpack_from("<HII", content, at)
        if number and size:
            found[number] = content[start + 15 : start - 1 + size]
    return found


def with_section(content, number, body):
    found = bodies(content)
    if body is None:
        del found[number]
    else:
        found[number] = body
    return record(found)


def test_leads_by_number_in_any_order_and_others_left_out():
    order = [11, 7, 2, 0, 9, 4, 1, 3, 5, 6, 8, 10]
    scp = Scp(LIVELY, extra_leads=(11, 9))
    found = bodies(encode(scp))
    head, entries = found[3][:2], [found[3][2 + 9 * at : 11 + 9 * at] for at in range(14)]
    six = found[6]
    lengths = struct.unpack_from("<14H", six, 6)
    starts = np.cumsum([34, *lengths])
    rows = [six[start : start + size] for start, size in zip(starts[:-1], lengths, strict=True)]
    order += [12, 13]
    found[3] = head + b"".join(entries[at] for at in order)
    found[6] = (
        six[:6]
        + struct.pack("<14H", *(lengths[at] for at in order))
        + b"".join(rows[at] for at in order)
    )
    ecg = read("", record(found))
    same(ecg)
    assert any("2 channels" in note for note in ecg.notes)


def test_minus_avr_is_turned_upright():
    found = bodies(encode(Scp(LIVELY)))
    three = bytearray(found[3])
    three[2 + 9 * LEADS.index("aVR") + 8] = 65
    ecg = read("", record(found | {3: bytes(three)}))
    np.testing.assert_allclose(ecg.lead("aVR"), -LIVELY.lead("aVR"), atol=1e-6)


def test_leads_recorded_in_turn_are_refused_and_overlaps_are_cut():
    first = dict.fromkeys(LEADS[6:], 501)
    last = dict.fromkeys(LEADS[:6], 500)
    with pytest.raises(ReadError, match="one group after another"):
        read("", encode(Scp(LIVELY, firsts=first, lasts=last)))
    ecg = read("", encode(Scp(LIVELY, firsts={"V1": 101}, lasts={"I": 900})))
    same(ecg, LIVELY.signal[:, 100:900])
    assert any("segment" in note for note in ecg.notes)


def test_what_is_kept_of_the_patient():
    tags = [
        (0, b"Doe\0"), (1, b"Jane\0"), (2, b"4711\0"), (4, struct.pack("<HB", 71, 1)), (8, b"\2"),
        (27, struct.pack("<H", 5)), (28, struct.pack("<H", 150)), (29, b"\2"),
    ]  # fmt: skip
    ecg = read("", encode(Scp(LIVELY, tags=tags)))
    assert (ecg.age, ecg.sex) == (71.0, "female")
    assert ecg.filters == "high-pass 0.05 Hz, low-pass 150 Hz, notch 50 Hz"
    for secret in ("Doe", "Jane", "4711"):
        assert secret not in repr(ecg)


@pytest.mark.parametrize(
    ("tags", "age"),
    [
        ([(4, struct.pack("<HB", 18, 2))], 1.5),
        ([(4, struct.pack("<HB", 0, 0))], None),
        ([(5, struct.pack("<HBB", 1953, 8, 5)), (25, struct.pack("<HBB", 2002, 8, 4))], 48.0),
        ([(5, struct.pack("<HBB", 1953, 8, 5)), (25, struct.pack("<HBB", 2002, 8, 5))], 49.0),
        ([(5, struct.pack("<HBB", 2010, 8, 5)), (25, struct.pack("<HBB", 2002, 8, 5))], None),
        ([(5, b"REMO"), (25, struct.pack("<HBB", 2002, 8, 5))], None),
        ([(8, b"\x00")], None),
        ([], None),
    ],
)
def test_age(tags, age):
    ecg = read("", encode(Scp(LIVELY, tags=tags)))
    assert ecg.age == age
    assert ecg.sex is None


@pytest.mark.parametrize("beats", [1, 3])
def test_the_devices_measurements(beats):
    seven = measured(100, 202, 277, 377, 620, (64, 49, -25), 731, 82, 401, beats)
    ecg = read("", encode(Scp(LIVELY, section7=seven)))
    assert ecg.measurements == {
        "p": 102, "pr": 177, "qrs": 100, "qt": 343, "qtc": 401, "heart_rate": 82,
        "p_axis": 64, "qrs_axis": 49, "t_axis": -25,
    }  # fmt: skip


def test_values_that_mean_not_computed_are_left_out():
    seven = measured(29999, 29999, 277, 377, 29999, (999, 49, 29999), rr=750)
    ecg = read("", encode(Scp(LIVELY, section7=seven)))
    assert ecg.measurements == {"qrs": 100, "qrs_axis": 49, "heart_rate": 80}
    assert read("", encode(Scp(LIVELY, section7=seven[:10]))).measurements == {}


@pytest.mark.parametrize(
    ("number", "body", "message"),
    [
        (3, None, "no section 3"),
        (6, None, "no section 6"),
        (3, b"\0\0", "announces 0 leads"),
        (3, struct.pack("<BBIIB", 1, 0, 5, 1, 1), "ends before it begins"),
        (3, struct.pack("<BBIIB", 1, 0, 1, 1000, 70), "None of the leads"),
        (6, struct.pack("<HHBB", 0, 2000, 0, 0), "no size of a step"),
        (6, struct.pack("<HHBB", 1000, 0, 0, 0), "no sampling interval"),
        (6, struct.pack("<HHBB", 1000, 2000, 0, 0), "ends too early"),
        (2, struct.pack("<HH", 1, 0), "Huffman"),
        (2, struct.pack("<HHBBBhI", 1, 1, 40, 40, 1, 0, 0), "Huffman"),
        (2, struct.pack("<HHBBBhI", 1, 1, 1, 1, 1, 0, 0), "Huffman"),
        (2, struct.pack("<HHBBBhI", 1, 1, 1, 1, 0, 7, 0), "Huffman"),
        (2, struct.pack("<H", 400), "ends too early"),
    ],
)
def test_sections_that_cannot_be_right(number, body, message):
    with pytest.raises(ReadError, match=message):
        read("", with_section(encode(Scp(LIVELY)), number, body))


def test_other_ways_of_differences_are_refused():
    found = bodies(encode(Scp(LIVELY)))
    found[6] = found[6][:4] + b"\3" + found[6][5:]
    with pytest.raises(ReadError, match="way 3"):
        read("", record(found))


def test_a_wrong_checksum_is_noticed():
    content = encode(Scp(LIVELY))
    damaged = bytearray(content)
    damaged[-100] ^= 1
    with pytest.raises(ReadError, match="Section 6 of the SCP-ECG file is damaged"):
        read("", bytes(damaged))
    damaged = bytearray(content)
    damaged[0] ^= 1
    assert any("as a whole" in note for note in read("", bytes(damaged)).notes)


def test_a_false_length_costs_neither_time_nor_memory():
    start = time.monotonic()
    three = struct.pack("<BB", 12, 4) + b"".join(
        struct.pack("<IIB", 1, 2**32 - 1, number)
        for number in (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)
    )
    with pytest.raises(ReadError, match="in memory"):
        read("", with_section(encode(Scp(LIVELY)), 3, three))
    loops = [[(1, 1, 0, 1, 0), (1, 1, 0, 1, 1)]]
    body = struct.pack("<HH", 1, 2) + b"".join(struct.pack("<BBBhI", *code) for code in loops[0])
    with pytest.raises(ReadError, match="Huffman"):
        read("", with_section(encode(Scp(LIVELY)), 2, body))
    assert time.monotonic() - start < 2


def test_a_zip_of_one():
    same(read("x.zip", zipped({"x.scp": encode(Scp(LIVELY))})))


@pytest.mark.parametrize("seed", range(4))
def test_damage_behind_right_checksums_ends_in_a_plain_error(seed):
    rng = np.random.default_rng(seed)
    seven = measured(100, 202, 277, 377, 620, (64, 49, 25), 731, 82, 401)
    found = bodies(encode(Scp(lively_ecg(1.3), beats=reference(), tables=CUSTOM, section7=seven)))
    for _ in range(150):
        number = int(rng.choice(list(found)))
        body = bytearray(found[number])
        for _ in range(int(rng.integers(1, 4))):
            body[int(rng.integers(0, min(len(body), 60)))] = int(rng.integers(0, 256))
        with contextlib.suppress(LamaeError):
            ecg = read("", record(found | {number: bytes(body)}))
            assert np.isfinite(ecg.signal).all()


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
def test_a_welch_allyn_recording():
    ecg = read_path(FORMATS / "ECG_20060620_112352_ANON000002.SCP")
    # I, II, V3R, V1, V2, V4, V6 and V7 are stored.
    assert ecg.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V4", "V6")
    assert (ecg.fs, ecg.duration, ecg.age, ecg.sex) == (600.0, 10.0, 36.0, None)
    assert ecg.filters == "low-pass 35 Hz, notch 50 Hz"
    assert ecg.measurements["heart_rate"] == 82
    assert heart_rate(ecg).rate == pytest.approx(82, abs=1)
    assert (ecg.measurements["pr"], ecg.measurements["qrs"], ecg.measurements["qt"]) == (
        177,
        100,
        343,
    )
    assert 0.3 < np.abs(ecg.lead("II")).max() < 2.5


@pytest.mark.skipif(not FORMATS.exists(), reason="needs ../shared/formats")
def test_a_mortara_recording():
    ecg = read_path(FORMATS / "Example.scp")
    assert ecg.leads == LEADS
    assert (ecg.fs, ecg.duration, ecg.age, ecg.sex) == (500.0, 10.0, 49.0, "male")
    assert limb_lead_disagreement(ecg) < 0.005
    assert heart_rate(ecg).rate == pytest.approx(71.6, abs=1)
    assert (ecg.measurements["qt"], ecg.measurements["qtc"], ecg.measurements["qrs_axis"]) == (
        420,
        443,
        -61,
    )
    assert 0.3 < np.abs(ecg.signal).max() < 3
