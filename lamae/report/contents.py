"""What is known of one window of an ECG, before it is written to a file."""

from dataclasses import dataclass

from lamae.ecg import ECG
from lamae.errors import WeightsError
from lamae.inference.analysis import Analysis
from lamae.results.measurement import ESTIMATED, NAMES, Measurements
from lamae.results.prediction import Prediction
from lamae.results.quality import LeadQuality

# Higher ages are rare enough to identify someone.
# Source: HIPAA Privacy Rule, 45 CFR 164.514(b)(2)(i)(C).
OLDEST = 90.0


@dataclass(frozen=True)
class Reading:
    """One measurement, by the recording device or by us.

    Attributes:
        name: One of `lamae.results.measurement.NAMES`.
        value: In the unit that `NAMES` gives; None where it is withheld.
        by: "device" or "estimate", which is ours.
        confidence: One of `lamae.results.measurement.CONFIDENCE`; None for a device's value.
        reason: What our value rests on, or why it is withheld.
    """

    name: str
    value: float | None
    by: str
    confidence: str | None = None
    reason: str | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return NAMES[self.name][0]

    @property
    def words(self) -> str:
        """The value with its unit, and its confidence where that is not high."""
        if self.value is None:
            return "withheld"
        unit = NAMES[self.name][1]
        words = f"{self.value:.0f}{'' if unit == '°' else ' '}{unit}".replace("-", "−")
        return words if self.confidence in (None, "high") else f"{words} ({self.confidence})"


@dataclass(frozen=True, eq=False)
class Report:
    """What is known of one window of an ECG.

    Attributes:
        ecg: The whole recording.
        start: Where the window starts, in s.
        quality: Of the twelve leads in the window.
        found: Our measurements in the window.
        model: Name and SHA-256 of the weights; None without a model.
        prediction: The codes; None where none are given.
        refusal: Why none are given.
        remarks: Caveats to show beside the codes, one sentence each.
    """

    ecg: ECG
    start: float
    quality: tuple[LeadQuality, ...]
    found: Measurements
    model: tuple[str, str] | None
    prediction: Prediction | None
    refusal: str | None
    remarks: tuple[str, ...] = ()

    @property
    def readings(self) -> list[Reading]:
        """Every measurement in the order of `NAMES`, the device's before ours."""
        readings = []
        for name in NAMES:
            if name in self.ecg.measurements:
                readings.append(Reading(name, self.ecg.measurements[name], "device"))
            if name in ESTIMATED:
                ours = self.found[name]
                readings.append(Reading(name, ours.value, "estimate", ours.confidence, ours.reason))
        return readings

    @property
    def age(self) -> float | None:
        """Age in years, where it is known; `OLDEST` stands for every higher one."""
        return None if self.ecg.age is None else min(self.ecg.age, OLDEST)


def report(analysis: Analysis) -> Report:
    """Gather the measurements of a window, and its codes where it passes the input check.

    Args:
        analysis: Of the window; without a model, the report has no codes.

    Raises:
        InputError: The window lies outside the recording.
    """
    quality, found, refusal = analysis.quality, analysis.measurements, analysis.refusal
    try:
        model = analysis.model.name, analysis.model.sha256
    except WeightsError:
        model = None
    return Report(
        ecg=analysis.ecg,
        start=analysis.start,
        quality=quality,
        found=found,
        model=model,
        prediction=analysis.prediction if refusal is None else None,
        refusal=refusal,
        remarks=analysis.remarks if refusal is None else (),
    )
