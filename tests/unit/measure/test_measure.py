"""Heart rate and signal quality, on simulated truth and on real recordings."""

import ast
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lamae.ecg import ECG, LEADS
from lamae.measure import heart_rate, signal_quality, usable
from lamae.results.quality import LeadQuality
from lamae.simulate import RHYTHMS, Simulated, simulate

PTBXL = Path(__file__).parents[4] / "shared" / "ptbxl"
VARIANTS = {
    "plain": {},
    "noise": {"noise": 0.05},
    "100 Hz": {"fs": 100.0},
    "100 Hz, noise": {"fs": 100.0, "noise": 0.05},
    "1 kHz, no noise": {"fs": 1000.0, "noise": 0.0},
    "small": {"amplitude": 0.4},
    "slow": {"heart_rate": 40.0},
    "fast": {"heart_rate": 105.0},
}


def made(rhythm: str = "sinus_rhythm", seed: int = 0, **options) -> Simulated:
    return simulate(rhythm, rng=np.random.default_rng(seed), **options)


def with_lead(ecg: ECG, lead: str, values: np.ndarray) -> ECG:
    signal = ecg.signal.copy()
    signal[ecg.leads.index(lead)] = values
    return replace(ecg, signal=signal)


def assert_beats_found(ecg: ECG, truth) -> None:
    found = heart_rate(ecg)
    assert found.r_times.size == truth.r_times.size
    assert np.abs(found.r_times - truth.r_times).max() < 0.06
    assert found.rate == pytest.approx(truth.heart_rate, abs=1.0)
    rr = np.diff(truth.r_times) * 1000
    assert found.rr_range == pytest.approx((rr.min(), rr.max()), abs=60)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_beat_is_found(rhythm, variant):
    for seed in (11, 12):
        simulated = made(rhythm, seed, **VARIANTS[variant])
        assert_beats_found(simulated.ecg, simulated.truth)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_beats_are_found_with_a_flat_and_a_useless_lead(rhythm):
    simulated = made(rhythm, 13)
    ecg = with_lead(simulated.ecg, "V2", np.zeros(5000))
    ecg = with_lead(ecg, "V5", np.random.default_rng(0).normal(0, 0.5, 5000))
    assert_beats_found(ecg, simulated.truth)


@pytest.mark.parametrize("lead", ["I", "II", "V1", "V5"])
def test_one_lead_is_enough(lead):
    simulated = made("sinus_rhythm", 14)
    ecg = replace(simulated.ecg, signal=simulated.ecg.lead(lead)[None].copy(), leads=(lead,))
    assert_beats_found(ecg, simulated.truth)


@pytest.mark.parametrize("height", [0.6, 1.2])
def test_tall_t_waves_are_not_counted(height):
    simulated = made("sinus_rhythm", 15)
    t = np.arange(5000) / 500
    signal = simulated.ecg.signal.copy()
    for r in simulated.truth.r_times:
        signal[7:11] += height * np.exp(-0.5 * ((t - r - 0.27) / 0.035) ** 2)
    assert signal[8].max() > 0.6
    assert_beats_found(replace(simulated.ecg, signal=signal), simulated.truth)


def test_a_jolt_in_one_lead_is_no_beat():
    simulated = made("sinus_rhythm", 16)
    jolt = simulated.ecg.lead("V3").copy()
    middle = round((simulated.truth.r_times[3] + simulated.truth.r_times[4]) / 2 * 500)
    jolt[middle - 10 : middle + 10] += 3.0
    assert_beats_found(with_lead(simulated.ecg, "V3", jolt), simulated.truth)


@pytest.mark.parametrize("fs", [100.0, 500.0])
@pytest.mark.parametrize("seconds", [1.0, 10.0])
def test_noise_and_silence_have_no_rate(fs, seconds):
    size = (12, round(fs * seconds))
    for signal in (np.zeros(size), np.random.default_rng(3).normal(0, 0.1, size)):
        found = heart_rate(ECG(signal.astype(np.float32), fs, LEADS, "test"))
        assert found.rate is None
        assert found.rr_range is None
        assert found.r_times.size == 0


def test_a_single_beat_has_no_rate():
    simulated = made("sinus_bradycardia", 3, noise=0.0, heart_rate=45.0)
    start = float(simulated.truth.r_times[2]) - 0.5
    found = heart_rate(simulated.ecg.window(start, 1.0))
    assert found.rate is None
    assert found.r_times == pytest.approx([0.5], abs=0.03)


def verdicts(ecg: ECG) -> dict[str, str]:
    return {lead.lead: lead.verdict for lead in signal_quality(ecg)}


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("options", [{}, {"noise": 0.0}, {"fs": 100.0}, {"amplitude": 0.5}])
def test_clean_recordings_are_good(rhythm, options):
    assert set(verdicts(made(rhythm, 4, **options).ecg).values()) == {"good"}


def quality_of(values: np.ndarray, lead: str = "V4") -> LeadQuality:
    """Verdict on a lead of an otherwise clean recording; the others must stay good."""
    quality = signal_quality(with_lead(made(seed=5).ecg, lead, values))
    assert {q.verdict for q in quality if q.lead != lead} == {"good"}
    return quality[LEADS.index(lead)]


def test_a_lead_that_is_not_there_is_missing():
    ecg = made(seed=5).ecg
    ecg = replace(ecg, signal=ecg.signal[:11].copy(), leads=LEADS[:11])
    quality = signal_quality(ecg)
    assert tuple(q.lead for q in quality) == LEADS
    assert quality[11].verdict == "missing"
    assert {q.verdict for q in quality[:11]} == {"good"}


