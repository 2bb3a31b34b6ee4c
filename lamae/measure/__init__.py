"""What can be measured in an ECG without a model: heart rate and signal quality."""

from lamae.measure.beats import HeartRate, heart_rate
from lamae.measure.quality import VERDICTS, LeadQuality, signal_quality, usable

__all__ = ["VERDICTS", "HeartRate", "LeadQuality", "heart_rate", "signal_quality", "usable"]
