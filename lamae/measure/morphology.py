"""Which beats look alike, and where exactly each lies."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from scipy import signal

from lamae.measure.clean import Working

BAND = (1.0, 25.0)  # Hz, where beats differ by shape rather than by noise and wander
WINDOW = (-0.10, 0.16)  # s from R
REACH = 0.04  # s a beat may be moved to lie over another
ALIKE = 0.86
RIVAL = 0.8  # a class of this share of the largest one's beats might be the usual one


@dataclass(frozen=True, eq=False)
class Classes:
    """The beats of a recording, in order.

    Attributes:
        r_times: R of each in s, so that beats of the commonest shape lie over each other.
        likeness: Correlation of each with the commonest shape, -1 to 1.
        usual: Whether each has the commonest shape.
    """

    r_times: Float64[np.ndarray, " beats"]
    likeness: Float64[np.ndarray, " beats"]
    usual: Bool[np.ndarray, " beats"]


def classes(found: Working, r_times: Float64[np.ndarray, " beats"]) -> Classes:
    """Compare the QRS of all beats with each other and align those that are alike.

    Beats that the recording's ends cut through are left out.
    """
    values = found.signal[list(found.rows)]
    high = min(BAND[1], 0.4 * found.fs)
    sos = signal.butter(2, (BAND[0], high), "bandpass", fs=found.fs, output="sos")
    values = signal.sosfiltfilt(sos, values, axis=1, padlen=min(500, values.shape[1] - 1))
    first, last = (round(edge * found.fs) for edge in WINDOW)
    reach = round(REACH * found.fs)
    middles = np.round(r_times * found.fs).astype(np.intp)
    middles = middles[(middles + first - reach >= 0) & (middles + last + reach < values.shape[1])]
    if middles.size == 0:
        return Classes(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    lags = np.arange(-reach, reach + 1, 2)
    places = middles[:, None] + np.arange(first, last + 1)

    fixed = _unit(values[:, places].transpose(1, 0, 2).reshape(middles.size, -1))
    # likeness[lag, i, j]: beat i moved by the lag against beat j.
    likeness = np.stack([_cut(values, places + lag) @ fixed.T for lag in lags])
    centre = _usual_beat(likeness.max(axis=0), middles)
    template = fixed[likeness[:, :, centre].max(axis=0) >= ALIKE].mean(axis=0)
    for _ in range(2):
        against = np.stack([_cut(values, places + lag) @ template for lag in lags])
        best = lags[against.argmax(axis=0)]
        alike = against.max(axis=0) / np.linalg.norm(template)
        usual = alike >= ALIKE
        if not usual.any():
            usual[centre] = True
        template = _cut(values, places + best[:, None])[usual].mean(axis=0)
    # A template's own place is free: keep the beats where they were found, on the whole.
    best = best - int(np.median(best[usual]))
    moved = np.where(usual, middles + best, middles)
    return Classes(moved / found.fs, alike, usual)


def _usual_beat(likeness: Float64[np.ndarray, "beats beats"], middles: np.ndarray) -> int:
    """The beat that most others look like; of rivals, the one that comes less early."""
    alike = likeness >= ALIKE
    counts = alike.sum(axis=0)
    before = np.diff(middles, prepend=np.nan)

    def lateness(beat: int) -> float:
        intervals = before[alike[:, beat]]
        return float(np.nanmean(intervals)) if np.isfinite(intervals).any() else 0.0

    best = int(counts.argmax())
    for beat in np.flatnonzero(counts >= RIVAL * counts.max()).tolist():
        # Beats of one class differ by chance; only a clear difference makes a rival usual.
        if lateness(beat) > 1.15 * lateness(best):
            best = beat
    return best


def _cut(
    values: Float64[np.ndarray, "leads time"], places: np.ndarray
) -> Float64[np.ndarray, "beats size"]:
    """All leads of each beat in one row of length 1."""
    inside = np.clip(places, 0, values.shape[1] - 1)
    return _unit(values[:, inside].transpose(1, 0, 2).reshape(len(places), -1))


def _unit(rows: Float64[np.ndarray, "beats size"]) -> Float64[np.ndarray, "beats size"]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
