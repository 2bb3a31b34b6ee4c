"""Rank correlation."""

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata

from lamae.inference.rank_correlation import rank_correlation


def test_it_is_the_correlation_of_ranks():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=12), rng.normal(size=12).round(1)
    expected = pearsonr(rankdata(first), rankdata(second)).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)


def test_only_order_counts():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1)
    assert rank_correlation(values, -(values**3)) == pytest.approx(-1)


@pytest.mark.parametrize("other", [np.ones(4), 1 + 1e-14 * np.arange(4)])
def test_what_is_constant_but_for_rounding_ranks_nothing(other):
    assert rank_correlation(np.arange(4.0), other) is None


def test_two_values_are_too_few():
    assert rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
