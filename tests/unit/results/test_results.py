"""Results as JSON."""

import json
from pathlib import Path
from types import MappingProxyType

import numpy as np

from lamae.results.json import to_json


def test_values_become_json():
    values = {
        "array": np.array([1.0, np.nan], dtype=np.float32),
        "number": np.float32(0.5),
        "infinite": np.float64("-inf"),
        "truth": np.bool_(True),
        "path": Path("a") / "b",
        "nested": ({"x": float("inf")},),
        "read-only": MappingProxyType({1: None}),
    }
    assert to_json(values) == {
        "array": [1.0, None],
        "number": 0.5,
        "infinite": None,
        "truth": True,
        "path": "a/b",
        "nested": [{"x": None}],
        "read-only": {"1": None},
    }
    json.dumps(to_json(values), allow_nan=False)
