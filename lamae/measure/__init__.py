"""What can be measured in an ECG without a model: rate, intervals, axes, signal quality."""

from lamae.measure.beats import HeartRate, heart_rate
from lamae.measure.electrodes import doubt, electrodes
from lamae.measure.intervals import measurements, median_beat
from lamae.measure.quality import VERDICTS, signal_quality, usable
from lamae.results.quality import LeadQuality

__all__ = [
    "VERDICTS",
    "HeartRate",
    "LeadQuality",
    "doubt",
    "electrodes",
    "heart_rate",
    "measurements",
    "median_beat",
    "signal_quality",
    "usable",
]
