import numpy as np
import pytest

from lamae.ecg import ECG
from lamae.measure.amplitude import amplitudes


def beats(heights: tuple[float, ...], fs: float = 500.0) -> ECG:
    time = np.arange(round(10 * fs)) / fs
    beat = np.exp(-((((time + 0.5) % 0.8 - 0.4) / 0.015) ** 2))
    signal = np.asarray(heights)[:, None] * beat + 0.2
    return ECG(signal.astype(np.float32), fs, ("I", "II", "V1"), "simulated: test")


def test_each_lead_has_its_extremes_and_the_height_of_its_qrs():
    found = amplitudes(beats((0.5, 1.5, -1.0)))
    assert [lead.lead for lead in found] == ["I", "II", "V1"]
    assert [lead.qrs for lead in found] == pytest.approx([0.5, 1.5, 1.0], abs=0.02)
    assert [lead.lowest for lead in found] == pytest.approx([0.2, 0.2, -0.8], abs=0.02)
    assert [lead.highest for lead in found] == pytest.approx([0.7, 1.7, 0.2], abs=0.02)


def test_one_artefact_shows_in_the_extremes_and_not_in_the_qrs():
    ecg = beats((0.5, 1.5, -1.0))
    signal = ecg.signal.copy()
    signal[1, 2000] = 9.0
    found = amplitudes(ECG(signal, ecg.fs, ecg.leads, ecg.source))
    assert found[1].highest == 9.0
    assert found[1].qrs == pytest.approx(1.5, abs=0.02)


def test_without_beats_there_is_no_qrs():
    ecg = ECG(np.zeros((1, 5000), np.float32), 500.0, ("I",), "simulated: test")
    assert amplitudes(ecg)[0].qrs is None
