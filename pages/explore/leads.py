"""What if only some of the leads had been recorded? Leads that cannot be read are never shown."""

import streamlit as st

from lamae.app import cache, links, session, widgets
from lamae.app.leads import leads
from lamae.app.reconstruct import exploring
from lamae.errors import LamaeError


@st.fragment
def chosen(start: float) -> None:
    ecg = cache.shown(session.state().current.ecg, start)
    leads.follow_link(ecg)
    some = leads.ask(ecg)
    links.offer("leads", leads=",".join(some))
    if not some:
        st.info("No lead is chosen. Choose at least one: the model needs something to go by.")
        return
    scores = exploring.with_each(ecg, start, some)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Codes with these leads", anchor=False)
        leads.compared(cache.prediction(ecg, start), scores)
    with right:
        leads.one_more(scores)


def show(start: float) -> None:
    recorded = session.state().current.ecg
    if len(recorded.leads) == 1:
        st.info(f"The recording has lead {recorded.leads[0]} only: none can be left out.")
        return
    try:
        fitness = cache.fitness(recorded, start)
        if not fitness.passed:
            widgets.refusal(fitness.reason)
            return
        ecg = cache.shown(recorded, start)
        prediction = cache.prediction(ecg, start)
    except LamaeError as error:
        widgets.refusal(str(error))
        return
    said = fitness.remarks(prediction)
    if said:
        st.info(widgets.plain(" ".join(said)))
    if len(ecg.leads) == 1:
        st.info(f"Lead {ecg.leads[0]} alone can be read: none can be left out.")
        return
    chosen(start)
    leads.one_by_one(ecg, start, prediction)
    leads.robust(ecg, start)


current = session.state().current
widgets.notes(current.ecg)
start = widgets.ask_start(current)
show(start)
