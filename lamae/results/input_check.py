"""Whether an ECG is fit for the model: its leads are readable, and it is like known ECGs."""

from dataclasses import dataclass

from lamae.results.prediction import Prediction
from lamae.results.quality import LeadQuality

# From this quantile of the known ECGs on, one is refused.
LIMIT = 0.99


@dataclass(frozen=True)
class ReconstructionCheck:
    """How well an ECG can be reconstructed, beside known ECGs.

    Attributes:
        error: Share of the masked signal's energy that the model fails to reconstruct; 1 is as
            bad as a flat line.
        typical: Median of the known ECGs.
        limit: The error that `LIMIT` of the known ECGs stay below.
        ecgs: How many known ECGs there were.
    """

    error: float
    typical: float
    limit: float
    ecgs: int

    @property
    def passed(self) -> bool:
        """Whether the ECG is like the known ones."""
        return self.error <= self.limit

    @property
    def reason(self) -> str:
        """Why it is not, in one sentence."""
        return (
            f"This signal is unlike the ECGs that the model learned from: it failed to reconstruct "
            f"{self.error:.0%} of the masked signal; {LIMIT:.0%} of {self.ecgs} known ECGs stay "
            f"below {self.limit:.0%}."
        )


@dataclass(frozen=True)
class InputCheck:
    """Whether codes may be shown for a window of an ECG, and which leads the model sees.

    Attributes:
        usable: Whether enough of the leads can be read.
        signal: Which can, in one sentence.
        leads: The leads that the model sees: those that can be read, all where none can.
        left_out: Recorded leads that are masked.
        reconstruction: How the ECG compares with known ones; None where it was not compared.
        age: The model's limits at the age that the file states; None where there are none.
        electrodes: Why the limb electrodes may have been swapped; None without a sign of it.
    """

    usable: bool
    signal: str
    leads: tuple[str, ...]
    left_out: tuple[LeadQuality, ...] = ()
    reconstruction: ReconstructionCheck | None = None
    age: str | None = None
    electrodes: str | None = None

    @property
    def passed(self) -> bool:
        """Whether codes may be shown."""
        return self.usable and (self.reconstruction is None or self.reconstruction.passed)

    @property
    def reason(self) -> str:
        """Why they may not be, in one sentence; on the leads, where they may."""
        known = self.reconstruction
        return self.signal if known is None or known.passed else known.reason

    @property
    def masked(self) -> str | None:
        """Which leads are masked and why, in one sentence; None where none is."""
        if not self.left_out:
            return None
        by_verdict: dict[str, list[str]] = {}
        for lead in self.left_out:
            by_verdict.setdefault(lead.verdict, []).append(lead.lead)
        why = next(iter(by_verdict))
        if len(by_verdict) > 1:
            why = "; ".join(f"{', '.join(leads)} {what}" for what, leads in by_verdict.items())
        were = "was" if len(self.left_out) == 1 else "were"
        return (
            f"{', '.join(lead.lead for lead in self.left_out)} could not be read ({why}) and "
            f"{were} masked."
        )

    def remarks(self, prediction: Prediction) -> tuple[str, ...]:
        """Caveats to show beside codes, one sentence each; none where all is as tested."""
        remarks = [self.electrodes, self.masked, prediction.untested]
        if prediction.untested and self.reconstruction is None:
            remarks.append("This ECG was not compared with known ones, either.")
        remarks.append(self.age)
        return tuple(remark for remark in remarks if remark)
