"""Hide leads or stretches of signal and see what the model restores."""

import statistics
from collections.abc import Sequence
from functools import partial

import streamlit as st

from lamae.errors import LamaeError
from lamae.results import LeadError
from lamae.ui import cache, exploring, hiding, links, repairing, restored, session, widgets


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


@st.fragment
def restore(start: float) -> None:
    recorded = session.current().in_hand.ecg
    hiding.follow_link(recorded)
    hidden, view = hiding.ask(recorded)
    if set(cache.shown(recorded, start).leads) <= set(hidden.leads):
        st.info("All leads are hidden. Show at least one: the model needs something to go by.")
        return
    # What a spoilt lead recorded may be compared with, but is nothing to restore others from.
    ecg = cache.shown(recorded, start, hidden.leads)
    if ecg.leads != recorded.leads:
        st.info(widgets.plain(cache.readable(recorded, start).hidden or ""))
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
        st.markdown(f"{reading(found.errors)} {restored.doubts(ecg, start, found)}")
    restored.sheet(ecg, start, hidden, view, found, key, touched)
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
