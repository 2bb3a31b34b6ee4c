"""The median beat, what is withheld and why, premature beats, and doubts about electrodes."""

from dataclasses import replace

import numpy as np
import pytest

from lamae.ecg import ECG, LEADS
from lamae.measure import electrodes, measurements, median_beat
from lamae.results.measurement import CONFIDENCE, ESTIMATED
from lamae.simulate import Simulated, simulate


def made(rhythm: str = "sinus_rhythm", seed: int = 0, **options) -> Simulated:
    return simulate(rhythm, rng=np.random.default_rng(seed), **options)


def with_leads(ecg: ECG, **values: np.ndarray) -> ECG:
    signal = ecg.signal.copy()
    for lead, value in values.items():
        signal[ecg.leads.index(lead)] = value
    return replace(ecg, signal=signal)


def arms_swapped(ecg: ECG) -> ECG:
    lead = ecg.lead
    swapped = {"I": -lead("I"), "II": lead("III"), "III": lead("II")}
    return with_leads(ecg, **swapped, aVR=lead("aVL"), aVL=lead("aVR"))


def with_early_beat(ecg: ECG, r_times: np.ndarray, k: int, by: float) -> ECG:
    """Move one beat, with its P and T, earlier by `by` s, and leave a flat line in its place."""
    signal = ecg.signal.copy()
    first, last = (round((r_times[k] + edge) * ecg.fs) for edge in (-0.25, 0.45))
    shift = round(by * ecg.fs)
    beat = signal[:, first:last].copy()
    signal[:, first:last] = signal[:, [first]]
    signal[:, first - shift : last - shift] = beat
    return replace(ecg, signal=signal)


def test_every_value_has_a_confidence_and_a_reason():
    found = measurements(made().ecg)
    assert tuple(found.values) == ESTIMATED
    for name, value in found.values.items():
        assert value.name == name
        assert value.value is not None
        assert value.confidence in CONFIDENCE
        assert value.reason


def test_corrected_intervals_follow_fridericia_and_bazett():
    found = measurements(made("sinus_tachycardia", 2).ecg)
    rr = 60 / found["heart_rate"].value
    assert found["qtc_fridericia"].value == pytest.approx(found["qt"].value / rr ** (1 / 3))
    assert found["qtc_bazett"].value == pytest.approx(found["qt"].value / rr**0.5)


@pytest.mark.parametrize("fs", [100.0, 128.0, 500.0, 5000.0, 20_000.0])
def test_the_median_beat_is_that_of_the_leads_at_any_rate(fs):
    simulated = made(seed=4, fs=fs, noise=0.03, pr=160.0, qrs=92.0, qt=390.0, heart_rate=70.0)
    beat = median_beat(simulated.ecg)
    assert 250 <= beat.fs <= 500
    assert beat.signal.shape[0] == 12
    assert beat.used >= simulated.truth.r_times.size - 2
    assert beat.found == simulated.truth.r_times.size
    p, qrs, t = (beat.marks[wave] for wave in ("P", "QRS", "T"))
    assert p[0] < p[1] <= qrs[0] < 0 < qrs[1] < t[0] < t[1]
    assert (qrs[0] - p[0]) * 1000 == pytest.approx(160, abs=12)
    # R stands where the leads are tallest, and the median is as tall as a beat without noise.
    clean = made(seed=4, fs=fs, noise=0.0, pr=160.0, qrs=92.0, qt=390.0, heart_rate=70.0).ecg
    height = np.ptp(clean.lead("V4"))
    assert np.ptp(
        beat.lead("V4")[np.abs(np.arange(beat.signal.shape[1]) / beat.fs - beat.r) < 0.1]
    ) == pytest.approx(height, rel=0.15)


def test_one_noisy_lead_moves_nothing():
    simulated = made(seed=5)
    noise = np.random.default_rng(1).normal(0, 0.03, 5000).astype(np.float32)
    before = measurements(simulated.ecg)
    after = measurements(with_leads(simulated.ecg, V3=simulated.ecg.lead("V3") + noise))
    for name in ("pr", "qrs", "qt"):
        assert after[name].value == pytest.approx(before[name].value, abs=8), name


def test_two_leads_are_enough_for_intervals():
    ecg = made(seed=6).ecg
    ecg = replace(ecg, signal=np.stack([ecg.lead("I"), ecg.lead("V4")]), leads=("I", "V4"))
    found = measurements(ecg)
    assert found["qrs"].value is not None
    assert found["qrs_axis"].value is None
    assert "limb leads" in found["qrs_axis"].reason


def test_in_fibrillation_pr_and_p_axis_are_withheld_and_the_rest_is_not():
    found = measurements(made("atrial_fibrillation", 3).ecg)
    for name in ("p", "pr", "p_axis"):
        assert found[name].value is None
        assert "P wave" in found[name].reason
    assert found["qrs"].value is not None
    assert found.regular is False
    assert "fibrillation" in found.rhythm
    assert found.premature_withheld
    assert "P" not in found.beat.marks


