"""Mask leads or segments of signal and see what the model reconstructs."""

from functools import partial

import streamlit as st

from lamae.app import cache, links, session, widgets
from lamae.app.reconstruct import exploring, imputation, masking
from lamae.app.reconstruct import findings as reconstructed_words
from lamae.app.reconstruct import results as reconstructed
from lamae.errors import LamaeError


@st.fragment
def reconstruct(start: float) -> None:
    recorded = session.state().current.ecg
    masking.follow_link(recorded, cache.shown(recorded, start).leads)
    masked, view = masking.ask(recorded)
    if set(cache.shown(recorded, start).leads) <= set(masked.leads):
        st.info("All leads are masked. Show at least one: the model needs something to go by.")
        return
    # What a spoilt lead recorded may be compared with, but is nothing to reconstruct others from.
    ecg = cache.shown(recorded, start, masked.leads)
    readable = cache.readable(recorded, start)
    if ecg.leads != recorded.leads:
        st.info(widgets.plain(readable.masked or ""))
    key = masking.chart_key()
    touched = partial(masking.touched, recorded, start, key)
    found = None
    if masked.nothing:
        st.markdown("Nothing is masked. Choose leads to mask, or a share of the signal.")
    else:
        try:
            found = exploring.reconstruction(ecg, start, masked)
        except LamaeError as error:
            widgets.trouble(error)
            return
        words = (
            reconstructed_words.of_this_ecg(found),
            reconstructed_words.of_the_test(found, ecg.leads, cache.predictor().card),
            reconstructed_words.SIMULATED if ecg.source.startswith("simulated") else "",
            reconstructed.doubts(ecg, start, found),
        )
        st.markdown(" ".join(filter(None, words)))
    reconstructed.sheet(ecg, start, readable.left_out, masked, view, found, key, touched)
    if found is not None:
        reconstructed.errors(ecg, start, found)
    share = f"{masked.ratio:g}" if masked.ratio else ""
    links.offer("reconstruct", mask=masked.text or "none", share=share)


current = session.state().current
widgets.notes(current.ecg)
start = widgets.ask_start(current)
readable = cache.readable(current.ecg, start)
if not readable.usable:
    widgets.refusal(readable.reason)
else:
    reconstruct(start)
    reconstructed.curve(cache.shown(current.ecg, start), start)
    imputation.show(current.ecg, start)
