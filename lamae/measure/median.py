"""The median beat, in which noise has all but gone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lamae.measure.clean import Working
from lamae.measure.morphology import Classes

BEFORE, AFTER = 0.6, 0.8  # s from R
FULL = 0.5  # share of the beats that must reach a sample


@dataclass(frozen=True, eq=False)
class Median:
    """A median beat before it is marked.

    Attributes:
        signal: Voltage in mV, one row a lead.
        noise: Standard error in mV of each row.
        fs: Sampling rate in Hz.
        r: Sample of R.
        beats: Each beat it was taken over, NaN beyond the recording.
        since: From the R of the beat before to the R of each, in s; NaN where there is none.
        rows: Rows that intervals are read from.
    """

    signal: Float64[np.ndarray, "leads time"]
    noise: Float64[np.ndarray, " leads"]
    fs: float
    r: int
    beats: Float64[np.ndarray, "beats leads time"]
    since: Float64[np.ndarray, " beats"]
    rows: tuple[int, ...]


def median(
    values: Float64[np.ndarray, "leads time"], found: Working, beats_found: Classes
) -> Median:
    """Take the median over beats, sample by sample.

    Args:
        values: Voltage in mV at the working rate, baseline taken off.
        found: The working signal they come from.
        beats_found: All beats; those of the usual shape are used.
    """
    r_times = beats_found.r_times[beats_found.usual]
    since = np.diff(beats_found.r_times, prepend=np.nan)[beats_found.usual]
    fs, size = found.fs, values.shape[1]
    first, last = -round(BEFORE * fs), round(AFTER * fs)
    places = np.round(r_times * fs).astype(np.intp)[:, None] + np.arange(first, last + 1)
    outside = (places < 0) | (places >= size)
    beats = values[:, np.clip(places, 0, size - 1)].transpose(1, 0, 2).copy()
    beats[np.broadcast_to(outside[:, None], beats.shape)] = np.nan
    kept = np.flatnonzero((~outside).mean(axis=0) >= FULL)
    beats = beats[:, :, kept[0] : kept[-1] + 1]
    together = np.nanmedian(beats, axis=0)
    r = -first - int(kept[0])
    # Over one sample the difference of a beat to the median holds noise, hardly any wave.
    rest = np.diff(beats - together, axis=2)
    spread = 1.4826 * np.nanmedian(np.abs(rest), axis=(0, 2)) / np.sqrt(2)
    noise = 1.25 * spread / np.sqrt(len(beats))
    # R of the median is where its leads together are farthest from the baseline.
    near = slice(max(0, r - round(0.04 * fs)), r + round(0.04 * fs))
    r = near.start + int(np.linalg.norm(together[list(found.rows), near], axis=0).argmax())
    return Median(together, noise, fs, r, beats, since, found.rows)
