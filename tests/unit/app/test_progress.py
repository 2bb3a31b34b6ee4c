"""The one progress bar: drawn from the first report on, removed at the end, and after an error."""

import pytest
from streamlit.testing.v1 import AppTest

from lamae.app import progress as module
from lamae.app.progress import progress


class Place:
    """Stands for an element on the screen, and remembers what was drawn in it."""

    def __init__(self) -> None:
        self.drawn: list[float | None] = []

    def progress(self, share: float, words: str) -> None:
        self.drawn.append(share)

    def empty(self) -> None:
        self.drawn.append(None)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place()
    monkeypatch.setattr(module.st, "empty", lambda: made)
    return made


def test_the_bar_follows_the_share_and_goes(place: Place):
    with progress("Working") as report:
        assert place.drawn == []
        for share in (0.0, 0.5, 1.2):
            report(share)
    assert place.drawn == [0.0, 0.5, 1.0, None]


def test_the_bar_goes_after_an_error_too(place: Place):
    def work() -> None:
        with progress("Working") as report:
            report(0.5)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert place.drawn == [0.5, None]


def test_what_was_requested_stays_requested():
    def page() -> None:
        import streamlit as st

        from lamae.app.progress import on_request

        if st.session_state.get("wanted"):
            st.markdown("computed")
        else:
            on_request("Compute", "compute", "wanted")

    at = AppTest.from_function(page).run()
    assert not at.markdown
    at.button(key="compute").click().run()
    assert [element.value for element in at.run().markdown] == ["computed"]
