"""Reading the paper by hand: calipers by a real drag, a lead enlarged by a real click, a phone."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from lamae.simulate import simulate

expect.set_options(timeout=20_000)
PHONE, LAPTOP = 390, 1440
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
PAPER = ".st-key-sheet_paper .js-plotly-plot"


def place(page: Page) -> Callable[[float, float], tuple[float, float]]:
    """From s and mV on the sheet to px on the screen."""
    page.locator(PAPER).scroll_into_view_if_needed()
    box = page.locator(f"{PAPER} .nsewdrag").first.bounding_box()
    assert box is not None
    (left, right), (low, high) = page.evaluate(
        f"(() => {{ const l = document.querySelector('{PAPER}')._fullLayout;"
        "return [l.xaxis.range, l.yaxis.range]; })()"
    )

    def at(time: float, voltage: float) -> tuple[float, float]:
        return (
            box["x"] + (time - left) / (right - left) * box["width"],
            box["y"] + (high - voltage) / (high - low) * box["height"],
        )

    return at


def choose_layout(there, title: str) -> None:
    there.page.get_by_role("combobox", name="Layout").click()
    there.page.get_by_role("option", name=title, exact=True).click()
    there.settled()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_box_dragged_on_the_paper_is_measured(visit, backwards):
    there = visit("record", LAPTOP)
    page = there.page
    at = place(page)
    corners = [at(4.0, 1.5), at(4.8, 0.5)]
    first, last = reversed(corners) if backwards else corners
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    page.mouse.move(*last)
    page.mouse.up()
    reading = page.locator(".st-key-calipers")
    expect(reading).to_have_text(re.compile(r"\d+ ms · \d+ bpm · \d\.\d\d mV"))
    time, rate, voltage = (float(n) for n in re.findall(r"[\d.]+", reading.inner_text()))
    # One px is 9 ms and 0.025 mV here.
    assert time == pytest.approx(800, abs=20)
    assert rate == pytest.approx(75, abs=2)
    assert voltage == pytest.approx(1.0, abs=0.05)
    there.settled()
    # Another sheet has nothing drawn on it, and nothing measured.
    choose_layout(there, "6 × 2")
    expect(reading).to_contain_text("Drag a box")
    assert not there.errors


def test_a_click_enlarges_a_lead_and_a_button_leads_back(visit):
    there = visit("record", LAPTOP)
    page = there.page
    page.get_by_role("radio", name="Zoom").or_(
        page.get_by_role("button", name="Zoom", exact=True)
    ).first.click()
    expect(page.locator(".st-key-calipers")).to_contain_text("click a lead to enlarge it")
    there.settled()
    at = place(page)
    # The second row from below starts with III; its third lead is V3.
    height = page.evaluate(
        f"document.querySelector('{PAPER}').data.find(t => t.name === 'V3').meta.offset"
    )
    page.mouse.click(*at(6.2, height))
    expect(page.get_by_role("button", name="All leads")).to_be_visible()
    there.settled()
    names = f"document.querySelector('{PAPER}').data.map(t => t.name)"
    drawn = page.evaluate(names)
    assert drawn.count("V3") == 2
    assert "V4" not in drawn
    assert there.fits()
    page.get_by_role("button", name="All leads").click()
    expect(page.get_by_role("button", name="All leads")).to_have_count(0)
    there.settled()
    assert "V4" in page.evaluate(names)
    assert not there.errors


def test_dragging_zooms_where_zoom_is_chosen_and_squares_stay_square(visit):
    there = visit("record", LAPTOP)
    page = there.page
    page.get_by_role("radio", name="Zoom").or_(
        page.get_by_role("button", name="Zoom", exact=True)
    ).first.click()
    expect(page.locator(".st-key-calipers")).to_contain_text("Drag to zoom")
    there.settled()
    at = place(page)
    page.mouse.move(*at(2.0, 4.0))
    page.mouse.down()
    page.mouse.move(*at(3.0, 3.0))
    page.mouse.move(*at(5.0, 1.0))
    page.mouse.up()
    page.wait_for_function(
        f"(() => {{ const x = document.querySelector('{PAPER}')._fullLayout.xaxis;"
        "return x.range[1] - x.range[0] < 9; })()"
    )
    # px of one large square along and across, and its size.
    along, across, steps = page.evaluate(
        f"(() => {{ const l = document.querySelector('{PAPER}')._fullLayout;"
        "const px = a => a._length / (a.range[1] - a.range[0]) * a.dtick;"
        "return [px(l.xaxis), px(l.yaxis), [l.xaxis.dtick, l.yaxis.dtick]]; })()"
    )
    assert steps == pytest.approx([0.2, 0.5])
    assert along == pytest.approx(across, rel=0.02)


def test_on_a_phone_the_sheet_scrolls_and_the_menu_closes(visit):
    there = visit("record", PHONE, user_agent=IPHONE, has_touch=True, is_mobile=True)
    page = there.page
    expect(page.locator(PAPER)).to_be_visible()
    assert there.fits()
    # A drag must not be taken by the paper: it is how the sheet is scrolled.
    assert page.evaluate(f"document.querySelector('{PAPER}')._fullLayout.dragmode") is False
    wide, seen = page.evaluate(
        "(() => { const s = document.querySelector('.st-key-sheet_paper');"
        "s.scrollLeft = 300; return [s.scrollWidth, s.clientWidth, s.scrollLeft]; })()"
    )[:2]
    assert wide > 1000 > PHONE >= seen
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Model").click()
    expect(page.get_by_role("heading", name="Model", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    assert not there.errors


def test_a_csv_in_steps_of_the_device_is_opened_with_a_typed_step(visit, tmp_path):
    ecg = simulate("sinus_rhythm", rng=np.random.default_rng(5)).ecg
    steps = np.round(ecg.signal / 0.005).astype(int)
    rows = [",".join(ecg.leads), *(",".join(map(str, row)) for row in steps.T)]
    (tmp_path / "steps.csv").write_text("\n".join(rows))
    there = visit("record", LAPTOP)
    page = there.page
    page.get_by_text("Open file").first.click()
    page.locator("input[type=file]").set_input_files(tmp_path / "steps.csv")
    page.get_by_label("Sampling rate in Hz").fill("500")
    unit = page.get_by_label("Unit of the values").first
    unit.click()
    unit.type("5 uV")
    unit.press("Enter")
    page.get_by_test_id("stBaseButton-primaryFormSubmit").click()
    expect(page.get_by_text("Uploaded ECG 1").first).to_be_visible()
    there.settled()
    expect(page.get_by_text("10.0 s, 12 leads, 500 Hz")).to_be_visible()
    assert not there.errors
