"""The Record page from top to bottom: opening, paper, measurements, leads, export."""

import streamlit as st

from lamae.app import cache, session, widgets, window
from lamae.app.record import export, leads, measurements, opening, paper, recording


def show() -> None:
    """Show the current ECG on paper with its measurements."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        opening.choose()
        view = paper.controls(session.state().current.ecg)
    opening.ask()

    current = session.state().current
    start = window.ask_start(current)
    analysis = cache.analysis(current.ecg, start)
    measurements.warn(analysis)
    paper.show(current, start, view)
    widgets.notes(current.ecg)
    measurements.show(analysis)
    left, right = st.columns([3, 2], gap="large")
    with left:
        leads.show(analysis)
    with right:
        recording.show(current.ecg)
        export.offer(analysis, layout=view.twelve, speed=view.speed, gain=view.gain)
