"""The reconstruction figures are those that a reader would get ECG by ECG."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.data import Records
from lamae.ecg import CHEST_LEADS
from lamae.errors import DataError
from lamae.evaluate.reconstruction import score_reconstruction
from lamae.signal.preprocess import prepare
from lamae.simulate import simulate


@pytest.fixture
def ecgs():
    return [
        simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(seed)).ecg for seed in range(3)
    ]


@pytest.fixture
def records(tiny, ecgs) -> Records:
    return Records(
        values=np.stack([prepare(ecg, tiny.spec).values for ecg in ecgs]),
        present=np.ones((3, 12), dtype=bool),
        statements=np.zeros((3, 71), dtype=bool),
        fold=np.full(3, 10),
        ecg_id=np.arange(3),
        patient_id=np.arange(3),
        age=np.full(3, 50, dtype=np.float32),
        female=np.zeros(3, dtype=bool),
    )


def test_medians_equal_those_of_single_reconstructions(tiny, ecgs, records):
    scored = score_reconstruction(tiny, records, progress=False)
    assert list(scored) == [*CHEST_LEADS, ",".join(CHEST_LEADS)]
    for masked in (("V3",), CHEST_LEADS):
        singles = [tiny.reconstruct(ecg, mask=masked).errors for ecg in ecgs]
        for row, lead in enumerate(masked):
            found = scored[",".join(masked)][lead]
            for name, key in (
                ("rmse", "rmse_mv"),
                ("linear_rmse", "linear_rmse_mv"),
                ("pearson_r", "pearson_r"),
            ):
                expected = np.median([getattr(errors[row], name) for errors in singles])
                assert found[key] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_an_ecg_that_lacks_a_lead_is_left_out(tiny, records):
    present = records.present.copy()
    present[1, 6] = False
    values = records.values.copy()
    values[1, 6] = 0.0
    lacking = replace(records, present=present, values=values)
    expected = score_reconstruction(tiny, records.take(np.array([0, 2])), progress=False)
    assert score_reconstruction(tiny, lacking, progress=False) == expected
    with pytest.raises(DataError, match="all twelve leads"):
        score_reconstruction(tiny, lacking.take(np.array([1])), progress=False)
