"""Open an ECG and read it on paper."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.errors import LamaeError
from lamae.ui import cache, demos, library, session, widgets

SUFFIXES = ["hea", "dat", "mat", "zip", "dcm", "csv", "tsv", "npy", "npz"]
UNITS = {"mV": "mV (millivolt)", "uV": "µV (microvolt)", "V": "V (volt)"}
# What a device may state, in the order in which it is read aloud.
DEVICE = {
    "heart_rate": ("Heart rate", "bpm"),
    "pr": ("PR", "ms"),
    "qrs": ("QRS", "ms"),
    "qt": ("QT", "ms"),
    "qtc": ("QTc", "ms"),
}
AXES = {"p_axis": "P", "qrs_axis": "QRS", "t_axis": "T"}


def demo_chosen() -> None:
    if st.session_state.demo:
        session.open_demo(st.session_state.demo)


def files_chosen(picker: str) -> None:
    if st.session_state[picker]:
        session.open_files({file.name: file.getvalue() for file in st.session_state[picker]})
        close_opener()


def close_opener() -> None:
    st.session_state.opener = False
    st.session_state.demo = session.current().in_hand.demo


def answered() -> None:
    question = session.current().question
    if question is not None:
        session.open_files(
            question.files,
            fs=st.session_state.get("answer_fs"),
            unit=st.session_state.get("answer_unit"),
        )
        close_opener()


def record_chosen() -> None:
    folder, parts, name = library.root(), st.session_state.library_parts, st.session_state.record
    if folder is None or not name:
        return
    try:
        session.open_record(library.record(folder, parts, name), name)
    except LamaeError as error:
        session.current().problem = str(error)
    close_opener()


def open_an_ecg() -> None:
    state = session.current()
    names = list(demos.DEMOS)
    st.selectbox(
        "ECG",
        names,
        index=names.index(state.in_hand.demo) if state.in_hand.demo else None,
        format_func=demos.DEMOS.__getitem__,
        placeholder=state.in_hand.name,
        key="demo",
        on_change=demo_chosen,
        width=330,
    )
    with st.popover("Open file", key="opener", on_change="rerun", width="content"):
        # A picker adds to what it was given before; a new one starts afresh.
        picker = f"upload_{state.batches}"
        st.file_uploader(
            "ECG file",
            type=SUFFIXES,
            accept_multiple_files=True,
            key=picker,
            on_change=files_chosen,
            args=(picker,),
            help="WFDB (.hea with .dat or .mat, or both in a .zip), DICOM waveform, CSV, TSV, "
            "NPY or NPZ.",
        )
        st.caption("Nothing is kept: the ECG stays in memory until you leave.")
        if library.root() is not None:
            browse_library()


def browse_library() -> None:
    """One list a level of folders, until a folder holds records."""
    folder, parts = library.root(), []
    assert folder is not None
    try:
        found = library.listing(folder, parts)
        while found.folders:
            here = st.selectbox(
                "Library" if not parts else f"Folder in {parts[-1]}",
                found.folders,
                index=None,
                placeholder="Choose a folder",
                key=f"library_{len(parts)}",
            )
            if here is None:
                break
            parts.append(here)
            found = library.listing(folder, parts)
        st.session_state.library_parts = parts
        if found.records:
            st.selectbox(
                "Record",
                found.records,
                index=None,
                placeholder="Choose a record",
                key="record",
                on_change=record_chosen,
            )
        elif not found.folders:
            st.caption("This folder holds no WFDB records.")
        if found.left_off:
            st.caption(f"{found.left_off} further entries are not listed.")
    except LamaeError as error:
        widgets.trouble(error)


def ask() -> None:
    """What the file leaves out is asked, never guessed."""
    question = session.current().question
    if question is None:
        return
    with st.form("answers", width=620):
        st.markdown(widgets.plain(question.message))
        rate, unit = st.columns(2)
        if "fs" in question.fields:
            rate.number_input(
                "Sampling rate in Hz",
                min_value=50.0,
                max_value=20_000.0,
                value=None,
                format="%g",
                placeholder="for example 500",
                key="answer_fs",
            )
        if "unit" in question.fields:
            unit.selectbox(
                "Unit of the values",
                list(UNITS),
                index=None,
                format_func=UNITS.__getitem__,
                placeholder="Choose",
                key="answer_unit",
            )
        st.form_submit_button("Open", on_click=answered, type="primary")


with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    open_an_ecg()
    layout = st.segmented_control(
        "Layout",
        figures.LAYOUTS,
        default=figures.LAYOUTS[0],
        required=True,
        key="layout",
        persist_state="session",
    )
    speed = st.segmented_control(
        "mm/s", [25, 50], default=25, required=True, key="speed", persist_state="session"
    )
    gain = st.segmented_control(
        "mm/mV", [5, 10, 20], default=10, required=True, key="gain", persist_state="session"
    )
ask()

in_hand = session.current().in_hand
ecg = in_hand.ecg
start = widgets.ask_start(in_hand)
window = ecg.window(start, session.WINDOW)

widgets.sheet(
    figures.paper(ecg, layout=layout, start=start, speed=speed, gain=gain, dark=widgets.dark()),
    "paper",
)
widgets.notes(ecg)

quality = cache.quality(ecg, start)
rate = cache.heart_rate(ecg, start)

with st.container(horizontal=True, gap="medium"):
    for key, (title, unit) in DEVICE.items():
        if key in ecg.measurements:
            st.metric(f"{title}, device", f"{ecg.measurements[key]:.0f} {unit}", width="content")
    if rate.rate is None:
        st.metric("Heart rate, estimate", "not found", width="content")
    else:
        st.metric("Heart rate, estimate", f"{rate.rate:.0f} bpm", width="content")
    if rate.rr_range is not None:
        shortest, longest = rate.rr_range
        st.metric("RR, estimate", f"{shortest:.0f}–{longest:.0f} ms", width="content")

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("Signal quality", anchor=False)
    st.markdown(widgets.quality_in_words(quality))
    widgets.table(
        pd.DataFrame(
            {
                "Lead": [lead.lead for lead in quality],
                "Quality": [lead.verdict for lead in quality],
                "Reason": [lead.reason for lead in quality],
            }
        )
    )
with right:
    st.subheader("Recording", anchor=False)
    axes = [
        f"{wave} {ecg.measurements[k]:.0f}°" for k, wave in AXES.items() if k in ecg.measurements
    ]
    facts = {
        "Source": ecg.source,
        "Length": f"{widgets.length(ecg)} at {ecg.fs:g} Hz",
        "Leads": ", ".join(ecg.leads),
        "Age": None if ecg.age is None else f"{ecg.age:.0f} years",
        "Sex": ecg.sex,
        "Axes, device": ", ".join(axes) or None,
        "Filters, device": ecg.filters,
    }
    widgets.facts(facts, "recording")
    widgets.download(
        pd.DataFrame({lead: window.lead(lead) for lead in window.leads}).assign(
            time_s=[start + i / ecg.fs for i in range(window.signal.shape[1])]
        ),
        "ecg",
    )
