"""Codes from sets of leads, many at once."""

import numpy as np
import pytest

from lamae.ecg import LEADS
from lamae.errors import InputError
from lamae.inference.lead_subsets import lead_subsets, removal, robustness, with_each, without_each


def single(tiny, ecg, leads):
    by_code = {c.code: c.probability for c in tiny.predict(ecg, leads=leads).codes}
    return [by_code[code] for code in tiny.codes]


def test_many_sets_at_once_equal_one_at_a_time(tiny, sinus):
    sets = [("V2",), ("I", "II"), LEADS, ("V6", "aVR", "I"), ("I", "II")]
    told = []
    found = lead_subsets(tiny, sinus, sets, start=1.0, progress=told.append)
    assert told[-1] == 1.0
    assert found.subsets[3] == ("I", "aVR", "V6")
    for leads, probability in zip(sets, found.probability, strict=True):
        by_code = {c.code: c.probability for c in tiny.predict(sinus, start=1.0, leads=leads).codes}
        np.testing.assert_allclose(probability, [by_code[c] for c in tiny.codes], rtol=1e-4)
    assert found.change[2] == 0
    expected = np.abs(found.probability[0] - found.full).mean()
    assert found.change[0] == pytest.approx(expected)
    assert expected > 0


def test_leads_go_one_by_one_and_those_not_named_last(tiny, sinus):
    found = removal(tiny, sinus, ("V6", "I"))
    assert found.subsets[0] == LEADS
    assert found.subsets[1] == tuple(lead for lead in LEADS if lead != "V6")
    assert found.subsets[2] == tuple(lead for lead in LEADS if lead not in ("V6", "I"))
    assert found.subsets[3][0] == "III"
    assert found.subsets[-1] == ("V5",)
    np.testing.assert_allclose(found.probability[-1], single(tiny, sinus, ("V5",)), rtol=1e-4)
    assert removal(tiny, sinus, ()).subsets[-1] == ("V6",)


def test_each_lead_is_left_out_or_added_in_turn(tiny, sinus):
    left_out = without_each(tiny, sinus)
    assert [set(LEADS) - set(leads) for leads in left_out.subsets] == [{x} for x in LEADS]
    added = with_each(tiny, sinus, ("I", "V1"))
    assert added.subsets[0] == ("I", "V1")
    assert len(added.subsets) == 11
    assert added.subsets[1] == ("I", "II", "V1")


def test_robustness_tries_every_size(tiny, sinus):
    found = robustness(tiny, sinus, draws=3, seed=2)
    assert found.counts == tuple(range(1, 12))
    assert found.subsets == (12, *[3] * 9, 12)
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high + 1e-12).all()
    singles = lead_subsets(tiny, sinus, [(lead,) for lead in LEADS]).change
    assert found.mean[0] == pytest.approx(singles.mean())
    np.testing.assert_array_equal(robustness(tiny, sinus, draws=3, seed=2).mean, found.mean)


def test_what_cannot_be_left_out_is_refused(tiny, sinus):
    with pytest.raises(InputError, match="V9"):
        lead_subsets(tiny, sinus, [("V9",)])
    with pytest.raises(InputError, match="V9"):
        removal(tiny, sinus, ("V9",))
