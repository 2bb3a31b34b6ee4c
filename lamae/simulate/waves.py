"""Gaussian waves of a cardiac dipole, and how twelve leads see it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from lamae.ecg import CHEST_LEADS, DOWER, INDEPENDENT_LEADS, LIMB_FROM_I_II

TAIL = 5.0


@dataclass(frozen=True)
class Wave:
    """A Gaussian wave of the dipole, with a slope of its own on either side.

    Attributes:
        vector: Dipole at the peak in mV: towards left, foot and back.
        centre: When the peak is reached.
        rise: Standard deviation before the peak.
        fall: Standard deviation after it.
        top: How long the peak is held.
    """

    vector: tuple[float, float, float]
    centre: float
    rise: float
    fall: float
    top: float = 0.0

    def stretched(self, scale: float, shift: float) -> "Wave":
        """The wave in another time: `scale` times as long, then moved by `shift`."""
        return replace(
            self,
            centre=self.centre * scale + shift,
            rise=self.rise * scale,
            fall=self.fall * scale,
            top=self.top * scale,
        )


def dipole(waves: Sequence[Wave], t: Float64[np.ndarray, " time"]) -> Float64[np.ndarray, "3 time"]:
    """Sum of the waves in mV at the times `t`, given in the waves' own unit of time."""
    total = np.zeros((3, t.size))
    for wave in waves:
        before = np.minimum(t - wave.centre, 0) / wave.rise
        after = np.maximum(t - wave.centre - wave.top, 0) / wave.fall
        total += np.outer(wave.vector, np.exp(-0.5 * (before**2 + after**2)))
    return total


def reach(waves: Sequence[Wave]) -> tuple[float, float]:
    """Times before and after which the waves are zero for every purpose."""
    first = min(wave.centre - TAIL * wave.rise for wave in waves)
    last = max(wave.centre + wave.top + TAIL * wave.fall for wave in waves)
    return first, last


def extent(waves: Sequence[Wave], fraction: float) -> tuple[float, float, float]:
    """When the waves together begin, are largest and end.

    Args:
        waves: The parts of one wave of the ECG, such as Q, R and S.
        fraction: They begin and end where the length of their dipole passes this
            share of its largest value.

    Returns:
        Onset, peak and offset in the waves' own unit of time.
    """
    t = np.linspace(*reach(waves), 20_001)
    length = np.linalg.norm(dipole(waves, t), axis=0)
    level = fraction * length.max()
    above = np.flatnonzero(length >= level)
    i, j = int(above[0]), int(above[-1])
    onset = np.interp(level, length[i - 1 : i + 1], t[i - 1 : i + 1])
    offset = np.interp(level, length[[j + 1, j]], t[[j + 1, j]])
    return float(onset), float(t[length.argmax()]), float(offset)


def independent_leads(
    vectors: Float64[np.ndarray, "3 time"],
) -> Float64[np.ndarray, "8 time"]:
    """What I, II and V1-V6 record of a dipole, in mV."""
    return DOWER @ vectors


def twelve_leads(independent: Float64[np.ndarray, "8 time"]) -> Float64[np.ndarray, "12 time"]:
    """All twelve leads in mV, the limb leads by Einthoven's and Goldberger's relations."""
    limb = LIMB_FROM_I_II @ independent[:2]
    return np.concatenate([limb, independent[-len(CHEST_LEADS) :]])


def frontal_axis(waves: Sequence[Wave]) -> float:
    """Axis in degrees (0 towards I, 90 towards aVF) of the waves' net area.

    aVF is a weaker lead than I by sqrt(3)/2 (Goldberger), which is made up for.
    """
    area = np.zeros(3)
    for wave in waves:
        area += np.array(wave.vector) * (np.sqrt(np.pi / 2) * (wave.rise + wave.fall) + wave.top)
    i, ii = DOWER[[INDEPENDENT_LEADS.index("I"), INDEPENDENT_LEADS.index("II")]] @ area
    return float(np.degrees(np.arctan2((ii - i / 2) * 2 / np.sqrt(3), i)))
