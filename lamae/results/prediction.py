"""What the model says about an ECG, as plain NumPy values, and these as JSON.

Arrays over leads have one row for each of the twelve standard leads in the order of
`lamae.ecg.LEADS`, whichever of them the recording has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lamae.ecg import LEADS
from lamae.results.verdict import CANNOT_SAY, SUGGESTED

# Tests were made with ten seconds; an ECG that is cut a little short is still like those.
TESTED_FROM = 9.0
# How the codes of a prediction are ordered, in words.
ORDER = "Ordered by probability divided by threshold: furthest above its threshold first."


def as_tested(leads: Sequence[str], seconds: float) -> bool:
    """Whether the model was tested with as much: all twelve leads over ten seconds."""
    return tuple(leads) == LEADS and seconds >= TESTED_FROM


@dataclass(frozen=True)
class StatementScore:
    """An SCP-ECG statement and the model's probability for it, not calibrated."""

    name: str
    description: str
    probability: float
    confidence: str


@dataclass(frozen=True)
class CodeScore:
    """An ICD-10-CM code and how strongly this ECG suggests it.

    Attributes:
        code: ICD-10-CM code.
        title: Its title.
        probability: Calibrated on the validation fold.
        threshold: Its operating point, a probability.
        verdict: "suggested", "not suggested" or "cannot say", see `lamae.results.verdict`.
        statements: The statements that suggest the code, the most probable first.
        auroc: On the test fold, with its 95 % interval; None where it was not measured, or
            where less of the ECG was read than of those of the test.
    """

    code: str
    title: str
    probability: float
    threshold: float
    verdict: str
    statements: tuple[StatementScore, ...]
    auroc: float | None = None
    auroc_interval: tuple[float, float] | None = None

    @property
    def suggested(self) -> bool:
        """Whether the verdict is that; the threshold alone does not make it."""
        return self.verdict == SUGGESTED

    @property
    def undecided(self) -> bool:
        """Whether the verdict is that it cannot be told."""
        return self.verdict == CANNOT_SAY


@dataclass(frozen=True)
class Prediction:
    """The codes of one ECG, the most probable relative to its threshold first.

    Attributes:
        codes: Every code the model may suggest.
        statements: Every statement, the most probable first.
        start: Where the window that the model saw starts, in s.
        seconds: How much of the window holds signal, in s.
        leads: The leads that the model saw.
    """

    codes: tuple[CodeScore, ...]
    statements: tuple[StatementScore, ...]
    start: float
    seconds: float
    leads: tuple[str, ...]

    @property
    def as_tested(self) -> bool:
        """Whether what was measured on the test fold applies."""
        return as_tested(self.leads, self.seconds)

    def as_far_as_tested(self) -> "Prediction":
        """The same, without the AUROC of any code where those of the test do not apply."""
        if self.as_tested:
            return self
        bare = (replace(code, auroc=None, auroc_interval=None) for code in self.codes)
        return replace(self, codes=tuple(bare))

    @property
    def untested(self) -> str | None:
        """What does not apply, in one sentence; None where all does."""
        if self.as_tested:
            return None
        count = len(self.leads)
        read = f"lead {self.leads[0]} alone" if count == 1 else f"{count} leads"
        if self.seconds < TESTED_FROM:
            read += f" over {self.seconds:.1f} s"
        return (
            "AUROC, thresholds, calibration and the error rates of the verdicts were tested with "
            f"twelve leads over 10 s only; the model read {read}, and for that none is known."
        )
