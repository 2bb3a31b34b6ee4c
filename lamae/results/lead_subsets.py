"""The codes when only some leads are shown."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from lamae.ecg import determined


class NextLead(NamedTuple):
    """What one lead more does to the codes.

    Attributes:
        lead: Its name.
        change: `SubsetScores.change` with it.
        new: Whether it holds anything that the leads shown do not determine.
    """

    lead: str
    change: float
    new: bool


@dataclass(frozen=True, eq=False)
class SubsetScores:
    """The probability of every code when only some leads are shown.

    Attributes:
        codes: ICD-10-CM codes.
        full: Calibrated probability with all leads of the recording.
        subsets: The leads shown.
        probability: Calibrated probability with each of them.
    """

    codes: tuple[str, ...]
    full: Float64[np.ndarray, " codes"]
    subsets: tuple[tuple[str, ...], ...]
    probability: Float64[np.ndarray, "subsets codes"]

    @property
    def change(self) -> Float64[np.ndarray, " subsets"]:
        """Mean absolute difference from the full probabilities, over codes."""
        return np.abs(self.probability - self.full).mean(axis=1)

    @property
    def next_leads(self) -> tuple[NextLead, ...]:
        """The lead that each further subset adds to the first, the least change first.

        Leads that follow from those shown come after all that hold something new.
        """
        shown = self.subsets[0]
        known = determined(shown)
        added = []
        for leads, change in zip(self.subsets[1:], self.change[1:], strict=True):
            (lead,) = set(leads) - set(shown)
            added.append(NextLead(lead, float(change), lead not in known))
        return tuple(sorted(added, key=lambda more: (not more.new, more.change, more.lead)))


@dataclass(frozen=True, eq=False)
class Robustness:
    """How far the probabilities move when leads are left out at random.

    Attributes:
        counts: Number of leads left.
        mean: Mean over subsets of `SubsetScores.change`.
        low: 10th percentile over subsets.
        high: 90th percentile.
        subsets: How many subsets of each size were tried.
    """

    counts: tuple[int, ...]
    mean: Float64[np.ndarray, " counts"]
    low: Float64[np.ndarray, " counts"]
    high: Float64[np.ndarray, " counts"]
    subsets: tuple[int, ...]
