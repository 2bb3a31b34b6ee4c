"""What is known of one window of an ECG, gathered before it is written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamae.ecg import ECG, WINDOW
from lamae.errors import LamaeError
from lamae.measure import doubt, measurements, signal_quality
from lamae.results.measurement import ESTIMATED, NAMES, Measurements
from lamae.results.prediction import Prediction
from lamae.results.quality import LeadQuality

if TYPE_CHECKING:
    from lamae.inference.predictor import Predictor

# The higher ages are rare enough to tell who someone is.
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
        """The value with its unit, and how sure it is where that is not high."""
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
        remarks: What must be said beside the codes, one sentence each.
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


def report(ecg: ECG, predictor: "Predictor | None", *, start: float = 0.0) -> Report:
    """Measure a window of an ECG, and score its codes where its signal allows that.

    Args:
        ecg: A recording with any of the twelve leads.
        predictor: The model; None where it cannot be loaded.
        start: Where the ten-second window starts, in s.

    Raises:
        InputError: The window lies outside the recording.
    """
    window = ecg.window(start, WINDOW)
    quality, found = signal_quality(window), measurements(window)
    # Behind it stands torch, which the screen starts without.
    from lamae.inference.input_check import check_input

    prediction = None
    remarks: tuple[str, ...] = ()
    try:
        fit = check_input(predictor, ecg, quality, start, doubt(found))
        refusal = fit.reason
        if fit.passed and predictor is None:
            refusal = "The model could not be loaded."
        elif fit.passed and predictor is not None:
            prediction = predictor.predict(ecg, start=start, leads=fit.leads)
            remarks = fit.remarks(prediction)
    except LamaeError as error:
        refusal = str(error)
    return Report(
        ecg=ecg,
        start=start,
        quality=quality,
        found=found,
        model=None if predictor is None else (predictor.name, predictor.sha256),
        prediction=prediction,
        refusal=None if prediction else refusal,
        remarks=remarks,
    )