def test_a_poor_signal_is_not_measured():
    noise = np.random.default_rng(1).normal(0, 0.3, (12, 5000)).astype(np.float32)
    found = measurements(ECG(noise, 500.0, LEADS, "test"))
    assert all(value.value is None and value.confidence is None for value in found.values.values())
    assert all("no lead can be read" in value.reason for value in found.values.values())
    assert found.beat is None
    assert found.regular is None
    assert median_beat(ECG(noise, 500.0, LEADS, "test")) is None


def test_few_beats_give_a_rate_and_no_intervals():
    simulated = made("sinus_bradycardia", 7, heart_rate=45.0, noise=0.005)
    start = float(simulated.truth.r_times[1]) - 0.4
    found = measurements(simulated.ecg.window(start, 2.2))
    assert found["heart_rate"].value is not None
    assert found["qrs"].value is None
    assert "expected at least 3" in found["qrs"].reason


def test_a_flat_t_has_no_qt():
    simulated = made(seed=8, noise=0.0, wander=0.0)
    signal = simulated.ecg.signal.copy()
    for r in simulated.truth.r_times:
        first, last = round((r + 0.07) * 500), round((r + 0.5) * 500)
        signal[:, first:last] = signal[:, [first]]
    found = measurements(replace(simulated.ecg, signal=signal))
    assert found["qt"].value is None
    assert found["qtc_fridericia"].value is None
    assert " T " in found["qt"].reason
    assert found["pr"].value is not None


def test_pacing_spikes_withhold_p():
    simulated = made("left_bundle_branch_block", 9)
    signal = simulated.ecg.signal.copy()
    for r in simulated.truth.r_times:
        signal[:, round((r - 0.09) * 500)] += 1.5
    found = measurements(replace(simulated.ecg, signal=signal))
    assert found["pr"].value is None
    assert "pacing" in found["pr"].reason
    assert measurements(simulated.ecg)["pr"].value is not None


def test_an_early_beat_of_the_usual_shape_is_atrial():
    simulated = made("sinus_rhythm", 10, heart_rate=62.0, noise=0.005)
    times = simulated.truth.r_times
    ecg = with_early_beat(simulated.ecg, times, 4, 0.32)
    (beat,) = measurements(ecg).premature
    assert beat.origin == "atrial"
    assert beat.time == pytest.approx(times[4] - 0.32, abs=0.03)
    assert "like the others" in beat.reason


def test_premature_beats_do_not_spoil_the_median():
    simulated = made("premature_ventricular_beats", 11)
    found = measurements(simulated.ecg)
    early = [
        t
        for t, kind in zip(simulated.truth.r_times, simulated.truth.beat_types, strict=True)
        if kind == "V"
    ]
    assert {beat.origin for beat in found.premature} == {"ventricular"}
    assert [beat.time for beat in found.premature] == pytest.approx(early, abs=0.06)
    assert found.beat.used == simulated.truth.r_times.size - len(early)
    assert found.regular
    assert found["qrs"].value == pytest.approx(simulated.truth.qrs, abs=15)


def test_regular_rhythm_is_regular_and_says_so():
    found = measurements(made("sinus_tachycardia", 12).ecg)
    assert found.regular
    assert found.rhythm.startswith("Regular rhythm")


def test_a_day_is_measured_in_its_first_minute():
    simulated = made(seconds=90.0, seed=13)
    inside = np.count_nonzero(simulated.truth.r_times < 60)
    assert measurements(simulated.ecg).beat.found == pytest.approx(inside, abs=1)


@pytest.mark.parametrize("seed", range(6))
def test_swapped_arms_are_doubted_and_right_ones_are_not(seed):
    ecg = made("sinus_rhythm", seed).ecg
    assert electrodes(ecg) is None
    said = electrodes(arms_swapped(ecg))
    assert said is not None
    assert "arm electrodes may have been swapped" in said
    assert "dextrocardia" not in said


def test_chest_leads_that_do_not_progress_suggest_dextrocardia():
    ecg = arms_swapped(made("sinus_rhythm", 1).ecg)
    mirrored = {f"V{k}": -0.4 * ecg.lead("V6") for k in range(3, 7)}
    said = electrodes(with_leads(ecg, **mirrored))
    assert said is not None
    assert "dextrocardia" in said


@pytest.mark.parametrize(("lead", "arm"), [("II", "right"), ("III", "left")])
def test_a_flat_limb_lead_is_doubted(lead, arm):
    ecg = made("sinus_rhythm", 2).ecg
    i = ecg.lead("I")
    # An arm on the leg that earths leaves next to no voltage between the two feet.
    flat = {"II": 0.02 * i, "III": -0.98 * i} if lead == "II" else {"III": 0.02 * i, "II": 1.02 * i}
    said = electrodes(with_leads(ecg, **flat))
    assert said is not None
    assert f"Lead {lead} is almost flat" in said
    assert f"the {arm} arm" in said
