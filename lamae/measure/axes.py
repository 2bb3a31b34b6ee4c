"""Frontal axes of P, QRS and T from their net areas in the limb leads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lamae.ecg import LIMB_FROM_I_II, LIMB_LEADS
from lamae.measure.delineation import Mark
from lamae.measure.median import Median


@dataclass(frozen=True)
class Axis:
    """A frontal axis.

    Attributes:
        degrees: 0 towards I, 90 towards aVF, more than -180 up to 180.
        spread: How far it moves in degrees when the area of any one lead is changed by twice
            its standard error.
        net: Length of the net area as a share of the whole one; small where the wave points
            both ways and an axis means little.
    """

    degrees: float
    spread: float
    net: float


def axis(
    beat: Median,
    leads: tuple[str, ...],
    readable: frozenset[str],
    mark: Mark,
    *,
    between_ends: bool = False,
) -> Axis | None:
    """The axis of a wave; None where fewer than two limb leads can be read.

    aVF is a weaker lead than I by sqrt(3)/2, which is made up for. Areas are measured from
    the level before QRS or, `between_ends`, from a line between the wave's own ends.

    Source: Goldberger 1942 for the strength of the leads; the net area rather than the net
        amplitude, as vectorcardiography has it.
    """
    limb = [lead for lead in leads if lead in LIMB_LEADS and lead in readable]
    first, last = (beat.r + round(edge * beat.fs) for edge in (mark.onset, mark.offset))
    first, last = max(0, first), min(last, beat.signal.shape[1] - 1)
    if len(limb) < 2 or last - first < 4:
        return None
    chosen = [leads.index(lead) for lead in limb]
    waves = beat.signal[chosen, first : last + 1]
    if between_ends:
        waves = waves - np.linspace(waves[:, 0], waves[:, -1], waves.shape[1], axis=1)
    net = waves.sum(axis=1) / beat.fs
    rows = LIMB_FROM_I_II[[LIMB_LEADS.index(lead) for lead in limb]]
    found = _angle(rows, net)
    doubt = 2 * np.diag(beat.noise[chosen]) * np.sqrt(last - first) / beat.fs
    turned = [_angle(rows, net + shift) for shift in (*doubt, *-doubt)]
    return Axis(
        degrees=found,
        spread=max(abs((angle - found + 180) % 360 - 180) for angle in turned),
        net=float(np.abs(net).sum() / max(np.abs(waves).sum() / beat.fs, 1e-9)),
    )


def _angle(rows: Float64[np.ndarray, "limb 2"], net: Float64[np.ndarray, " limb"]) -> float:
    i, ii = np.linalg.lstsq(rows, net, rcond=None)[0]
    degrees = float(np.degrees(np.arctan2((ii - i / 2) * 2 / np.sqrt(3), i)))
    return degrees if degrees > -180 else 180.0
