"""When the heart beats: sinus rhythm that breathes, fibrillation, premature beats."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from lamae.errors import InputError

MAYER = 0.1  # Hz
BREATHING = 0.25  # Hz
SPREAD = 0.035  # of the mean RR interval
EDGE = 0.15  # s


@dataclass(frozen=True, eq=False)
class Times:
    """When things happen, in s from the start of the recording; some outside of it.

    Attributes:
        beats: R time of each beat.
        ventricular: Whether the beat starts in the ventricles.
        p: R time to which each P wave belongs, conducted or not; none in fibrillation.
    """

    beats: Float64[np.ndarray, " beats"]
    ventricular: Bool[np.ndarray, " beats"]
    p: Float64[np.ndarray, " atrial"]


def sinus(mean_rr: float, seconds: float, rng: np.random.Generator) -> Float64[np.ndarray, " n"]:
    """R times in s of sinus rhythm with Mayer waves and respiratory sinus arrhythmia.

    Source: McSharry et al. 2003, section III-A: a tachogram with a Gaussian of spectral
        power at each of two frequencies (ratio 0.5) and random phases.
    """
    rate = 4.0
    n = int(2 ** np.ceil(np.log2(max(seconds * rate, 256))))
    frequency = np.fft.rfftfreq(n, 1 / rate)
    power = 0.5 * np.exp(-0.5 * ((frequency - MAYER) / 0.01) ** 2)
    power += np.exp(-0.5 * ((frequency - BREATHING) / 0.01) ** 2)
    phase = rng.uniform(0, 2 * np.pi, frequency.size)
    tachogram = np.fft.irfft(np.sqrt(power) * np.exp(1j * phase), n)
    tachogram *= SPREAD * mean_rr / tachogram.std()
    times = [0.0]
    while times[-1] < seconds:
        now = np.interp(times[-1] * rate, np.arange(n), tachogram)
        times.append(times[-1] + mean_rr + float(now))
    return np.array(times)


def fibrillating(
    mean_rr: float, seconds: float, rng: np.random.Generator
) -> Float64[np.ndarray, " n"]:
    """R times in s of atrial fibrillation: each RR interval independent of the last."""
    spread = rng.uniform(0.19, 0.25)
    shortest = min(0.36, 0.7 * mean_rr)
    # A gamma law above the node's refractory time, with the mean and spread asked for.
    shape = ((mean_rr - shortest) / (spread * mean_rr)) ** 2
    count = int(2 * seconds / mean_rr) + 20
    rr = shortest + rng.gamma(shape, (mean_rr - shortest) / shape, count)
    return np.concatenate([[0.0], np.cumsum(rr)])


def with_premature_beats(
    sinus_times: Float64[np.ndarray, " n"], rng: np.random.Generator
) -> tuple[Float64[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Replace some beats by early ventricular ones; the sinus node keeps its time.

    Returns:
        R times in s, and which of them are ventricular. The pause after each is fully
        compensatory because no later sinus beat moves.
    """
    coupling = rng.uniform(0.56, 0.66)
    times, ventricular = sinus_times.copy(), np.zeros(sinus_times.size, dtype=bool)
    k = int(rng.integers(2, 5))
    while k < times.size:
        times[k] = times[k - 1] + coupling * (sinus_times[k] - sinus_times[k - 1])
        ventricular[k] = True
        k += int(rng.integers(4, 7))
    return times, ventricular


def window(times: Times, seconds: float, rng: np.random.Generator) -> Times:
    """Cut a recording out of a longer rhythm, between beats rather than through one.

    The recording holds at least two beats and a premature one where the rhythm has any; no
    R lies within `EDGE` s of its ends on either side (less at high rates).

    Raises:
        InputError: The recording is too short for that.
    """
    edge = min(EDGE, 0.3 * float(np.diff(times.beats).min()))
    starts = rng.uniform(2.0, times.beats[-1] - seconds - 2.0, 2000)
    for start in starts:
        since = times.beats - start
        inside = (since >= 0) & (since < seconds)
        clear = min(np.abs(since).min(), np.abs(since - seconds).min()) >= edge
        hallmark = times.ventricular[inside].any() or not times.ventricular.any()
        if clear and hallmark and inside.sum() >= 2:
            return Times(times.beats - start, times.ventricular, times.p - start)
    raise InputError(
        f"A recording of {seconds:g} s is too short to hold this rhythm at this rate; "
        "make it longer."
    )


def fibrillation(
    t: Float64[np.ndarray, " time"], amplitude: float, rng: np.random.Generator
) -> Float64[np.ndarray, "3 time"]:
    """Dipole in mV of fibrillating atria at the times `t` in s.

    Source: Stridh and Soernmo, IEEE TBME 48:105-111, 2001: a few harmonics of a wave of 4
        to 9 Hz whose rate and size waver; here two such waves of slightly different
        direction, both strongest in V1.
    """
    base = rng.uniform(5.0, 7.5)
    total = np.zeros((3, t.size))
    for vector, rate, size in (
        ((-0.55, 0.24, -0.50), base, 1.0),
        ((-0.35, 0.10, -0.45), base * rng.uniform(1.08, 1.2), 0.55),
    ):
        slow, quick = rng.uniform(0.15, 0.3), rng.uniform(0.4, 0.8)
        a, b, c, d = rng.uniform(0, 2 * np.pi, 4)
        # The rate swings by 0.4 Hz: its integral over time is what the phase gains.
        phase = 2 * np.pi * rate * t + 0.4 / quick * np.sin(2 * np.pi * quick * t + a) + b
        swell = 0.3 * np.sin(2 * np.pi * slow * t + c) + 0.15 * np.sin(2 * np.pi * quick * t + d)
        wave = np.sin(phase) + 0.35 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)
        total += np.outer(vector, amplitude * size * (1 + swell) * wave)
    return total
