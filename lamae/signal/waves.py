"""Which samples belong to which wave of the beat, and how attention divides between the waves."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from lamae.results.attention import LeadAttention, WaveShare
from lamae.results.measurement import BEAT_PARTS, MedianBeat

# Where a time could belong to two parts, it belongs to the last of these: the T of one beat
# ends where a premature QRS begins. The offset of ST is the onset of T; where parts include
# their offsets, that time is T's.
PRECEDENCE = ("P", "T", "ST", "QRS")
CLOSED_PRECEDENCE = ("P", "ST", "T", "QRS")
OUTSIDE = len(BEAT_PARTS)
REST = "rest"
# QRS around R in s, used without a median beat.
USUAL_QRS = (-0.06, 0.06)


def beat_spans(beat: MedianBeat) -> dict[str, tuple[float, float]]:
    """Onset and offset in s from R of each of `BEAT_PARTS` that the median beat shows."""
    spans = dict(beat.marks)
    if {"QRS", "T"} <= spans.keys() and spans["QRS"][1] < spans["T"][0]:
        spans["ST"] = (spans["QRS"][1], spans["T"][0])
    return spans


def beat_parts(
    times: Float[np.ndarray, " time"],
    r_times: Float64[np.ndarray, " beats"],
    spans: Mapping[str, tuple[float, float]],
    *,
    closed: bool = False,
) -> Int[np.ndarray, " time"]:
    """Segment a recording: the index in `BEAT_PARTS` of each time, `OUTSIDE` between the waves.

    Args:
        times: In s.
        r_times: R of each beat in s.
        spans: Onset and offset of the parts of every beat in s from R.
        closed: Whether a part includes a time at its very offset. It does where errors and
            attention are divided at the model's rate, at which a QRS is about ten samples; it
            does not where an attribution is summed, so that neighbouring parts meet.
    """
    part = np.full(len(times), OUTSIDE, dtype=np.intp)
    for name in CLOSED_PRECEDENCE if closed else PRECEDENCE:
        if name in spans:
            onset, offset = spans[name]
            for r in r_times.tolist():
                end = times <= r + offset if closed else times < r + offset
                part[(times >= r + onset) & end] = BEAT_PARTS.index(name)
    return part


def wave_samples(
    r_times: Float64[np.ndarray, " beats"], beat: MedianBeat | None, samples: int, fs: float
) -> dict[str, Bool[np.ndarray, " time"]]:
    """Samples of P, QRS, ST and T of all beats, and of the rest, in the order of time.

    Every beat is assumed to have the median beat's waves, so those of a premature beat of
    another shape are only roughly right. Without a median beat there are QRS and the rest.

    Args:
        r_times: R of each beat in s from the first sample.
        beat: The median beat.
        samples: How many samples there are.
        fs: Sampling rate in Hz.
    """
    spans = {"QRS": USUAL_QRS} if beat is None else beat_spans(beat)
    part = beat_parts(np.arange(samples) / fs, r_times, spans, closed=True)
    waves = {name: part == index for index, name in enumerate(BEAT_PARTS) if name in spans}
    return {**waves, REST: part == OUTSIDE}


def wave_shares(
    attention: LeadAttention, waves: Mapping[str, Bool[np.ndarray, " time"]]
) -> tuple[WaveShare, ...]:
    """Share of z's attention in each wave, each patch's spread evenly over its time.

    A patch lasts longer than most waves, so this blurs neighbouring waves.

    Args:
        attention: The model's.
        waves: Samples of each wave, as `wave_samples` gives them.
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
