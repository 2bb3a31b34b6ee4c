"""The Record page: the paper and its controls, filters, long recordings, and the tables below."""

import numpy as np
import pytest
from app_views import (
    CODES,
    REAL,
    RECORD,
    charts,
    checked,
    metrics,
    numbers,
    traces,
    upload_csv,
    words,
)
from streamlit.testing.v1 import AppTest

from lamae.app.record.paper import HINTS, LAYOUTS, MEASURE, ONE_LEAD, RHYTHM, TWELVE, ZOOM
from lamae.ecg import LEADS
from lamae.signal.filters import FilterSettings, display_filter
from lamae.simulate import simulate


def tall_of(at: AppTest, name: str) -> np.ndarray:
    """A drawn lead in mV, without the height of its row."""
    drawn = [t for t in charts(at)[0]["data"] if t.get("name") == name]
    return np.concatenate([numbers(trace["y"]) - trace["meta"]["offset"] for trace in drawn])


def footer(at: AppTest) -> str:
    return charts(at)[0]["layout"]["annotations"][0]["text"]


def test_the_device_is_heard_before_our_estimate(visit):
    shown = metrics(visit(RECORD))
    assert shown["Heart rate, device"] == f"{REAL.measurements['heart_rate']:.0f} bpm"
    labels = list(shown)
    assert labels.index("Heart rate, device") < labels.index("Heart rate, estimate")
    estimate = float(shown["Heart rate, estimate"].split()[0])
    assert estimate == pytest.approx(REAL.measurements["heart_rate"], abs=3)


def test_a_table_says_in_words_what_the_paper_draws(visit):
    at = visit(RECORD)
    (table,) = (t.value for t in at.table if "Quality" in t.value.columns)
    assert list(table["Lead"]) == list(LEADS)
    assert table["Quality"].isin(["good", "noisy", "baseline wander"]).all()
    for lead, row in table.set_index("Lead").iterrows():
        assert row["Lowest (mV)"] == f"{REAL.lead(lead).min():.2f}"
        assert row["Highest (mV)"] == f"{REAL.lead(lead).max():.2f}"
        assert 0.1 < float(row["QRS (mV)"]) <= np.ptp(REAL.lead(lead))


@pytest.mark.parametrize("layout", TWELVE)
def test_every_layout_draws_all_twelve_leads(visit, layout):
    at = visit(RECORD)
    at.selectbox(key="layout").set_value(layout)
    checked(at.run())
    once = [t["name"] for t in charts(at)[0]["data"] if "meta" in t and not t["meta"]["strip"]]
    assert sorted(once) == sorted(LEADS)
    assert not [box for box in at.selectbox if box.label == "Lead"]


def test_the_paper_follows_speed_and_gain(visit):
    at = visit(RECORD)
    at.segmented_control(key="speed").set_value(50)
    at.segmented_control(key="gain").set_value(20)
    checked(at.run())
    assert "50 mm/s   20 mm/mV" in footer(at)
    assert charts(at)[0]["layout"]["yaxis"]["dtick"] == pytest.approx(0.25)


def test_one_lead_is_enlarged_and_the_way_back_leads_to_the_layout_before(visit):
    at = visit(RECORD)
    at.selectbox(key="layout").set_value("Cabrera")
    checked(at.run())
    at.selectbox(key="layout").set_value(ONE_LEAD)
    checked(at.run())
    at.selectbox(key="lead").set_value("V3")
    checked(at.run())
    np.testing.assert_allclose(tall_of(at, "V3"), REAL.lead("V3"), atol=1e-5)
    (back,) = (button for button in at.button if button.label == "All leads")
    checked(back.click().run())
    assert at.selectbox(key="layout").value == "Cabrera"


def test_dragging_measures_unless_zoom_is_chosen(visit):
    at = visit(RECORD)
    assert charts(at)[0]["layout"]["dragmode"] == "select"
    assert HINTS[MEASURE] in words(at)
    at.segmented_control(key="mouse").set_value("Zoom")
    checked(at.run())
    assert charts(at)[0]["layout"]["dragmode"] == "zoom"
    assert HINTS[ZOOM] in words(at)


