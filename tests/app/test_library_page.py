"""The Library page as Streamlit runs it: find, open, step, fetch and compare."""

import numpy as np
import pandas as pd
import pytest
from app_views import CODES, RECORD, charts, checked, traces, upload_csv, words

from lamae import io
from lamae.app import demos
from lamae.app.library import page, records
from lamae.ecg import LEADS
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.errors import ReadError
from lamae.io import physionet
from lamae.simulate import RHYTHMS, simulate

LIBRARY = "pages/analyse/library.py"
COUNT = 1_203
PAYLOAD = 80_000


@pytest.fixture(autouse=True)
def no_library(monkeypatch):
    monkeypatch.delenv("LAMAE_RECORDS", raising=False)


@pytest.fixture(scope="module")
def ptbxl(tmp_path_factory):
    """A table of 1,203 ECGs, of which the first three are there."""
    root = tmp_path_factory.mktemp("ptbxl")
    place = root / "records100" / "00000"
    place.mkdir(parents=True)
    for number, rhythm in enumerate(list(RHYTHMS)[:3], 1):
        ecg = simulate(rhythm, fs=100.0, rng=np.random.default_rng(number)).ecg
        io.write(ecg, place / f"{number:05d}_lr.hea")
    number = np.arange(1, COUNT + 1)
    said = [f"{{'{STATEMENT_NAMES[i % 71]}': 100.0, 'SR': 0.0}}" for i in number]
    pd.DataFrame(
        {
            "ecg_id": number,
            "patient_id": 77_777,
            "age": np.where(number == 3, 300.0, 20.0 + number % 60),
            "sex": number % 2,
            "report": "Frau Mustermann",
            "scp_codes": said,
            "strat_fold": 1 + number % 10,
            "filename_lr": [f"records100/00000/{i:05d}_lr" for i in number],
        }
    ).to_csv(root / "ptbxl_database.csv", index=False)
    return root


@pytest.fixture
def opened(visit, ptbxl, monkeypatch):
    monkeypatch.setenv("LAMAE_RECORDS", str(ptbxl))
    return visit(LIBRARY)


def click(at, label):
    [button] = [b for b in at.button if b.label == label]
    button.click()
    return checked(at.run())


# Nothing set


@pytest.mark.parametrize(("in_checkout", "start"), [(True, "make run"), (False, "lamae app")])
def test_without_a_library_the_page_says_how_to_set_one_and_offers_other_ecgs(
    visit, monkeypatch, in_checkout, start
):
    monkeypatch.setattr(page, "in_checkout", lambda: in_checkout)
    at = visit(LIBRARY)
    assert at.title[0].value == "Library"
    assert page.NO_LIBRARY in words(at)
    assert at.code[0].value == f"LAMAE_RECORDS=path/to/ptb-xl {start}"
    assert at.number_input(key="physionet_number").value is None
    assert at.selectbox(key="library_demo").value == demos.RECORDING
    assert not at.dataframe
    assert set(LEADS) <= set(traces(at))


def test_a_folder_that_is_gone_is_said_to_be_and_not_named(visit, tmp_path, monkeypatch):
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path / "gone"))
    at = visit(LIBRARY)
    assert page.NO_FOLDER in words(at)
    assert str(tmp_path) not in words(at)


# The table


def test_the_table_shows_a_page_and_says_of_how_many(opened):
    assert len(opened.dataframe[0].value) == records.PAGE == 500
    assert "**1,203** records, showing 1–500" in words(opened)
    assert opened.dataframe[0].proto.ByteSize() < PAYLOAD
    opened.selectbox(key=next(s.key for s in opened.selectbox if "page" in s.key)).set_value(2)
    at = checked(opened.run())
    assert "showing 1,001–1,203" in words(at)
    assert at.dataframe[0].value["ECG"].tolist()[0] == 1001


def test_neither_reports_nor_patients_are_anywhere(opened):
    everything = words(opened) + opened.dataframe[0].value.to_csv()
    assert "Mustermann" not in everything
    assert "77777" not in everything.replace(",", "")
    assert not opened.query_params


