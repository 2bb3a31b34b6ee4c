"""Z-scored leads get back what can be known of their amplitudes, and no more."""

import numpy as np
import pytest
from data_builders import SPEC

from lamae.data import Records
from lamae.data.zscored import (
    CHEST_RMS,
    FREE_OF_AMPLITUDE,
    LIMB_RMS,
    limb_scales,
    restore_scale,
)
from lamae.ecg import CHEST_LEADS, LEADS, LIMB_FROM_I_II
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.signal.preprocess import prepare
from lamae.simulate import RHYTHMS, simulate


def zscore(signal):
    signal = signal.astype(np.float64)
    return (signal - signal.mean(axis=1, keepdims=True)) / signal.std(axis=1, keepdims=True)


def rms(signal):
    return np.sqrt(np.mean(signal.astype(np.float64) ** 2, axis=-1))


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_limb_leads_agree_again_and_keep_their_proportions(rhythm):
    made = simulate(rhythm, fs=500.0, rng=np.random.default_rng(3)).ecg
    truth = prepare(made, SPEC).values
    # In thousandths, as the recordings hold them.
    reconstructed = restore_scale(np.round(zscore(truth), 3))
    sums = LIMB_FROM_I_II @ reconstructed[:2]
    np.testing.assert_allclose(reconstructed[:6], sums, atol=1e-9)
    np.testing.assert_allclose(reconstructed[0] + reconstructed[2], reconstructed[1], atol=1e-9)
    expected = rms(truth[:6]) / np.sqrt(np.mean(truth[:6].astype(np.float64) ** 2))
    found = rms(reconstructed[:6])
    np.testing.assert_allclose(found / LIMB_RMS, expected, rtol=0.01)
    # Every limb lead is the true one but for one factor that all share.
    factor = LIMB_RMS / np.sqrt(np.mean(truth[:6].astype(np.float64) ** 2))
    np.testing.assert_allclose(reconstructed[:6], factor * truth[:6], atol=0.01)


def test_limb_and_chest_leads_get_the_typical_amplitude():
    made = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(0), amplitude=3.0).ecg
    reconstructed = restore_scale(zscore(prepare(made, SPEC).values))
    assert np.sqrt(np.mean(reconstructed[:6] ** 2)) == pytest.approx(LIMB_RMS)
    np.testing.assert_allclose(rms(reconstructed[6:]), [CHEST_RMS[lead] for lead in CHEST_LEADS])


def test_the_scales_solve_einthoven_alone():
    """The null vector of a I + c III = b II, made by hand, is a part of ours."""
    made = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(5)).ecg
    traces = zscore(made.signal)[:6]
    scales = limb_scales(traces)
    three = np.stack([traces[0], -traces[1], traces[2]])
    null = np.linalg.svd(three @ three.T)[0][:, -1]
    np.testing.assert_allclose(scales[1:3] / scales[0], null[1:] / null[0], rtol=1e-3)


def test_limb_leads_that_contradict_each_other_are_left_empty():
    made = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(1)).ecg
    traces = zscore(made.signal)
    traces[LEADS.index("aVL")] *= -1
    reconstructed = restore_scale(traces)
    assert not reconstructed[:6].any()
    assert reconstructed[6:].any(axis=1).all()


def test_leads_of_one_shape_leave_the_scales_open():
    beat = np.sin(np.linspace(0, 60, 1000))
    traces = np.array([1, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1])[:, None] * beat
    assert not restore_scale(traces)[:6].any()


def test_flat_leads_stay_flat():
    made = simulate("sinus_rhythm", fs=100.0, rng=np.random.default_rng(1)).ecg
    signal = made.signal.astype(np.float64)
    signal[LEADS.index("V3")] = 0
    reconstructed = restore_scale(signal)
    assert reconstructed.any(axis=1).tolist() == [lead != "V3" for lead in LEADS]
    signal[LEADS.index("aVR")] = 0
    assert not restore_scale(signal)[:6].any()


def test_ecgs_without_amplitudes_teach_what_needs_none():
    """Rhythm, conduction and axis; nothing that is read from voltages."""
    records = Records(
        values=np.zeros((2, 12, 10), dtype=np.float32),
        present=np.ones((2, 12), dtype=bool),
        statements=np.zeros((2, 71), dtype=bool),
        fold=np.array([1, 1]),
        ecg_id=np.array([1, 2]),
        patient_id=np.array([1, 2]),
        age=np.zeros(2, dtype=np.float32),
        female=np.zeros(2, dtype=bool),
        amplitude=np.array([True, False]),
    )
    learnable = records.learnable
    assert learnable[0].all()
    assert learnable[1, STATEMENT_NAMES.index("AFIB")]
    assert learnable[1, STATEMENT_NAMES.index("LAFB")]
    assert not learnable[1, STATEMENT_NAMES.index("LVH")]
    assert not learnable[1, STATEMENT_NAMES.index("STD_")]
    assert set(STATEMENT_NAMES) > FREE_OF_AMPLITUDE
