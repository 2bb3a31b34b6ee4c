"""The simulator: its truth against its signal, and each rhythm against its hallmarks."""

import numpy as np
import pytest

from lamae.ecg import DOWER, LEADS, limb_lead_disagreement
from lamae.errors import InputError
from lamae.simulate import RHYTHMS, Simulated, simulate

SEEDS = range(8)


def clean(rhythm: str, seed: int = 0, **options) -> Simulated:
    """A recording without noise or drift, sampled finely."""
    settings = {"noise": 0.0, "wander": 0.0, "fs": 1000.0} | options
    return simulate(rhythm, rng=np.random.default_rng(seed), **settings)


def dipole_length(made: Simulated) -> np.ndarray:
    """Length of the dipole in mV, worked back from the eight independent leads."""
    signal = made.ecg.signal.astype(np.float64)
    return np.linalg.norm(np.linalg.pinv(DOWER) @ signal[[0, 1, 6, 7, 8, 9, 10, 11]], axis=0)


def beat(made: Simulated, lead: str, which: int = 1, kind: str | None = None) -> np.ndarray:
    """One lead from 400 ms before to 600 ms after a beat; index 400 is the R time."""
    kinds = np.array(made.truth.beat_types)
    r_times = made.truth.r_times if kind is None else made.truth.r_times[kinds == kind]
    r_times = r_times[(r_times > 0.4) & (r_times < made.ecg.duration - 0.6)]
    r = round(float(r_times[which]) * 1000)
    return made.ecg.lead(lead)[r - 400 : r + 600]


def qrs_part(made: Simulated, lead: str) -> np.ndarray:
    """One lead over the QRS of one beat, 60 ms before R to 110 ms after."""
    return beat(made, lead)[340:510]


def qrs_end(made: Simulated, which: int = 1) -> int:
    """Offset of QRS in ms after R, from the signal of a beat with a quiet ST segment."""
    r = round(float(made.truth.r_times[which]) * 1000)
    length = dipole_length(made)
    return int(np.flatnonzero(length[r : r + 110] >= 0.02 * length[r])[-1])


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_rhythm_gives_a_complete_recording(rhythm):
    made = simulate(rhythm, rng=np.random.default_rng(1))
    assert made.ecg.leads == LEADS
    assert made.ecg.signal.shape == (12, 5000)
    assert made.ecg.source == f"simulated: {RHYTHMS[rhythm].lower()}"
    assert limb_lead_disagreement(made.ecg) < 1e-6
    assert 0.8 < np.abs(made.ecg.signal).max() < 4
    truth = made.truth
    assert len(truth.beat_types) == truth.r_times.size
    assert truth.heart_rate == pytest.approx(60 / np.diff(truth.r_times).mean())
    assert (truth.r_times > 0).all()
    assert (truth.r_times < 10).all()