def test_search_and_filters_narrow_the_list_and_clear(opened):
    opened.text_input(key="library_text").set_value("fibrillation")
    at = checked(opened.run())
    assert set(at.dataframe[0].value["Statements"]) == {"SR, AFIB"}
    at.slider(key="library_ages").set_value((40, 60))
    at.segmented_control(key="library_sex").set_value("female")
    at = checked(at.run())
    table = at.dataframe[0].value
    assert len(table)
    assert table["Age"].between(40, 60).all()
    assert set(table["Sex"]) == {"female"}
    assert "of 1,203 records match" in words(at)
    at = click(at, "Clear")
    assert "**1,203** records" in words(at)
    at.multiselect(key="library_codes").set_value(["I48.91"])
    at.multiselect(key="library_statements").set_value(["NORM"])
    assert "No record matches" in words(checked(at.run()))


def test_a_record_is_taken_in_hand_for_all_pages_and_the_next_follows(opened):
    at = click(opened, "Open first")
    assert "**PTB-XL 1**" in words(at)
    assert "current: number 1 of these" in words(at)
    assert "21 years · female" in words(at)
    assert "· fold 2" in words(at)
    assert "fold 2: the model may have learned from this ECG" in words(at)
    at = click(at, "Next")
    assert "**PTB-XL 2**" in words(at)
    checked(at.switch_page(CODES).run())
    assert "**PTB-XL 2**" in words(at)
    assert "fold 3: the model may have learned from this ECG" in words(at)
    checked(at.switch_page(LIBRARY).run())
    at = click(at, "Previous")
    assert "**PTB-XL 1**" in words(at)
    [previous] = [b for b in at.button if b.label == "Previous"]
    assert previous.disabled


def test_a_search_stays_while_other_pages_are_read(opened):
    opened.text_input(key="library_text").set_value("fibrillation")
    at = checked(opened.run())
    checked(at.switch_page(RECORD).run())
    checked(at.switch_page(LIBRARY).run())
    assert at.text_input(key="library_text").value == "fibrillation"
    assert "records match" in words(at)


def test_a_record_that_is_not_in_the_download_is_said_to_be_missing(opened):
    for label in ("Open first", "Next", "Next"):
        at = click(opened, label)
    at = click(at, "Next")
    [error] = at.error
    assert "not in the folder" in error.value
    assert "**PTB-XL 3**" in words(at)


def test_a_table_that_cannot_be_read_gives_way_to_names(visit, tmp_path, monkeypatch):
    (tmp_path / "ptbxl_database.csv").write_bytes(b"\x00\xff")
    (tmp_path / "ward").mkdir()
    ecg = simulate("sinus_bradycardia", rng=np.random.default_rng(7)).ecg
    io.write(ecg, tmp_path / "ward" / "r1.hea")
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path))
    at = visit(LIBRARY)
    assert "cannot be read as a table" in at.error[0].value
    assert at.dataframe[0].value.to_dict("list") == {"Record": ["r1"], "Folder": ["ward"]}
    at = click(at, "Open first")
    assert "Library: ward/r1" in words(at)


def test_a_folder_of_names_is_narrowed_level_by_level(visit, tmp_path, monkeypatch):
    ecg = simulate("sinus_rhythm", rng=np.random.default_rng(7)).ecg
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        io.write(ecg, tmp_path / place / f"{place}1.hea")
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path))
    at = visit(LIBRARY)
    assert "**2** records" in words(at)
    at.selectbox(key="library_folder_").set_value("b")
    at = checked(at.run())
    assert at.dataframe[0].value["Record"].tolist() == ["b1"]
    at.text_input(key="library_text").set_value("nothing")
    assert "No record matches" in words(checked(at.run()))


def test_an_empty_folder_says_so(visit, tmp_path, monkeypatch):
    monkeypatch.setenv("LAMAE_RECORDS", str(tmp_path))
    assert "holds no WFDB records" in words(visit(LIBRARY))


# PhysioNet


def ask_for(at, number):
    at.number_input(key="physionet_number").set_value(number)
    return click(at, "Open")


def test_an_ecg_comes_by_its_number(visit, monkeypatch):
    ecg = simulate("atrial_fibrillation", rng=np.random.default_rng(2)).ecg
    asked = []
    monkeypatch.setattr(
        physionet, "read_ptbxl", lambda number, fs, *, base: asked.append((number, fs, base)) or ecg
    )
    at = ask_for(visit(LIBRARY), 17)
    assert asked == [(17, 500, physionet.BASE)]
    assert "**PTB-XL 17, PhysioNet**" in words(at)


