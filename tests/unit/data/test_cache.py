"""A cache gives back what was written, up to its steps, and refuses what it is not."""

import json
import zipfile
from copy import deepcopy
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from data_builders import SPEC, make_mimic, make_ptbxl, make_records

from lamae.cli.main import main
from lamae.data import Records, load_records, mimic, read_cache, write_cache
from lamae.data.cache import CHUNK, STEP
from lamae.ecg import INDEPENDENT_LEADS, LEADS, LIMB_FROM_I_II
from lamae.ecg.labels import Code, LabelSet
from lamae.ecg.statements import ICD10_CODES
from lamae.errors import DataError
from lamae.results.description import DataDescription

HALF_STEP = STEP / 2 / SPEC.scale * 1.001


def assert_same(found: Records, expected: Records) -> None:
    """All but the signals is equal; those are equal up to the steps."""
    for column in fields(Records):
        if column.name != "values":
            np.testing.assert_array_equal(
                getattr(found, column.name), getattr(expected, column.name), column.name
            )
    off = np.abs(found.values - expected.values).max(axis=2)
    independent = [LEADS.index(lead) for lead in INDEPENDENT_LEADS]
    assert off[:, independent].max() <= HALF_STEP
    assert off.max() <= 4 * HALF_STEP


@pytest.fixture(scope="module")
def made() -> Records:
    return make_records()


@pytest.fixture
def records(made) -> Records:
    return deepcopy(made)


def test_what_is_read_is_what_was_written_up_to_half_a_step(records, tmp_path):
    path = tmp_path / "made.cache"
    size = write_cache(records, SPEC, path)
    assert size == path.stat().st_size
    assert [file.name for file in tmp_path.iterdir()] == ["made.cache"]
    assert_same(read_cache(path, SPEC, zscored=True), records)


def test_limb_leads_obey_their_relations_exactly(records, tmp_path):
    write_cache(records, SPEC, tmp_path / "c")
    limb = read_cache(tmp_path / "c", SPEC).values[:, :6].astype(np.float64)
    sums = np.einsum("lj,njt->nlt", LIMB_FROM_I_II, limb[:, :2])
    np.testing.assert_allclose(limb, sums, atol=1e-5)


def test_folds_and_known_amplitudes_are_chosen_on_reading(records, tmp_path):
    write_cache(records, SPEC, tmp_path / "c")
    assert_same(read_cache(tmp_path / "c", SPEC), records.take(records.amplitude))
    third = read_cache(tmp_path / "c", SPEC, folds=[3, 1], zscored=True)
    assert_same(third, records.take(np.isin(records.fold, [1, 3])))
    with pytest.raises(DataError, match="folds needed"):
        read_cache(tmp_path / "c", SPEC, folds=[5])


def test_codes_and_unlabelled_ecgs_are_kept(records, tmp_path):
    codes = np.random.default_rng(1).random((len(records), len(ICD10_CODES))) < 0.2
    coded = replace(
        records,
        statements=np.zeros((len(records), 0), dtype=bool),
        codes=codes,
        labelled=np.arange(len(records)) > 2,
        labels=mimic.CODES,
    )
    write_cache(coded, SPEC, tmp_path / "c")
    found = read_cache(tmp_path / "c", SPEC, zscored=True)
    np.testing.assert_array_equal(found.codes, codes)
    assert_same(found, coded)


@pytest.mark.parametrize("lost", [["I"], ["II"], ["I", "II"], ["III", "V1"], LEADS[:6], LEADS])
def test_recordings_that_lack_leads_are_written_too(lost, records, tmp_path):
    present = records.present.copy()
    present[2, [LEADS.index(lead) for lead in lost]] = False
    values = np.where(present[:, :, None], records.values, 0).astype(np.float32)
    part = replace(records, values=values, present=present)
    write_cache(part, SPEC, tmp_path / "c")
    assert_same(read_cache(tmp_path / "c", SPEC, zscored=True), part)


def test_a_limb_lead_that_disagrees_with_the_sums_is_written_itself(records, tmp_path):
    values = records.values.copy()
    values[4, LEADS.index("aVL")] *= -1
    swapped = replace(records, values=values)
    write_cache(swapped, SPEC, tmp_path / "c")
    assert_same(read_cache(tmp_path / "c", SPEC, zscored=True), swapped)


def test_an_electrode_off_scale_is_cut(records, tmp_path):
    values = records.values.copy()
    values[1, LEADS.index("V1"), 100:120] = [400.0, -400.0] * 10
    write_cache(replace(records, values=values), SPEC, tmp_path / "c")
    found = read_cache(tmp_path / "c", SPEC, zscored=True).values[1, LEADS.index("V1")]
    assert found[100] == pytest.approx(32767 * STEP / SPEC.scale)
    assert found[101] == pytest.approx(-32768 * STEP / SPEC.scale)
    assert np.abs(found[130:] - values[1, LEADS.index("V1"), 130:]).max() <= HALF_STEP


def test_more_ecgs_than_a_chunk_come_back_in_order(records, tmp_path):
    many = records.take(np.arange(CHUNK + 40) % len(records))
    many = replace(
        many,
        fold=np.where(np.arange(len(many)) % 50 == 7, 2, 1),
        amplitude=np.ones(len(many), dtype=bool),
    )
    write_cache(many, SPEC, tmp_path / "c")
    assert_same(read_cache(tmp_path / "c", SPEC), many)


