"""How alike two maps, or two lists of lead weights, rank what they rank."""

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr

# Fewer values, or values that differ by less than rounding, have no rank.
FEWEST = 3
CONSTANT = 1e-12


def rank_correlation(
    first: Float[np.ndarray, " values"], second: Float[np.ndarray, " values"]
) -> float | None:
    """Spearman's rank correlation; None where either is constant or there are too few values."""
    if len(first) < FEWEST or min(np.ptp(first), np.ptp(second)) < CONSTANT:
        return None
    return float(spearmanr(first, second).statistic)
