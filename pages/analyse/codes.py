"""The ICD-10-CM codes that the ECG suggests, and why."""

from lamae.app import cache, session, widgets, window
from lamae.app.codes import page

current = session.state().current
widgets.notes(current.ecg)
page.show(cache.analysis(current.ecg, window.ask_start(current)))
