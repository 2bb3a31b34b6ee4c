"""Ages as people tell them."""

import pytest

from lamae.ecg import age_in_words


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (0.0, "under 1 year"),
        (5 / 8766, "under 1 day"),
        (1 / 365.25, "1 day"),
        (3 / 52.18, "21 days"),
        (29 / 365.25, "29 days"),
        (30 / 365.25, "1 month"),
        (3 / 12, "3 months"),
        (7 / 12, "7 months"),
        (364 / 365.25, "11 months"),
        (365 / 365.25, "12 months"),
        (1.0, "1 year"),
        (23 / 12, "23 months"),
        (24 / 12, "2 years"),
        (215 / 12, "17 years"),
        (17.9, "17 years"),
        (18.0, "18 years"),
        (89.9, "89 years"),
    ],
)
def test_completed_years_then_months_then_days(years, words):
    assert age_in_words(years) == words


@pytest.mark.parametrize("months", range(1, 24))
def test_every_month_is_itself(months):
    if months != 12:
        assert age_in_words(months / 12) == f"{months} month{'s' if months > 1 else ''}"
