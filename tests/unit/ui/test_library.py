"""The library lists folders one at a time and names nothing outside itself."""

import pytest

from lamae.errors import InputError, ReadError
from lamae.ui import library


@pytest.fixture
def folder(tmp_path):
    records = tmp_path / "records"
    (records / "00000").mkdir(parents=True)
    (records / ".hidden").mkdir()
    (records / "00000" / "00001_lr.hea").touch()
    (records / "00000" / "00001_lr.dat").touch()
    (records / "top.hea").touch()
    (tmp_path / "outside.hea").touch()
    (records / "away").symlink_to(tmp_path)
    return records


def test_folders_and_records_are_listed_without_links_and_hidden_folders(folder):
    top = library.listing(folder, [])
    assert (top.folders, top.records, top.left_off) == (("00000",), ("top",), 0)
    assert library.listing(folder, ["00000"]).records == ("00001_lr",)


def test_a_record_becomes_a_path(folder):
    assert library.record(folder, ["00000"], "00001_lr") == folder / "00000" / "00001_lr.hea"


@pytest.mark.parametrize("parts", [[".."], ["away"], ["00000", ".."], ["/"], [".hidden"], [""]])
def test_no_folder_outside_the_library_can_be_named(folder, parts):
    with pytest.raises(InputError):
        library.listing(folder, parts)


@pytest.mark.parametrize("name", ["../outside", "../../outside", "", "nothing", "00000/00001_lr"])
def test_no_record_outside_the_listing_can_be_named(folder, name):
    with pytest.raises(InputError):
        library.record(folder, [], name)


def test_long_folders_are_cut_and_say_so(folder, monkeypatch):
    monkeypatch.setattr(library, "MAX_ENTRIES", 2)
    for i in range(5):
        (folder / f"r{i}.hea").touch()
    listed = library.listing(folder, [])
    assert len(listed.records) == 2
    assert listed.left_off == 4


def test_a_folder_that_vanished_is_a_plain_error(folder):
    with pytest.raises(ReadError):
        library.listing(folder / "gone", [])


def test_the_setting_names_the_root(folder, monkeypatch):
    monkeypatch.setenv(library.SETTING, str(folder))
    assert library.root() == folder.resolve()
    monkeypatch.setenv(library.SETTING, str(folder / "gone"))
    assert library.root() is None
    monkeypatch.delenv(library.SETTING)
    assert library.root() is None
