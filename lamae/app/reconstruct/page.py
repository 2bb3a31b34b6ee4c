"""The Reconstruct page from top to bottom: masking, reconstruction, curve, and imputation."""

from functools import partial

import streamlit as st

from lamae.app import cache, links, widgets
from lamae.app.reconstruct import boxes, findings, imputation, masking, results
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.results.masking import Masking
from lamae.results.reconstruction import Reconstruction

NOTHING_MASKED = "Nothing is masked. Choose leads to mask, or a masking ratio."
ALL_MASKED = "All leads are masked. Leave at least one visible."


def show(analysis: Analysis) -> None:
    """Show what the model reconstructs of the masked signal.

    Args:
        analysis: Of the current ECG.
    """
    if not analysis.readable.usable:
        widgets.refusal(analysis.readable.reason)
        return
    try:
        _ = analysis.unmasked
    except LamaeError as error:
        # The model cannot be loaded, or cannot reconstruct.
        widgets.trouble(error)
        return
    _masked(analysis)
    results.curve(analysis)
    imputation.show(analysis)


@st.fragment
def _masked(analysis: Analysis) -> None:
    """Ask what to mask, reconstruct it, and show it with its errors."""
    recorded = analysis.ecg
    masking.follow_link(recorded, analysis.shown.leads)
    masked, view = masking.ask(recorded)
    if set(analysis.shown.leads) <= set(masked.leads):
        st.info(ALL_MASKED)
        return
    # An unreadable lead may be masked and compared, but nothing is reconstructed from it.
    if analysis.shown_with(masked.leads).leads != recorded.leads:
        st.info(widgets.plain(analysis.readable.masked or ""))
    if masked.nothing:
        st.markdown(NOTHING_MASKED)
    else:
        try:
            with st.spinner("Reconstructing the signal"):
                found = analysis.reconstruction(masked)
        except LamaeError as error:
            widgets.trouble(error)
            return
        st.markdown(_sentences(analysis, masked, found))
    key = boxes.chart_key()
    touched = partial(boxes.touched, recorded, analysis.start, key)
    results.sheet(analysis, masked, view, key, touched)
    if not masked.nothing:
        results.errors(analysis, masked)
    ratio = f"{masked.ratio:g}" if masked.ratio else ""
    links.offer("reconstruct", mask=masked.text or "none", ratio=ratio)


def _sentences(analysis: Analysis, masked: Masking, found: Reconstruction) -> str:
    leads = analysis.shown_with(masked.leads).leads
    sentences = (
        findings.of_this_ecg(found),
        findings.of_the_test(found, leads, cache.predictor().card),
        findings.SIMULATED if analysis.ecg.source.startswith("simulated") else "",
        results.doubts(analysis, found),
    )
    return " ".join(filter(None, sentences))
