"""The Leads page from top to bottom: what if only some of the leads had been recorded?

Leads that cannot be read are never shown to the model.
"""

import streamlit as st

from lamae.app import links, widgets
from lamae.app.leads import subsets
from lamae.app.progress import progress
from lamae.inference.analysis import Analysis

NONE_CHOSEN = "No lead is chosen. Choose at least one."


def show(analysis: Analysis) -> None:
    """Show how the codes change with the leads, where the ECG passes the input check.

    Args:
        analysis: Of the current ECG.
    """
    recorded = analysis.ecg.leads
    if len(recorded) == 1:
        st.info(f"The recording has lead {recorded[0]} only: none can be left out.")
        return
    if (reason := analysis.refusal) is not None:
        widgets.refusal(reason)
        return
    widgets.remarks(analysis)
    readable = analysis.shown.leads
    if len(readable) == 1:
        st.info(f"Only lead {readable[0]} can be read: none can be left out.")
        return
    _chosen(analysis)
    subsets.one_by_one(analysis)
    subsets.robust(analysis)


@st.fragment
def _chosen(analysis: Analysis) -> None:
    """The codes with the leads chosen, and with one more."""
    subsets.follow_link(analysis.shown)
    some = subsets.ask(analysis.shown)
    links.offer("leads", leads=",".join(some))
    if not some:
        st.info(NONE_CHOSEN)
        return
    with progress("Adding each lead") as report:
        scores = analysis.with_each_lead(some, report)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Codes with these leads", anchor=False)
        subsets.compared(analysis.prediction, scores)
    with right:
        subsets.one_more(scores)
