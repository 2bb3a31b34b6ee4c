"""Everything computed of one window of an ECG, each part once and when it is asked for."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from jaxtyping import Bool

from lamae import measure
from lamae.ecg import ECG, WINDOW
from lamae.errors import LamaeError, WeightsError
from lamae.inference.memo import Memo, part
from lamae.inference.progress import Progress, silent
from lamae.measure.amplitude import Amplitude, amplitudes
from lamae.results.attention import LeadAttention
from lamae.results.input_check import InputCheck
from lamae.results.lead_subsets import Robustness, SubsetScores
from lamae.results.masking import Masking
from lamae.results.measurement import Measurements
from lamae.results.prediction import Prediction
from lamae.results.reconstruction import Band, Imputation, MaskingCurve, Reconstruction
from lamae.signal.waves import wave_samples

# What needs the model imports torch, which takes seconds: only inside the parts that need it,
# so that the paper is drawn before the model is loaded.
if TYPE_CHECKING:
    from lamae.inference.predictor import Predictor

# Results that depend on a choice (a code, a masking ...), and copies of the recording.
MOST_CHOICES, MOST_COPIES = 48, 2
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Analysis:
    """One window of an ECG and what is computed of it; safe to share between threads.

    Parts that need the model raise WeightsError where it cannot be loaded or lacks what they
    need, and all raise InputError where the window does not exist. Methods that take long report
    their progress.

    Attributes:
        ecg: The recording.
        start: Where the ten-second window starts, in s.
        predictor: The model, or what loads it; None without one.
        parts: The properties computed so far.
        choices: Results computed so far that depend on a choice.
        copies: The recording without some of its leads.
    """

    ecg: ECG
    start: float = 0.0
    predictor: "Predictor | Callable[[], Predictor] | None" = None
    parts: Memo = field(default_factory=Memo, init=False, repr=False)
    choices: Memo = field(default_factory=lambda: Memo(MOST_CHOICES), init=False, repr=False)
    copies: Memo = field(default_factory=lambda: Memo(MOST_COPIES), init=False, repr=False)

    @property
    def model(self) -> "Predictor":
        """The model.

        Raises:
            WeightsError: There is none, or it cannot be loaded.
        """
        if self.predictor is None:
            raise WeightsError("The model could not be loaded.")
        return self.predictor() if callable(self.predictor) else self.predictor

    @part
    def window(self) -> ECG:
        """The window alone."""
        return self.ecg.window(self.start, WINDOW)

    @part
    def quality(self) -> tuple[measure.LeadQuality, ...]:
        """Signal quality of the twelve leads."""
        return measure.signal_quality(self.window)

    @part
    def heart_rate(self) -> measure.HeartRate:
        """The heart rate, estimated."""
        return measure.heart_rate(self.window)

    @part
    def measurements(self) -> Measurements:
        """Intervals, axes, rhythm and median beat, estimated."""
        return measure.measurements(self.window)

    @part
    def amplitudes(self) -> tuple[Amplitude, ...]:
        """Lowest, highest and QRS amplitude of each recorded lead."""
        return amplitudes(self.window)

    @property
    def electrodes(self) -> str | None:
        """Why the limb electrodes may have been swapped; None without a sign of it."""
        return measure.doubt(self.measurements)

    @part
    def readable(self) -> InputCheck:
        """The input check of the leads alone, which needs no model."""
        from lamae.inference.input_check import check_input

        return check_input(None, self.ecg, self.quality, self.start)

    @part
    def input_check(self) -> InputCheck:
        """Whether codes may be shown, and from which leads."""
        from lamae.inference.input_check import check_input

        if not self.readable.usable:
            return replace(self.readable, electrodes=self.electrodes)
        return check_input(self.model, self.ecg, self.quality, self.start, self.electrodes)

    @property
    def refusal(self) -> str | None:
        """Why no codes can be shown, in one sentence; None where they can."""
        try:
            if not self.input_check.passed:
                return self.input_check.reason
            _ = self.prediction
        except LamaeError as error:
            return str(error)
        return None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Caveats to show beside the codes, one sentence each."""
        return self.input_check.remarks(self.prediction)

    @property
    def shown(self) -> ECG:
        """The recording without the leads that cannot be read: what the model is shown.

        A flat or noisy lead would be read as if it were the heart's signal.
        """
        return self.shown_with(())

    def shown_with(self, leads: Sequence[str]) -> ECG:
        """The same, with these leads in any case."""
        kept = tuple(lead for lead in self.ecg.leads if lead in {*self.readable.leads, *leads})
        if kept == self.ecg.leads:
            return self.ecg
        return self.copies.get(kept, lambda: self.ecg.only(kept))

    @part
    def prediction(self) -> Prediction:
        """The codes, whether or not they may be shown."""
        return self.model.predict(self.shown, start=self.start)

    def attention(self, stage: str) -> LeadAttention:
        """How the model weighs and connects the leads, "pretrained" or "fine-tuned"."""
        return self.chosen(
            ("attention", stage),
            lambda _: self.model.attention(self.shown, start=self.start, stage=stage),
        )

    @part
    def unmasked(self) -> Reconstruction:
        """The window as the model takes it, with nothing masked."""
        from lamae.inference.reconstruction import unmasked

        return unmasked(self.model, self.shown, start=self.start)

    def reconstruction(self, masking: Masking) -> Reconstruction:
        """The window with parts masked and reconstructed; a masked lead need not be readable."""
        return self.chosen(
            ("reconstruction", masking),
            lambda _: self.model.reconstruct(
                self.shown_with(masking.leads),
                start=self.start,
                mask=masking.leads,
                ratio=masking.ratio,
                seed=masking.seed,
                segments=masking.segments,
            ),
        )

    def band(self, masking: Masking) -> Band:
        """The range of reconstructions from parts of what is visible."""
        from lamae.inference.reconstruction import band

        ecg = self.shown_with(masking.leads)
        return self.chosen(
            ("band", masking),
            lambda _: band(self.model, ecg, self.reconstruction(masking), masking),
        )

    def masking_curve(self, progress: Progress | None = None) -> MaskingCurve:
        """Error against masking ratio."""
        from lamae.inference.reconstruction import masking_curve

        return self.chosen(
            "masking_curve",
            lambda report: masking_curve(self.model, self.shown, start=self.start, progress=report),
            progress,
        )

    def imputation(self, leads: tuple[str, ...]) -> Imputation:
        """These leads reconstructed from the other readable ones."""
        from lamae.inference.reconstruction import impute

        poor = tuple(lead.lead for lead in self.readable.left_out)
        return self.chosen(
            ("imputation", leads),
            lambda _: impute(self.model, self.ecg, leads, unreadable=poor, start=self.start),
        )

    def waves(self, leads: Sequence[str] = ()) -> dict[str, Bool[np.ndarray, " time"]]:
        """Samples of each wave at the model's rate, found in `shown_with(leads)`."""
        ecg = self.shown_with(leads)

        def find(_: Progress) -> dict[str, Bool[np.ndarray, " time"]]:
            part = self if ecg is self.ecg else Analysis(ecg, self.start)
            spec = self.model.spec
            return wave_samples(
                part.heart_rate.r_times, part.measurements.beat, spec.samples, spec.fs
            )

        return self.chosen(("waves", ecg.leads), find)

    def without_each_lead(self, progress: Progress | None = None) -> SubsetScores:
        """The codes without each lead in turn."""
        from lamae.inference.lead_subsets import without_each

        return self.chosen(
            "without_each_lead",
            lambda report: without_each(self.model, self.shown, start=self.start, progress=report),
            progress,
        )

    def removal(self, order: tuple[str, ...], progress: Progress | None = None) -> SubsetScores:
        """The codes while leads are removed in this order."""
        from lamae.inference.lead_subsets import removal

        return self.chosen(
            ("removal", order),
            lambda report: removal(
                self.model, self.shown, order, start=self.start, progress=report
            ),
            progress,
        )

    def with_each_lead(
        self, leads: tuple[str, ...], progress: Progress | None = None
    ) -> SubsetScores:
        """The codes with these leads, and with each other one added."""
        from lamae.inference.lead_subsets import with_each

        return self.chosen(
            ("with_each_lead", leads),
            lambda report: with_each(
                self.model, self.shown, leads, start=self.start, progress=report
            ),
            progress,
        )

    def robustness(self, progress: Progress | None = None) -> Robustness:
        """How far the codes move with fewer leads, drawn at random."""
        from lamae.inference.lead_subsets import robustness

        return self.chosen(
            "robustness",
            lambda report: robustness(self.model, self.shown, start=self.start, progress=report),
            progress,
        )

    def chosen(
        self, key: Hashable, compute: Callable[[Progress], T], progress: Progress | None = None
    ) -> T:
        """A result that depends on a choice, computed once while it is among the latest.

        Args:
            key: Names the result and the choice.
            compute: Computes it, given what to report its progress to.
            progress: Called from 0 on where it has to be computed.
        """

        def run() -> T:
            report = progress or silent
            report(0.0)
            return compute(report)

        return self.choices.get(key, run)
