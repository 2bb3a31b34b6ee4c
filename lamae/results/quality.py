"""Signal quality of a lead."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeadQuality:
    """What can be said of one lead's signal.

    Attributes:
        lead: Its name.
        verdict: One of `VERDICTS`.
        reason: Why, with the number that decided, in a few words.
    """

    lead: str
    verdict: str
    reason: str
