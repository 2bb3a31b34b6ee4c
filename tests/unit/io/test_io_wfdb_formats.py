"""Every WFDB signal format gives back the samples that were written, exactly."""

import numpy as np
import pytest
import soundfile
import wfdb
from io_builders import header_text, lively_ecg, mat_files, zipped
from scipy.io import savemat

from lamae.ecg import LEADS
from lamae.errors import LamaeError, ReadError
from lamae.io import read, read_path

LIVELY = lively_ecg()
# Steps that fit in bits of which the narrower formats have few.
RANGES = {"8": 100, "80": 127, "508": 127, "160": 32_000, "212": 2047, "310": 511, "311": 511}
BY_WFDB = ("80", "212", "16", "24", "32", "508", "516", "524")


def counts_for(fmt):
    """12 leads x 1,000 in whole steps, which reach the format's ends."""
    top = RANGES.get(fmt, 30_000)
    counts = np.rint(LIVELY.signal / np.abs(LIVELY.signal).max() * top).astype(np.int64)
    if fmt == "8":
        # Stored as differences of 8 bits.
        counts = np.cumsum(np.clip(np.diff(counts, prepend=counts[:, :1]), -127, 127), axis=1)
    return counts


def gain_for(counts):
    return float(np.abs(counts).max() / 4)


def check(ecg, counts, gain):
    assert ecg.leads == LEADS[: len(counts)]
    np.testing.assert_array_equal(ecg.signal, (counts / gain).astype(np.float32))


@pytest.mark.parametrize("fmt", BY_WFDB)
def test_formats_that_wfdb_writes(fmt, tmp_path):
    # A FLAC file holds at most 8 channels.
    leads = LEADS[:8] if fmt.startswith("5") else LEADS
    counts = counts_for(fmt)[: len(leads)]
    gain = gain_for(counts)
    wfdb.wrsamp(
        "rec",
        fs=500,
        units=["mV"] * len(leads),
        sig_name=list(leads),
        d_signal=counts.T.copy(),
        fmt=[fmt] * len(leads),
        adc_gain=[gain] * len(leads),
        baseline=[0] * len(leads),
        write_dir=str(tmp_path),
    )
    ecg = read_path(tmp_path / "rec.hea")
    check(ecg, counts, gain)
    assert ecg.notes == ()
    packed = {name: (tmp_path / name).read_bytes() for name in ("rec.hea", "rec.dat")}
    check(read("x.zip", zipped(packed)), counts, gain)
    theirs = wfdb.rdrecord(str(tmp_path / "rec"))
    np.testing.assert_allclose(ecg.signal, theirs.p_signal.T, atol=1e-6)


def bytes_of(fmt, flat):
    """By the format's definition in signal(5)."""
    if fmt == "61":
        return flat.astype(">i2").tobytes()
    if fmt == "160":
        return (flat + 32_768).astype("<u2").tobytes()
    triples = np.concatenate([flat, np.zeros(-len(flat) % 3, np.int64)]).reshape(-1, 3) & 1023
    if fmt == "310":
        first = (triples[:, 0] << 1 | (triples[:, 2] & 31) << 11).astype("<u2")
        second = (triples[:, 1] << 1 | (triples[:, 2] >> 5) << 11).astype("<u2")
        return np.stack([first, second], axis=1).tobytes()
    packed = triples[:, 0] | triples[:, 1] << 10 | triples[:, 2] << 20
    return packed.astype("<u4").tobytes()


