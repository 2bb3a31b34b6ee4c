"""Bands, curves and filled leads, from many reconstructions of one ECG."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.ecg import LEADS, lead_indices
from lamae.errors import InputError
from lamae.inference.reconstruction import RATIOS, band, impute, masking_curve
from lamae.results.masking import Masking, Segment


def test_segments_mask_the_patches_whose_middle_they_hold(tiny, sinus):
    """Patches last 0.2 s and the window starts at 1 s: 2.0 to 2.5 s are patches 5 and 6."""
    found = tiny.reconstruct(
        sinus, start=1.0, mask=("V6",), segments=(Segment("II", 2.0, 2.49), Segment("V6", 1, 2))
    )
    masked = found.masked[LEADS.index("II")]
    assert np.flatnonzero(masked).tolist() == list(range(100, 140))
    assert found.masked[LEADS.index("V6")].all()
    assert {error.lead for error in found.errors} == {"II", "V6"}
    with pytest.raises(InputError, match="not a lead"):
        tiny.reconstruct(sinus, segments=(Segment("V9", 0, 1),))


def test_a_band_lies_where_something_was_masked_and_says_what_it_covers(tiny, sinus):
    masking = Masking(leads=("V1",), ratio=0.4, seed=3)
    found = tiny.reconstruct(sinus, mask=("V1",), ratio=0.4, seed=3)
    spread = band(tiny, sinus, found, masking, draws=5)
    np.testing.assert_array_equal(np.isfinite(spread.low), found.masked)
    np.testing.assert_array_equal(np.isfinite(spread.high), found.masked)
    low, high = spread.low[found.masked], spread.high[found.masked]
    assert (low <= high).all()
    assert (low < high).any()
    truth = found.target[found.masked]
    assert spread.coverage == pytest.approx(((truth >= low) & (truth <= high)).mean())
    again = band(tiny, sinus, found, masking, draws=5)
    np.testing.assert_array_equal(spread.low, again.low)


def test_a_band_of_one_draw_that_sees_all_is_the_reconstruction(tiny, sinus, monkeypatch):
    monkeypatch.setattr("lamae.inference.reconstruction.SHOWN", 1.0)
    found = tiny.reconstruct(sinus, mask=("V2", "V3"))
    spread = band(tiny, sinus, found, Masking(leads=("V2", "V3")), draws=1)
    np.testing.assert_allclose(spread.low[7:9], found.output[7:9], atol=1e-5)
    np.testing.assert_allclose(spread.high[7:9], found.output[7:9], atol=1e-5)


def test_the_curve_equals_single_reconstructions_in_regression(tiny, sinus):
    """At 5 % every masked sample has visible leads beside it, so regression can be compared."""
    told = []
    curve = masking_curve(tiny, sinus, draws=1, seed=7, progress=told.append)
    assert curve.ratios.tolist() == list(RATIOS)
    assert told[-1] == 1.0
    single = tiny.reconstruct(sinus, ratio=RATIOS[0], seed=7)
    masked = single.masked
    for output, errors in ((single.output, curve.model), (single.linear, curve.linear)):
        expected = np.sqrt(np.mean((output[masked] - single.target[masked]) ** 2))
        assert errors[0] == pytest.approx(expected, rel=1e-3)


def test_a_filled_lead_is_marked_and_never_made_from_what_it_recorded(tiny, sinus):
    noise = sinus.signal.copy()
    noise[7] = np.random.default_rng(0).normal(size=noise.shape[1])
    first = impute(tiny, sinus, ("V2",))
    second = impute(tiny, replace(sinus, signal=noise), ("V2",))
    np.testing.assert_allclose(first.ecg.lead("V2"), second.ecg.lead("V2"), atol=1e-6)
    assert first.ecg.notes[-1] == "Lead V2 reconstructed by the model, not recorded."
    assert "reconstructed by the model" in first.ecg.source
    assert first.ecg.duration == pytest.approx(10.0)
    assert "V2" not in first.shown
    expected = tiny.reconstruct(sinus, mask=("V2",))
    np.testing.assert_allclose(first.ecg.lead("V2"), expected.output[7], atol=1e-5)
    np.testing.assert_allclose(first.ecg.lead("V5"), expected.target[10], atol=1e-6)
    assert np.isnan(first.reconstruction.target[7]).all()


def test_a_missing_lead_can_be_filled(tiny, sinus):
    leads = ("I", "II", "V1")
    few = replace(sinus, signal=sinus.signal[lead_indices(leads)], leads=leads).window(0.0, 6.0)
    filled = impute(tiny, few, ("V3", "V2"))
    assert filled.leads == ("V2", "V3")
    assert filled.ecg.leads == ("I", "II", "V1", "V2", "V3")
    assert filled.ecg.duration == pytest.approx(6.0)
    assert np.ptp(filled.ecg.lead("V3")) > 0
    assert filled.ecg.notes[-1].startswith("Leads V2, V3 reconstructed")


def test_leads_that_cannot_be_read_are_not_shown(tiny, sinus):
    assert impute(tiny, sinus, ("V2",), unreadable=("V3",)).shown == tuple(
        lead for lead in LEADS if lead not in ("V2", "V3")
    )
    with pytest.raises(InputError, match="No lead stays visible"):
        impute(tiny, sinus, ("V2",), unreadable=LEADS)
    with pytest.raises(InputError, match="No lead was chosen"):
        impute(tiny, sinus, ())
