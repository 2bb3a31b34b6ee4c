"""Mask leads or segments of signal and see what the model reconstructs."""

from lamae.app import cache, session, widgets, window
from lamae.app.reconstruct import page

current = session.state().current
widgets.notes(current.ecg)
page.show(cache.analysis(current.ecg, window.ask_start(current)))
