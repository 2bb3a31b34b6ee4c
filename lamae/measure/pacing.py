"""Whether spikes of a pacemaker precede the beats."""

import numpy as np
from jaxtyping import Float64
from scipy import ndimage

from lamae.ecg import ECG

LEAST_FS = 400.0
SPIKE = 0.3  # mV that a spike stands out
WIDTH = 0.006  # s that it lasts at most
BEFORE = (-0.30, 0.02)  # s from R
LEADS_WITH_SPIKE = 3
PACED = 0.5


def paced_share(ecg: ECG, r_times: Float64[np.ndarray, " beats"]) -> float:
    """Share of the beats that a pacing spike precedes; 0 below 400 Hz, where none is seen.

    A spike stands out of what lies 6 ms around it by more than 0.3 mV in at least three leads.
    """
    if ecg.fs < LEAST_FS or r_times.size == 0:
        return 0.0
    values = ecg.signal.astype(np.float64)
    width = 2 * round(WIDTH * ecg.fs) + 1
    out = np.abs(values - ndimage.median_filter(values, size=(1, width)))
    # Muscle noise stands out, too, but everywhere.
    usual = np.percentile(out, 99, axis=1, keepdims=True)
    together = (out > np.maximum(SPIKE, 4 * usual)).sum(axis=0)
    spiky = ndimage.maximum_filter1d(together, 3) >= min(LEADS_WITH_SPIKE, len(values))
    first, last = (np.round((r_times + edge) * ecg.fs).astype(int) for edge in BEFORE)
    return float(np.mean([spiky[max(0, a) : b].any() for a, b in zip(first, last, strict=True)]))