def test_without_a_network_one_calm_sentence_and_all_stays(visit, monkeypatch):
    def fail(number, fs, *, base):
        raise ReadError(physionet.UNREACHABLE)

    monkeypatch.setattr(physionet, "read_ptbxl", fail)
    at = ask_for(visit(LIBRARY), 17)
    assert not at.error
    assert physionet.UNREACHABLE in words(at)
    assert demos.DEMOS[demos.RECORDING] in words(at)
    assert physionet.UNREACHABLE not in words(checked(at.run()))


def test_no_number_is_asked_for(visit):
    assert page.NO_NUMBER in words(click(visit(LIBRARY), "Open"))


# Comparison


def test_two_demos_are_compared_on_the_same_paper(visit, predictor):
    at = visit(LIBRARY, demo="sinus_bradycardia")
    at.selectbox(key="beside_demo").set_value("sinus_tachycardia")
    at = checked(at.run())
    assert "**A** · Simulated: sinus tachycardia" in words(at)
    assert "**B** · Simulated: sinus bradycardia" in words(at)
    for chart in (0, 1):
        assert set(LEADS) <= set(traces(at, chart))
    assert "Codes" in [subheader.value for subheader in at.subheader]
    assert "the 5 nearest to, or furthest above, their threshold" in words(at)
    measured, codes = (table.value for table in at.table)
    rate = measured.set_index("Measurement").loc["Heart rate (bpm)"]
    assert int(rate["A"]) > 100
    assert int(rate["B"]) < 60
    assert int(rate["B − A"].replace("−", "-")) == int(rate["B"]) - int(rate["A"])
    for letter, name in (("A", "sinus_tachycardia"), ("B", "sinus_bradycardia")):
        first = predictor.predict(demos.load(name)).codes[0]
        row = codes[codes["Code"].str.startswith(first.code)].iloc[0]
        assert row[letter].startswith(f"{first.probability:.2f}")
    at.segmented_control(key="speed").set_value(50)
    at = checked(at.run())
    assert all("50 mm/s" in str(chart["layout"]["annotations"]) for chart in charts(at))
    at = click(at, "Exchange A and B")
    assert "**A** · Simulated: sinus bradycardia" in words(at)
    at = click(at, "End comparison")
    assert "Comparison" not in words(at)


def test_an_ecg_set_aside_waits_for_the_next_from_any_page(visit):
    at = click(visit(LIBRARY), "Set aside to compare")
    assert page.SET_ASIDE in words(at)
    assert len(at.get("plotly_chart")) == 1
    checked(at.switch_page(RECORD).run())
    ecg = simulate("sinus_tachycardia", rng=np.random.default_rng(3)).ecg
    upload_csv(at, ecg.signal)
    checked(at.switch_page(LIBRARY).run())
    assert "**A** · Real recording" in words(at)
    assert "**B** · Uploaded ECG 1" in words(at)


def test_two_ecgs_with_notes_and_device_values_each_keep_their_own(opened):
    # The real recording has both; so has one of whose patient the table says "90 or more".
    at = click(opened, "Set aside to compare")
    at.text_input(key="library_text").set_value("3")
    at = click(checked(at.run()), "Open first")
    assert "**B** · PTB-XL 3" in words(at)
    assert "1 of 2 recordings in the file" in words(at)
    assert "90 years or more" in words(at)
    stated = demos.load(demos.RECORDING).measurements
    measured = at.table[0].value.set_index("Measurement")
    assert f"(device {round(stated['qrs'])})" in measured.loc["QRS (ms)", "A"]
    assert "device" not in measured.loc["QRS (ms)", "B"]
    own = measured.loc["QTc (device's formula) (ms)"]
    assert list(own) == [f"device {round(stated['qtc'])}", "–", "–"]
    assert "device" not in measured.loc["QTc (Fridericia) (ms)", "A"]


def test_an_ecg_unfit_for_the_model_has_no_numbers_in_the_comparison(visit):
    signal = demos.load("sinus_rhythm").signal.copy()
    signal[:9] = 0.0
    at = upload_csv(visit(RECORD), signal)
    checked(at.switch_page(LIBRARY).run())
    at.selectbox(key="beside_demo").set_value("sinus_rhythm")
    at = checked(at.run())
    assert "B: no result" in words(at)
    assert set(at.table[1].value["B"]) == {"–"}
