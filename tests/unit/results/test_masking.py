"""What is masked, as links write it."""

from itertools import combinations

import numpy as np
import pytest

from lamae.ecg import CHEST_LEADS, LIMB_FROM_I_II, LIMB_LEADS, determined
from lamae.errors import InputError
from lamae.results.lead_subsets import NextLead, SubsetScores
from lamae.results.masking import Masking, Segment, merged


def test_links_say_what_is_masked_and_are_read_back():
    masking = Masking(("I", "V2"), (Segment("II", 2.0, 3.4), Segment("V1", 0.2, 0.4)))
    assert masking.text == "I,V2,II:2-3.4,V1:0.2-0.4"
    assert Masking.parse(masking.text) == masking
    assert Masking.parse("V2, I ,") == Masking(("I", "V2"))
    assert Masking.parse("").nothing
    assert Masking.parse("none").nothing
    assert not masking.nothing


@pytest.mark.parametrize("text", ["V9", "II:2", "II:2-", "II:a-b", "<b>", "II:1e9-2", "V1;V2"])
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="no lead"):
        Masking.parse(text)


def test_segments_that_touch_are_one():
    given = [Segment("V1", 1, 2), Segment("I", 0, 1), Segment("I", 1, 1.4), Segment("I", 2, 3)]
    assert merged(given) == (Segment("I", 0, 1.4), Segment("I", 2, 3), Segment("V1", 1, 2))


def test_any_two_limb_leads_determine_the_others_and_one_none():
    for two in combinations(LIMB_LEADS, 2):
        rows = LIMB_FROM_I_II[[LIMB_LEADS.index(lead) for lead in two]]
        assert np.linalg.matrix_rank(rows) == 2
        assert determined((*two, "V1")) == tuple(lead for lead in LIMB_LEADS if lead not in two)
    assert determined(("II", *CHEST_LEADS)) == determined(CHEST_LEADS) == ()


def test_a_lead_that_follows_from_those_shown_is_never_before_a_new_one():
    shown = ("I", "II")
    subsets = (shown, (*shown, "III"), (*shown, "V1"), (*shown, "V2"))
    moved = np.array([[0.3], [0.05], [0.2], [0.1]])
    scores = SubsetScores(("I10",), np.array([0.5]), subsets, 0.5 + moved)
    v2, v1, third = scores.next_leads
    assert v2 == NextLead("V2", pytest.approx(0.1), new=True)
    assert (v1.lead, third) == ("V1", NextLead("III", pytest.approx(0.05), new=False))
