"""Opening an ECG: a demo, or files with what they lack."""

import streamlit as st

from lamae.app import demos, session, widgets
from lamae.io import formats_text

UNITS = {"mV": "mV (millivolt)", "uV": "µV (microvolt)", "V": "V (volt)"}


def choose() -> None:
    """Offer the demos, and a file picker."""
    state = session.state()
    names = list(demos.DEMOS)
    st.selectbox(
        "ECG",
        names,
        index=names.index(state.current.demo) if state.current.demo else None,
        format_func=demos.DEMOS.__getitem__,
        placeholder=state.current.name,
        key="demo",
        on_change=_demo_chosen,
        width=300,
    )
    with st.popover("Open file", key="opener", on_change="rerun", width="content"):
        # A picker adds to what it was given before; a new one starts afresh.
        picker = f"upload_{state.batches}"
        st.file_uploader(
            "ECG file",
            accept_multiple_files=True,
            key=picker,
            on_change=_files_chosen,
            args=(picker,),
            help=formats_text(),
        )
        st.caption("Nothing is kept: the ECG stays in memory until you leave.")
        st.page_link("pages/analyse/library.py", label="Open from a library, or PTB-XL by number")


def ask() -> None:
    """Ask for what the file lacks; it is never guessed."""
    question = session.state().question
    if question is None:
        return
    with st.form("answers", width=620):
        st.markdown(widgets.plain(question.message))
        rate, unit = st.columns(2)
        units = list(dict.fromkeys([*UNITS, *filter(None, [question.unit])]))
        if "fs" in question.fields:
            rate.number_input(
                "Sampling rate in Hz",
                min_value=50.0,
                max_value=20_000.0,
                value=question.fs,
                format="%g",
                placeholder="for example 500",
                key="answer_fs",
            )
        if "unit" in question.fields:
            unit.selectbox(
                "Unit of the values",
                units,
                index=units.index(question.unit) if question.unit else None,
                format_func=lambda unit: UNITS.get(unit, unit),
                placeholder="Choose, or type a step",
                accept_new_options=True,
                key="answer_unit",
            )
        st.form_submit_button("Open", on_click=_answered, type="primary")


def _demo_chosen() -> None:
    if st.session_state.demo:
        session.open_demo(st.session_state.demo)


def _files_chosen(picker: str) -> None:
    if st.session_state[picker]:
        # Answers are about one file: those of the last one are no guess about the next.
        st.session_state.answer_fs = st.session_state.answer_unit = None
        session.open_files({file.name: file.getvalue() for file in st.session_state[picker]})
        _close()


def _close() -> None:
    st.session_state.opener = False
    st.session_state.demo = session.state().current.demo


def _answered() -> None:
    session.answer(st.session_state.get("answer_fs"), st.session_state.get("answer_unit"))
    _close()