def test_the_generator_alone_decides():
    first, again, other = (
        simulate("atrial_fibrillation", rng=np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    assert first.ecg.digest == again.ecg.digest
    assert first.ecg.digest != other.ecg.digest


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("rhythm", "options"),
    [
        ("sinus_rhythm", {}),
        ("sinus_bradycardia", {}),
        ("first_degree_av_block", {}),
        ("sinus_rhythm", {"pr": 200.0, "qrs": 110.0, "qt": 440.0, "heart_rate": 55.0}),
        ("sinus_rhythm", {"amplitude": 0.4}),
    ],
)
def test_intervals_of_the_signal_are_those_of_the_truth(rhythm, options, seed):
    made = clean(rhythm, seed, **options)
    length, truth = dipole_length(made), made.truth
    r = round(float(truth.r_times[2]) * 1000)
    assert abs(int(length[r - 50 : r + 50].argmax()) - 50) <= 1

    onset = r - 100 + int(np.flatnonzero(length[r - 100 : r] < 0.02 * length[r])[-1])
    offset = r + int(np.flatnonzero(length[r : r + 120] < 0.02 * length[r])[0])
    assert offset - onset == pytest.approx(truth.qrs, abs=3)

    before = length[onset - 330 : onset - 15]
    p_onset = onset - 330 + int(np.flatnonzero(before > 0.05 * before.max())[0])
    assert onset - p_onset == pytest.approx(truth.pr, abs=3)

    after = length[offset + 20 : offset + 460]
    t_offset = offset + 20 + int(np.flatnonzero(after[: int(truth.qt)] > 0.05 * after.max())[-1])
    assert t_offset - onset == pytest.approx(truth.qt, abs=3)

    for name, value in options.items():
        if name in ("pr", "qrs", "qt"):
            assert getattr(truth, name) == value


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rhythm", ["sinus_rhythm", "right_bundle_branch_block"])
def test_axis_is_that_of_the_net_area_in_i_and_avf(rhythm, seed):
    made = clean(rhythm, seed)
    area_i, area_avf = (qrs_part(made, lead).sum() for lead in ("I", "aVF"))
    axis = np.degrees(np.arctan2(area_avf * 2 / np.sqrt(3), area_i))
    assert axis == pytest.approx(made.truth.qrs_axis, abs=4)


@pytest.mark.parametrize("rate", [45.0, 72.0, 130.0])
def test_rate_comes_out_as_asked_and_breathes(rate):
    made = clean("sinus_rhythm", seconds=60.0, fs=250.0, heart_rate=rate)
    rr = np.diff(made.truth.r_times)
    assert made.truth.heart_rate == pytest.approx(rate, rel=0.03)
    assert 0.01 < rr.std() / rr.mean() < 0.07


@pytest.mark.parametrize("seed", SEEDS)
def test_a_normal_ecg_looks_normal(seed):
    made = clean("sinus_rhythm", seed)
    assert 80 <= made.truth.qrs <= 100
    assert 0 < made.truth.qrs_axis < 90
    assert 0.7 < qrs_part(made, "II").max() < 1.4
    assert -1.6 < qrs_part(made, "V2").min() < -0.7
    r = [qrs_part(made, f"V{k}").max() for k in range(1, 5)]
    assert r == sorted(r)
    ratio = [qrs_part(made, f"V{k}").max() / -qrs_part(made, f"V{k}").min() for k in range(1, 6)]
    assert ratio == sorted(ratio)
    for lead in ("I", "II", "V3", "V4", "V5", "V6"):
        t_wave = beat(made, lead)[520:800]
        assert t_wave.max() > 0.08
        assert t_wave.min() > -0.03
    assert beat(made, "aVR")[520:800].min() < -0.08
    assert 0.08 < beat(made, "II")[200:350].max() < 0.2
    assert beat(made, "aVR")[200:350].min() < -0.06


def power_4_to_9(values: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(values - values.mean())) ** 2
    frequency = np.fft.rfftfreq(values.size, 1 / 1000)
    return float(spectrum[(frequency >= 4) & (frequency <= 9)].sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_atrial_fibrillation_is_irregular_and_fibrillates(seed):
    made = clean("atrial_fibrillation", seed, seconds=30.0)
    rr = np.diff(made.truth.r_times)
    assert made.truth.pr is None
    assert rr.std() / rr.mean() > 0.12
    assert rr.min() > 0.3
    assert abs(np.corrcoef(rr[:-1], rr[1:])[0, 1]) < 0.5

    longest = int(rr.argmax())
    first = round((made.truth.r_times[longest] + 0.42) * 1000)
    last = round((made.truth.r_times[longest + 1] - 0.08) * 1000)
    power = {lead: power_4_to_9(made.ecg.lead(lead)[first:last]) for lead in LEADS}
    sinus = clean("sinus_rhythm", seed).ecg
    quiet = round((clean("sinus_rhythm", seed).truth.r_times[1] - 0.3) * 1000)
    assert np.ptp(made.ecg.lead("V1")[first:last]) > 0.05
    assert np.ptp(made.ecg.lead("V1")[first:last]) > np.ptp(sinus.lead("V1")[quiet - 60 : quiet])
    assert max(power, key=power.__getitem__) == "V1"


@pytest.mark.parametrize("seed", SEEDS)
def test_premature_beats_are_early_wide_discordant_and_followed_by_a_pause(seed):
    made = clean("premature_ventricular_beats", seed, seconds=30.0)
    r, kinds = made.truth.r_times, made.truth.beat_types
    early = [k for k in range(1, len(kinds) - 1) if kinds[k] == "V"]
    assert early
    normal = np.median(
        [r[k + 1] - r[k] for k in range(len(r) - 1) if kinds[k : k + 2] == ("N", "N")]
    )
    for k in early:
        assert r[k] - r[k - 1] < 0.75 * normal
        assert r[k + 1] - r[k] > 1.2 * normal
        assert r[k + 1] - r[k - 1] == pytest.approx(2 * normal, rel=0.15)
    wave = beat(made, "II", 0, "V")
    half_width = np.flatnonzero(wave[300:500] > 0.5 * wave[300:500].max()).size
    assert half_width > 1.5 * np.flatnonzero(beat(made, "II", 0, "N")[300:500] > 0.5).size
    assert wave[300:500].max() > 0.8
    assert wave[520:800].min() < -0.2
    assert np.flatnonzero(np.abs(wave[280:520]) > 0.05)[[0, -1]] @ [-1, 1] >= 120


@pytest.mark.parametrize("seed", SEEDS)
def test_av_block_delays_conduction(seed):
    made = clean("first_degree_av_block", seed)
    assert made.truth.pr > 240
    assert beat(made, "II")[100:250].max() > 0.08


@pytest.mark.parametrize("seed", SEEDS)
def test_left_bundle_branch_block(seed):
    made = clean("left_bundle_branch_block", seed)
    assert made.truth.qrs >= 140
    assert set(made.truth.beat_types) == {"L"}
    for lead in ("I", "V6"):
        wave = beat(made, lead)[300:520]
        assert wave.max() > 0.4
        assert wave.min() > -0.25
        assert np.flatnonzero(wave > 0.5 * wave.max()).size > 60
        assert beat(made, lead)[520:800].min() < -0.1
    for lead in ("V1", "V2", "V3"):
        wave = beat(made, lead)[300:520]
        assert -wave.min() > 3 * wave[:100].max()
        assert beat(made, lead)[520:800].max() > 0.08
    notched = 0
    for lead in ("I", "aVL", "V5", "V6"):
        wave = beat(made, lead)[300:520]
        slope = np.sign(np.diff(wave))
        tops = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0)) + 1
        notched += int((wave[tops] > 0.5 * wave.max()).sum() >= 2)
    assert notched >= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_right_bundle_branch_block(seed):
    made = clean("right_bundle_branch_block", seed)
    assert made.truth.qrs >= 130
    assert set(made.truth.beat_types) == {"R"}
    v1 = beat(made, "V1")[330:520]
    s = int(v1[:110].argmin())
    assert v1[:s].max() > 0.1
    assert v1[s:].max() > v1[:s].max()
    assert v1[s] < -0.1
    assert beat(made, "V1")[540:800].min() < -0.1
    for lead in ("I", "V6"):
        late = beat(made, lead)[420:520]
        assert late.min() < -0.15
        assert np.flatnonzero(late < 0.3 * late.min()).size > 30