def test_a_lead_that_falls_off_is_flat():
    values = made(seed=5).ecg.lead("V4").copy()
    values[4500:] = 0.3
    assert quality_of(values).verdict == "good"
    values[2000:] = 0.3
    quality = quality_of(values)
    assert quality.verdict == "flat"
    assert "60%" in quality.reason or "56%" in quality.reason
    assert quality_of(np.zeros(5000)).verdict == "flat"


@pytest.mark.parametrize(
    ("lead", "limits"), [("V4", (-9.0, 0.6)), ("V4", (-0.1, 0.5)), ("V2", (-0.5, 9.0))]
)
def test_a_lead_at_its_limit_is_clipped(lead, limits):
    quality = quality_of(np.clip(made(seed=5).ecg.lead(lead), *limits), lead)
    assert quality.verdict == "clipped"
    assert "%" in quality.reason


@pytest.mark.parametrize("size", [0.2, 0.5])
def test_muscle_and_mains_are_noise(size):
    values = made(seed=5).ecg.lead("V4")
    t = np.arange(5000) / 500
    assert quality_of(values + size * np.sin(2 * np.pi * 50 * t)).verdict == "noisy"
    noise = np.random.default_rng(0).normal(0, 2 * size, 5000)
    quality = quality_of(values + noise)
    assert quality.verdict == "noisy"
    assert "mV" in quality.reason


def test_drift_is_baseline_wander_and_says_how_much():
    values = made(seed=5).ecg.lead("V4")
    t = np.arange(5000) / 500
    quality = quality_of(values + 0.8 * np.sin(2 * np.pi * 0.2 * t))
    assert quality.verdict == "baseline wander"
    assert 1.3 < float(quality.reason.split()[0]) < 1.9
    assert quality_of(values + 0.1 * np.sin(2 * np.pi * 0.2 * t)).verdict == "good"
    assert quality_of(values + 5.0).verdict == "good"


def test_where_no_beats_can_be_seen_every_lead_is_without_them():
    noise = np.random.default_rng(1).normal(0, 0.1, (12, 5000)).astype(np.float32)
    quality = signal_quality(ECG(noise, 500.0, LEADS, "test"))
    assert {q.verdict for q in quality} == {"without clear beats"}
    fit, why = usable(quality)
    assert not fit
    assert why.startswith("No lead can be read")


def judged(**verdict: str) -> tuple[bool, str]:
    return usable([LeadQuality(lead, verdict.get(lead, "good"), "") for lead in LEADS])


def test_recordings_with_most_leads_readable_are_usable():
    assert judged() == (True, "All 12 leads recorded can be read.")
    assert judged(V1="baseline wander")[0]
    assert judged(**dict.fromkeys(LEADS[1:], "missing")) == (
        True,
        "The one lead recorded can be read.",
    )
    fit, why = judged(V1="flat", V2="noisy")
    assert fit
    assert why == "10 of 12 leads can be read; not V1 flat, V2 noisy."
    assert judged(**dict.fromkeys(LEADS[:6], "noisy"))[0]


def test_recordings_with_most_leads_unreadable_are_not():
    fit, why = judged(**dict.fromkeys(LEADS[:7], "flat"))
    assert not fit
    assert why.startswith("7 of 12 leads cannot be read: I flat")
    assert not judged(**(dict.fromkeys(LEADS, "missing") | {"I": "clipped"}))[0]
    assert not judged(**dict.fromkeys(LEADS, "missing"))[0]


def ptbxl(wanted: str | None, count: int) -> list[ECG]:
    """Recordings in mV, spread over the data set; those with one statement if named."""
    if not (PTBXL / "ptbxl_database.csv").exists():
        pytest.skip("needs PTB-XL in ../shared/ptbxl")
    with (PTBXL / "ptbxl_database.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["filename_lr"].startswith("records100/")]
    if wanted is not None:
        rows = [row for row in rows if wanted in ast.literal_eval(row["scp_codes"])]
    found = []
    for row in rows[:: max(1, len(rows) // count)][:count]:
        path = PTBXL / row["filename_lr"]
        names = [line.split()[-1] for line in path.with_suffix(".hea").read_text().splitlines()]
        assert [name.upper() for name in names[1:13]] == [lead.upper() for lead in LEADS]
        raw = np.fromfile(path.with_suffix(".dat"), dtype="<i2").reshape(-1, 12)
        found.append(ECG((raw.T / 1000).astype(np.float32), 100.0, LEADS, "PTB-XL"))
    return found


def test_real_recordings_have_plausible_rates_and_mostly_good_leads():
    recordings = ptbxl(None, 200)
    rates = [heart_rate(ecg).rate for ecg in recordings]
    assert np.mean([rate is not None and 25 <= rate <= 220 for rate in rates]) >= 0.98
    quality = [signal_quality(ecg) for ecg in recordings]
    assert np.mean([lead.verdict == "good" for leads in quality for lead in leads]) >= 0.85
    assert np.mean([usable(leads)[0] for leads in quality]) >= 0.98


def test_real_tachycardia_is_fast_and_bradycardia_slow():
    fast = [heart_rate(ecg).rate or 0.0 for ecg in ptbxl("STACH", 60)]
    assert np.mean(np.array(fast) > 95) >= 0.9
    slow = [heart_rate(ecg).rate or 999.0 for ecg in ptbxl("SBRAD", 60)]
    assert np.mean(np.array(slow) < 62) >= 0.9
