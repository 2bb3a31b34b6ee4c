"""Maps on the model's own patches."""

import numpy as np
from jaxtyping import Float64

from lamae.ecg import ECG, LEADS, lead_indices
from lamae.inference.predictor import Predictor
from lamae.results.attribution import Attribution


def per_patch(
    attribution: Attribution, ecg: ECG, predictor: Predictor, start: float
) -> Float64[np.ndarray, "12 N"]:
    """Sum an attribution over each patch of the window; zero where there is no recording."""
    patches = predictor.bundle.config.patches
    time = np.arange(ecg.signal.shape[1]) / ecg.fs - start
    # A tenth of a sample guards the edges of patches against rounding.
    patch = np.floor((time + 0.1 / ecg.fs) / predictor.patch_seconds).astype(np.intp)
    inside = (patch >= 0) & (patch < patches)
    out = np.zeros((len(LEADS), patches))
    for row, values in zip(lead_indices(attribution.leads), attribution.values, strict=True):
        out[row] = np.bincount(patch[inside], weights=values[inside], minlength=patches)
    return out
