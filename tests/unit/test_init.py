"""The package's public names: few, whole and free until they are used."""

import subprocess
import sys
from pathlib import Path

import pytest

import lamae
from lamae.ecg import ECG
from lamae.io import read

ROOT = Path(__file__).parents[2]


def test_every_public_name_is_there():
    documented = {"Analysis", "ECG", "LEADS", "Predictor", "explain", "read", "read_path"}
    assert documented <= set(lamae.__all__)
    assert dir(lamae) == lamae.__all__
    for name in lamae.__all__:
        assert getattr(lamae, name) is not None
    assert lamae.read is read
    assert lamae.ECG is ECG
    with pytest.raises(AttributeError, match="nothing"):
        _ = lamae.nothing


def test_importing_the_package_loads_no_library():
    script = (
        "import sys, lamae\n"
        "heavy = {'torch', 'numpy', 'scipy', 'pandas', 'streamlit', 'plotly', 'captum', 'wfdb'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
