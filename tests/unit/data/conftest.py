"""What several tests of the data read."""

from pathlib import Path

import pytest
from data_builders import SPEC

from lamae.data import Records, load_records

REAL = Path(__file__).parents[4] / "shared" / "ptbxl"


@pytest.fixture(scope="session")
def real() -> Records:
    """PTB-XL's test fold, ECGs without amplitudes included."""
    if not REAL.is_dir():
        pytest.skip("../shared/ptbxl is not here")
    return load_records(REAL, SPEC, folds=[10], progress=False, zscored=True)
