"""The verdict on a code: suggested, not suggested, or cannot say.

Two cuts of its probability, made by class-conditional conformal prediction on the validation
fold (`lamae.evaluate.conformal`), say which truth an ECG is compatible with. What they leave
open, or what goes against the operating point, is "cannot say".
"""

from collections.abc import Mapping
from dataclasses import dataclass

SUGGESTED, NOT_SUGGESTED, CANNOT_SAY = "suggested", "not suggested", "cannot say"
UNDECIDED = (
    "“Cannot say”: the ECG lies where both ECGs with the code and ECGs without it are found, or "
    "where neither are, or on the other side of the threshold."
)


@dataclass(frozen=True)
class Cuts:
    """What a probability is compatible with.

    Attributes:
        present_from: An ECG that carries the code has at least this probability; 0 where too
            few ECGs carried it to exclude anything.
        absent_to: An ECG that does not carry it has at most this probability; 1 likewise.
        positives: ECGs with the code that the cuts rest on.
        negatives: ECGs without it.
    """

    present_from: float
    absent_to: float
    positives: int = 0
    negatives: int = 0


@dataclass(frozen=True)
class Conformal:
    """The cuts of every code offered.

    Attributes:
        level: Share of either kind of ECG whose truth the cuts do not exclude.
        codes: Cuts by code.
    """

    level: float
    codes: Mapping[str, Cuts]


def verdict(cuts: Cuts | None, probability: float, threshold: float) -> str:
    """The verdict on a code.

    Args:
        cuts: Of the code; None where there are none, and only the threshold decides.
        probability: Calibrated.
        threshold: The code's operating point.

    Returns:
        `SUGGESTED` or `NOT_SUGGESTED` where the threshold says so and the other possibility is
        excluded, and `CANNOT_SAY` where it is not, or where both are.
    """
    suggested = probability >= threshold
    if cuts is not None:
        may_be_present = probability >= cuts.present_from
        may_be_absent = probability <= cuts.absent_to
        if may_be_present != suggested or may_be_absent == suggested:
            return CANNOT_SAY
    return SUGGESTED if suggested else NOT_SUGGESTED
