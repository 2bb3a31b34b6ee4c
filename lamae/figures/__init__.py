"""Values to Plotly figures: what they show is computed elsewhere, how it looks is decided here.

Every figure carries one sentence that describes it in `layout.meta["alt"]`; `CONFIG` is the
Plotly configuration to show it with.
"""

from lamae.figures.attention import layer_weights, lead_matrix, lead_weights
from lamae.figures.attribution import attribution_by_lead
from lamae.figures.calibration import calibration
from lamae.figures.chart import CONFIG
from lamae.figures.codes import code_bars, short_title
from lamae.figures.comparison import comparison
from lamae.figures.model import auroc_intervals, training_curve
from lamae.figures.paper import paper
from lamae.figures.reconstruction import reconstruction
from lamae.figures.sheet import LAYOUTS

__all__ = [
    "CONFIG",
    "LAYOUTS",
    "attribution_by_lead",
    "auroc_intervals",
    "calibration",
    "code_bars",
    "comparison",
    "layer_weights",
    "lead_matrix",
    "lead_weights",
    "paper",
    "reconstruction",
    "short_title",
    "training_curve",
]
