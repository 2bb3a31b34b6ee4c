"""Values to Plotly figures: what they show is computed elsewhere, how it looks is decided here."""

from lamae.figures.paper import paper
from lamae.figures.sheet import LAYOUTS

__all__ = ["LAYOUTS", "paper"]
