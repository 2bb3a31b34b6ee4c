"""The attribution of one code in one window, with its sums and quality checks."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lamae.ecg import ECG, WINDOW
from lamae.errors import SignalError
from lamae.inference.analysis import Analysis
from lamae.inference.attribution import (
    METHODS,
    Method,
    beat_map,
    explain,
    find_waves,
    time_sums,
    wave_sums,
)
from lamae.inference.attribution.checks import (
    agreement_check,
    completeness_check,
    randomisation_check,
    stability_check,
)
from lamae.inference.attribution.curves import curves, deletion_check, insertion_check
from lamae.inference.progress import Progress
from lamae.results.attribution import Attribution, BeatMap, Check, Curves, TimeSums, WaveSums
from lamae.results.measurement import MedianBeat

# What an attribution is compared with: two methods that follow gradients, one that masks.
COMPARED = ("input_x_gradient", "gradient_shap", "segment_ablation")


@dataclass(frozen=True)
class Explanation:
    """What raises and lowers the score of a code, each part computed once by the analysis.

    Attributes:
        analysis: Of the window.
        code: ICD-10-CM code.
        method: One of `METHODS`.
        against: A code whose score is subtracted; None where there is none.
    """

    analysis: Analysis
    code: str
    method: str = "lead_ablation"
    against: str | None = None

    @property
    def chosen(self) -> Method:
        """The method's properties."""
        return METHODS[self.method]

    def attribution(self, progress: Progress | None = None) -> Attribution:
        """The attribution of the leads that the model is shown.

        Raises:
            InputError: The code or the method does not exist.
            SignalError: The method needs beats or waves, and they cannot be found.
        """
        ecg = self.analysis.shown
        inside = self._inside

        def compute(report: Progress) -> Attribution:
            found = self._explain(self.analysis.model, ecg, report)
            # Of a long recording nearly all values are zero: only the window's are kept.
            return replace(found, values=found.values[:, inside].copy())

        found = self.analysis.chosen(self._key("attribution"), compute, progress)
        values = np.zeros(ecg.signal.shape, dtype=np.float32)
        values[:, inside] = found.values
        return replace(found, values=values)

    @property
    def completeness(self) -> Check | None:
        """Whether the parts add up; None for methods that promise no sum."""
        return completeness_check(self.attribution())

    def sums(self) -> tuple[WaveSums, BeatMap | None, MedianBeat | None] | None:
        """Sums over waves, and the mean over beats; None where waves cannot be found."""

        def compute(_: Progress) -> tuple[WaveSums, BeatMap | None, MedianBeat | None] | None:
            ecg, start = self.analysis.shown, self.analysis.start
            try:
                beats = find_waves(ecg.window(start, WINDOW))
            except SignalError:
                return None
            own = self.attribution()
            return (
                wave_sums(own, beats, ecg.fs, start),
                beat_map(own, beats, ecg.fs, start),
                beats.median,
            )

        return self.analysis.chosen(self._key("sums"), compute)

    def over_time(self) -> TimeSums:
        """Sums over all leads, in the finest segments that the method resolves."""
        ecg, start, model = self.analysis.shown, self.analysis.start, self.analysis.model
        return time_sums(
            self.attribution(),
            ecg.window(start, WINDOW),
            by=self.chosen.finest,
            patch=model.patch_seconds,
            fs=ecg.fs,
            start=start,
        )

    def curves(self, progress: Progress | None = None) -> Curves:
        """The score while the ECG is masked in the attribution's order, and in others."""
        return self.analysis.chosen(
            self._key("curves"),
            lambda report: curves(
                self.analysis.model,
                self.analysis.shown,
                self.attribution(),
                start=self.analysis.start,
                progress=report,
            ),
            progress,
        )

    def faithfulness(self, progress: Progress | None = None) -> tuple[Check, Check, Check]:
        """Whether the score follows the attribution, and whether other methods agree."""

        def compute(report: Progress) -> tuple[Check, Check, Check]:
            names = [name for name in COMPARED if name != self.method]
            others = {}
            for number, name in enumerate(names):
                part = _part(report, number, len(names))
                others[METHODS[name].title] = replace(self, method=name).attribution(part)
            analysis = self.analysis
            agreement = agreement_check(
                self.attribution(), others, analysis.shown, analysis.model, analysis.start
            )
            found = self.curves()
            return deletion_check(found), insertion_check(found), agreement

        return self.analysis.chosen(self._key("faithfulness"), compute, progress)

    def randomisation(self, progress: Progress | None = None) -> Check:
        """Whether the attribution changes with the weights."""

        def compute(report: Progress) -> Check:
            analysis, steady = self.analysis, _Steady(report)
            return randomisation_check(
                self.attribution(),
                lambda model: self._explain(model, analysis.shown, steady.repeat),
                analysis.shown,
                analysis.model,
                analysis.start,
                progress=steady.advance,
            )

        return self.analysis.chosen(self._key("randomisation"), compute, progress)

    def stability(self, progress: Progress | None = None) -> Check:
        """Whether the attribution stays the same under noise."""

        def compute(report: Progress) -> Check:
            analysis, steady = self.analysis, _Steady(report)
            return stability_check(
                self.attribution(),
                lambda noisy: self._explain(analysis.model, noisy, steady.repeat),
                analysis.shown,
                analysis.model,
                analysis.start,
                progress=steady.advance,
            )

        return self.analysis.chosen(self._key("stability"), compute, progress)

    @property
    def _inside(self) -> slice:
        """The samples of the window, where alone an attribution has values."""
        fs = self.analysis.ecg.fs
        first = round(self.analysis.start * fs)
        return slice(max(0, first - 1), first + round(WINDOW * fs) + 1)

    def _explain(self, model: Any, ecg: ECG, report: Progress) -> Attribution:
        return explain(
            model,
            ecg,
            self.code,
            method=self.method,
            start=self.analysis.start,
            against=self.against,
            progress=report,
        )

    def _key(self, part: str) -> tuple[str | None, ...]:
        return part, self.code, self.method, self.against


def _part(report: Progress, number: int, count: int) -> Progress:
    """The progress of one of several parts as that of the whole."""
    return lambda share: report((number + share) / count)


class _Steady:
    """Progress that inner steps repeat: each is a moment to cancel, and none moves the bar."""

    def __init__(self, report: Progress) -> None:
        self.report = report
        self.share = 0.0

    def advance(self, share: float) -> None:
        self.share = share
        self.report(share)

    def repeat(self, _: float) -> None:
        self.report(self.share)
