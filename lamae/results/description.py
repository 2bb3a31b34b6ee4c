"""What a data set is, so that cards, reports and pages need not know any."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataDescription:
    """A data set of ECGs in words.

    Attributes:
        name: Its name.
        version: Which one; empty where unknown.
        population: Whom it holds, as part of a sentence: "one German source, almost wholly adults".
        licence: Under which it may be used.
        citation: What to cite.
        limits: What it leaves untested, each a sentence.
        part: Whether only a part of it was at hand.
    """

    name: str
    version: str = ""
    population: str = ""
    licence: str = ""
    citation: str = ""
    limits: tuple[str, ...] = ()
    part: bool = False

    @property
    def title(self) -> str:
        """Name and version, and whether it is a part."""
        return f"{self.name} {self.version}".strip() + (", in part" if self.part else "")


UNKNOWN = DataDescription("an unnamed data set", population="an unnamed data set")
