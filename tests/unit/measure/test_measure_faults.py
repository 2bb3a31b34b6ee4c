"""Leads that fall off, electrodes with offsets, and rhythms without QRS complexes."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lamae import io
from lamae.ecg import ECG, LEADS, LIMB_FROM_I_II
from lamae.measure import heart_rate, measurements, signal_quality, usable
from lamae.simulate import simulate

RATES = (100.0, 250.0, 500.0, 1000.0)


def made(rhythm: str = "sinus_rhythm", seed: int = 0, **options) -> ECG:
    return simulate(rhythm, rng=np.random.default_rng(seed), **options).ecg


@pytest.fixture(scope="module")
def demo() -> ECG:
    spec = find_spec("pydicom")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "data" / "test_files" / "waveform_ecg.dcm"
    return io.read(path.name, path.read_bytes())


def held(ecg: ECG, lead: str, start: float, end: float = np.inf) -> ECG:
    """The ECG with a lead that keeps its voltage from one time to another, in s."""
    signal, row = ecg.signal.copy(), ecg.leads.index(lead)
    first = round(start * ecg.fs)
    last = round(min(end, ecg.duration) * ecg.fs)
    signal[row, first:last] = signal[row, first]
    return replace(ecg, signal=signal)


def without_end(ecg: ECG, seconds: float) -> ECG:
    signal = ecg.signal.copy()
    signal[:, -round(seconds * ecg.fs) :] = 0.0
    return replace(ecg, signal=signal)


def at_rate(ecg: ECG, fs: float) -> ECG:
    """The ECG at another rate, by straight lines; enough for the place of its beats."""
    times = np.arange(round(ecg.duration * fs)) / fs
    old = np.arange(ecg.signal.shape[1]) / ecg.fs
    signal = np.stack([np.interp(times, old, lead) for lead in ecg.signal])
    return replace(ecg, signal=signal.astype(np.float32), fs=fs)


def verdict(ecg: ECG, lead: str) -> str:
    return signal_quality(ecg)[LEADS.index(lead)].verdict


# Leads that fall off


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("real", [False, True], ids=["simulated", "real"])
def test_one_lead_that_falls_off_costs_no_beat(demo, real, fs):
    ecg = at_rate(demo, fs) if real else made(seed=3, fs=fs)
    whole = heart_rate(ecg)
    assert whole.r_times.size >= 8
    rng = np.random.default_rng(int(fs))
    for lead in LEADS:
        for start in rng.uniform(1.0, 9.5, 2).tolist():
            found = heart_rate(held(ecg, lead, start))
            assert found.r_times == pytest.approx(whole.r_times, abs=0.03), (lead, start)


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("real", [False, True], ids=["simulated", "real"])
def test_an_empty_end_costs_no_beat_before_it(demo, real, seconds, fs):
    ecg = at_rate(demo, fs) if real else made(seed=4, fs=fs)
    beats = heart_rate(ecg).r_times
    # The edge itself may look like a beat, or cut through one.
    before = beats[beats < 9.7 - seconds]
    found = heart_rate(without_end(ecg, seconds)).r_times
    assert found[: before.size] == pytest.approx(before, abs=0.03)
    assert found.size <= before.size + 1
    assert usable(signal_quality(without_end(ecg, seconds)))[0]


@pytest.mark.parametrize("noise", [0.0, 0.001])
@pytest.mark.parametrize("share", [0.2, 0.3, 0.48])
@pytest.mark.parametrize("lead", ["II", "V4"])
def test_a_lead_that_is_off_for_a_fifth_cannot_be_read(lead, share, noise):
    ecg = made(seed=5, heart_rate=70.0)
    for start in (0.0, 4.0, 9.9 - 10 * share):
        off = held(ecg, lead, start, start + 10 * share + 0.1)
        signal = off.signal + np.random.default_rng(1).normal(0, noise, off.signal.shape)
        quality = signal_quality(replace(off, signal=signal.astype(np.float32)))
        of_lead = quality[LEADS.index(lead)]
        assert of_lead.verdict == "flat", of_lead.reason
        assert float(of_lead.reason.split("%")[0].split()[-1]) == pytest.approx(100 * share, abs=8)
        assert "other leads" in of_lead.reason
        assert {q.verdict for q in quality if q.lead != lead} == {"good"}
        fit, why = usable(quality)
        assert fit
        assert f"not {lead} flat" in why


def test_a_lead_that_is_off_is_not_measured():
    ecg = made(seed=6, heart_rate=70.0)
    before, after = measurements(ecg), measurements(held(ecg, "V4", 5.2))
    for name in ("heart_rate", "pr", "qrs", "qt"):
        assert after[name].value == pytest.approx(before[name].value, abs=8), name


def test_a_lead_that_is_off_briefly_can_be_read():
    ecg = made(seed=5, heart_rate=70.0)
    assert verdict(held(ecg, "V4", 8.5), "V4") == "good"


@pytest.mark.parametrize("noise", [0.0, 0.005])
@pytest.mark.parametrize("rhythm", ["sinus_bradycardia", "atrial_fibrillation"])
def test_slow_beats_and_pauses_are_no_dead_lead(rhythm, noise):
    for seed in range(3):
        ecg = made(rhythm, seed, heart_rate=32.0, noise=noise, wander=0.0)
        assert {q.verdict for q in signal_quality(ecg)} == {"good"}
    # Asystole of 4 s, isoelectric in all leads.
    signal = made(rhythm, 7, heart_rate=60.0, noise=0.0, wander=0.0).signal.copy()
    signal[:, 1500:3500] = 0.0
    paused = signal + np.random.default_rng(2).normal(0, noise, signal.shape)
    quality = signal_quality(ECG(paused.astype(np.float32), 500.0, LEADS, "test"))
    assert {q.verdict for q in quality} == {"good"}


def test_a_lead_alone_with_a_pause_is_no_dead_lead():
    ecg = held(made(seed=8), "II", 3.0, 6.0)
    alone = ECG(ecg.lead("II")[None].copy(), ecg.fs, ("II",), "test")
    assert verdict(alone, "II") == "good"


# Electrodes with offsets


@pytest.mark.parametrize("fs", [*RATES, 5000.0])
@pytest.mark.parametrize("seconds", [4.0, 10.0])
@pytest.mark.parametrize("size", [20.0, 100.0])
def test_offsets_of_the_electrodes_change_no_beat(fs, seconds, size):
    ecg = made(seed=9, fs=fs, seconds=seconds, heart_rate=78.0)
    whole = heart_rate(ecg)
    assert whole.r_times.size >= 4
    for seed in range(3):
        offsets = np.random.default_rng(seed).uniform(-size, size, (12, 1)).astype(np.float32)
        off = replace(ecg, signal=ecg.signal + offsets)
        assert heart_rate(off).r_times == pytest.approx(whole.r_times, abs=0.01)
        assert {q.verdict for q in signal_quality(off)} == {"good"}


# Rhythms without QRS complexes


def arrhythmia(kind: str, seed: int, fs: float = 500.0) -> ECG:
    """Ten seconds of a rhythm that arrests, with 5 uV of noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(10 * fs)) / fs
    height, phase = rng.uniform(0.2, 1.0, (8, 1)), rng.uniform(0, 2 * np.pi, (8, 1))
    if kind == "ventricular fibrillation":
        drift = 0.6 * np.cumsum(rng.normal(size=t.size)) / np.sqrt(t.size)
        angle = 2 * np.pi * np.cumsum(rng.uniform(4, 7) + drift) / fs
        waxing = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.2, 0.5) * t + phase)
        values = 0.5 * height * waxing * np.sin(angle + phase)
    elif kind == "ventricular tachycardia":
        values = height * np.sin(2 * np.pi * rng.uniform(2.5, 4.5) * t + 0.1 * phase)
    else:
        values = 0.05 * np.sin(2 * np.pi * 0.25 * t + phase)
    values = np.concatenate([LIMB_FROM_I_II @ values[:2], values[2:]])
    values = values + rng.normal(0, 0.005, values.shape)
    return ECG(values.astype(np.float32), fs, LEADS, "test")


