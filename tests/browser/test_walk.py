"""The whole story in a browser: open an ECG, read it, see codes and why, mask, reconstruct, weigh."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from lamae import io
from lamae.app.widgets import NOTICE
from lamae.simulate import simulate

# Two cores that also run other tests draw slowly.
expect.set_options(timeout=20_000)
PHONE, LAPTOP = 390, 1440
PTBXL = Path(__file__).parents[3] / "shared" / "ptbxl" / "records100" / "00000" / "00001_lr"
SEEN = {
    "codes": "Suggested by this ECG",
    "record": "Signal quality",
    "library": "PTB-XL by number",
    "reconstruct": "Error on masked samples",
    "attention": "receives most attention",
    "leads": "Codes with these leads",
    "model": "Results on the test fold",
}


@pytest.mark.parametrize("path", SEEN)
def test_a_cold_deep_link_opens_its_page_on_a_phone(visit, path):
    there = visit(path, PHONE)
    page = there.page
    expect(page.get_by_role("heading", name=path.capitalize(), exact=True)).to_be_visible()
    expect(page.get_by_text(SEEN[path]).first).to_be_visible()
    expect(page.get_by_text(NOTICE).first).to_be_visible()
    if path != "library":
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert page.url.endswith(f"/{path}")
    assert there.fits()
    assert not there.errors


def test_the_story_from_upload_to_model(visit, tmp_path):
    ecg = simulate("atrial_fibrillation", rng=np.random.default_rng(1)).ecg
    io.write(ecg, tmp_path / "af.hea")
    there = visit("", LAPTOP)
    page = there.page

    def go_to(name: str) -> None:
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        there.settled()
        assert there.fits(), name
        expect(page.get_by_text(NOTICE).first).to_be_visible()

    # The landing page shows a real ECG, above the fold.
    paper = page.locator(".st-key-sheet_paper .js-plotly-plot")
    expect(paper).to_be_visible()
    box = paper.bounding_box()
    assert box is not None
    assert box["y"] < 300
    assert box["width"] > 1000
    assert page.url.endswith("/record")

    page.get_by_role("button", name="Open file").click()
    page.locator("input[type=file]").set_input_files([tmp_path / "af.hea", tmp_path / "af.dat"])
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Uploaded ECG 1")).to_be_visible()
    there.settled()
    expect(sidebar.get_by_text("500 Hz")).to_be_visible()
    expect(page.get_by_text("Heart rate, estimate")).to_be_visible()

    go_to("Codes")
    expect(page.get_by_text("threshold").first).to_be_visible()
    why = page.locator(".st-key-sheet_attribution .js-plotly-plot")
    expect(why).to_be_visible()
    before = page.get_by_text("Score of this ECG").inner_text()
    there.settled()
    option = page.get_by_role("option").nth(2)
    # A chart that is drawn late closes an open list.
    for _ in range(3):
        page.get_by_role("combobox", name="Code to explain").click()
        page.wait_for_timeout(500)
        if option.is_visible():
            break
    option.click()
    expect(page.get_by_text("Score of this ECG")).not_to_have_text(before)
    there.settled()

    go_to("Reconstruct")
    page.get_by_role("radio", name="V1–V6").or_(
        page.get_by_role("button", name="V1–V6", exact=True)
    ).first.click()
    expect(page.get_by_role("row", name="V6 100%")).to_be_visible()
    there.settled()
    # A click on the paper shows V2 again: row two, right half.
    sheet = page.locator(".st-key-sheet_reconstructed .js-plotly-plot .nsewdrag").first
    box = sheet.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 1.5 / 6)
    expect(page.get_by_role("row", name="V2 100%")).to_have_count(0)
    expect(page.get_by_role("row", name="V6 100%")).to_be_visible()

    go_to("Attention")
    expect(page.get_by_text("receives most attention")).to_be_visible()
    expect(page.get_by_text("From lead to lead")).to_be_visible()

    go_to("Model")
    expect(page.get_by_text("macro AUROC").first).to_be_visible()
    expect(page.get_by_text("SHA-256").first).to_be_visible()
    expect(sidebar.get_by_text("Uploaded ECG 1")).to_be_visible()
    assert not there.errors


@pytest.mark.skipif(
    not PTBXL.with_suffix(".hea").is_file(), reason="../shared/ptbxl is not on this machine"
)
def test_a_ptb_xl_record_can_be_uploaded(visit):
    there = visit("record", LAPTOP)
    page = there.page
    page.get_by_role("button", name="Open file").click()
    page.locator("input[type=file]").set_input_files(
        [PTBXL.with_suffix(".hea"), PTBXL.with_suffix(".dat")]
    )
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Uploaded ECG 1")).to_be_visible()
    expect(sidebar.get_by_text("100 Hz")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Codes").click()
    expect(page.get_by_text("threshold").first).to_be_visible()
    there.settled()
    assert not there.errors
