import numpy as np
import pytest

from lamae.ecg import ECG, LEADS
from lamae.errors import InputError
from lamae.signal.filters import (
    HIGH_PASS,
    LOW_PASS,
    MARGIN,
    NOTCH,
    FilterSettings,
    display_filter,
    segment,
)


def one_lead(signal: np.ndarray, fs: float = 500.0) -> ECG:
    return ECG(signal[None].astype(np.float32), fs, ("II",), "simulated: test")


def sine(frequency: float, seconds: float, fs: float = 500.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * fs)) / fs)


def gain_and_delay(settings: FilterSettings, frequency: float, fs: float = 500.0):
    """Gain, and phase in radians, of a sine, away from the ends."""
    seconds = max(10.0, 30 / frequency)
    wave = sine(frequency, seconds, fs)
    out = display_filter(one_lead(wave, fs), settings).signal[0].astype(np.float64)
    middle = slice(len(wave) // 5, -len(wave) // 5)
    times = np.arange(len(wave))[middle] / fs
    basis = np.stack([np.sin(2 * np.pi * frequency * times), np.cos(2 * np.pi * frequency * times)])
    in_phase, quadrature = np.linalg.lstsq(basis.T, out[middle], rcond=None)[0]
    return float(np.hypot(in_phase, quadrature)), float(np.arctan2(quadrature, in_phase))


@pytest.mark.parametrize("edge", HIGH_PASS)
def test_a_high_pass_is_3_db_down_where_it_says_and_moves_nothing(edge):
    settings = FilterSettings(high_pass=edge)
    gain, phase = gain_and_delay(settings, edge)
    assert gain == pytest.approx(2**-0.5, abs=0.01)
    assert phase == pytest.approx(0, abs=0.01)
    assert gain_and_delay(settings, 10 * edge)[0] == pytest.approx(1, abs=0.01)
    assert gain_and_delay(settings, edge / 4)[0] < 0.02


@pytest.mark.parametrize("edge", LOW_PASS)
@pytest.mark.parametrize("fs", [360.0, 500.0, 1000.0])
def test_a_low_pass_is_3_db_down_where_it_says_and_moves_nothing(edge, fs):
    settings = FilterSettings(low_pass=edge)
    gain, phase = gain_and_delay(settings, edge, fs)
    assert gain == pytest.approx(2**-0.5, abs=0.01)
    assert phase == pytest.approx(0, abs=0.01)
    gain, phase = gain_and_delay(settings, edge / 5, fs)
    assert gain == pytest.approx(1, abs=0.01)
    assert phase == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("mains", NOTCH)
def test_a_notch_takes_the_mains_and_leaves_its_neighbours(mains):
    settings = FilterSettings(notch=mains)
    assert gain_and_delay(settings, mains)[0] < 0.01
    for away in (-6.0, 6.0):
        gain, phase = gain_and_delay(settings, mains + away)
        assert gain == pytest.approx(1, abs=0.05)
        assert phase == pytest.approx(0, abs=0.01)
    assert gain_and_delay(settings, 10.0)[0] == pytest.approx(1, abs=0.001)


def test_filters_join_and_peaks_stay_where_they_are(sinus):
    settings = FilterSettings(0.5, 40.0, 50.0)
    dirty = sinus.signal + 0.5 * np.float32(sine(50.0, 12.0)) + 1.5 * np.float32(sine(0.1, 12.0))
    clean = display_filter(ECG(dirty, sinus.fs, LEADS, "simulated: test"), settings)
    middle = slice(1000, 5000)
    truth = display_filter(sinus, settings).signal
    np.testing.assert_allclose(clean.signal[:, middle], truth[:, middle], atol=0.03)
    peak = 1000 + int(sinus.signal[1, middle].argmax())
    assert abs(int(clean.signal[1, peak - 50 : peak + 50].argmax()) - 50) <= 1


@pytest.mark.parametrize("edge", HIGH_PASS)
def test_an_offset_vanishes_up_to_the_ends(edge):
    out = display_filter(one_lead(np.full(5000, 2.5)), FilterSettings(high_pass=edge))
    assert np.abs(out.signal).max() < 1e-4


@pytest.mark.parametrize("end", [0, -1])
def test_an_end_within_a_qrs_does_not_bend_the_baseline(end):
    wave = np.zeros(5000)
    peak = np.exp(-((np.arange(5000) - 5000 * (end == -1)) ** 2) / (2 * 10.0**2))
    out = display_filter(one_lead(wave + 1.5 * peak), FilterSettings(high_pass=0.5)).signal[0]
    away = out[500:1000] if end == 0 else out[-1000:-500]
    assert np.abs(away).max() < 0.05
    assert out[end] == pytest.approx(1.5, abs=0.12)


def test_a_second_of_signal_can_be_filtered():
    out = display_filter(one_lead(sine(10, 1.0)), FilterSettings(0.05, 150.0, 60.0))
    assert out.signal.shape == (1, 500)
    assert np.isfinite(out.signal).all()


def test_off_by_default_and_the_recording_stays_as_it_is(sinus):
    assert not FilterSettings()
    assert str(FilterSettings()) == ""
    assert display_filter(sinus, FilterSettings()) is sinus
    before = sinus.signal.copy()
    filtered = display_filter(sinus, FilterSettings(high_pass=0.5))
    np.testing.assert_array_equal(sinus.signal, before)
    assert filtered.digest != sinus.digest
    assert (filtered.leads, filtered.fs, filtered.filters) == (sinus.leads, sinus.fs, sinus.filters)


def test_the_words_name_every_filter_that_is_on():
    assert str(FilterSettings(0.05, 150.0, 50.0)) == (
        "high-pass 0.05 Hz, low-pass 150 Hz, notch 50 Hz, zero-phase"
    )
    assert str(FilterSettings(notch=60.0)) == "notch 60 Hz, zero-phase"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (FilterSettings(low_pass=100.0), "low-pass at 100 Hz"),
        (FilterSettings(notch=50.0), "notch at 50 Hz"),
        (FilterSettings(high_pass=-1.0), "high-pass at -1 Hz"),
        (FilterSettings(high_pass=45.0, low_pass=40.0), "leave nothing between"),
    ],
)
def test_what_cannot_be_filtered_is_refused_with_a_reason(settings, named):
    with pytest.raises(InputError, match=named):
        display_filter(one_lead(sine(5, 10.0, 100.0), 100.0), settings)


@pytest.mark.parametrize("edge", HIGH_PASS)
@pytest.mark.parametrize("start", [0.0, 61.3, 115.0])
def test_a_segment_shows_what_the_whole_recording_would(edge, start):
    rng = np.random.default_rng(0)
    ecg = one_lead(rng.normal(size=125 * 250).cumsum() / 100, 250.0)
    settings = FilterSettings(high_pass=edge)
    whole = display_filter(ecg, settings).window(start, 10.0).signal
    part, begins = segment(ecg, start, 10.0)
    assert part.duration <= 10.0 + 2 * MARGIN + 1
    shown = display_filter(part, settings).window(start - begins, 10.0).signal
    np.testing.assert_allclose(shown, whole, atol=0.01)