KINDS = ("ventricular fibrillation", "ventricular tachycardia", "asystole")


@pytest.mark.parametrize("empty", [0.0, 3.0, 4.0])
@pytest.mark.parametrize("kind", KINDS)
def test_an_arrest_is_not_called_noise(kind, empty):
    for seed in range(8):
        ecg = arrhythmia(kind, seed, RATES[seed % len(RATES)])
        # What a device leaves empty must not make the rest look like beats.
        quality = signal_quality(without_end(ecg, empty) if empty else ecg)
        assert {q.verdict for q in quality} == {"without clear beats"}
        fit, why = usable(quality)
        assert not fit
        assert why.startswith("No lead can be read: heart beats could not be told")
        assert all(kind in why for kind in KINDS)
        assert "look at the ECG itself" in why
        assert "noisy" not in why


def test_an_arrest_is_not_measured_and_says_why():
    found = measurements(arrhythmia("ventricular fibrillation", 1))
    assert all(value.value is None for value in found.values.values())
    assert "ventricular fibrillation" in found.rhythm


def test_a_flat_line_in_all_leads_may_be_asystole():
    quality = signal_quality(ECG(np.zeros((12, 5000), np.float32), 500.0, LEADS, "test"))
    assert {q.verdict for q in quality} == {"flat"}
    fit, why = usable(quality)
    assert not fit
    assert "asystole: look at the ECG itself" in why


def test_flat_leads_are_named_beside_an_arrest():
    fit, why = usable(signal_quality(held(arrhythmia("ventricular tachycardia", 2), "V3", 1.0)))
    assert not fit
    assert why.endswith("look at the ECG itself; V3 flat.")


@pytest.mark.parametrize("seconds", [1.0, 3.0, 4.0])
@pytest.mark.parametrize("fs", RATES)
def test_noise_before_an_empty_end_has_no_beats(fs, seconds):
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(0, 0.1, (12, round(10 * fs)))
        ecg = without_end(ECG(noise.astype(np.float32), fs, LEADS, "test"), seconds)
        assert heart_rate(ecg).r_times.size == 0
