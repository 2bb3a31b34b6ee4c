"""The model card: where weights come from and what they can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lamae.results.description import DataDescription
from lamae.results.json import from_json
from lamae.results.scores import Results
from lamae.results.verdict import Conformal

VERSION = 1
# The oldest group that the test counts apart, and the age from which it does.
OLD, OLD_GROUP = 80, "80 and over"
# Below this share of the training ECGs, people under 18 were hardly learned from.
FEW_MINORS = 0.05


@dataclass(frozen=True)
class TrainingData:
    """The ECGs of a data set that a run learned from.

    Attributes:
        description: Of the data set.
        records: How many ECGs.
        folds: Which folds.
        ids_sha256: SHA-256 of their sorted numbers.
        without_amplitudes: How many lack their amplitudes.
        minors: How many are of people under 18; None where unknown.
    """

    description: DataDescription
    records: int
    folds: tuple[int, ...]
    ids_sha256: str
    without_amplitudes: int = 0
    minors: int | None = None


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        recipe: Its name.
        seed: Of all that is random.
        epochs: Passes over the training ECGs.
        batch: ECGs a step.
        minutes: How long it took.
        ecgs_per_second: Median over the epochs.
        waiting: Share of the time spent waiting for data.
        parameters: Of the model that was trained.
        device: Where it ran.
        precision: Of the arithmetic.
        environment: Threads, processes, versions and commit.
        history: Losses and AUROCs of each epoch.
        settings: What the method adds of its own, by name.
        finetuned: Whether the weights it began with had a classifier already.
        data: What it learned from, where that is its own.
    """

    recipe: str
    seed: int
    epochs: int
    batch: int
    minutes: float
    ecgs_per_second: float
    waiting: float
    parameters: int
    device: str
    precision: str
    environment: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, float | int], ...] = ()
    settings: Mapping[str, float | bool] = field(default_factory=dict)
    finetuned: bool = False
    data: TrainingData | None = None


@dataclass(frozen=True)
class Prevalence:
    """How many training ECGs carry a code or a statement, and their share."""

    positives_train: int
    prevalence: float


@dataclass(frozen=True)
class InputReference:
    """Reconstruction errors of known ECGs, to which the input check compares others.

    Attributes:
        quantiles: Pairs of a share and the error below which that share lies.
        ecgs: How many ECGs there were.
    """

    quantiles: tuple[tuple[float, float], ...]
    ecgs: int

    def error(self, share: float) -> float:
        """The error below which a share of the ECGs lies.

        Raises:
            KeyError: The reference has no such quantile.
        """
        return dict(self.quantiles)[share]


@dataclass(frozen=True)
class ModelCard:
    """Where weights come from and what they can do.

    Attributes:
        name: Of the weights.
        version: Of the card's layout.
        paper: That describes the method.
        created: ISO date.
        licence: Of the weights.
        citation: What to cite, each a sentence.
        limits: What they must not be used for or are untested in, each a sentence.
        data: What pretraining learned from.
        pretraining: The run.
        continued: Runs of pretraining after it, the first first.
        finetuning: The run, with the data that it learned from.
        codes: What the fine-tuning data held, by code.
        statements: Likewise by statement.
        not_offered: Codes that the model does not suggest, and why.
        conformal: Cuts for verdicts.
        input_check: Reference of the input check.
        results: On validation and test fold.
    """

    name: str
    version: int = VERSION
    paper: str = ""
    created: str = ""
    licence: str = ""
    citation: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    data: TrainingData | None = None
    pretraining: Run | None = None
    continued: tuple[Run, ...] = ()
    finetuning: Run | None = None
    codes: Mapping[str, Prevalence] = field(default_factory=dict)
    statements: Mapping[str, Prevalence] = field(default_factory=dict)
    not_offered: Mapping[str, str] = field(default_factory=dict)
    conformal: Conformal | None = None
    input_check: InputReference | None = None
    results: Results = field(default_factory=Results)

    @property
    def labelled_data(self) -> TrainingData | None:
        """What the classifier learned from; None before fine-tuning."""
        return None if self.finetuning is None else self.finetuning.data

    def without_code(self, code: str) -> str:
        """That the model does not offer a code, and why where that is known; no full stop."""
        why = f" ({self.not_offered[code]})" if code in self.not_offered else ""
        return f"The model does not offer the code {code!r}{why}"

    @property
    def minors(self) -> str | None:
        """How little the model knows people under 18, in a sentence; None where it knows them."""
        data = self.labelled_data or self.data
        if data is None or data.minors is None:
            return "Whether the model was trained on people under 18 is not known."
        if data.minors >= FEW_MINORS * data.records:
            return None
        return f"The model was {'hardly' if data.minors else 'not'} trained on people under 18."

    @property
    def old_people(self) -> str | None:
        """How much worse the model ranked from `OLD` years on; None where it did not."""
        test = self.results.test
        known = {
            name: group
            for name, group in (test.subgroups.get("age", {}) if test else {}).items()
            if group.shared.macro_auroc is not None and group.shared.ci is not None
        }
        old = known.pop(OLD_GROUP, None)
        if old is None or not known:
            return f"How well the model does from {OLD} years on is not known."
        macro, interval = old.shared.macro_auroc, old.shared.ci
        others = [g.shared.macro_auroc for g in known.values() if g.shared.macro_auroc is not None]
        if macro is None or interval is None or macro >= min(others):
            return None
        return (
            f"From {OLD} years on the model ranked worse in its test: macro AUROC "
            f"{macro:.2f} ({interval[0]:.2f}–{interval[1]:.2f}) on {old.ecgs} test ECGs, "
            f"{min(others):.2f} to {max(others):.2f} at other ages, over the "
            f"{old.shared.codes} codes that all can measure."
        )


def parse_card(values: Any) -> ModelCard:
    """A card from its JSON.

    Raises:
        ValueError: It is of another version, or an entry is missing, unknown or of another type.
    """
    found = values.get("version") if isinstance(values, Mapping) else None
    if found != VERSION:
        raise ValueError(f"its card has version {found!r}, expected {VERSION}")
    return from_json(ModelCard, values)
