"""Twelve leads whose limb leads obey Einthoven's and Goldberger's relations."""

import numpy as np
import pytest

from lamae.ecg import LIMB_FROM_I_II


@pytest.fixture
def signal() -> np.ndarray:
    rng = np.random.default_rng(0)
    independent = rng.normal(size=(8, 400))
    independent[2:] += rng.normal(size=(6, 2)) @ independent[:2]
    limb = LIMB_FROM_I_II @ independent[:2]
    return np.concatenate([limb, independent[2:]]).astype(np.float32)
