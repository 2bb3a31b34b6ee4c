"""Time, voltage and rate measured by a box on ECG paper."""

from collections.abc import Sequence
from dataclasses import dataclass

# Slower or faster than this, in bpm, a segment of time is not the distance of two beats.
RATES = (15.0, 400.0)


@dataclass(frozen=True)
class Calipers:
    """Time and voltage between two edges of a box.

    Attributes:
        seconds: From its left to its right edge.
        voltage: From its lower to its upper edge, in mV.
    """

    seconds: float
    voltage: float

    @property
    def rate(self) -> float | None:
        """Heart rate in bpm if the box spans one RR interval; None where none would."""
        if not self.seconds or not RATES[0] <= 60 / self.seconds <= RATES[1]:
            return None
        return 60 / self.seconds


def calipers(x: Sequence[float], y: Sequence[float]) -> Calipers:
    """Measure a box on a sheet of ECG paper.

    Rows are shifted against each other, and one lead is upside down in Cabrera's order; neither
    changes a difference within a row.

    Args:
        x: Its two edges in s, in any order.
        y: Its two edges in mV, in any order.
    """
    return Calipers(float(max(x) - min(x)), float(max(y) - min(y)))
