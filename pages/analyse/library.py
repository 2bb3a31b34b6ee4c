"""Find an ECG in a library, fetch one from PhysioNet, and compare two."""

from lamae.app.library import page

page.show()
