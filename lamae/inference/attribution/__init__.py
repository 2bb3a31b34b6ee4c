"""Attribution of a code's score to leads and samples, and the checks of its quality.

`explain` gives the map, by one of `METHODS`; `wave_sums`, `time_sums` and `beat_map` sum it up;
`checks` and `curves` test it.
"""

from lamae.inference.attribution.beats import (
    Beats,
    beat_map,
    find_beats,
    find_waves,
    time_sums,
    wave_sums,
)
from lamae.inference.attribution.case import Progress
from lamae.inference.attribution.explain import explain
from lamae.inference.attribution.methods import METHODS, Method

__all__ = [
    "METHODS",
    "Beats",
    "Method",
    "Progress",
    "beat_map",
    "explain",
    "find_beats",
    "find_waves",
    "time_sums",
    "wave_sums",
]
