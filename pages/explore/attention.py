"""How the latent attention weighs and connects the leads."""

from lamae.app import cache, session, widgets, window
from lamae.app.attention import page

current = session.state().current
widgets.notes(current.ecg)
page.show(cache.analysis(current.ecg, window.ask_start(current)))