@pytest.mark.parametrize(
    "other", [{"fs": 250.0}, {"band": (0.05, 40.0)}, {"scale": 1.0}, {"seconds": 5.0}]
)
def test_a_cache_for_another_input_is_refused(other, records, tmp_path):
    write_cache(records, SPEC, tmp_path / "c")
    with pytest.raises(DataError, match=f"another {next(iter(other))} .*make it again"):
        read_cache(tmp_path / "c", replace(SPEC, **other))


def test_labels_and_description_of_the_data_set_come_back(records, tmp_path):
    labels = LabelSet("two", (Code("A", "one"), Code("B", "other")))
    described = replace(
        records,
        statements=np.zeros((len(records), 0), dtype=bool),
        codes=np.zeros((len(records), 2), dtype=bool),
        labels=labels,
        description=DataDescription("Made", "2", part=True),
    )
    write_cache(described, SPEC, tmp_path / "c")
    found = read_cache(tmp_path / "c", SPEC, zscored=True)
    assert (found.labels, found.description) == (labels, described.description)
    assert found.codes.shape == (len(records), 2)


def test_a_cache_of_an_older_version_is_refused(records, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("lamae.data.cache.FORMAT", "lamae cache 1")
        write_cache(records, SPEC, tmp_path / "c")
    with pytest.raises(DataError, match=r"older version \(lamae cache 1\).*make it again"):
        read_cache(tmp_path / "c", SPEC)


def test_damage_is_noticed(records, tmp_path):
    path = tmp_path / "c"
    write_cache(records.take(np.arange(3)), SPEC, path)
    whole = path.read_bytes()
    for cut in (0, 3, 100, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match="damaged"):
            read_cache(path, SPEC, zscored=True)
    first = read_bytes(path, whole)
    noticed = 0
    for at in np.linspace(0, len(whole) - 1, 300).astype(int):
        broken = bytearray(whole)
        broken[at] ^= 0x55
        try:
            found = read_bytes(path, bytes(broken))
        except DataError:
            noticed += 1
        else:
            # Bytes of the archive that carry no data, such as dates.
            np.testing.assert_array_equal(found.values, first.values)
    assert noticed > 250


def read_bytes(path: Path, content: bytes) -> Records:
    path.write_bytes(content)
    return read_cache(path, SPEC, zscored=True)


@pytest.mark.parametrize("column", ["sex_known", "age"])
def test_a_cache_that_lacks_a_column_is_damaged(column, records, tmp_path):
    path = tmp_path / "c.npz"
    write_cache(records, SPEC, path)
    with np.load(path) as file:
        part = {name: file[name] for name in file.files if name != column}
    np.savez(path, **part)
    with pytest.raises(DataError, match="damaged"):
        read_cache(path, SPEC)


def test_other_files_are_refused(records, tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, values=records.values)
    with pytest.raises(DataError, match="no cache"):
        load_records(other, SPEC)
    np.savez(other, header=np.array([{"format": 1}], dtype=object))
    with pytest.raises(DataError, match="no cache"):
        load_records(other, SPEC)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(DataError, match="no cache"):
        load_records(other, SPEC)
    other.write_text("ecg_id,age\n1,60\n")
    with pytest.raises(DataError, match="no cache"):
        load_records(other, SPEC)


def test_one_entry_point_reads_folders_and_caches(tmp_path):
    ptbxl, mimic = tmp_path / "ptbxl", tmp_path / "mimic"
    ptbxl.mkdir()
    mimic.mkdir()
    for folder in (make_ptbxl(ptbxl), make_mimic(mimic)):
        records = load_records(folder, SPEC, progress=False, zscored=True)
        write_cache(records, SPEC, tmp_path / "c")
        assert_same(load_records(tmp_path / "c", SPEC, zscored=True), records)
        some = load_records(folder, SPEC, folds=[9, 10], progress=False)
        assert_same(load_records(tmp_path / "c", SPEC, folds=[9, 10]), some)
    with pytest.raises(DataError, match=r"no .*nothing; give the folder"):
        load_records(tmp_path / "nothing", SPEC)
    with pytest.raises(DataError, match=r"neither ptbxl_database\.csv nor record_list\.csv"):
        load_records(tmp_path, SPEC)


def test_the_command_writes_all_ecgs_and_says_how_many(tmp_path, capsys):
    folder = tmp_path / "ptbxl"
    folder.mkdir()
    out = tmp_path / "ptbxl.cache"
    assert main(["cache", str(make_ptbxl(folder)), "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ecgs"] == 3
    assert said["bytes"] == out.stat().st_size
    assert read_cache(out, SPEC).ecg_id.tolist() == [1, 2]
    assert read_cache(out, SPEC, zscored=True).amplitude.tolist() == [True, True, False]
    assert main(["cache", str(tmp_path), "--out", str(out)]) == 2
    assert "neither ptbxl_database.csv" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["nowhere/x.npz", "file/x.npz", "folder"])
def test_a_place_that_cannot_be_written_is_refused_before_reading(
    place, tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr("lamae.data.load_records", None)
    assert main(["cache", str(tmp_path), "--out", str(tmp_path / place)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path / place} cannot be written (")
    assert {path.name for path in tmp_path.rglob("*")} == {"file", "folder"}


def test_a_cache_of_real_ecgs_is_small_and_true(real, tmp_path):
    size = write_cache(real, SPEC, tmp_path / "c")
    # Eight leads of 1,000 samples in 16 bits are 16,000 bytes.
    assert size / len(real) < 7_000
    assert_same(read_cache(tmp_path / "c", SPEC, zscored=True), real)
