"""What takes long: started on request, with a progress bar, and cancelled by a click."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from lamae.errors import LamaeError


@contextmanager
def progress(words: str) -> Iterator[Callable[[float], None]]:
    """A bar, drawn from the first report of the share done on, and removed at the end.

    A click anywhere interrupts at the next report.
    """
    place = st.empty()

    def report(share: float) -> None:
        place.progress(min(max(share, 0.0), 1.0), words)

    try:
        yield report
    finally:
        place.empty()


@contextmanager
def cancelling(key: str, undo: Callable[[], Any], *, offered: bool = True) -> Iterator[None]:
    """Offer to cancel while something is computed: any click interrupts, `undo` takes it back."""
    place = st.empty()
    if offered:
        place.button("Cancel", key=key, on_click=undo)
    try:
        yield
    except LamaeError:
        place.empty()
        raise
    place.empty()


def on_request(label: str, key: str, wanted: str) -> None:
    """A button that sets `wanted` in the session's state, on which something is computed."""

    def want() -> None:
        st.session_state[wanted] = True

    st.button(label, key=key, on_click=want)
