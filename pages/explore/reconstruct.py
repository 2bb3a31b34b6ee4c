"""Hide leads or stretches of signal and see what the model restores."""

import statistics
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.errors import LamaeError
from lamae.results import LeadError, Reconstruction
from lamae.ui import cache, session, widgets

HIDE = "hide"
FORMATS = {
    "Hidden": "{:.0%}",
    "Model (mV)": "{:.3f}",
    "Regression (mV)": "{:.3f}",
    "Algebra (mV)": "{:.3f}",
    "Correlation": "{:.2f}",
}


def hide_from_link(leads: Sequence[str]) -> list[str]:
    """The leads that the address hides (?hide=V1,V2), else the chest lead V2."""
    named = st.query_params.get("hide")
    if named is None:
        return [lead for lead in ("V2",) if lead in leads]
    asked = [lead.strip() for lead in named.split(",") if lead.strip()]
    if not set(asked) <= set(leads):
        st.info(
            f"The link hides leads that this recording does not have; it has {', '.join(leads)}."
        )
    return [lead for lead in leads if lead in asked]


def preset_chosen(leads: Sequence[str]) -> None:
    preset = st.session_state.preset
    if preset is not None:
        wanted = widgets.HIDING_PRESETS[preset]
        st.session_state[HIDE] = [lead for lead in leads if lead in wanted]
        st.session_state.preset = None


def lead_clicked() -> None:
    """Hide the lead that was clicked on the paper, or show it again."""
    now = widgets.clicked("restored")
    before = st.session_state.get("clicked", set())
    # A second click on the same lead clears Plotly's selection: it means that lead again.
    toggled = now - before if now else before
    st.session_state.clicked = now
    hidden = set(st.session_state[HIDE]) ^ toggled
    leads = session.current().in_hand.ecg.leads
    st.session_state[HIDE] = [lead for lead in leads if lead in hidden]


def median_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def reading(errors: Sequence[LeadError]) -> str:
    """What the errors say, in one or two sentences."""
    model = median_of([error.rmse for error in errors])
    linear = median_of([error.linear_rmse for error in errors])
    followed = [error.lead for error in errors if error.algebra_rmse is not None]
    text = f"The model restores what is hidden with a median error of {model:.3f} mV"
    text += "." if linear is None else f"; a linear regression with {linear:.3f} mV."
    if len(followed) == len(errors):
        text += " Every hidden signal follows from visible limb leads: algebra is enough here."
    elif followed:
        text += f" For {', '.join(followed)} algebra from the limb leads is enough."
    else:
        text += " Algebra cannot restore any of it."
    return text


def table_of(errors: Sequence[LeadError]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Lead": [error.lead for error in errors],
            "Hidden": [error.hidden_share for error in errors],
            "Model (mV)": [error.rmse for error in errors],
            "Regression (mV)": [error.linear_rmse for error in errors],
            "Algebra (mV)": [error.algebra_rmse for error in errors],
            "Correlation": [error.pearson_r for error in errors],
        }
    )


def signals_of(found: Reconstruction, leads: Sequence[str]) -> pd.DataFrame:
    """Truth, restored signal and what was hidden, one row a sample."""
    columns = {"time_s": [found.start + i / found.fs for i in range(found.target.shape[1])]}
    for lead in leads:
        row = widgets.ALL_LEADS.index(lead)
        columns[f"{lead}_mV"] = found.target[row]
        columns[f"{lead}_restored_mV"] = found.output[row]
        columns[f"{lead}_hidden"] = found.hidden[row]
    return pd.DataFrame(columns)


def controls(ecg_leads: Sequence[str]) -> tuple[list[str], float, int, str, bool]:
    """Ask what to hide and how to show it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hide = st.pills(
            "Hidden leads (or click a lead on the paper)",
            ecg_leads,
            selection_mode="multi",
            key=HIDE,
            persist_state="session",
            wrap=True,
        )
        st.segmented_control(
            "Hide at once",
            list(widgets.HIDING_PRESETS),
            key="preset",
            on_change=preset_chosen,
            args=(ecg_leads,),
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        share = st.slider(
            "Hidden share of the other leads",
            0.0,
            0.9,
            0.0,
            step=0.05,
            key="share",
            persist_state="session",
            width=320,
            help="In patches of 0.2 s, drawn at random.",
        )
        seed = st.number_input(
            "Seed",
            0,
            9999,
            0,
            key="seed",
            persist_state="session",
            width=130,
            help="Which patches are hidden: the same seed hides the same ones.",
        )
        layout = st.segmented_control(
            "Layout",
            figures.LAYOUTS,
            # One lead a row puts the start of each lead on a narrow screen.
            default="12x1" if widgets.on_phone() else "6x2",
            required=True,
            key="restored_layout",
            persist_state="session",
        )
        linear = st.toggle("Show regression", key="linear", persist_state="session")
    return hide, share, int(seed), layout, linear


@st.fragment
def restore(start: float) -> None:
    ecg = session.current().in_hand.ecg
    if HIDE not in st.session_state:
        st.session_state[HIDE] = hide_from_link(ecg.leads)
    elif not set(st.session_state[HIDE]) <= set(ecg.leads):
        # An ECG with fewer leads has come in hand since.
        st.session_state[HIDE] = [x for x in st.session_state[HIDE] if x in ecg.leads]
    hide, share, seed, layout, linear = controls(ecg.leads)
    if len(hide) == len(ecg.leads):
        st.info("All leads are hidden. Show at least one: the model needs something to go by.")
        return
    if not hide and share == 0:
        st.markdown("Nothing is hidden. Choose leads to hide, or a share of the signal.")
        widgets.sheet(
            figures.paper(ecg, layout=layout, start=start, dark=widgets.dark()),
            "restored",
            on_select=lead_clicked,
        )
        return
    try:
        found = cache.reconstruction(ecg, start, tuple(hide), share, seed)
    except LamaeError as error:
        widgets.trouble(error)
        return
    st.markdown(reading(found.errors))
    widgets.sheet(
        figures.reconstruction(found, layout=layout, show_linear=linear, dark=widgets.dark()),
        "restored",
        on_select=lead_clicked,
    )
    errors = table_of(found.errors)
    st.subheader("Error on hidden samples", anchor=False)
    widgets.table(errors, FORMATS)
    st.caption(
        "Root mean square error after the model's own 0.5–40 Hz filter. Regression: linear, from "
        "the leads visible at the same moment, fitted on the training ECGs. Algebra: Einthoven's "
        "and Goldberger's relations; a dash where they do not reach."
    )
    with st.container(horizontal=True):
        widgets.download(errors, "restoration_errors", "Errors as CSV")
        widgets.download(signals_of(found, ecg.leads), "restored_signals", "Signals as CSV")


in_hand = session.current().in_hand
widgets.notes(in_hand.ecg)
restore(widgets.ask_start(in_hand))
