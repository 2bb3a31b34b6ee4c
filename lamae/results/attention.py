"""How the model weighs and connects leads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64


@dataclass(frozen=True, eq=False)
class LeadAttention:
    """How the latent attention weighs and connects leads.

    Attributes:
        leads: The leads that the model saw; every axis over leads follows their order.
        weights: Share of z's attention to leads that each lead receives, from the mean over
            blocks and heads; sums to 1.
        matrix: Share of lead l's attention (row) that goes to lead m (column), likewise; rows
            sum to 1.
        layer_weights: `weights` of each block and head alone.
        layer_matrix: `matrix` of each block and head alone.
        over_time: Share of z's attention to patches that each patch of each lead receives, the
            mean over blocks and heads; sums to 1, and is 0 where the recording holds nothing.
        start: Where the window starts in the recording, in s.
        patch_seconds: Length of a patch in s.
    """

    leads: tuple[str, ...]
    weights: Float32[np.ndarray, " leads"]
    matrix: Float32[np.ndarray, "leads leads"]
    layer_weights: Float32[np.ndarray, "layers heads leads"]
    layer_matrix: Float32[np.ndarray, "layers heads leads leads"]
    over_time: Float32[np.ndarray, "leads patches"]
    start: float
    patch_seconds: float


@dataclass(frozen=True)
class WaveShare:
    """How much of z's attention one kind of wave receives.

    Attributes:
        wave: "P", "QRS", "ST", "T" or "rest".
        time: Its share of the time that the model saw.
        attention: Its share of z's attention to patches.
    """

    wave: str
    time: float
    attention: float


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """Mean lead weights of a group of ECGs, with 95 % bootstrap intervals over ECGs.

    Attributes:
        name: ICD-10-CM code that all of them carry; empty for all ECGs.
        ecgs: How many there are.
        mean: Mean share of attention of each of the twelve leads.
        low: Lower end of each interval.
        high: Upper end.
    """

    name: str
    ecgs: int
    mean: Float64[np.ndarray, " 12"]
    low: Float64[np.ndarray, " 12"]
    high: Float64[np.ndarray, " 12"]
