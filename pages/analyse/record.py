"""Open an ECG and read it on paper."""

from lamae.app.record import page

page.show()
