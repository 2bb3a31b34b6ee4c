"""The Library page from top to bottom: find or fetch an ECG, and compare two."""

import os

import streamlit as st

from lamae.app import demos, library, session, widgets
from lamae.app.library import records, two_ecgs
from lamae.app.session import CurrentECG
from lamae.errors import LamaeError
from lamae.io import physionet
from lamae.resources import in_checkout

NO_LIBRARY = "No library is set"
NO_FOLDER = "The library's folder is not there"
NO_NUMBER = "Give a number first."
SET_ASIDE = "This ECG is set aside. Open another one to see both, one above the other."


def show() -> None:
    """Show the library, other sources, and the current ECG, alone or beside another one."""
    root = library.root()
    if root is None:
        _how_to()
        _other_sources()
    else:
        records.browse(root)
        with st.expander("PTB-XL by number, and demo ECGs"):
            _other_sources()

    state = session.state()
    current, beside = state.current, state.beside
    comparing = beside is not None and beside.ecg.digest != current.ecg.digest
    st.subheader("Comparison" if comparing else widgets.plain(current.name), anchor=False)
    if not comparing and (entry := records.facts(root, current)):
        st.markdown(f":small[{widgets.plain(entry)}]")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        scale = two_ecgs.ask_scale()
        _choose_beside()
    if beside is not None and comparing:
        known = (records.facts(root, beside), records.facts(root, current))
        two_ecgs.compare(beside, current, scale, known)
    else:
        if beside is not None:
            st.info(SET_ASIDE)
        two_ecgs.one(current, scale, "paper_b")


def _demo_chosen() -> None:
    if st.session_state.library_demo:
        session.open_demo(st.session_state.library_demo)


def _set_aside() -> None:
    state = session.state()
    state.beside = state.current


def _beside_chosen() -> None:
    name = st.session_state.beside_demo
    if not name:
        return
    try:
        session.state().beside = CurrentECG(demos.load(name), demos.DEMOS[name], name)
    except LamaeError as error:
        session.state().problem = str(error)


def _exchange() -> None:
    state = session.state()
    if state.beside is not None:
        state.current, state.beside = state.beside, state.current


def _end() -> None:
    session.state().beside = None


def _how_to() -> None:
    with st.container(border=True, key="no_library"):
        if os.environ.get(library.SETTING):
            st.markdown(f"**{NO_FOLDER}**")
            st.markdown(
                f"{widgets.plain(library.SETTING)} names a folder that this server cannot find. "
                "Start the app again with the path of a folder that exists:"
            )
        else:
            st.markdown(f"**{NO_LIBRARY}**")
            st.markdown(
                "A library is a folder of WFDB records on this server, such as a download of "
                "PTB-XL. Start the app with its path:"
            )
        start = "make run" if in_checkout() else "lamae app"
        st.code(f"{library.SETTING}=path/to/ptb-xl {start}", language="bash")
        st.caption(
            "With PTB-XL's table in the folder, its 21,799 ECGs can be searched by finding, code, "
            "age and sex; other folders are listed by name. The folder is only read."
        )


def _by_number() -> None:
    st.markdown("**PTB-XL by number**")
    with st.form("physionet", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        number = row.number_input(
            f"ECG number, 1 to {physionet.LAST}",
            min_value=1,
            max_value=physionet.LAST,
            value=None,
            step=1,
            placeholder="for example 17",
            key="physionet_number",
            width=180,
        )
        rate = row.segmented_control(
            "Rate in Hz",
            sorted(physionet.RATES, reverse=True),
            default=max(physionet.RATES),
            required=True,
            key="physionet_rate",
        )
        submitted = row.form_submit_button("Open")
    if submitted and number is not None:
        with st.spinner("Asking PhysioNet"):
            opened = session.open_record(
                lambda: physionet.read_ptbxl(number, rate, base=physionet.BASE),
                f"PTB-XL {number}, PhysioNet",
            )
        if opened:
            st.rerun()
        # Shown here, not at the top of the next run.
        st.info(widgets.plain(session.state().problem))
        session.state().problem = None
    elif submitted:
        st.info(NO_NUMBER)
    st.caption(
        "Fetched by this server from physionet.org (Wagner et al. 2020, CC BY 4.0). Only the "
        "number is sent, and nothing is kept on disk."
    )


def _demo() -> None:
    names, current = list(demos.DEMOS), session.state().current
    st.markdown("**Demo ECGs**")
    if st.session_state.get("library_demo") != current.demo:
        st.session_state.library_demo = current.demo
    st.selectbox(
        "Current ECG",
        names,
        index=None,
        format_func=demos.DEMOS.__getitem__,
        placeholder=current.name,
        key="library_demo",
        on_change=_demo_chosen,
    )
    st.caption("One real recording, and simulated rhythms. Two of them can be compared below.")


def _other_sources() -> None:
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        _by_number()
    with right.container(border=True, height="stretch"):
        _demo()


def _choose_beside() -> None:
    """What the current ECG is compared with."""
    state = session.state()
    if state.beside is not None:
        st.button("Exchange A and B", on_click=_exchange)
        st.button("End comparison", on_click=_end)
        return
    st.button(
        "Set aside to compare",
        on_click=_set_aside,
        help="Keeps this ECG above the one you open next, from any page.",
    )
    st.session_state.beside_demo = None
    st.selectbox(
        "Or compare with a demo",
        [name for name in demos.DEMOS if name != state.current.demo],
        index=None,
        format_func=demos.DEMOS.__getitem__,
        placeholder="Choose a demo",
        key="beside_demo",
        on_change=_beside_chosen,
        width=300,
    )
