"""The model card: data, training, results and limits."""

from lamae.app.model import page

page.show()
