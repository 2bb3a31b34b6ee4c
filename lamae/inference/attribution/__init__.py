"""What in an ECG speaks for a code, and whether that can be believed.

`explain` gives the map, by one of `METHODS`; `wave_sums` and `beat_map` sum it up beat by
beat; `checks` and `curves` put it to the test.
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
