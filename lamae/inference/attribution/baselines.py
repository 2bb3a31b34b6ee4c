"""Baselines with which an ECG is compared."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from lamae.inference.attribution.beats import Beats
from lamae.results.attribution import PARTS
from lamae.signal.preprocess import InputSpec, prepare
from lamae.simulate import simulate

NORMAL_ECGS = 8


def median_beat_throughout(
    x: Float32[np.ndarray, "12 time"], beats: Beats, fs: float
) -> Float32[np.ndarray, "12 time"]:
    """The same ECG with each beat replaced by the median of its beats, at its own R.

    Computed in model units after the model's filter, so that only the beats differ. A long pause
    holds the last value of the median.

    Args:
        x: Signal in model units.
        beats: Where its beats are.
        fs: Sampling rate in Hz.
    """
    size = x.shape[1]
    r = np.round(beats.r_times * fs).astype(np.intp).clip(0, size - 1)
    since = np.arange(size) - r[beats.nearest(np.arange(size) / fs)]
    grid = np.arange(since.min(), since.max() + 1)
    places = r[:, None] + grid
    # A beat counts where it is the nearest one, else the median would hold its neighbours.
    own = (places >= 0) & (places < size)
    inside = places.clip(0, size - 1)
    own &= beats.nearest(inside / fs) == np.arange(len(r))[:, None]
    cut = np.where(own[:, None], x[:, inside].transpose(1, 0, 2), np.nan)
    usual = cut[beats.usual] if beats.usual.any() else cut
    covered = np.isfinite(usual[:, 0]).any(axis=0)
    median = np.zeros((len(x), len(grid)))
    median[:, covered] = np.nanmedian(usual[:, :, covered], axis=0)
    # Beyond what the usual beats cover, the nearest value that they do.
    nearest = np.abs(np.flatnonzero(covered)[:, None] - np.arange(len(grid))).argmin(axis=0)
    median = median[:, np.flatnonzero(covered)[nearest]]
    return median[:, since - grid[0]].astype(np.float32)


def without_waves(
    x: Float32[np.ndarray, "12 time"], beats: Beats, fs: float
) -> Float32[np.ndarray, "12 time"]:
    """The same ECG with every P, QRS, ST and T levelled.

    P, QRS and T become the straight line between their ends. ST becomes the level just before
    its QRS, which ST deviation is measured from: a line between its own ends would keep it.

    Args:
        x: Signal in model units.
        beats: Where its waves are.
        fs: Sampling rate in Hz.
    """
    size = x.shape[1]
    part = beats.parts(np.arange(size) / fs)
    out = x.copy()
    # Neighbouring samples of one wave form a run.
    edges = np.flatnonzero(np.diff(part, prepend=-1, append=-1))
    for first, stop in pairwise(edges.tolist()):
        wave = PARTS[part[first]]
        if wave == "other":
            continue
        left, right = x[:, max(first - 1, 0)], x[:, min(stop, size - 1)]
        if wave == "ST":
            r = beats.r_times[beats.nearest(np.array([first / fs]))[0]]
            level = x[:, int(np.clip((r + beats.spans["QRS"][0]) * fs - 1, 0, size - 1))]
            left = right = level
        out[:, first:stop] = np.linspace(left, right, stop - first + 2, axis=1)[:, 1:-1]
    return out


@lru_cache(maxsize=2)
def normal_ecgs(spec: InputSpec) -> Float[Tensor, "ecgs 12 T"]:
    """Simulated normal ECGs of different hearts and rates, as the model takes them."""
    simulated = (
        simulate("sinus_rhythm", seconds=spec.seconds, rng=np.random.default_rng(seed)).ecg
        for seed in range(NORMAL_ECGS)
    )
    return torch.from_numpy(np.stack([prepare(ecg, spec).values for ecg in simulated]))
