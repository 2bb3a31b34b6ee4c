"""The printed ECG, measured on the page as with a ruler: distances come from the PDF itself."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from figures_builders import make_ecg
from pdf_reading import Curve, curves, page_streams, sizes, streams, texts

from lamae.ecg import ECG, LEADS
from lamae.errors import InputError
from lamae.figures import LAYOUTS
from lamae.figures.palette import LIGHT
from lamae.figures.paper.sheet import GRIDS
from lamae.figures.pdf.document import Words, print_pages

ROOT = Path(__file__).parents[3]
WORDS = Words(
    about=["42 years, female", "10.0 s at 500 Hz"],
    measured=[("Heart rate", "61 bpm", "60 bpm"), ("QT", "", "366 ms")],
    codes=["Codes suggested", "I48.91  Unspecified atrial fibrillation, 0.93 (threshold 0.41)"],
    identity="42 years, female, DICOM waveform",
    foot="LAMAE Explorer.",
)
# Half the step of the numbers in the file, and what simplification may leave out.
SLACK = 0.005  # mm


def printed(ecg: ECG, **how: object) -> list[str]:
    return page_streams(print_pages(ecg, WORDS, **how))


def traces(page: str) -> list[Curve]:
    return [curve for curve in curves(page) if curve.colour == LIGHT.trace]


def one(page: str, colour: str) -> Curve:
    [curve] = [curve for curve in curves(page) if curve.colour == colour]
    return curve


def words_of(page: str) -> str:
    return "\n".join(texts(page))


def heights(curve: Curve, fs: float, speed: float, count: int) -> np.ndarray:
    """Height in mm at each sample, between the points that simplification left."""
    x, y = curve.points.T
    return np.interp(x[0] + np.arange(count) / fs * speed, x, y)


@pytest.fixture
def ecg() -> ECG:
    return make_ecg()


def test_pages_are_a4_on_their_side(ecg: ECG) -> None:
    [size] = sizes(print_pages(ecg, WORDS))
    assert size == pytest.approx((297, 210), abs=1e-3)


def test_ten_seconds_are_250_mm(ecg: ECG) -> None:
    [page] = printed(ecg)
    strip = traces(page)[-1]
    assert np.ptp(strip.points[:, 0]) == pytest.approx((10 - 1 / ecg.fs) * 25, abs=SLACK)
    left = min(curve.points[0, 0] for curve in traces(page))
    right = max(curve.points[-1, 0] for curve in traces(page))
    assert right - left == pytest.approx(250 - 25 / ecg.fs, abs=SLACK)


@pytest.mark.parametrize("gain", [5, 10, 20])
def test_voltage_is_to_scale_at_every_sample(ecg: ECG, gain: int) -> None:
    pages = printed(ecg, layout="12x1", gain=gain)
    drawn = [curve for page in pages for curve in traces(page)]
    assert len(drawn) == 12
    for lead, curve in zip(LEADS, drawn, strict=True):
        found = heights(curve, ecg.fs, 25, 5000)
        wanted = ecg.lead(lead) * gain
        np.testing.assert_allclose(found - found[0], wanted - wanted[0], atol=2 * SLACK)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("speed", [25, 50])
def test_every_lead_is_printed_at_its_time_in_every_layout(layout: str, speed: int) -> None:
    ecg = make_ecg(seconds=20.0)
    pages = printed(ecg, layout=layout, speed=speed, start=4.0)
    named = [line for page in pages for line in texts(page)]
    grid = GRIDS[layout]
    for lead in LEADS:
        assert named.count(lead) >= 1 + (lead in grid.strips)
    total = sum(np.ptp(curve.points[:, 0]) for page in pages for curve in traces(page))
    pieces = sum(len(traces(page)) for page in pages)
    rows = len(grid.rows) + len(grid.strips)
    # Each piece ends one sample before the next one starts.
    assert total == pytest.approx(rows * 10 * speed - pieces * speed / ecg.fs, abs=pieces * SLACK)


def test_cabrera_prints_avr_upside_down(ecg: ECG) -> None:
    [page] = printed(ecg, layout="Cabrera")
    place = [cell for row in GRIDS["Cabrera"].rows for cell in row].index("aVR")
    found = heights(traces(page)[place], ecg.fs, 25, 2500)
    wanted = -ecg.lead("aVR")[:2500] * 10
    np.testing.assert_allclose(found - found[0], wanted - wanted[0], atol=2 * SLACK)


def test_at_50_mm_a_second_a_page_holds_five_seconds_and_nothing_is_squeezed(ecg: ECG) -> None:
    first, second = printed(ecg, speed=50)
    for page in (first, second):
        assert "50 mm/s" in words_of(page)
        strip = traces(page)[-1].points
        assert np.ptp(strip[:, 0]) == pytest.approx((5 - 1 / ecg.fs) * 50, abs=SLACK)
        assert strip[:, 0].min() > 0
        assert strip[:, 0].max() < 297
    assert "aVR" in texts(first)
    assert "V6" not in texts(first)
    assert {"V1", "V6", "II"} <= set(texts(second))
    together = np.concatenate([heights(traces(p)[-1], ecg.fs, 50, 2500) for p in (first, second)])
    base = [traces(p)[-1].points[0, 1] for p in (first, second)]
    assert together[2500] == base[1]
    wanted = ecg.lead("II") * 10
    for part, start in ((together[:2500], 0), (together[2500:], 2500)):
        truth = wanted[start : start + 2500]
        np.testing.assert_allclose(part - part[0], truth - truth[0], atol=2 * SLACK)


def test_the_grid_has_1_and_5_mm_and_the_signal_starts_on_it(ecg: ECG) -> None:
    [page] = printed(ecg)
    start = traces(page)[-1].points[0, 0]
    for colour, step in ((LIGHT.fine_grid, 1.0), (LIGHT.grid, 5.0)):
        points = one(page, colour).points
        pairs = points[~np.isnan(points[:, 0])].reshape(-1, 2, 2)
        upright = np.sort(pairs[np.isclose(pairs[:, 0, 0], pairs[:, 1, 0]), 0, 0])
        level = np.sort(pairs[np.isclose(pairs[:, 0, 1], pairs[:, 1, 1]), 0, 1])
        np.testing.assert_allclose(np.diff(upright), step, atol=1e-3)
        np.testing.assert_allclose(np.diff(level), step, atol=1e-3)
        assert np.abs(upright - start).min() < 1e-3


@pytest.mark.parametrize(("speed", "gain"), [(25, 10), (50, 20), (25, 5)])
def test_a_pulse_of_1_mv_and_200_ms_stands_before_every_row_of_every_page(
    ecg: ECG, speed: int, gain: int
) -> None:
    for page in printed(ecg, speed=speed, gain=gain):
        points = one(page, LIGHT.print).points
        parts = np.split(points, np.flatnonzero(np.isnan(points[:, 0])))
        pulses = [part[~np.isnan(part[:, 0])] for part in parts]
        pulses = [pulse for pulse in pulses if len(pulse) == 6]
        assert len(pulses) == 4
        for pulse in pulses:
            assert np.ptp(pulse[:, 1]) == pytest.approx(gain, abs=1e-3)
            assert np.ptp(pulse[2:4, 0]) == pytest.approx(0.2 * speed, abs=1e-3)
            assert pulse[:, 0].max() < min(curve.points[0, 0] for curve in traces(page))


@pytest.mark.parametrize("scale", [1.0, 4.0, 8.0])
def test_no_wave_is_cut_however_tall(scale: float) -> None:
    ecg = make_ecg(scale=scale)
    for page in printed(ecg, layout="12x1"):
        if not traces(page):
            assert "Codes suggested" in texts(page)
            continue
        points = one(page, LIGHT.fine_grid).points
        bottom, top = np.nanmin(points[:, 1]), np.nanmax(points[:, 1])
        assert bottom > 5
        assert top < 210
        for curve in traces(page):
            assert curve.points[:, 1].min() >= bottom + 0.9
            assert curve.points[:, 1].max() <= top - 0.9


def test_rows_that_do_not_fit_go_on_the_next_page_at_the_same_scale() -> None:
    ecg = make_ecg(scale=4.0)
    pages = printed(ecg, layout="12x1")
    assert len(pages) > 1
    assert sum(len(traces(page)) for page in pages) == 12
    for page in pages:
        assert "10 mm/mV" in words_of(page)


def test_a_row_taller_than_the_page_lowers_the_gain_and_the_page_says_so() -> None:
    ecg = make_ecg(scale=14.0)
    pages = printed(ecg, layout="12x1")
    for page in pages:
        assert "25 mm/s   5 mm/mV" in words_of(page)
        assert "Printed at 5 instead of 10 mm/mV" in words_of(page)
    found = heights([c for page in pages for c in traces(page)][11], ecg.fs, 25, 5000)
    wanted = ecg.lead("V6") * 5
    np.testing.assert_allclose(found - found[0], wanted - wanted[0], atol=2 * SLACK)


def test_a_wave_taller_than_any_paper_is_said_to_be_cut() -> None:
    signal = make_ecg().signal.copy()
    signal[8, 2500:2600] = 60.0
    ecg = replace(make_ecg(), signal=signal)
    pages = printed(ecg, layout="12x1")
    said = [page for page in pages if "cut at its edge: V3" in words_of(page)]
    assert len(said) == 1
    assert [line for line in texts(said[0]) if line in LEADS] == ["V3"]
    assert not any("cut" in words_of(page) for page in pages if page not in said)
    assert sum(len(traces(page)) for page in pages) == 12
    [cut] = [c for page in pages for c in traces(page) if c.clip[3] < 209]
    assert cut.clip[1] > 5
    assert cut.clip[1] + cut.clip[3] < 210


def test_the_footer_states_speed_gain_filters_and_purpose_on_every_page(ecg: ECG) -> None:
    for page in printed(replace(ecg, filters="notch 50 Hz"), speed=50, gain=5):
        assert "50 mm/s   5 mm/mV   device filters: notch 50 Hz" in words_of(page)
        assert "Research use only, not a medical device. LAMAE Explorer." in words_of(page)
    assert "filters: as received" in words_of(printed(ecg)[0])
    assert "Page 1 of 1" in texts(printed(ecg)[0])


def test_words_stand_on_the_first_page_and_can_be_selected(ecg: ECG) -> None:
    [page] = printed(ecg)
    for line in (*WORDS.about, *WORDS.codes, "Heart rate", "61 bpm", "60 bpm", "366 ms"):
        assert line in texts(page)


def test_words_that_do_not_fit_get_a_page_of_their_own(ecg: ECG) -> None:
    many = replace(WORDS, codes=["Codes suggested", *(f"I{n}.0  Code" for n in range(40))])
    paper, words = page_streams(print_pages(ecg, many))
    assert "Codes suggested" not in texts(paper)
    assert len(traces(paper)) == 13
    assert {"Codes suggested", "I39.0  Code"} <= set(texts(words))
    assert not traces(words)


def test_a_missing_lead_is_named_and_a_lead_far_off_zero_is_moved() -> None:
    ecg = make_ecg(leads=tuple(lead for lead in LEADS if lead != "V3"))
    ecg = replace(ecg, signal=ecg.signal + np.eye(11, 1, dtype=np.float32) * 4)
    [page] = printed(ecg)
    assert "V3 not recorded" in texts(page)
    assert "Moved to the baseline: I by 4.0 mV." in words_of(page).replace("−", "")


def test_a_short_recording_keeps_the_scale() -> None:
    ecg = make_ecg(seconds=3.0)
    for speed in (25, 50):
        [page] = printed(ecg, speed=speed)
        assert np.ptp(traces(page)[-1].points[:, 0]) == pytest.approx(
            (3 - 1 / ecg.fs) * speed, abs=SLACK
        )


def test_time_is_recording_time() -> None:
    [page] = printed(make_ecg(seconds=60.0), start=42.0)
    assert {"42 s", "51 s"} <= set(texts(page))
    assert "0 s" not in texts(page)


@pytest.mark.parametrize(
    "wrong", [{"layout": "4x3"}, {"speed": 30}, {"gain": 7}, {"start": 10.0}, {"start": -1.0}]
)
def test_unknown_settings_are_refused_on_paper_too(ecg: ECG, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        print_pages(ecg, WORDS, **wrong)


def test_fonts_are_embedded_and_nothing_tells_who_or_when(ecg: ECG) -> None:
    content = print_pages(ecg, WORDS)
    fonts = [
        part
        for part in content.split(b"endobj")
        if b"/Type /Font\n" in part or b"/Type /Font " in part
    ]
    assert fonts
    assert all(b"/CharProcs" in font or b"/FontFile" in font for font in fonts)
    assert b"/Title (12-lead ECG)" in content
    for word in (b"CreationDate", b"ModDate", b"Producer", b"Author", b"Matplotlib", b"simulated"):
        assert not any(word in part for part in (content, *streams(content)))


def test_the_same_ecg_gives_the_same_bytes_in_every_process(ecg: ECG) -> None:
    script = (
        "import hashlib\n"
        "from figures_builders import make_ecg\n"
        "from test_figures_pdf import WORDS\n"
        "from lamae.figures.pdf.document import print_pages\n"
        "print(hashlib.sha256(print_pages(make_ecg(), WORDS)).hexdigest())\n"
    )
    here = Path(__file__).parent
    paths = f"{ROOT}:{here}:{here.parent}"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONPATH": paths, "PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_threads_do_not_disturb_each_other(ecg: ECG) -> None:
    ecgs = [make_ecg(scale=scale) for scale in (1.0, 1.5, 2.0, 2.5)]
    alone = [print_pages(ecg, WORDS) for ecg in ecgs]
    together: dict[int, bytes] = {}

    def work(number: int) -> None:
        together[number] = print_pages(ecgs[number], WORDS)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(len(ecgs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [together[n] for n in range(len(ecgs))] == alone


def test_pyplot_is_never_loaded(ecg: ECG) -> None:
    script = "import sys, lamae.figures.pdf.document; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
