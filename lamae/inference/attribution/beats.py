"""The beats of a window and their waves, as places in time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from lamae.ecg import ECG
from lamae.errors import SignalError
from lamae.measure import heart_rate, measurements
from lamae.results.attribution import PARTS, Attribution, BeatMap, TimeSums, WaveSums
from lamae.results.measurement import MedianBeat
from lamae.signal.waves import beat_parts, beat_spans

OTHER = PARTS.index("other")
# A premature beat is the R found within this time of it, in s.
SAME_BEAT = 0.1


@dataclass(frozen=True, eq=False)
class Beats:
    """Where the beats of a window are.

    Attributes:
        r_times: R of each beat in s from the start of the window.
        usual: Beats with the waves of the median beat: all but premature ventricular ones.
        spans: Onset and offset of the waves found in s from R, as `beat_spans` gives them.
        median: The median beat, where there is one.
    """

    r_times: Float64[np.ndarray, " beats"]
    usual: Bool[np.ndarray, " beats"]
    spans: Mapping[str, tuple[float, float]]
    median: MedianBeat | None

    def nearest(self, times: Float[np.ndarray, "*any"]) -> Int[np.ndarray, "*any"]:
        """The beat that each time belongs to: the one whose R is nearest."""
        return np.searchsorted((self.r_times[1:] + self.r_times[:-1]) / 2, times)

    def parts(self, times: Float[np.ndarray, " time"]) -> Int[np.ndarray, " time"]:
        """Which of `PARTS` each time belongs to.

        Args:
            times: In s from the start of the window.
        """
        return beat_parts(times, self.r_times[self.usual], self.spans)


def find_beats(window: ECG) -> Beats:
    """Find the beats of a window, and their waves where the median beat shows them.

    Raises:
        SignalError: There are no beats.
    """
    r_times = heart_rate(window).r_times
    if not len(r_times):
        raise SignalError(
            "No beats were found in this window, so it cannot be explained beat by beat; "
            "choose another method."
        )
    measured = measurements(window)
    early = [beat.time for beat in measured.premature if beat.origin == "ventricular"]
    usual = np.array([all(abs(r - t) > SAME_BEAT for t in early) for r in r_times.tolist()])
    spans = {} if measured.beat is None else beat_spans(measured.beat)
    return Beats(r_times, usual, spans, measured.beat)


def find_waves(window: ECG) -> Beats:
    """The beats of a window, with at least one wave.

    Raises:
        SignalError: The median beat shows no waves.
    """
    beats = find_beats(window)
    if not beats.spans:
        raise SignalError(
            "P, QRS and T cannot be told apart in this window, so it cannot be explained wave "
            "by wave; choose another method."
        )
    return beats


def wave_sums(attribution: Attribution, beats: Beats, fs: float, start: float) -> WaveSums:
    """Sum an attribution over P, QRS, ST and T of all beats.

    Args:
        attribution: On the recording's own samples.
        beats: Of the window that was attributed.
        fs: Sampling rate of the recording in Hz.
        start: Where the window starts, in s.
    """
    part = beats.parts(np.arange(attribution.values.shape[1]) / fs - start)
    sums = [attribution.values[:, part == i].sum(axis=1, dtype=np.float64) for i in range(OTHER)]
    sums.append(attribution.per_lead.astype(np.float64) - np.sum(sums, axis=0))
    return WaveSums(
        values=np.stack(sums, axis=1),
        leads=attribution.leads,
        found=(*(wave for wave in PARTS if wave in beats.spans), "other"),
    )


def time_sums(
    attribution: Attribution, window: ECG, *, by: str, patch: float, fs: float, start: float
) -> TimeSums:
    """Sum an attribution over all leads, second by second or beat by beat.

    A segment consists of whole patches, as `lamae.inference.attribution.ablation` masks them.

    Args:
        attribution: On the recording's own samples.
        window: What was attributed.
        by: "second" or "beat".
        patch: Length of a patch in s.
        fs: Sampling rate of the recording in Hz.
        start: Where the window starts, in s.

    Raises:
        SignalError: There are no beats.
    """
    edges = np.arange(0.0, window.duration - patch / 100, patch)
    middles = edges + patch / 2
    group = find_beats(window).nearest(middles) if by == "beat" else np.floor(middles)
    starts = edges[np.flatnonzero(np.diff(group, prepend=-1))]
    time = np.arange(attribution.values.shape[1]) / fs - start
    # Half a sample: what is on the edge belongs to what begins there.
    segment = np.searchsorted(starts, time + 0.5 / fs, side="right") - 1
    total = attribution.values.sum(axis=0, dtype=np.float64)
    return TimeSums(
        values=np.bincount(segment.clip(0), weights=total, minlength=len(starts)),
        starts=start + starts,
        ends=start + np.append(starts[1:], window.duration),
        by=by,
    )


def beat_map(attribution: Attribution, beats: Beats, fs: float, start: float) -> BeatMap | None:
    """Average an attribution over the beats, aligned at R.

    Each time counts the beats that it belongs to alone, so that the end of a beat does not take
    in the start of the next.

    Returns:
        None without a median beat.

    Source: Wagner et al. 2024, "Explaining deep learning for ECG analysis: Building blocks for
        auditing and knowledge discovery", Comput Biol Med (maps aligned and averaged over
        beats).
    """
    if beats.median is None:
        return None
    time = np.arange(attribution.values.shape[1]) / fs - start
    offsets = np.arange(beats.median.signal.shape[1]) / beats.median.fs - beats.median.r
    total = np.zeros((len(attribution.leads), len(offsets)))
    count = np.zeros(len(offsets))
    for beat in np.flatnonzero(beats.usual).tolist():
        at = beats.r_times[beat] + offsets
        own = (beats.nearest(at) == beat) & (at >= 0) & (at <= time[-1])
        total[:, own] += [np.interp(at[own], time, row) for row in attribution.values]
        count += own
    return BeatMap(
        values=(total / np.maximum(count, 1) * fs).astype(np.float32),
        beats=int(beats.usual.sum()),
    )
