"""Values to Plotly figures: the values come from `lamae.results`, their look is decided here.

Every figure has one sentence that describes it in `layout.meta["alt"]`; `CONFIG` is the Plotly
configuration to show it with.
"""

from lamae.figures.anatomy import frontal_plane, horizontal_plane
from lamae.figures.attention import layer_weights, lead_matrix
from lamae.figures.attribution import attribution_by_lead, attribution_by_time, digits_of
from lamae.figures.attribution_curves import score_curve
from lamae.figures.attribution_waves import attribution_by_wave
from lamae.figures.benchmark import comparison
from lamae.figures.calibration import calibration
from lamae.figures.chart import CONFIG
from lamae.figures.codes import code_bars, short_title
from lamae.figures.lead_weights import group_weights, lead_weights, weights_against_ablation
from lamae.figures.leads import lead_subset_scores, next_leads, removal_curves, robustness
from lamae.figures.paper.attention_over_time import attention_over_time
from lamae.figures.paper.attribution_beat import attribution_on_beat
from lamae.figures.paper.beat import median_beats
from lamae.figures.paper.calipers import Calipers, calipers
from lamae.figures.paper.drawing import Drag
from lamae.figures.paper.lead_rows import STRIP_SECONDS, clock, lead_rows
from lamae.figures.paper.paper import paper
from lamae.figures.paper.reconstruction import imputed, reconstruction
from lamae.figures.paper.selection import selected_segments
from lamae.figures.paper.sheet import LAYOUTS
from lamae.figures.reconstruction_errors import masking_curve, wave_errors
from lamae.figures.training import auroc_intervals, training_curve

__all__ = [
    "CONFIG",
    "LAYOUTS",
    "STRIP_SECONDS",
    "Calipers",
    "Drag",
    "attention_over_time",
    "attribution_by_lead",
    "attribution_by_time",
    "attribution_by_wave",
    "attribution_on_beat",
    "auroc_intervals",
    "calibration",
    "calipers",
    "clock",
    "code_bars",
    "comparison",
    "digits_of",
    "frontal_plane",
    "group_weights",
    "horizontal_plane",
    "imputed",
    "layer_weights",
    "lead_matrix",
    "lead_rows",
    "lead_subset_scores",
    "lead_weights",
    "masking_curve",
    "median_beats",
    "next_leads",
    "paper",
    "reconstruction",
    "removal_curves",
    "robustness",
    "score_curve",
    "selected_segments",
    "short_title",
    "training_curve",
    "wave_errors",
    "weights_against_ablation",
]
