"""Hide leads or stretches of signal and see what the model restores."""

from functools import partial

import streamlit as st

from lamae.app import cache, links, session, widgets
from lamae.app.reconstruct import exploring, hiding, repairing, restored, restored_words
from lamae.errors import LamaeError


@st.fragment
def restore(start: float) -> None:
    recorded = session.current().in_hand.ecg
    hiding.follow_link(recorded, cache.shown(recorded, start).leads)
    hidden, view = hiding.ask(recorded)
    if set(cache.shown(recorded, start).leads) <= set(hidden.leads):
        st.info("All leads are hidden. Show at least one: the model needs something to go by.")
        return
    # What a spoilt lead recorded may be compared with, but is nothing to restore others from.
    ecg = cache.shown(recorded, start, hidden.leads)
    readable = cache.readable(recorded, start)
    if ecg.leads != recorded.leads:
        st.info(widgets.plain(readable.hidden or ""))
    key = hiding.chart_key()
    touched = partial(hiding.touched, recorded, start, key)
    found = None
    if hidden.nothing:
        st.markdown("Nothing is hidden. Choose leads to hide, or a share of the signal.")
    else:
        try:
            found = exploring.reconstruction(ecg, start, hidden)
        except LamaeError as error:
            widgets.trouble(error)
            return
        words = (
            restored_words.of_this_ecg(found),
            restored_words.of_the_test(found, ecg.leads, cache.predictor().card),
            restored_words.SIMULATED if ecg.source.startswith("simulated") else "",
            restored.doubts(ecg, start, found),
        )
        st.markdown(" ".join(filter(None, words)))
    restored.sheet(ecg, start, readable.left_out, hidden, view, found, key, touched)
    if found is not None:
        restored.errors(ecg, start, found)
    share = f"{hidden.share:g}" if hidden.share else ""
    links.offer("reconstruct", hide=hidden.text or "none", share=share)


in_hand = session.current().in_hand
widgets.notes(in_hand.ecg)
start = widgets.ask_start(in_hand)
readable = cache.readable(in_hand.ecg, start)
if not readable.usable:
    widgets.refusal(readable.reason)
else:
    restore(start)
    restored.curve(cache.shown(in_hand.ecg, start), start)
    repairing.show(in_hand.ecg, start)
