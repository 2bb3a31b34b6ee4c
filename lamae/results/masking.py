"""What is masked from the model: whole leads, segments, or patches at random."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from lamae.ecg import LEADS, lead_indices
from lamae.errors import InputError

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
        ratio: Masking ratio: share of the patches masked at random in each other lead.
        seed: Of the patches drawn.
    """

    leads: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    ratio: float = 0.0
    seed: int = 0

    @property
    def nothing(self) -> bool:
        """Whether nothing is masked."""
        return not (self.leads or self.segments or self.ratio)

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
