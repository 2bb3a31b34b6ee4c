"""What in an ECG speaks for a code, and whether that can be believed.

`explain` gives the map, by one of `METHODS`; `wave_sums` and `beat_map` sum it up beat by
beat; `lamae.attribute.checks` and `lamae.attribute.curves` put it to the test.
"""

from lamae.attribute.beats import Beats, beat_map, find_beats, find_waves, time_sums, wave_sums
from lamae.attribute.case import Progress
from lamae.attribute.explain import explain
from lamae.attribute.methods import METHODS, Method

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
