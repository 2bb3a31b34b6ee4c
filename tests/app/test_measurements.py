"""The measurements on a page: the device first, ours as estimates, and why some are withheld."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lamae.app import demos
from lamae.app.record import measurements
from lamae.results.measurement import NAMES


def panel(name: str, *, noise: bool = False, qtc: str | None = None) -> None:
    from dataclasses import replace

    import numpy as np

    from lamae.app import demos
    from lamae.app.record import measurements
    from lamae.inference.analysis import Analysis

    ecg = demos.load(name)
    if noise:
        values = np.random.default_rng(0).normal(size=ecg.signal.shape)
        ecg = replace(ecg, signal=values.astype(np.float32))
    if qtc:
        ecg = replace(ecg, measurements={qtc: 431.0})
    measurements.show(Analysis(ecg))


@pytest.fixture
def show() -> Callable[..., AppTest]:
    def opened(name: str, **options: Any) -> AppTest:
        at = AppTest.from_function(panel, args=(name,), kwargs=options, default_timeout=60).run()
        assert not at.exception
        return at

    return opened


def rows(at: AppTest) -> dict[str, dict[str, str]]:
    return {row["Measurement"]: row for row in at.table[0].value.to_dict("records")}


def words(at: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*at.markdown, *at.caption, *at.warning]).replace(
        "\\", ""
    )


def test_the_devices_values_stand_first_and_ours_beside_them(show):
    at = show(demos.RECORDING)
    labels = [metric.label for metric in at.metric]
    assert labels.index("PR, device") < labels.index("Heart rate, estimate")
    table = rows(at)
    names = [name for name, _ in NAMES.values()]
    assert [row["Measurement"] for row in table.values()] == names
    assert list(table["PR"])[1:3] == ["Device", "Estimate"]
    assert table["PR"]["Device"] == "161 ms"
    assert abs(float(table["PR"]["Estimate"].split()[0]) - 161) <= 12
    assert table["PR"]["Confidence"] in {"high", "moderate", "low"}
    assert measurements.UNKNOWN_FORMULA in words(at)


@pytest.mark.parametrize(
    ("qtc", "title"), [("qtc_bazett", "QTc (Bazett)"), ("qtc_fridericia", "QTc (Fridericia)")]
)
def test_a_qtc_whose_formula_the_file_names_stands_beside_ours(show, qtc, title):
    at = show(demos.RECORDING, qtc=qtc)
    table = rows(at)
    assert table[title]["Device"] == "431 ms"
    assert table[title]["Estimate"].endswith(" ms")
    assert "QTc (device's formula)" not in table
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown[f"{title}, device"] == "431 ms"
    assert ("QTc (Fridericia), estimate" in shown) is (qtc == "qtc_bazett")
    assert measurements.UNKNOWN_FORMULA not in words(at)


def test_without_a_device_there_is_no_column_for_it(show):
    at = show("sinus_bradycardia")
    assert "Device" not in rows(at)["QRS"]
    assert "QTc (Fridericia), estimate" in [metric.label for metric in at.metric]
    assert measurements.NO_PREMATURE in words(at)


def test_what_is_withheld_says_why(show):
    at = show("atrial_fibrillation")
    pr = rows(at)["PR"]
    assert pr["Estimate"] == "withheld"
    assert "P wave" in pr["Why"]
    assert "not judged" in words(at)


def test_premature_beats_are_named_with_their_times(show):
    at = show("premature_ventricular_beats")
    assert "ventricular, at " in words(at)


def test_the_median_beat_is_drawn_and_can_be_taken_away(show):
    at = show(demos.RECORDING)
    assert len(at.get("plotly_chart")) == 1
    assert {"download_measurements", "download_median_beat"} <= {
        one.proto.id.split("-")[-1] for one in at.get("download_button")
    }


@pytest.mark.parametrize("name", ["sinus_rhythm", demos.RECORDING])
def test_where_nothing_can_be_measured_the_reason_is_said_once(show, name):
    at = show(name, noise=True)
    tables = [cell for table in at.table for cell in table.value.to_numpy().ravel()]
    said = "\n".join([words(at), *map(str, tables)])
    assert said.count("heart beats could not be told") == 1
    assert "Rhythm not judged: no lead can be read" in said
    # What the device states is told all the same.
    assert bool(at.table) == (name == demos.RECORDING)
    if at.table:
        assert rows(at)["PR"]["Device"] == "161 ms"
        assert rows(at)["PR"]["Why"] == "See above"
