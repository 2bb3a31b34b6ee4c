"""Which samples belong to which wave of the beat, and what that says of errors and attention."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Float64

from lamae.ecg import LEADS
from lamae.results.attention import LeadAttention, WaveShare
from lamae.results.measurement import MedianBeat
from lamae.results.reconstruction import Reconstruction, WaveError

# Where a sample could belong to two waves, it belongs to the first of these.
PRIORITY = ("QRS", "T", "ST", "P")
REST = "rest"
# QRS around R in s, where no median beat says where its ends are.
USUAL_QRS = (-0.06, 0.06)


def wave_samples(
    r_times: Float64[np.ndarray, " beats"], beat: MedianBeat | None, samples: int, fs: float
) -> dict[str, Bool[np.ndarray, " time"]]:
    """Samples of P, QRS, ST and T around every beat, and of the rest, in the order of time.

    Every beat is taken to have the median beat's waves, so those of an early beat of another
    shape are only roughly right. Without a median beat QRS alone is told from the rest.

    Args:
        r_times: R of each beat in s from the first sample.
        beat: The median beat, whose marks are in s from R.
        samples: How many samples there are.
        fs: Sampling rate in Hz.
    """
    marks: dict[str, tuple[float, float]] = {"QRS": USUAL_QRS} if beat is None else dict(beat.marks)
    if {"QRS", "T"} <= marks.keys() and marks["QRS"][1] < marks["T"][0]:
        marks["ST"] = (marks["QRS"][1], marks["T"][0])
    times = np.arange(samples) / fs
    free = np.ones(samples, dtype=bool)
    found = {}
    for wave in PRIORITY:
        if wave in marks:
            onset, offset = marks[wave]
            inside = np.zeros(samples, dtype=bool)
            for r in r_times.tolist():
                inside |= (times >= r + onset) & (times <= r + offset)
            found[wave] = inside & free
            free &= ~inside
    found[REST] = free
    return {wave: found[wave] for wave in ("P", "QRS", "ST", "T", REST) if wave in found}


def wave_errors(
    recon: Reconstruction, waves: Mapping[str, Bool[np.ndarray, " time"]]
) -> tuple[WaveError, ...]:
    """Errors of each masked lead in each wave of which anything was masked."""
    errors = []
    for row, lead in enumerate(LEADS):
        for wave, inside in waves.items():
            where = recon.masked[row] & inside
            if where.any():
                truth = recon.target[row, where]
                errors.append(
                    WaveError(
                        lead=lead,
                        wave=wave,
                        seconds=float(where.sum() / recon.fs),
                        rmse=_rmse(recon.output[row, where] - truth),
                        linear_rmse=_where_complete(recon.linear[row, where] - truth),
                        algebra_rmse=_where_complete(recon.algebra[row, where] - truth),
                    )
                )
    return tuple(errors)


def wave_shares(
    attention: LeadAttention, waves: Mapping[str, Bool[np.ndarray, " time"]]
) -> tuple[WaveShare, ...]:
    """How much of z's attention falls on each wave, each patch's spread evenly over its time.

    A patch lasts longer than most waves, so this blurs what lies side by side.
    """
    patches = attention.over_time.shape[1]
    seen = attention.over_time > 0
    shares = []
    for wave, inside in waves.items():
        within = inside.reshape(patches, -1).mean(axis=1)  # of each patch
        shares.append(
            WaveShare(
                wave=wave,
                time=float((seen * within).sum() / max(1, seen.sum())),
                attention=float((attention.over_time * within).sum()),
            )
        )
    return tuple(shares)


def _where_complete(difference: Float[np.ndarray, " time"]) -> float | None:
    return None if np.isnan(difference).any() else _rmse(difference)


def _rmse(difference: Float[np.ndarray, " time"]) -> float:
    return float(np.sqrt(np.mean(difference.astype(np.float64) ** 2)))
