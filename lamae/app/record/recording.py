"""Data on the recording and the patient, as far as the file holds them."""

import streamlit as st

from lamae.app import cache, widgets, window
from lamae.ecg import ECG, age_in_words
from lamae.errors import WeightsError


def show(ecg: ECG) -> None:
    """Show the recording's and the patient's data."""
    st.subheader("Recording", anchor=False)
    facts = {
        "Source": ecg.source,
        "Length": f"{window.length(ecg)} at {ecg.fs:g} Hz",
        "Leads": ", ".join(ecg.leads),
        "Age": None if ecg.age is None else age_in_words(ecg.age),
        "Sex": ecg.sex,
        "Filters, device": ecg.filters,
    }
    widgets.facts(facts, "recording")
    if ecg.minor and (remark := _of_minors()):
        st.caption(remark)


def _of_minors() -> str | None:
    try:
        return cache.predictor().card.minors
    except WeightsError:
        return None
