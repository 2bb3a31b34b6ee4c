"""What a test of the regression between leads shows of them."""

import numpy as np

from lamae.ecg import LEADS


def showing(*leads: str) -> np.ndarray:
    visible = np.zeros((12, 400), dtype=bool)
    visible[[LEADS.index(lead) for lead in leads]] = True
    return visible