@pytest.mark.parametrize("fmt", ["61", "160", "310", "311"])
def test_formats_that_it_only_reads(fmt):
    counts = counts_for(fmt)
    gain = gain_for(counts)
    lines = [f"rec.dat {fmt} {gain!r}(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    content = bytes_of(fmt, counts.T.reshape(-1))
    check(read("", {"rec.hea": header_text(lines, 1000), "rec.dat": content}), counts, gain)


def test_differences_of_8_bits():
    counts = counts_for("8")
    gain = gain_for(counts)
    lines = [
        f"rec.dat 8 {gain!r}(0)/mV 16 0 {row[0]} 0 0 {lead}"
        for lead, row in zip(LEADS, counts, strict=True)
    ]
    content = np.diff(counts, prepend=counts[:, :1]).T.astype("i1").tobytes()
    check(read("", {"rec.hea": header_text(lines, 1000), "rec.dat": content}), counts, gain)


def test_files_of_the_physionet_challenges(tmp_path):
    ecg = read("", mat_files(LIVELY))
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=1e-7)
    assert (ecg.age, ecg.sex) == (61.0, "female")
    # As MATLAB's own writer lays them out.
    counts = np.rint(LIVELY.signal * 1000).astype(np.int16)
    savemat(tmp_path / "rec.mat", {"val": counts}, format="4")
    lines = [f"rec.mat 16+24 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    (tmp_path / "rec.hea").write_bytes(header_text(lines, 1000))
    np.testing.assert_array_equal(
        read_path(tmp_path / "rec.mat").signal, (counts / 1e3).astype("f4")
    )


def flac(tmp_path, counts, subtype="PCM_16"):
    soundfile.write(tmp_path / "x.flac", counts.T.astype(np.int16), 8000, subtype=subtype)
    return (tmp_path / "x.flac").read_bytes()


def flac_record(tmp_path, leads=LEADS[:6], samples=1000, fmt="516", per_frame=""):
    counts = counts_for("16")[: len(leads)]
    lines = [f"x.flac {fmt}{per_frame} 10000(0)/mV 16 0 0 0 0 {lead}" for lead in leads]
    return {"r.hea": header_text(lines, samples), "x.flac": flac(tmp_path, counts)}


def test_flac_with_several_samples_a_frame(tmp_path):
    files = flac_record(tmp_path, samples=500, per_frame="x2")
    ecg = read("", files)
    assert (ecg.fs, ecg.signal.shape) == (1000.0, (6, 1000))
    np.testing.assert_array_equal(ecg.signal, (counts_for("16")[:6] / 1e4).astype("f4"))


def test_leads_in_two_flac_files(tmp_path):
    counts = counts_for("16")
    lines = [
        f"{'ab'[at > 5]}.flac 516 10000(0)/mV 16 0 0 0 0 {lead}" for at, lead in enumerate(LEADS)
    ]
    files = {"r.hea": header_text(lines, 1000)}
    files |= {"a.flac": flac(tmp_path, counts[:6]), "b.flac": flac(tmp_path, counts[6:])}
    check(read("", files), counts, 10_000)
    with pytest.raises(ReadError, match="2 signal files, of which 1"):
        read("", {name: files[name] for name in ("r.hea", "a.flac")})


def test_flac_of_unstated_length(tmp_path):
    assert read("", flac_record(tmp_path, samples=0)).signal.shape == (6, 1000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": 1001}, "1,000 samples of each lead where its header announces 1,001"),
        ({"samples": 10**11}, "in memory"),
        ({"fmt": "508"}, "cannot be decoded"),
        ({"fmt": "516+24"}, "not, or of other channels"),
    ],
)
def test_flac_that_does_not_fit_its_header(tmp_path, change, message):
    with pytest.raises(ReadError, match=message):
        read("", flac_record(tmp_path, **change))


def test_flac_of_other_channels_or_none(tmp_path):
    files = flac_record(tmp_path)
    with pytest.raises(ReadError, match="of other channels"):
        read("", files | {"x.flac": flac(tmp_path, counts_for("16")[:5])})
    with pytest.raises(ReadError, match="FLAC format, but the file is not"):
        read("", files | {"x.flac": b"RIFF" + bytes(1000)})


def test_damaged_flac_ends_in_a_plain_error(tmp_path):
    files = flac_record(tmp_path)
    content = files["x.flac"]
    rng = np.random.default_rng(5)
    outcomes = []
    for cut in (0, 3, 10, 41, 42, 100, len(content) // 2, len(content) - 1):
        with pytest.raises(LamaeError):
            read("", files | {"x.flac": content[:cut]})
    for _ in range(60):
        damaged = bytearray(content)
        damaged[int(rng.integers(0, len(content)))] ^= int(rng.integers(1, 256))
        try:
            outcomes.append(np.isfinite(read("", files | {"x.flac": bytes(damaged)}).signal).all())
        except LamaeError:
            continue
    assert all(outcomes)


def test_unknown_formats_are_named():
    lines = [f"rec.dat 99 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    with pytest.raises(ReadError, match="WFDB format 99"):
        read("", {"rec.hea": header_text(lines, 1000), "rec.dat": bytes(24_000)})
