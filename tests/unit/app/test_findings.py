"""Sentences about a reconstruction: each number over the samples that the sentence names."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.app.reconstruct.findings import of_the_test, of_this_ecg
from lamae.ecg import LEADS, LIMB_FROM_I_II
from lamae.results.reconstruction import Reconstruction
from lamae.signal.reconstruction_error import compare


def found(masked: dict[str, slice], off: float = 0.2) -> Reconstruction:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(12, 100)).astype(np.float32)
    signal[:6] = LIMB_FROM_I_II @ signal[:2]
    where = np.zeros((12, 100), dtype=bool)
    for lead, times in masked.items():
        where[LEADS.index(lead), times] = True
    present = np.ones_like(where)
    reconstructed = signal + np.float32(off)
    return compare(signal, reconstructed, ~where, where, present, np.eye(12), fs=100.0, start=0.0)


def test_one_lead_has_an_error_and_many_have_a_median():
    one = of_this_ecg(found({"V2": slice(None)}))
    assert "reconstructs V2 with an error of 0.200 mV" in one
    assert "median" not in one
    assert "2 leads with a median error of 0.200 mV" in of_this_ecg(
        found({"V2": slice(None), "V3": slice(None)})
    )


def test_algebra_cannot_only_where_it_reaches_nothing():
    assert "Algebra cannot reconstruct any" in of_this_ecg(found({"V2": slice(None)}))
    assert "algebra is enough here, with 0.000 mV" in of_this_ecg(found({"III": slice(None)}))
    part = of_this_ecg(found({"III": slice(None), "V2": slice(None)}))
    assert (
        "Algebra reconstructs 50% of what is masked (in III), with 0.000 mV; the model there with "
        "0.200 mV."
    ) in part


def test_a_sliver_in_reach_is_neither_all_nor_nothing():
    chest = {lead: slice(None) for lead in LEADS[6:11]}
    assert "Algebra reconstructs 1% of" in of_this_ecg(found({**chest, "III": slice(0, 1)}))
    limb = {"III": slice(None), "aVF": slice(None)}
    assert "Algebra reconstructs 99% of" in of_this_ecg(found({**limb, "V1": slice(0, 1)}))


@pytest.mark.parametrize(
    ("masked", "shown", "fs", "said"),
    [
        ({"V2": slice(None)}, LEADS, 10.0, True),
        ({"V2": slice(0, 50)}, LEADS, 10.0, False),
        ({"V2": slice(None)}, LEADS[:11], 10.0, False),
        ({"V2": slice(None)}, LEADS, 20.0, False),
        ({"II": slice(None)}, LEADS, 10.0, False),
    ],
)
def test_the_test_is_quoted_where_it_asked_the_same(masked, shown, fs, said):
    entry = {"V2": {"rmse_mv": 0.066, "linear_rmse_mv": 0.08}}
    card = {"results": {"test": {"restoration": {"V2": entry}}}}
    words = of_the_test(replace(found(masked), fs=fs), shown, card)
    assert ("the median is 0.066 mV, and regression's 0.080 mV" in words) == said
    assert of_the_test(found(masked), shown, {}) == ""


def test_regression_is_not_compared_where_it_does_not_reach_all():
    everything = {lead: slice(0, 10) for lead in LEADS}
    said = of_this_ecg(found({**everything, "V2": slice(None)}))
    assert "does not reach all of it" in said
    assert "a linear regression with" not in said
