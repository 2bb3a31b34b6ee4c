"""Figures and differences of rows with one seed and with several."""

import numpy as np
import pytest

from lamae.benchmark.scores import Truth, difference, figures
from lamae.ecg.statements import SCP
from lamae.evaluate import bootstrap_auroc, code_scores, macro_auroc

ECGS = 200


@pytest.fixture(scope="module")
def truth() -> Truth:
    rng = np.random.default_rng(0)
    statements = rng.random((ECGS, 71)) < 0.1
    statements[:, 5] = False
    trained = np.ones(71, dtype=bool)
    trained[7] = False
    codes = np.stack([statements[:, list(m)].any(axis=1) for m in SCP.members()], axis=1)
    return Truth(np.arange(ECGS), rng.integers(0, 120, ECGS), statements, codes, trained)


@pytest.fixture(scope="module")
def runs(truth) -> list[np.ndarray]:
    """Three seeds, the later the better."""
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(ECGS, 71)) + skill * truth.statements).astype(np.float32)
        for skill in (0.5, 1.0, 1.5)
    ]


def test_one_seed_is_what_evaluate_finds(truth, runs):
    found = figures(runs[:1], truth)["icd10"]
    expected = bootstrap_auroc(
        code_scores(runs[0], SCP),
        truth.codes,
        rng=np.random.default_rng(0),
        groups=truth.patient_id,
    )
    assert found["macro_auroc"] == pytest.approx(expected.macro)
    assert found["ci"] == pytest.approx(expected.interval)
    assert found["counted"] == expected.counted.sum()


def test_several_seeds_are_averaged(truth, runs):
    found = figures(runs, truth)["icd10"]
    each = [macro_auroc(code_scores(run, SCP), truth.codes) for run in runs]
    assert found["seeds"] == pytest.approx(each)
    assert found["macro_auroc"] == pytest.approx(np.mean(each))
    low, high = found["ci"]
    assert low < np.mean(each) < high


def test_statements_count_where_training_held_enough_and_one_is_here(truth, runs):
    assert figures(runs, truth)["statements"]["counted"] == 69


def test_a_difference_is_that_of_macros_and_its_interval_narrower_than_unpaired(truth, runs):
    rng = np.random.default_rng(2)
    noisy = (runs[2] + rng.normal(scale=0.5, size=runs[2].shape)).astype(np.float32)
    found = difference([runs[2]], [noisy], truth)
    single = [figures([run], truth) for run in (runs[2], noisy)]
    for task in ("icd10", "statements"):
        low, high = found[task]["ci"]
        macros = [each[task]["macro_auroc"] for each in single]
        assert found[task]["difference"] == pytest.approx(macros[0] - macros[1])
        assert low < found[task]["difference"] < high
        assert high - low < min(np.diff(each[task]["ci"])[0] for each in single)


def test_a_difference_compares_means_over_seeds(truth, runs):
    found = difference(runs[1:], runs, truth)["icd10"]
    each = figures(runs, truth)["icd10"]["seeds"]
    assert found["difference"] == pytest.approx(np.mean(each[1:]) - np.mean(each))
    same = difference(runs, runs, truth)["statements"]
    assert (same["difference"], same["ci"]) == (0, [0, 0])
