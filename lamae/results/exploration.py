"""What is asked of the model when it is explored, and what it answers, as plain values.

Arrays over twelve leads follow `lamae.ecg.LEADS`, as in `lamae.results`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64

from lamae.ecg import ECG, LEADS, determined, lead_indices
from lamae.errors import InputError
from lamae.results.prediction import Reconstruction

_SEGMENT = re.compile(r"(\w{1,4})(?::(\d{1,5}(?:\.\d{1,3})?)-(\d{1,5}(?:\.\d{1,3})?))?")


class Segment(NamedTuple):
    """A segment of one lead, in s of recording time."""

    lead: str
    first: float
    last: float


@dataclass(frozen=True)
class Masking:
    """What is masked.

    Attributes:
        leads: Leads masked wholly.
        segments: Segments masked of others.
        share: Share of the patches masked at random in each lead that is not masked wholly.
        seed: Of the patches drawn.
    """

    leads: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    share: float = 0.0
    seed: int = 0

    @property
    def nothing(self) -> bool:
        """Whether the model sees all there is."""
        return not (self.leads or self.segments or self.share)

    @property
    def text(self) -> str:
        """Leads and segments as a link writes them: "V1,II:2-3.4"."""
        parts = [f"{s.lead}:{s.first:g}-{s.last:g}" for s in self.segments]
        return ",".join([*self.leads, *parts])

    @classmethod
    def parse(cls, text: str) -> "Masking":
        """Leads and segments from a link, as `text` writes them; "none" is nothing.

        Raises:
            InputError: A part is neither a standard lead nor a segment of one.
        """
        leads, segments = [], []
        text = "" if text == "none" else text
        for part in filter(None, (part.strip() for part in text.split(","))):
            match = _SEGMENT.fullmatch(part)
            if match is None or match[1] not in LEADS:
                raise InputError(
                    "The link masks something that is no lead; expected leads and segments in s, "
                    "such as V1,V2,II:2-3.4."
                )
            if match[2] is None:
                leads.append(match[1])
            else:
                segments.append(Segment(match[1], float(match[2]), float(match[3])))
        return cls(tuple(lead for lead in LEADS if lead in leads), tuple(sorted(set(segments))))


def shown_leads(ecg: ECG, leads: Sequence[str] | None) -> tuple[str, ...]:
    """The recording's leads among those asked for, in standard order; None asks for all.

    Raises:
        InputError: A name is not a lead, or the recording has none of them.
    """
    if leads is None:
        return ecg.leads
    lead_indices(leads)
    shown = tuple(lead for lead in ecg.leads if lead in leads)
    if not shown:
        raise InputError(
            f"The recording has none of the leads asked for; it has {', '.join(ecg.leads)}."
        )
    return shown


@dataclass(frozen=True, eq=False)
class Band:
    """How far reconstructions differ when the model sees less than it might.

    Attributes:
        low: 10th percentile over the draws in mV; NaN where nothing was masked.
        high: 90th percentile, likewise.
        draws: How many reconstructions there were.
        shown: Share of the visible patches that each of them saw.
        coverage: Share of the masked samples whose true value lies in the band.
    """

    low: Float32[np.ndarray, "12 time"]
    high: Float32[np.ndarray, "12 time"]
    draws: int
    shown: float
    coverage: float


@dataclass(frozen=True)
class WaveError:
    """How well one kind of wave was reconstructed in one lead, root mean square in mV.

    Attributes:
        lead: Its name.
        wave: "P", "QRS", "ST", "T" or "rest".
        seconds: How much of it was masked.
        rmse: Of the model.
        linear_rmse: Of the linear regression; None where it leaves any of it open.
        algebra_rmse: Of the limb leads' relations, likewise.
    """

    lead: str
    wave: str
    seconds: float
    rmse: float
    linear_rmse: float | None
    algebra_rmse: float | None


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
class MaskingCurve:
    """Error on masked samples against the share masked at random in every lead.

    Attributes:
        shares: Masked share, 0 to 1.
        model: Root mean square error in mV, the mean over draws.
        linear: That of the linear regression, which says 0 mV where no lead is visible.
        draws: Draws at each share.
    """

    shares: Float64[np.ndarray, " shares"]
    model: Float64[np.ndarray, " shares"]
    linear: Float64[np.ndarray, " shares"]
    draws: int


@dataclass(frozen=True, eq=False)
class Imputation:
    """An ECG with imputed leads, for people to look at and never for the model.

    Attributes:
        ecg: The window with the reconstructed leads in it, at the model's rate and after its
            filter.
        leads: The reconstructed ones.
        shown: Leads that the model saw.
        reconstruction: The same as a figure draws it; `target` is not a number in reconstructed
            leads.
    """

    ecg: ECG
    leads: tuple[str, ...]
    shown: tuple[str, ...]
    reconstruction: Reconstruction


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


def merged(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same segments in order, with those that touch or overlap joined."""
    joined: list[Segment] = []
    for segment in sorted(segments):
        if joined and joined[-1].lead == segment.lead and segment.first <= joined[-1].last + 1e-6:
            joined[-1] = joined[-1]._replace(last=max(joined[-1].last, segment.last))
        else:
            joined.append(segment)
    return tuple(joined)


def patches_in(
    segments: Sequence[Segment], start: float, patches: int, patch_seconds: float
) -> Bool[np.ndarray, "12 patches"]:
    """The patches of a window whose middle lies in one of the segments.

    Args:
        segments: In s of recording time.
        start: Where the window starts, in s.
        patches: N, patches in a lead.
        patch_seconds: Length of a patch in s.

    Raises:
        InputError: A segment names no standard lead.
    """
    middles = start + (np.arange(patches) + 0.5) * patch_seconds
    inside = np.zeros((len(LEADS), patches), dtype=bool)
    for segment in segments:
        (row,) = lead_indices([segment.lead])
        inside[row] |= (middles >= segment.first) & (middles <= segment.last)
    return inside
