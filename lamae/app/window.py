"""Which ten seconds of a recording are analysed."""

import streamlit as st

from lamae import figures
from lamae.app.session import CurrentECG
from lamae.ecg import ECG, WINDOW

# Beyond this length in s, a window is typed.
SLIDER_SECONDS = 120.0
# About how many places a slider over a long recording has at most.
SLIDER_STEPS = 720


def chosen_start(ecg: ECG) -> float:
    """Start in s of the window chosen for this recording."""
    return float(st.session_state.get(_start_key(ecg), 0.0))


def ask_start(current: CurrentECG) -> float:
    """Ask which window of a long recording to analyse; note where a recording is short.

    Returns:
        Start of the window in s.
    """
    ecg = current.ecg
    if ecg.duration <= WINDOW:
        if ecg.duration < WINDOW - 0.5 / ecg.fs:
            st.caption(
                f"The recording lasts {ecg.duration:.1f} s; the rest of the {WINDOW:g} s that the "
                "model reads is missing."
            )
        return 0.0
    label = f"Window of {WINDOW:g} s, start in s (recording: {length(ecg)})"
    last = float(int((ecg.duration - WINDOW) * 2)) / 2 or 0.5
    if ecg.duration > SLIDER_SECONDS:
        # A slider cannot be set to the second on so long a recording: it finds the place, and the
        # box beside it the second.
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            _slide(ecg, last)
            return st.number_input(
                label,
                min_value=0.0,
                max_value=last,
                step=WINDOW,
                format="%.1f",
                key=_start_key(ecg),
                persist_state="session",
                width=340,
            )
    return st.slider(
        label,
        min_value=0.0,
        max_value=last,
        step=0.5,
        format="%.1f",
        key=_start_key(ecg),
        persist_state="session",
        width=480,
    )


def _slide(ecg: ECG, last: float) -> None:
    """A slider over the whole of a long recording, in steps of whole windows."""
    step = WINDOW * max(1, round(last / WINDOW / SLIDER_STEPS))
    places = [i * step for i in range(int(last / step) + 1)]
    start, key = chosen_start(ecg), f"place_{ecg.digest[:12]}"
    st.session_state[key] = min(places, key=lambda place: abs(place - start))

    def slid() -> None:
        st.session_state[_start_key(ecg)] = st.session_state[key]

    st.select_slider(
        "Place in the recording",
        places,
        format_func=figures.clock,
        key=key,
        on_change=slid,
        label_visibility="collapsed",
    )


def length(ecg: ECG) -> str:
    """How long a recording is, in words."""
    if ecg.duration < 120:
        return f"{ecg.duration:.1f} s"
    minutes, seconds = divmod(round(ecg.duration), 60)
    return f"{minutes} min" + (f" {seconds} s" if seconds else "")


def _start_key(ecg: ECG) -> str:
    return f"start_{ecg.digest[:12]}"
