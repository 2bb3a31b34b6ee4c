"""The library names nothing outside its folder, and is searched at once whatever its size."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lamae import io
from lamae.app import library
from lamae.app.library import Wanted, find, folder, frame, names
from lamae.ecg import LEADS
from lamae.ecg.statements import ICD10_CODES, STATEMENT_NAMES, STATEMENTS
from lamae.errors import InputError, ReadError
from lamae.simulate import simulate

SHARED = Path(__file__).parents[4] / "shared" / "ptbxl"
ALL = 21_799


@pytest.fixture
def records(tmp_path):
    records = tmp_path / "records"
    (records / "00000").mkdir(parents=True)
    (records / ".masked").mkdir()
    ecg = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(1)).ecg
    io.write(ecg, records / "00000" / "00001_lr.hea")
    (records / "top.hea").touch()
    (tmp_path / "outside.hea").touch()
    (records / "away").symlink_to(tmp_path)
    return records


# The folder


def test_folders_and_records_are_listed_without_links_and_masked_folders(records):
    top = library.listing(records, [])
    assert (top.folders, top.records, top.left_off) == (("00000",), ("top",), 0)
    assert library.listing(records, ["00000"]).records == ("00001_lr",)


def test_a_record_becomes_a_path_and_an_ecg(records):
    assert library.record(records, ["00000"], "00001_lr") == records / "00000" / "00001_lr.hea"
    assert library.read(records, ["00000"], "00001_lr").leads == LEADS


@pytest.mark.parametrize("parts", [[".."], ["away"], ["00000", ".."], ["/"], [".masked"], [""]])
def test_no_folder_outside_the_library_can_be_named(records, parts):
    with pytest.raises(InputError):
        library.listing(records, parts)
    with pytest.raises(InputError):
        library.read_names(records, parts)


@pytest.mark.parametrize("name", ["../outside", "../../outside", "", "nothing", "00000/00001_lr"])
def test_no_record_outside_the_listing_can_be_named(records, name):
    with pytest.raises(InputError):
        library.record(records, [], name)


def test_a_signal_file_that_is_a_link_is_not_followed(records):
    signal = records / "00000" / "00001_lr.dat"
    signal.rename(records.parent / "elsewhere.dat")
    signal.symlink_to(records.parent / "elsewhere.dat")
    with pytest.raises(InputError, match="link"):
        library.read(records, ["00000"], "00001_lr")


def test_long_folders_are_cut_in_the_list_but_not_when_opened(records, monkeypatch):
    monkeypatch.setattr(folder, "MAX_ENTRIES", 2)
    for i in range(5):
        (records / f"r{i}.hea").touch()
    listed = library.listing(records, [])
    assert len(listed.records) == 2
    assert listed.left_off == 4
    assert library.record(records, [], "top").is_file()


def test_a_folder_that_vanished_is_a_plain_error(records):
    with pytest.raises(ReadError):
        library.listing(records / "gone", [])


def test_the_setting_names_the_root(records, monkeypatch):
    monkeypatch.setenv(library.SETTING, str(records))
    assert library.root() == records.resolve()
    monkeypatch.setenv(library.SETTING, str(records / "gone"))
    assert library.root() is None
    monkeypatch.delenv(library.SETTING)
    assert library.root() is None


# Names alone


def test_without_a_table_the_names_of_all_folders_are_listed(records):
    found = library.read_names(records, [])
    assert list(found.keys) == ["00000/00001_lr", "top"]
    assert (found.details, found.cut) == (None, False)
    table = frame(found, find(found, Wanted("0001")), "")
    assert table.to_dict("list") == {"Record": ["00001_lr"], "Folder": ["00000"]}
    assert found.read(records, 0, "").fs == 100.0
    assert list(library.read_names(records, ["00000"]).keys) == ["00000/00001_lr"]


def test_names_beyond_what_can_be_listed_are_said_to_be_there(records, monkeypatch):
    monkeypatch.setattr(names, "MAX_RECORDS", 1)
    found = library.read_names(records, [])
    assert len(found) == 1
    assert found.cut


# PTB-XL's table


def write_table(root: Path, rows: list[dict]) -> Path:
    (root / "records100" / "00000").mkdir(parents=True, exist_ok=True)
    usual = {
        "patient_id": 12345.0,
        "age": 60.0,
        "sex": 1,
        "report": "Frau Mustermann, sinusrhythmus",
        "scp_codes": "{'NORM': 100.0, 'SR': 0.0}",
        "strat_fold": 3,
        "filename_lr": "records100/00000/00001_lr",
    }
    table = [{"ecg_id": number, **usual, **row} for number, row in enumerate(rows, 1)]
    pd.DataFrame(table).to_csv(root / "ptbxl_database.csv", index=False)
    return root


def test_a_row_says_who_and_what_but_names_nobody(tmp_path):
    root = write_table(tmp_path, [{}, {"age": 300.0, "sex": 0}, {"age": None, "sex": None}])
    catalogue = library.read_table(root)
    table = frame(catalogue, np.arange(3), "100 Hz")
    assert table["Age"].tolist()[:2] == [60, 90]
    assert table["Age"].isna().tolist() == [False, False, True]
    assert table["Sex"].tolist()[:2] == ["female", "male"]
    assert table["Sex"].isna().tolist() == [False, False, True]
    assert table["Statements"][0] == "NORM, SR"  # likelihood 0 is unknown, not absent
    assert table["Fold"][0] == 3
    shown = table.to_csv() + repr(catalogue)
    assert "Mustermann" not in shown
    assert "12345" not in shown


def test_what_is_no_statement_is_not_shown(tmp_path):
    root = write_table(tmp_path, [{"scp_codes": "{'Jane Doe': 100.0, 'AFIB': 80.0}"}])
    catalogue = library.read_table(root)
    table = frame(catalogue, np.arange(1), "100 Hz")
    assert (table["Statements"][0], table["ICD-10-CM"][0]) == ("AFIB", "I48.91")


def test_records_without_amplitudes_are_left_out_and_counted(tmp_path):
    root = write_table(
        tmp_path, [{"raw_amplitude": True}, {"raw_amplitude": False}, {"raw_amplitude": None}]
    )
    catalogue = library.read_table(root)
    assert (list(catalogue.keys), catalogue.left_out) == (["1"], 2)


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "records100/../../outside",
        "/etc/passwd",
        "records100/00000/../00000/00001_lr",
        "records100//00000/00001_lr",
        "records100/linked/00001_lr",
        "records100/00000/00001_lr.hea",
        "records100/00000",
        "records100/00000/absent_lr",
        "",
        "records100\\00000\\00001_lr",
        "records100/00000/\x0000001_lr",
    ],
)
def test_a_table_cannot_lead_out_of_the_folder(tmp_path, path):
    root = tmp_path / "library"
    good = "records100/00000/00001_lr"
    write_table(root, [{"filename_lr": good}, {"filename_lr": path}])
    ecg = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(1)).ecg
    io.write(ecg, root / f"{good}.hea")
    io.write(ecg, tmp_path / "outside.hea")
    (tmp_path / "other").mkdir()
    io.write(ecg, tmp_path / "other" / "00001_lr.hea")
    (root / "records100" / "linked").symlink_to(tmp_path / "other")
    catalogue = library.read_table(root)
    assert catalogue.read(root, 0, "100 Hz").fs == 100.0
    with pytest.raises(InputError, match="not in the folder"):
        catalogue.read(root, 1, "100 Hz")


def test_age_and_sex_come_with_the_ecg(tmp_path):
    root = write_table(tmp_path, [{"age": 71.0, "sex": 0}, {"age": 300.0}, {"age": None}])
    ecg = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(1)).ecg
    io.write(ecg, root / "records100" / "00000" / "00001_lr.hea")
    catalogue = library.read_table(root)
    first, old, unknown = (catalogue.read(root, row, "100 Hz") for row in range(3))
    assert (first.age, first.sex) == (71.0, "male")
    assert old.age is None
    assert "90 years or more" in " ".join(old.notes)
    assert (unknown.age, unknown.sex) == (None, "female")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"ecg_id,age\n1,2\n",
        b'a,b\n"',
        b"ecg_id,age,sex,scp_codes,strat_fold\n",
    ],
)
def test_what_is_not_ptb_xls_table_is_refused_kindly(tmp_path, content):
    (tmp_path / "ptbxl_database.csv").write_bytes(content)
    assert library.has_table(tmp_path)
    with pytest.raises(ReadError, match=r"ptbxl_database\.csv"):
        library.read_table(tmp_path)


def test_a_table_without_its_recordings_says_so(tmp_path):
    root = write_table(tmp_path, [{"filename_lr": "records999/00000/00001_lr"}])
    with pytest.raises(ReadError, match="records100"):
        library.read_table(root)


def test_a_linked_table_is_not_read(tmp_path):
    (tmp_path / "there.csv").write_text("ecg_id\n")
    (tmp_path / "ptbxl_database.csv").symlink_to(tmp_path / "there.csv")
    assert not library.has_table(tmp_path)


# Search


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A made table as long as PTB-XL's, with both rates."""
    root = tmp_path_factory.mktemp("ptbxl")
    rng = np.random.default_rng(0)
    number = np.sort(rng.permutation(np.arange(1, 21_838))[:ALL])
    some = [rng.choice(71, size=rng.integers(1, 6), replace=False) for _ in range(ALL)]
    place = [f"{n // 1000 * 1000:05d}/{n:05d}" for n in number]
    for rate in (100, 500):
        (root / f"records{rate}").mkdir()
    pd.DataFrame(
        {
            "ecg_id": number,
            "patient_id": rng.integers(1, 20_000, ALL).astype(float),
            "age": np.where(rng.random(ALL) < 0.01, 300, rng.integers(2, 90, ALL)).astype(float),
            "sex": rng.integers(0, 2, ALL),
            "report": "Frau Mustermann " * 6,
            "scp_codes": [str({STATEMENT_NAMES[i]: 100.0 for i in held}) for held in some],
            "strat_fold": rng.integers(1, 11, ALL),
            "filename_lr": [f"records100/{path}_lr" for path in place],
            "filename_hr": [f"records500/{path}_hr" for path in place],
        }
    ).to_csv(root / "ptbxl_database.csv", index=False)
    return root


