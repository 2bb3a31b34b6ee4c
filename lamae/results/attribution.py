"""What raised or lowered a code's score: a map, its sums over waves and time, and its checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32, Float64

from lamae.results.measurement import BEAT_PARTS

# In order of time. "other" is what lies between the waves of two beats, and premature
# ventricular beats, whose waves are not those of the median beat.
PARTS = (*BEAT_PARTS, "other")

# What each check asks of a map; numbers are our conventions, stated wherever one is judged.
EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "completeness": "at most 5 %",
        "deletion": "lower than with every misplaced map (by chance: one in twenty)",
        "insertion": "higher than with every misplaced map (by chance: one in twenty)",
        "agreement": "a median rank correlation of at least 0.5",
        "randomisation": "a rank correlation of at most 0.5 with the map of random weights",
        "stability": "a rank correlation of at least 0.7",
    }
)
# Of a method without a completeness error.
NO_SUM = "With this method, the parts need not add up to the score."


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each sample and each lead of an ECG raised or lowered a code's score.

    Attributes:
        code: ICD-10-CM code explained.
        method: Name of the method.
        baseline: What the method itself compares the ECG with, in words.
        values: Share of the score (log-odds) at each sample of the recording that was given,
            at its own sampling rate; zero outside the window that the model saw.
        leads: Name of each row of `values`: the recording's leads.
        per_lead: Sum of the attribution over each lead.
        score: The code's score (log-odds) on this ECG.
        baseline_score: The score of a flat line (0 mV) in the same leads, whatever the method.
        completeness_error: How far the attribution's sums are from the differences of score
            that the method promises, relative to these; None where it promises none.
        against: The scores are those of `code` minus those of this code; None where they are
            the scores of `code` alone.
    """

    code: str
    method: str
    baseline: str
    values: Float32[np.ndarray, "leads time"]
    leads: tuple[str, ...]
    per_lead: Float32[np.ndarray, " leads"]
    score: float
    baseline_score: float
    completeness_error: float | None
    against: str | None = None


@dataclass(frozen=True, eq=False)
class WaveSums:
    """An attribution summed over the waves of all beats.

    Attributes:
        values: Log-odds, a row for each lead, a column for each of `PARTS`.
        leads: Name of each row.
        found: The parts that were found in this ECG.
    """

    values: Float64[np.ndarray, "leads parts"]
    leads: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TimeSums:
    """An attribution summed over all leads, second by second or beat by beat.

    Attributes:
        values: Log-odds of each segment.
        starts: Where each starts in the recording, in s.
        ends: Where each ends, in s.
        by: What a segment is: "second" or "beat".
    """

    values: Float64[np.ndarray, " segments"]
    starts: Float64[np.ndarray, " segments"]
    ends: Float64[np.ndarray, " segments"]
    by: str


@dataclass(frozen=True, eq=False)
class BeatMap:
    """An attribution averaged over beats, on the samples of the median beat.

    Attributes:
        values: Mean attribution (log-odds per s), a row for each lead of the median beat.
        beats: How many beats it was averaged over.
    """

    values: Float32[np.ndarray, "leads time"]
    beats: int


@dataclass(frozen=True)
class Check:
    """One check of an attribution.

    Attributes:
        name: One of `EXPECTED`.
        title: For people.
        value: What was measured; None where it cannot be, which counts as not passed.
        passed: Whether it is as expected.
        meaning: What was done and found, in one sentence.
        found: What was found in the words of `EXPECTED`; None where the value says it.
    """

    name: str
    title: str
    value: float | None
    passed: bool
    meaning: str
    found: str | None = None


@dataclass(frozen=True, eq=False)
class Curves:
    """The score as ever more of an ECG is masked (deletion) or shown (insertion).

    Attributes:
        shares: Share of the patches masked, or shown.
        deletion: Score with the highest share of the map masked.
        insertion: Score with only the highest share of the map shown.
        random_deletion: The same with each misplaced map.
        random_insertion: Likewise.
    """

    shares: Float64[np.ndarray, " shares"]
    deletion: Float64[np.ndarray, " shares"]
    insertion: Float64[np.ndarray, " shares"]
    random_deletion: Float64[np.ndarray, "maps shares"]
    random_insertion: Float64[np.ndarray, "maps shares"]
