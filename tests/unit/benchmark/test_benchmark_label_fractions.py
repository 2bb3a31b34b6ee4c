"""Fewer labels: nested, patient-wise, and every statement gets its part."""

from itertools import pairwise

import numpy as np
import pytest

from lamae.benchmark.label_fractions import labelled_rows, repeats
from lamae.data import Records


@pytest.fixture(scope="module")
def training() -> Records:
    """A thousand ECGs of seven hundred patients; statement 0 in half of them, 1 in forty."""
    rng = np.random.default_rng(0)
    statements = np.zeros((1000, 71), dtype=bool)
    statements[:, 0] = rng.random(1000) < 0.5
    patient = np.r_[np.arange(700), rng.integers(0, 300, 300)]
    statements[np.isin(patient, rng.choice(np.arange(300, 700), 40, replace=False)), 1] = True
    return Records(
        values=np.zeros((1000, 12, 1), dtype=np.float32),
        present=np.ones((1000, 12), dtype=bool),
        statements=statements,
        fold=np.ones(1000, dtype=np.int64),
        ecg_id=np.arange(1000),
        patient_id=patient,
        age=np.full(1000, 60, dtype=np.float32),
        female=np.zeros(1000, dtype=bool),
    )


def test_fractions_have_their_size_and_all_is_all(training):
    assert labelled_rows(training, 1.0).tolist() == list(range(1000))
    for fraction in (0.5, 0.1, 0.01):
        assert 1000 * fraction <= len(labelled_rows(training, fraction)) <= 1000 * fraction + 5


def test_smaller_fractions_are_part_of_larger_ones(training):
    parts = [set(labelled_rows(training, fraction)) for fraction in (0.01, 0.1, 0.3, 1.0)]
    for small, large in pairwise(parts):
        assert small < large


def test_patients_are_never_divided(training):
    kept = labelled_rows(training, 0.3)
    left = np.setdiff1d(np.arange(1000), kept)
    assert not set(training.patient_id[kept]) & set(training.patient_id[left])


def test_every_statement_gets_its_part(training):
    kept = training.statements[labelled_rows(training, 0.1)]
    assert 3 <= kept[:, 1].sum() <= 5
    assert kept[:, 0].mean() == pytest.approx(0.5, abs=0.06)


def test_the_choice_is_always_the_same(training):
    np.testing.assert_array_equal(labelled_rows(training, 0.1), labelled_rows(training, 0.1))


def test_a_hundredth_of_the_labels_gets_a_tenth_of_the_steps():
    assert [repeats(fraction) for fraction in (1.0, 0.1, 0.01)] == [1, 3, 10]