def test_filters_are_off_until_chosen_then_drawn_and_printed(visit):
    at = visit(RECORD)
    np.testing.assert_allclose(tall_of(at, "V1"), REAL.lead("V1")[5000:7500], atol=1e-5)
    assert "display filters" not in footer(at)
    at.segmented_control(key="high_pass").set_value(0.5)
    at.segmented_control(key="low_pass").set_value(40.0)
    at.segmented_control(key="notch").set_value(50.0)
    checked(at.run())
    filtered = display_filter(REAL, FilterSettings(0.5, 40.0, 50.0))
    np.testing.assert_allclose(tall_of(at, "V1"), filtered.lead("V1")[5000:7500], atol=1e-5)
    assert np.abs(filtered.signal - REAL.signal).max() > 0.01
    assert "display filters: high-pass 0.5 Hz, low-pass 40 Hz, notch 50 Hz" in footer(at)


def test_a_display_filter_changes_no_result(visit):
    at = visit(CODES)
    before = list(at.dataframe[0].value["Probability"])
    checked(at.switch_page(RECORD).run())
    measured = metrics(at)
    at.segmented_control(key="high_pass").set_value(0.5)
    at.segmented_control(key="low_pass").set_value(40.0)
    checked(at.run())
    assert metrics(at) == measured
    checked(at.switch_page(CODES).run())
    assert list(at.dataframe[0].value["Probability"]) == before


def test_a_filter_that_does_not_fit_is_refused_and_the_paper_stays(visit):
    at = upload_csv(visit(RECORD), REAL.signal[:, ::10], fs=100.0)
    at.segmented_control(key="low_pass").set_value(100.0)
    checked(at.run())
    assert "frequencies below 50 Hz only" in at.error[0].value
    np.testing.assert_allclose(tall_of(at, "V4"), REAL.lead("V4")[::10][750:], atol=1e-4)
    assert "display filters" not in footer(at)


def test_long_recordings_ask_for_a_window(visit):
    ecg = simulate("sinus_rhythm", seconds=30.0, fs=250.0, rng=np.random.default_rng(6)).ecg
    at = upload_csv(visit(RECORD), ecg.signal, fs=250.0)
    [window] = at.slider
    assert (window.min, window.max) == (0.0, 20.0)
    window.set_value(12.5)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(12.5, abs=0.01)
    checked(at.switch_page(CODES).run())
    assert at.slider[0].value == 12.5


def test_short_recordings_say_so(visit):
    at = upload_csv(visit(RECORD), REAL.signal[:, : 6 * 1000 : 2])
    assert "lasts 6.0 s" in words(at)


def test_a_very_long_recording_is_searched_by_slider_and_typed_to_the_second(visit):
    long = np.tile(REAL.signal[:, ::4], 13)
    at = upload_csv(visit(RECORD), long, fs=250.0)
    assert "2 min 10 s" in words(at)
    [window] = [box for box in at.number_input if "Window" in box.label]
    window.set_value(60.0)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(60.0, abs=0.01)
    [place] = at.select_slider
    assert place.value == 60.0
    place.set_value(110.0)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(110.0, abs=0.01)
    at.selectbox(key="layout").set_value(RHYTHM)
    checked(at.run())
    strip = tall_of(at, "II")
    np.testing.assert_allclose(strip, long[1, 110 * 250 :], atol=1e-4)


def test_a_filtered_window_deep_in_a_recording_is_in_its_place(visit):
    long = np.tile(REAL.signal[:, ::4], 13)
    at = upload_csv(visit(RECORD), long, fs=250.0)
    [window] = [box for box in at.number_input if "Window" in box.label]
    window.set_value(70.0)
    at.segmented_control(key="notch").set_value(50.0)
    checked(at.run())
    assert traces(at)["II"]["x0"] == pytest.approx(70.0, abs=0.01)
    np.testing.assert_allclose(tall_of(at, "V1"), long[6, 75 * 250 : round(77.5 * 250)], atol=0.1)


def test_every_layout_has_a_title():
    assert set(TWELVE) < set(LAYOUTS)
    assert len(set(LAYOUTS.values())) == len(LAYOUTS)
