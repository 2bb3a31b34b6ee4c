"""Unit tests run with the annotations of array shapes and types checked."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from lamae.signal.linear_regression import linear_estimate


def test_an_array_that_breaks_its_annotation_is_refused():
    """Otherwise nobody would notice that the checks of all unit tests are off."""
    visible = np.ones((12, 5), dtype=bool)
    with pytest.raises(TypeCheckError):
        linear_estimate(np.zeros((12, 5), dtype=np.float64), visible, np.eye(12))
