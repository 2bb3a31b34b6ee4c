"""Lead weights over many ECGs."""

import numpy as np

from lamae.inference.cohort import group_weights, weigh


def test_one_pass_gives_attention_and_suggestions(tiny, sinus):
    attention, suggested = weigh(tiny, sinus, start=1.0)
    expected = tiny.attention(sinus, start=1.0, stage="fine-tuned")
    np.testing.assert_allclose(attention.weights, expected.weights, rtol=1e-5)
    codes = tiny.predict(sinus, start=1.0).codes
    assert set(suggested) == {code.code for code in codes if code.suggested}


def test_groups_are_means_with_intervals_that_hold_them():
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(12), size=40)
    suggested = [("A",) if i < 10 else ("B", "A") if i < 12 else () for i in range(40)]
    everyone, one = group_weights(weights, suggested)
    assert (everyone.name, everyone.ecgs, one.name, one.ecgs) == ("", 40, "A", 12)
    np.testing.assert_allclose(one.mean, weights[:12].mean(axis=0))
    assert (everyone.low < everyone.mean).all()
    assert (everyone.mean < everyone.high).all()
    half = 1.96 * weights.std(axis=0) / np.sqrt(40)
    np.testing.assert_allclose((everyone.high - everyone.low) / 2, half, rtol=0.15)
    assert group_weights(weights[:0], []) == ()