@pytest.fixture(scope="module")
def catalogue(whole) -> library.Catalogue:
    return library.read_table(whole)


def naive(catalogue, keep) -> list[int]:
    details = catalogue.details
    return [
        row
        for row in range(len(catalogue))
        if keep(
            {STATEMENT_NAMES[i] for i in np.flatnonzero(details.statements[row])},
            float(details.age[row]),
            str(details.sex[row]),
        )
    ]


def test_every_filter_finds_what_a_plain_loop_finds(catalogue):
    icd10 = {s.name: s.code for s in STATEMENTS}
    cases = [
        (Wanted(statements=("AFIB", "LVH")), lambda s, a, x: {"AFIB", "LVH"} <= s),
        (Wanted(codes=("I25.2",)), lambda s, a, x: "I25.2" in {icd10[n] for n in s}),
        (Wanted(ages=(60, 80), sex="male"), lambda s, a, x: 60 <= a <= 80 and x == "male"),
        (Wanted(ages=(85, 90)), lambda s, a, x: a >= 85),
        (Wanted("atrial fibrillation"), lambda s, a, x: "AFIB" in s),
        (Wanted("I48"), lambda s, a, x: bool({"AFIB", "AFLT"} & s)),
        (Wanted("left bundle"), lambda s, a, x: bool({"CLBBB", "ILBBB"} & s)),
        (Wanted("afib lvh"), lambda s, a, x: {"AFIB", "LVH"} <= s),
        (Wanted("LAO/LAE"), lambda s, a, x: "LAO/LAE" in s),
    ]
    for wanted, keep in cases:
        found = find(catalogue, wanted).tolist()
        assert found == naive(catalogue, keep), wanted
        assert 0 < len(found) < ALL, wanted


