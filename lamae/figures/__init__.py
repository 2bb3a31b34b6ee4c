"""Values to Plotly figures: what they show is computed elsewhere, how it looks is decided here.

Every figure carries one sentence that describes it in `layout.meta["alt"]`; `CONFIG` is the
Plotly configuration to show it with.
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
from lamae.figures.errors import masking_curve, wave_errors
from lamae.figures.leads import next_leads, removal_curves, robustness, with_some_leads
from lamae.figures.paper.attribution_beat import attribution_on_beat
from lamae.figures.paper.beat import median_beats
from lamae.figures.paper.calipers import Calipers, calipers
from lamae.figures.paper.looks import attention_over_time
from lamae.figures.paper.paper import paper
from lamae.figures.paper.reconstruction import imputed, reconstruction
from lamae.figures.paper.rows import STRIP_SECONDS, clock, lead_rows
from lamae.figures.paper.sheet import LAYOUTS
from lamae.figures.paper.touch import touched
from lamae.figures.training import auroc_intervals, training_curve
from lamae.figures.weights import beside_ablation, group_weights, lead_weights

__all__ = [
    "CONFIG",
    "LAYOUTS",
    "STRIP_SECONDS",
    "Calipers",
    "attention_over_time",
    "attribution_by_lead",
    "attribution_by_time",
    "attribution_by_wave",
    "attribution_on_beat",
    "auroc_intervals",
    "beside_ablation",
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
    "lead_weights",
    "masking_curve",
    "median_beats",
    "next_leads",
    "paper",
    "reconstruction",
    "removal_curves",
    "robustness",
    "score_curve",
    "short_title",
    "touched",
    "training_curve",
    "wave_errors",
    "with_some_leads",
]