@pytest.mark.parametrize("seed", SEEDS)
def test_left_ventricular_hypertrophy(seed):
    made = clean("left_ventricular_hypertrophy", seed)
    sokolow_lyon = qrs_part(made, "V5").max() - qrs_part(made, "V1").min()
    assert sokolow_lyon > 3.5
    normal = clean("sinus_rhythm", seed)
    assert qrs_part(normal, "V5").max() - qrs_part(normal, "V1").min() < 3.0
    for lead in ("I", "aVL", "V5", "V6"):
        assert beat(made, lead)[520:800].min() < -0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_inferior_st_elevation(seed):
    made = clean("inferior_st_elevation", seed)
    at = 400 + 60 + 40
    level = {lead: float(beat(made, lead)[at]) for lead in LEADS}
    assert min(level["II"], level["III"], level["aVF"]) >= 0.2
    assert level["III"] > level["II"]
    assert level["aVL"] < -0.1
    assert level["I"] < 0


@pytest.mark.parametrize("seed", SEEDS)
def test_anterior_st_elevation(seed):
    made = clean("anterior_st_elevation", seed)
    at = 400 + 60 + 40
    level = {lead: float(beat(made, lead)[at]) for lead in LEADS}
    assert min(level[f"V{k}"] for k in range(1, 5)) >= 0.2
    assert max(level["II"], level["III"], level["aVF"]) < 0.05


def test_noise_has_the_size_asked_for():
    quiet, loud = (
        simulate("sinus_rhythm", noise=noise, rng=np.random.default_rng(2)) for noise in (0.0, 0.05)
    )
    extra = loud.ecg.signal - quiet.ecg.signal
    for lead in ("I", "II", "V1", "V6"):
        assert extra[LEADS.index(lead)].std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize(
    ("rhythm", "options", "said"),
    [
        ("torsades", {}, "expected one of sinus_rhythm"),
        ("sinus_rhythm", {"heart_rate": 500.0}, "heart rate is 500 bpm"),
        ("sinus_rhythm", {"seconds": 1.0}, "length is 1 s"),
        ("sinus_rhythm", {"fs": 10.0}, "sampling rate is 10 Hz"),
        ("sinus_rhythm", {"qrs": 100.0, "qt": 150.0}, "QT interval is 150 ms"),
        ("sinus_rhythm", {"noise": -1.0}, "noise is -1 mV"),
    ],
)
def test_impossible_wishes_are_refused(rhythm, options, said):
    with pytest.raises(InputError, match=said):
        simulate(rhythm, rng=np.random.default_rng(0), **options)