def test_normal_does_not_find_the_abnormal(catalogue):
    held = catalogue.details.statements[find(catalogue, Wanted("normal"))]
    wanted = [STATEMENT_NAMES.index("NORM"), STATEMENT_NAMES.index("PACE")]
    assert held[:, wanted].any(axis=1).all()


def test_a_number_finds_its_ecg_first(catalogue):
    key = str(catalogue.keys[400])
    assert find(catalogue, Wanted(key))[0] == 400
    assert catalogue.row(key) == 400
    assert catalogue.row(None) is None
    assert catalogue.row("no such") is None


def test_nothing_matches_nonsense(catalogue):
    assert not len(find(catalogue, Wanted("xyzzy")))
    assert len(find(catalogue, Wanted("[](), /"))) == ALL  # no word at all


def fastest(work, times: int = 3) -> float:
    """Processor time in s of the fastest of a few runs: other work on the machine does not count."""
    took = []
    for _ in range(times):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


def test_a_whole_ptb_xl_is_read_and_searched_at_once(whole, catalogue):
    assert len(catalogue) == ALL
    assert list(catalogue.files) == ["500 Hz", "100 Hz"]
    assert fastest(lambda: library.read_table(whole)) < 3.0
    for wanted in (Wanted(), Wanted("fibrillation"), Wanted("2"), Wanted("afib lvh", ages=(0, 89))):
        assert fastest(lambda wanted=wanted: find(catalogue, wanted)) < 0.1
    rows = find(catalogue, Wanted())
    assert fastest(lambda: frame(catalogue, rows[:500], "500 Hz")) < 0.1


@pytest.mark.skipif(
    not (SHARED / "ptbxl_database.csv").is_file(), reason="../shared/ptbxl is not on this machine"
)
def test_the_shared_part_of_ptb_xl_opens_at_100_hz_without_its_zscored_ecgs():
    catalogue = library.read_table(SHARED)
    assert (len(catalogue), catalogue.left_out) == (4226, 1453)
    assert list(catalogue.files) == ["100 Hz"]
    assert not any("zscored" in path for path in catalogue.files["100 Hz"])
    [row] = [i for i, key in enumerate(catalogue.keys) if key == "17"]
    assert frame(catalogue, np.array([row]), "100 Hz")["Statements"][0].split(", ")
    ecg = catalogue.read(SHARED, row, "100 Hz")
    assert (ecg.fs, ecg.leads, ecg.sex, ecg.age) == (100.0, LEADS, "male", 56.0)
    assert ICD10_CODES[int(np.argmax(catalogue.details.codes[row]))]
