"""The signal that intervals are measured in: one working rate, readable leads, level baseline."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float64
from scipy import interpolate, signal

from lamae.ecg import ECG, LIMB_LEADS

WORKING_FS = 500.0
# Where the baseline of a beat is read, in s from R: before nearly every QRS begins.
LEVEL = (-0.12, -0.08)


@dataclass(frozen=True, eq=False)
class Working:
    """An ECG at about `WORKING_FS`.

    Attributes:
        signal: Voltage in mV, one row a lead.
        leads: Name of each row: all that the recording has.
        fs: Sampling rate in Hz.
        rows: Rows that intervals are read from: independent of each other and readable.
    """

    signal: Float64[np.ndarray, "leads time"]
    leads: tuple[str, ...]
    fs: float
    rows: tuple[int, ...]


def working(ecg: ECG, readable: frozenset[str]) -> Working:
    """Bring a recording to the working rate.

    Args:
        ecg: The recording.
        readable: Names of the leads that can be read.
    """
    ratio = Fraction(WORKING_FS / ecg.fs).limit_denominator(200)
    values = ecg.signal.astype(np.float64)
    if ratio != 1:
        values = signal.resample_poly(
            values, ratio.numerator, ratio.denominator, axis=1, padtype="line"
        )
    # Two limb leads say what six do; any two, should I or II be poor.
    limb = [lead for lead in LIMB_LEADS if lead in readable][:2]
    chosen = [lead for lead in ecg.leads if lead in readable and lead not in LIMB_LEADS]
    rows = tuple(ecg.leads.index(lead) for lead in (*limb, *chosen))
    return Working(values, ecg.leads, float(ecg.fs * ratio), rows)


def levelled(
    found: Working, r_times: Float64[np.ndarray, " beats"]
) -> Float64[np.ndarray, "leads time"]:
    """The signal with its baseline taken off, read before the QRS of each of these beats.

    Between beats the baseline follows a smooth curve, so that ST and T keep their shape,
    which a high-pass filter would bend.

    Source: Meyer and Keiser, Comput Biomed Res 10:459-470, 1977 (splines through the PR
        segments); monotone pieces instead of their cubic ones, which swing over long gaps.
    """
    size = found.signal.shape[1]
    times, levels = [], []
    for r in r_times.tolist():
        first, last = (round((r + edge) * found.fs) for edge in LEVEL)
        if first >= 0 and last < size:
            times.append((first + last) / 2)
            levels.append(found.signal[:, first : last + 1].mean(axis=1))
    if not times:
        return found.signal - np.median(found.signal, axis=1, keepdims=True)
    if len(times) == 1:
        return found.signal - levels[0][:, None]
    curve = interpolate.PchipInterpolator(times, np.stack(levels), axis=0)
    inside = np.clip(np.arange(size), times[0], times[-1])
    return found.signal - curve(inside).T
