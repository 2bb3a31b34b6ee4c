"""Preprocessing keeps what matters and tells the model what is missing."""

import numpy as np
import pytest

from lamae.ecg import ECG, LEADS, LIMB_FROM_I_II
from lamae.errors import InputError
from lamae.signal.preprocess import InputSpec, band_pass, prepare, to_recording

SPEC = InputSpec()


def ecg_of(signal: np.ndarray, fs: float, leads: tuple[str, ...] = LEADS) -> ECG:
    return ECG(signal.astype(np.float32), fs, leads, source="test")


def random_ecg(fs: float, seconds: float) -> ECG:
    rng = np.random.default_rng(0)
    independent = rng.normal(size=(8, round(fs * seconds))).cumsum(axis=1) / 50
    return ecg_of(np.concatenate([LIMB_FROM_I_II @ independent[:2], independent[2:]]), fs)


@pytest.mark.parametrize("fs", [100.0, 250.0, 360.0, 500.0, 977.0, 1000.0])
def test_limb_lead_relations_survive(fs):
    values = prepare(random_ecg(fs, 12.3), SPEC, start=1.0).values
    np.testing.assert_allclose(values[:6], LIMB_FROM_I_II @ values[:2], atol=1e-4)


@pytest.mark.parametrize("fs", [100.0, 500.0, 1000.0])
def test_a_tone_in_the_band_keeps_amplitude_and_phase(fs):
    time = np.arange(round(10 * fs)) / fs
    tone = np.sin(2 * np.pi * 8 * time)
    values = prepare(ecg_of(np.tile(tone, (12, 1)), fs), SPEC).values * SPEC.scale
    expected = np.sin(2 * np.pi * 8 * np.arange(1000) / 100)
    np.testing.assert_allclose(values[0, 300:-300], expected[300:-300], atol=0.02)


def test_baseline_and_mains_leave_while_voltage_stays():
    time = np.arange(5000) / 500
    signal = 3.0 + np.sin(2 * np.pi * 0.1 * time) + 0.5 * np.sin(2 * np.pi * 150 * time)
    values = prepare(ecg_of(np.tile(signal, (12, 1)), 500.0), SPEC).values * SPEC.scale
    assert np.abs(values[:, 200:-200]).max() < 0.1


def test_a_short_recording_is_padded_and_says_so():
    prepared = prepare(random_ecg(500.0, 6.0), SPEC)
    assert prepared.seconds == pytest.approx(6.0)
    assert prepared.present[:, :600].all()
    assert not prepared.present[:, 600:].any()
    assert (prepared.values[:, 600:] == 0).all()


def test_missing_leads_are_absent_and_the_others_in_place():
    whole = random_ecg(100.0, 10.0)
    part = ecg_of(whole.signal[[1, 8]], 100.0, ("II", "V3"))
    prepared = prepare(part, SPEC)
    assert prepared.present.any(axis=1).tolist() == [lead in ("II", "V3") for lead in LEADS]
    np.testing.assert_allclose(prepared.values[8], prepare(whole, SPEC).values[8])


def test_the_window_is_the_one_asked_for():
    signal = np.zeros((12, 3000))
    signal[:, 1500:1505] = 1.0
    values = prepare(ecg_of(signal, 100.0), SPEC, start=12.0).values
    assert abs(int(values[0].argmax()) - 302) <= 1
    with pytest.raises(InputError, match="earlier start"):
        prepare(ecg_of(signal, 100.0), SPEC, start=29.5)


@pytest.mark.parametrize("start", [0.0, 0.5, 7.0, 13.7, 20.0])
def test_a_window_of_a_longer_recording_does_not_bend_at_its_ends(start):
    """Beats of 1 mV at every edge; the whole recording, filtered at once, is the truth."""
    time = np.arange(3000) / 100
    beats = sum(np.exp(-(((time - at) / 0.02) ** 2)) for at in np.arange(0.55, 30, 0.9))
    for edge in (start, start + 10):
        beats += np.exp(-(((time - edge) / 0.02) ** 2))
    ecg = ecg_of(np.tile(beats, (12, 1)), 100.0)
    first = round(start * 100)
    whole = band_pass(ecg.signal.astype(np.float64), SPEC)[:, first : first + 1000]
    found = prepare(ecg, SPEC, start=start)
    assert found.seconds == pytest.approx(10.0)
    np.testing.assert_allclose(found.values * SPEC.scale, whole, atol=0.03)
    # What such an edge did when the window was cut before it was filtered.
    if 0 < start < 20:
        cut = band_pass(ecg.signal[:, first : first + 1000].astype(np.float64), SPEC)
        assert np.abs(cut - whole).max() > 0.2


def test_a_recording_that_is_no_longer_than_the_window_is_filtered_as_in_training():
    ecg = random_ecg(100.0, 10.0)
    alone = band_pass(ecg.signal.astype(np.float64), SPEC) / SPEC.scale
    np.testing.assert_allclose(prepare(ecg, SPEC).values, alone, rtol=1e-6)


def test_values_come_back_to_the_recordings_own_samples():
    ecg = random_ecg(500.0, 12.0)
    values = np.zeros((12, 1000), dtype=np.float32)
    values[4, 300] = 1.0
    back = to_recording(values, ecg, SPEC, start=1.0)
    assert back.shape == ecg.signal.shape
    assert np.unravel_index(back.argmax(), back.shape) == (4, 2000)
    assert (back[:, :500] == 0).all()
    assert (back[:, 5500:] == 0).all()
