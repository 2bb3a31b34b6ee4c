import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from figures_builders import make_ecg

from lamae.ecg import ECG, LEADS
from lamae.errors import InputError
from lamae.figures import LAYOUTS, calipers, lead_rows, paper
from lamae.figures.paper.lead_rows import clock
from lamae.results.attribution import Attribution

STRIPS = {"3x4+II": ["II"], "3x4+3": ["II", "V1", "V5"]}


@pytest.fixture
def ecg() -> ECG:
    return make_ecg()


def lines(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name in LEADS and trace.mode == "lines"]


def named(figure: go.Figure, name: str) -> go.Scatter | go.Heatmap:
    return next(trace for trace in figure.data if trace.name == name)


def times(trace: go.Scatter) -> np.ndarray:
    return trace.x0 + trace.dx * np.arange(len(trace.y))


def attribution_of(ecg: ECG, values: np.ndarray) -> Attribution:
    values = values.astype(np.float32)
    return Attribution(
        "I48.91", "lead_ablation", "", values, ecg.leads, values.sum(axis=1), 1.0, 0.0, None
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("start", [0.0, 7.3])
def test_every_lead_is_shown_once_with_its_own_samples(layout: str, start: float) -> None:
    ecg = make_ecg(seconds=30.0)
    drawn = lines(paper(ecg, layout=layout, start=start))
    grid = [trace for trace in drawn if not trace.meta["strip"]]
    strips = [trace.name for trace in drawn if trace.meta["strip"]]
    assert sorted(trace.name for trace in grid) == sorted(LEADS)
    assert strips == STRIPS.get(layout, [])
    for trace in drawn:
        first = round(trace.x0 * ecg.fs)
        assert trace.x0 == pytest.approx(first / ecg.fs)
        truth = ecg.lead(trace.name)[first : first + len(trace.y)]
        if (layout, trace.name) == ("Cabrera", "aVR"):
            truth = -truth
        np.testing.assert_allclose(trace.y - trace.meta["offset"], truth, atol=2e-6)
        assert trace.y.dtype == np.float32


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_trace_has_its_name_beside_it_and_only_cabrera_has_a_minus(
    ecg: ECG, layout: str
) -> None:
    figure = paper(ecg, layout=layout)
    names = named(figure, "lead names")
    shown = [text.removeprefix("<b>").removesuffix("</b>") for text in names.text]
    assert [name for name in shown if name.startswith("−")] == (
        ["−aVR"] if layout == "Cabrera" else []
    )
    for name, x, y in zip(shown, names.x, names.y, strict=True):
        assert any(
            trace.name == name.removeprefix("−")
            and (trace.meta["sign"] < 0) == name.startswith("−")
            and trace.x0 <= x < trace.x0 + 0.5
            and abs(y - trace.meta["offset"]) < 2.5
            for trace in lines(figure)
        )


@pytest.mark.parametrize(
    ("layout", "seconds"),
    [("3x4+II", 2.5), ("3x4+3", 2.5), ("6x2", 5.0), ("Cabrera", 5.0), ("12x1", 10.0)],
)
def test_columns_follow_each_other_in_time_without_gap_or_overlap(
    ecg: ECG, layout: str, seconds: float
) -> None:
    rows: dict[float, list[go.Scatter]] = {}
    for trace in lines(paper(ecg, layout=layout)):
        rows.setdefault(trace.meta["offset"], []).append(trace)
    for row in rows.values():
        if not row[0].meta["strip"]:
            assert {len(trace.y) for trace in row} == {round(seconds * ecg.fs)}
        together = np.concatenate([times(trace) for trace in row])
        np.testing.assert_allclose(together, np.arange(5000) / ecg.fs, atol=1e-9)


def test_rows_come_in_the_order_of_the_clinic(ecg: ECG) -> None:
    by_row: dict[float, list[str]] = {}
    for trace in lines(paper(ecg)):
        by_row.setdefault(trace.meta["offset"], []).append(trace.name)
    assert [by_row[offset] for offset in sorted(by_row, reverse=True)] == [
        ["I", "aVR", "V1", "V4"],
        ["II", "aVL", "V2", "V5"],
        ["III", "aVF", "V3", "V6"],
        ["II"],
    ]


def test_cabrera_follows_the_frontal_plane(ecg: ECG) -> None:
    by_row: dict[float, list[str]] = {}
    for trace in lines(paper(ecg, layout="Cabrera")):
        by_row.setdefault(trace.meta["offset"], []).append(trace.name)
    assert [by_row[offset] for offset in sorted(by_row, reverse=True)] == [
        ["aVL", "V1"],
        ["I", "V2"],
        ["aVR", "V3"],
        ["II", "V4"],
        ["aVF", "V5"],
        ["III", "V6"],
    ]


@pytest.mark.parametrize("speed", [25, 50])
@pytest.mark.parametrize("gain", [5, 10, 20])
def test_squares_are_square_and_of_the_size_printed(ecg: ECG, speed: int, gain: int) -> None:
    layout = paper(ecg, speed=speed, gain=gain).layout
    x, y = layout.xaxis, layout.yaxis
    assert (x.dtick * speed, x.minor.dtick * speed) == pytest.approx((5, 1))  # mm
    assert (y.dtick * gain, y.minor.dtick * gain) == pytest.approx((5, 1))
    assert (y.scaleanchor, y.scaleratio) == ("x", gain / speed)
    assert f"{speed} mm/s" in layout.annotations[0].text
    assert f"{gain} mm/mV" in layout.annotations[0].text


def test_standard_paper_has_the_standard_grid(ecg: ECG) -> None:
    layout = paper(ecg).layout
    grid = (layout.xaxis.dtick, layout.xaxis.minor.dtick, layout.yaxis.dtick)
    assert grid == pytest.approx((0.2, 0.04, 0.5))
    assert layout.yaxis.minor.dtick == pytest.approx(0.1)
    assert not layout.shapes


def test_the_height_lets_the_paper_fill_its_width(ecg: ECG) -> None:
    for width in (390, 1100):
        layout = paper(ecg, width=width).layout
        margin = layout.margin
        x, y = layout.xaxis.range, layout.yaxis.range
        across = (layout.height - margin.t - margin.b) / (10 * (y[1] - y[0]))  # px/mm
        along = (width - margin.l - margin.r) / (25 * (x[1] - x[0]))
        assert across == pytest.approx(along, rel=0.01)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_pulse_of_1_mv_and_200_ms_stands_before_every_row(ecg: ECG, layout: str) -> None:
    figure = paper(ecg, layout=layout)
    pulses = named(figure, "calibration")
    x = np.array([np.nan if v is None else v for v in pulses.x])
    y = np.array([np.nan if v is None else v for v in pulses.y])
    offsets = {trace.meta["offset"] for trace in lines(figure)}
    before = x < 0
    for offset in offsets:
        top = x[before & np.isclose(y, offset + 1.0)]
        assert np.ptp(top) == pytest.approx(0.2)
    assert x[before].min() > figure.layout.xaxis.range[0]


def test_a_missing_lead_is_named_in_its_place() -> None:
    ecg = make_ecg(leads=tuple(lead for lead in LEADS if lead != "V3"))
    figure = paper(ecg)
    assert list(named(figure, "not recorded").text) == ["V3 not recorded"]
    assert "V3" not in {trace.name for trace in lines(figure)}
    place = named(figure, "not recorded")
    aligned = next(trace for trace in lines(figure) if trace.name == "III")
    assert place.y[0] == aligned.meta["offset"]
    assert 5.0 < place.x[0] < 5.2
    assert "not recorded: V3" in figure.layout.meta["alt"]


def test_another_lead_takes_the_rhythm_strip_when_ii_is_missing() -> None:
    figure = paper(make_ecg(leads=("I", "V1", "V5")))
    assert [trace.name for trace in lines(figure) if trace.meta["strip"]] == ["I"]


@pytest.mark.parametrize(
    ("leads", "strips"),
    [
        (("I", "II", "III", "V1", "V2"), ["II", "V1", "I"]),
        (("I", "V5"), ["V5", "I"]),
        (("aVF",), ["aVF"]),
    ],
)
def test_three_strips_leave_out_what_was_not_recorded_and_repeat_nothing(
    leads: tuple[str, ...], strips: list[str]
) -> None:
    figure = paper(make_ecg(leads=leads), layout="3x4+3")
    assert [trace.name for trace in lines(figure) if trace.meta["strip"]] == strips


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_short_recording_shows_all_of_what_there_is(layout: str) -> None:
    ecg = make_ecg(seconds=4.1)
    figure = paper(ecg, layout=layout)
    assert {trace.name for trace in lines(figure)} == set(LEADS)
    assert max(times(trace)[-1] for trace in lines(figure)) == pytest.approx(4.1 - 1 / ecg.fs)
    assert figure.layout.xaxis.range == pytest.approx((-0.6, 10.2))


def test_the_last_moment_of_a_recording_can_be_shown(ecg: ECG) -> None:
    assert len(lines(paper(ecg, start=9.9999))) == 13


def test_a_long_recording_is_shown_in_its_own_time() -> None:
    figure = paper(make_ecg(seconds=60.0), start=42.0, layout="12x1")
    assert figure.layout.xaxis.range == pytest.approx((41.4, 52.2))
    assert figure.layout.xaxis.tick0 == pytest.approx(42.0)
    assert {trace.x0 for trace in lines(figure)} == {42.0}


def test_large_signals_push_rows_apart_on_the_grid() -> None:
    def gaps(ecg: ECG) -> np.ndarray:
        return -np.diff(sorted({t.meta["offset"] for t in lines(paper(ecg))}, reverse=True))

    usual, large = gaps(make_ecg()), gaps(make_ecg(scale=3.0))
    assert large.max() > usual.max()
    np.testing.assert_allclose(large % 0.5, 0, atol=1e-9)
    assert gaps(make_ecg(scale=100.0)).max() <= 5.0


def test_one_artefact_does_not_push_rows_apart(ecg: ECG) -> None:
    signal = ecg.signal.copy()
    signal[:, 2000:2010] = -20.0
    spiked = paper(replace(ecg, signal=signal))
    assert {t.meta["offset"] for t in lines(spiked)} == {
        t.meta["offset"] for t in lines(paper(ecg))
    }


def test_a_lead_far_off_zero_is_moved_and_the_footer_says_so(ecg: ECG) -> None:
    signal = ecg.signal.copy()
    signal[LEADS.index("V2")] += 12.3
    figure = paper(replace(ecg, signal=signal))
    trace = next(trace for trace in lines(figure) if trace.name == "V2")
    first = round(trace.x0 * ecg.fs)
    truth = signal[LEADS.index("V2"), first : first + len(trace.y)]
    np.testing.assert_allclose(trace.y - trace.meta["offset"], truth, atol=1e-5)
    low, high = figure.layout.yaxis.range
    assert low < trace.y.min() < trace.y.max() < high
    assert "V2 by −12.3 mV" in figure.layout.annotations[0].text


def test_an_inverted_lead_far_off_zero_comes_back_to_its_baseline(ecg: ECG) -> None:
    signal = ecg.signal.copy()
    signal[LEADS.index("aVR")] += 4.0
    figure = paper(replace(ecg, signal=signal), layout="Cabrera")
    trace = next(trace for trace in lines(figure) if trace.name == "aVR")
    first = round(trace.x0 * ecg.fs)
    truth = signal[LEADS.index("aVR"), first : first + len(trace.y)]
    np.testing.assert_allclose(trace.y - trace.meta["offset"], -truth, atol=1e-5)
    row = next(t for t in lines(figure) if t.name == "V3").meta["offset"]
    assert np.median(trace.y) == pytest.approx(row, abs=0.1)


def test_the_footer_prints_filters_and_purpose(ecg: ECG) -> None:
    text = paper(ecg).layout.annotations[0].text
    assert "as received" in text
    assert "Research use only" in text
    assert "simulated: test" in text
    assert (
        "0.05 to 150 Hz" in paper(replace(ecg, filters="0.05 to 150 Hz")).layout.annotations[0].text
    )


def test_display_filters_are_printed_and_described(ecg: ECG) -> None:
    figure = paper(ecg, filters="high-pass 0.5 Hz, zero-phase")
    text = figure.layout.annotations[0].text
    assert "display filters: high-pass 0.5 Hz, zero-phase" in text
    assert "as received" not in text
    assert "high-pass 0.5 Hz" in figure.layout.meta["alt"]
    device = paper(replace(ecg, filters="0.05 to 150 Hz"), filters="notch 50 Hz, zero-phase")
    assert "device filters: 0.05 to 150 Hz   display filters: notch 50 Hz" in (
        device.layout.annotations[0].text
    )


def test_a_part_of_a_recording_is_shown_in_the_recordings_time() -> None:
    ecg = make_ecg(seconds=60.0)
    whole = lines(paper(ecg, start=42.0))
    part = lines(paper(ecg.window(30.0, 30.0), start=42.0, begins=30.0))
    for one, other in zip(whole, part, strict=True):
        assert one.x0 == pytest.approx(other.x0)
        np.testing.assert_array_equal(one.y, other.y)
    with pytest.raises(InputError):
        paper(ecg.window(30.0, 30.0), start=29.0, begins=30.0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_clicks_find_the_lead_under_them(ecg: ECG, layout: str) -> None:
    figure = paper(ecg, layout=layout)
    targets = named(figure, "leads")
    assert targets.hoverinfo == "none"  # "skip" would swallow the click
    assert set(targets.customdata) == set(LEADS)
    for lead, x, y in zip(targets.customdata, targets.x, targets.y, strict=True):
        assert any(
            trace.name == lead and trace.meta["offset"] == y and trace.x0 <= x <= times(trace)[-1]
            for trace in lines(figure)
        )
    assert all(trace.hoverinfo == "skip" for trace in lines(figure))


@pytest.mark.parametrize(
    ("fs", "layout", "bound"),
    [(500, "12x1", 0.4e6), (1000, "6x2", 0.4e6), (1000, "12x1", 0.72e6), (4000, "12x1", 0.72e6)],
)
def test_the_browser_gets_little_to_load(fs: float, layout: str, bound: float) -> None:
    payload = paper(make_ecg(fs=float(fs)), layout=layout).to_json()
    assert len(payload) < bound
    assert json.loads(payload)["layout"]["meta"]["alt"]


def test_above_1_khz_every_peak_is_kept() -> None:
    ecg = make_ecg(fs=5000.0)
    signal = ecg.signal.copy()
    signal[3, 12_345] = 3.0
    trace = next(
        t for t in lines(paper(replace(ecg, signal=signal), layout="12x1")) if t.name == "aVR"
    )
    heights = trace.y - trace.meta["offset"]
    assert 1 / trace.dx <= 1000.0 + 1e-6
    assert heights.max() == pytest.approx(3.0, abs=1e-5)
    assert times(trace)[heights.argmax()] == pytest.approx(12_345 / 5000, abs=0.002)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_attribution_lies_behind_the_lead_and_time_it_belongs_to(layout: str) -> None:
    ecg = make_ecg(seconds=25.0)
    rng = np.random.default_rng(0)
    for lead, start in (("V4", 12.0), ("aVL", 5.0)):
        values = np.zeros(ecg.signal.shape)
        figure = paper(ecg, layout=layout, start=start)
        trace = next(t for t in lines(figure) if t.name == lead and not t.meta["strip"])
        when = float(rng.uniform(trace.x0 + 0.2, times(trace)[-1] - 0.2))
        values[LEADS.index(lead), round(when * ecg.fs)] = -2.0
        heatmap = named(
            paper(ecg, layout=layout, start=start, attribution=attribution_of(ecg, values)),
            "attribution",
        )
        row, column = np.unravel_index(np.nanargmin(heatmap.z), heatmap.z.shape)
        assert heatmap.z[row, column] == pytest.approx(-2.0)
        assert heatmap.x0 + column * heatmap.dx == pytest.approx(when, abs=0.021)
        upper, lower = heatmap.y[row], heatmap.y[row + 1]
        assert lower < trace.meta["offset"] < upper
        assert np.nansum(np.abs(heatmap.z)) == pytest.approx(2.0)


def test_attribution_bins_are_40_ms_and_add_up(ecg: ECG) -> None:
    values = np.random.default_rng(1).normal(size=ecg.signal.shape)
    figure = paper(ecg, layout="12x1", attribution=attribution_of(ecg, values))
    heatmap = named(figure, "attribution")
    assert heatmap.dx == pytest.approx(0.04)
    np.testing.assert_allclose(np.nansum(heatmap.z[::2], axis=1), values.sum(axis=1), atol=1e-3)
    assert np.isnan(heatmap.z[1::2]).all()
    assert heatmap.zmin == -heatmap.zmax
    assert figure.data[0] is heatmap or figure.data[0].name == "attribution"
    assert "lowers" in heatmap.colorbar.title.text
    assert "raises" in heatmap.colorbar.title.text


def test_a_map_without_direction_claims_none(ecg: ECG) -> None:
    found = attribution_of(ecg, np.ones(ecg.signal.shape, np.float32))
    for signed, legend, words in (
        (True, "lowers … raises the score", "what raises or lowers the score"),
        (False, "strength is the darker half", "how strongly each part moves the score"),
    ):
        figure = paper(ecg, attribution=found, signed=signed)
        assert named(figure, "attribution").colorbar.title.text == legend
        assert words in figure.layout.meta["alt"]


def test_a_missing_lead_has_no_attribution_band() -> None:
    ecg = make_ecg(leads=tuple(lead for lead in LEADS if lead != "V3"))
    figure = paper(ecg, layout="12x1", attribution=attribution_of(ecg, np.ones(ecg.signal.shape)))
    z = named(figure, "attribution").z[::2]
    assert [LEADS[row] for row in range(12) if np.isnan(z[row]).all()] == ["V3"]


def test_attribution_of_zero_everywhere_can_be_drawn(ecg: ECG) -> None:
    figure = paper(ecg, attribution=attribution_of(ecg, np.zeros(ecg.signal.shape)))
    assert named(figure, "attribution").zmax > 0


def test_attribution_of_another_recording_is_refused(ecg: ECG) -> None:
    other = make_ecg(seconds=12.0)
    with pytest.raises(InputError, match="another recording"):
        paper(ecg, attribution=attribution_of(other, np.zeros(other.signal.shape)))


@pytest.mark.parametrize(
    "wrong", [{"layout": "4x3"}, {"speed": 30}, {"gain": 7}, {"start": 10.0}, {"start": -1.0}]
)
def test_unknown_settings_are_refused(ecg: ECG, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        paper(ecg, **wrong)


def test_zoom_is_kept_until_another_sheet_is_shown(ecg: ECG) -> None:
    revision = paper(ecg).layout.uirevision
    values = attribution_of(ecg, np.zeros(ecg.signal.shape))
    assert paper(ecg, attribution=values, dark=True).layout.uirevision == revision
    assert paper(ecg, layout="6x2").layout.uirevision != revision
    assert paper(make_ecg(scale=2.0)).layout.uirevision != revision


def test_dark_paper_keeps_a_dark_trace(ecg: ECG) -> None:
    figure = paper(ecg, dark=True)
    ground = int(figure.layout.plot_bgcolor[1:3], 16)
    assert int(lines(figure)[0].line.color[1:3], 16) < 40 < 150 < ground < 230


def test_a_long_strip_shows_every_sample_of_its_lead_once_in_rows() -> None:
    ecg = make_ecg(seconds=90.0)
    figure = lead_rows(ecg, "V2", start=20.0)
    rows = lines(figure)
    assert [trace.name for trace in rows] == ["V2"] * 6
    together = np.concatenate([trace.y - np.float32(trace.meta["offset"]) for trace in rows])
    np.testing.assert_allclose(together, ecg.lead("V2")[10_000:40_000], atol=5e-6)
    assert {(trace.x0, len(trace.y)) for trace in rows} == {(0.0, 5000)}
    heights = [trace.meta["offset"] for trace in rows]
    assert heights == sorted(heights, reverse=True)
    assert [text.split()[-2] for text in named(figure, "lead names").text[:4]] == [
        "20",
        "30",
        "40",
        "50",
    ]
    assert list(named(figure, "lead names").text[4:]) == ["<b>V2</b>  1:00", "<b>V2</b>  1:10"]
    assert figure.layout.xaxis.range == pytest.approx((-0.6, 10.2))
    assert len(figure.to_json()) < 0.3e6
    assert "lead V2, 60 s from 20 s" in figure.layout.meta["alt"]


def test_a_long_strip_ends_with_the_recording() -> None:
    rows = lines(lead_rows(make_ecg(seconds=23.5), "II", start=5.0))
    assert [len(trace.y) for trace in rows] == [5000, 4250]


def test_an_enlarged_lead_has_squares_of_twice_the_size(ecg: ECG) -> None:
    figure, usual = lead_rows(ecg, "V5", seconds=10.0, row_seconds=5.0), paper(ecg)
    assert len(lines(figure)) == 2

    def per_mm(figure: go.Figure) -> float:
        layout = figure.layout
        up = 10 * np.ptp(layout.yaxis.range)
        return (layout.height - layout.margin.t - layout.margin.b) / up

    assert per_mm(figure) / per_mm(usual) == pytest.approx(10.8 / 5.8, rel=0.02)
    assert figure.layout.yaxis.scaleratio == usual.layout.yaxis.scaleratio
    assert set(named(figure, "leads").customdata) == {"V5"}


@pytest.mark.parametrize("wrong", [{"lead": "V7"}, {"start": 10.0}, {"speed": 12}, {"gain": 1}])
def test_rows_of_what_does_not_exist_are_refused(ecg: ECG, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        lead_rows(ecg, **{"lead": "II", **wrong})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (7.5, "7.5 s"), (60.0, "1:00"), (749.96, "12:30"), (3750.5, "1:02:30.5")],
)
def test_recording_time_reads_like_a_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_calipers_measure_a_box_drawn_in_any_direction() -> None:
    for x, y in (((4.0, 4.8), (1.0, 2.25)), ((4.8, 4.0), (2.25, 1.0))):
        measured = calipers(x, y)
        assert (measured.seconds, measured.voltage) == pytest.approx((0.8, 1.25))
        assert measured.rate == pytest.approx(75)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 5.0])
def test_what_is_no_distance_of_beats_gets_no_rate(seconds: float) -> None:
    assert calipers((1.0, 1.0 + seconds), (0.0, 1.0)).rate is None


def test_dragging_draws_what_it_is_asked_to(ecg: ECG) -> None:
    assert paper(ecg).layout.dragmode == "zoom"
    assert paper(ecg, drag="select").layout.dragmode == "select"
    assert lead_rows(ecg, "II", drag=False).layout.dragmode is False
