"""What the model says about an ECG, as plain NumPy values, and these as JSON.

Arrays over leads have one row for each of the twelve standard leads in the order of
`lamae.ecg.LEADS`, whichever of them the recording has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from lamae.ecg import LEADS
from lamae.results.verdict import CANNOT_SAY, SUGGESTED

# Said wherever results are shown or written.
NOTICE = "Research use only, not a medical device"
# Said of younger people: 26 of the 3,395 ECGs that the weights which ship were trained on.
MINORS = "The model was hardly trained on people under 18."
# The oldest group that the test counts apart, and the age from which it does.
OLD, OLD_GROUP = 80, "80 and over"
# Tests were made with ten seconds; an ECG that is cut a little short is still like those.
TESTED_FROM = 9.0


def as_tested(leads: Sequence[str], seconds: float) -> bool:
    """Whether the model was tested with as much: all twelve leads over ten seconds."""
    return tuple(leads) == LEADS and seconds >= TESTED_FROM


def of_old_people(card: Mapping[str, Any]) -> str | None:
    """How much worse a model ranked from `OLD` years on, in a sentence; None where it does not.

    Args:
        card: The model's; without figures for that age, the sentence says so.
    """
    subgroups = card.get("results", {}).get("test", {}).get("subgroups") or {}
    known = {
        name: group
        for name, group in subgroups.get("age", {}).items()
        if (shared := group.get("shared")) and shared["macro_auroc"] is not None and shared["ci"]
    }
    old = known.pop(OLD_GROUP, None)
    if old is None or not known:
        return f"How well the model does from {OLD} years on is not known."
    shared = old["shared"]
    others = [group["shared"]["macro_auroc"] for group in known.values()]
    if shared["macro_auroc"] >= min(others):
        return None
    low, high = shared["ci"]
    return (
        f"From {OLD} years on the model ranked worse in its test: macro AUROC "
        f"{shared['macro_auroc']:.2f} ({low:.2f}–{high:.2f}) on {old['ecgs']} test ECGs, "
        f"{min(others):.2f} to {max(others):.2f} at other ages, over the "
        f"{shared['codes']} codes that all can measure."
    )


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


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each sample and each lead of an ECG raised or lowered a code's score.

    Attributes:
        code: ICD-10-CM code explained.
        method: Name of the method.
        baseline: What the method itself compares the ECG with, in words.
        values: Share of the score (log-odds) at each sample of the recording that was given,
            at its own sampling rate; zero outside the window that the model saw.
        leads: Name of each row of `values`: the recording's leads.
        per_lead: Sum of the attribution over each lead.
        score: The code's score (log-odds) on this ECG.
        baseline_score: The score of a flat line (0 mV) in the same leads, whatever the method.
        completeness_error: How far the attribution's sums are from the differences of score
            that the method promises, relative to these; None where it promises none.
        against: The scores are those of `code` minus those of this code; None where they are
            the scores of `code` alone.
    """

    code: str
    method: str
    baseline: str
    values: Float32[np.ndarray, "leads time"]
    leads: tuple[str, ...]
    per_lead: Float32[np.ndarray, " leads"]
    score: float
    baseline_score: float
    completeness_error: float | None
    against: str | None = None


@dataclass(frozen=True)
class LeadError:
    """How well one lead was reconstructed where it was masked.

    Attributes:
        lead: Its name.
        masked_share: Share of the lead that was masked, 0 to 1.
        rmse: Root mean square error in mV of the model, on masked samples only.
        pearson_r: Correlation of model and truth there; None where either is constant.
        linear_rmse: The same error for the linear regression from the visible leads; None
            where no lead is visible at some masked sample.
        algebra_rmse: The same error for Einthoven's and Goldberger's relations, on the masked
            samples that the visible leads determine; None where these determine none.
        algebra_reach: Share of the masked samples that they determine, 0 to 1.
        rmse_in_reach: The model's error on the same samples; None where there are none.
    """

    lead: str
    masked_share: float
    rmse: float
    pearson_r: float | None
    linear_rmse: float | None
    algebra_rmse: float | None
    algebra_reach: float
    rmse_in_reach: float | None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A window of an ECG with parts masked, and what was reconstructed there.

    All signals are in mV after the model's own filter, at the model's sampling rate.

    Attributes:
        fs: Sampling rate in Hz.
        start: Where the window starts in the recording, in s.
        target: The true signal; zero where the recording has none.
        output: The target with its masked samples replaced by the model's.
        linear: Linear regression from leads visible at the same time; NaN where not masked
            or where nothing is visible.
        algebra: What the limb-lead relations give at masked samples; NaN elsewhere.
        masked: Samples that the model did not see but the recording has.
        present: Samples that the recording has.
        errors: One entry a lead that was masked at least in part.
    """

    fs: float
    start: float
    target: Float32[np.ndarray, "12 time"]
    output: Float32[np.ndarray, "12 time"]
    linear: Float32[np.ndarray, "12 time"]
    algebra: Float32[np.ndarray, "12 time"]
    masked: Bool[np.ndarray, "12 time"]
    present: Bool[np.ndarray, "12 time"]
    errors: tuple[LeadError, ...]


@dataclass(frozen=True, eq=False)
class LeadAttention:
    """How the latent attention weighs and connects leads.

    Attributes:
        leads: The leads that the model saw; every axis over leads follows their order.
        weights: Share of z's attention to leads that each lead receives, from the mean over
            blocks and heads; sums to 1.
        matrix: Share of lead l's attention (row) that goes to lead m (column), likewise; rows
            sum to 1.
        layer_weights: `weights` of each block and head alone.
        layer_matrix: `matrix` of each block and head alone.
        over_time: Share of z's attention to patches that each patch of each lead receives, the
            mean over blocks and heads; sums to 1, and is 0 where the recording holds nothing.
        start: Where the window starts in the recording, in s.
        patch_seconds: Length of a patch in s.
    """

    leads: tuple[str, ...]
    weights: Float32[np.ndarray, " leads"]
    matrix: Float32[np.ndarray, "leads leads"]
    layer_weights: Float32[np.ndarray, "layers heads leads"]
    layer_matrix: Float32[np.ndarray, "layers heads leads leads"]
    over_time: Float32[np.ndarray, "leads patches"]
    start: float
    patch_seconds: float


def to_json(value: Any) -> Any:
    """The same value in JSON's own types; what is not a finite number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
