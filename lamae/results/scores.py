"""How good a model is on one fold, as `lamae.evaluate` finds it and cards keep it.

Every interval is a 95 % bootstrap interval. What could not be measured is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Interval = tuple[float, float]


@dataclass(frozen=True)
class LabelScore:
    """How well one code or statement is ranked.

    Attributes:
        auroc: With `ci`.
        auprc: With `auprc_ci`.
        positives: ECGs that carry it.
        prevalence: Their share.
    """

    auroc: float | None
    ci: Interval | None
    auprc: float | None
    auprc_ci: Interval | None
    positives: int
    prevalence: float


@dataclass(frozen=True)
class Macro:
    """A mean AUROC over `counted` codes or statements."""

    macro_auroc: float | None
    ci: Interval | None
    counted: int


@dataclass(frozen=True)
class Ranking:
    """How well codes or statements are ranked, each alone and in the mean over `counted`."""

    macro_auroc: float | None
    ci: Interval | None
    macro_auprc: float | None
    auprc_ci: Interval | None
    counted: int
    codes: Mapping[str, LabelScore]


@dataclass(frozen=True)
class CalibrationCurve:
    """All codes pooled, one entry for each bin of the predicted probability."""

    edges: tuple[Interval, ...]
    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    observed_ci: tuple[Interval, ...]
    count: tuple[int, ...]


@dataclass(frozen=True)
class VerdictCounts:
    """Pairs of an ECG and a code by verdict, for those that carry the code and the others."""

    carried: Mapping[str, int]
    not_carried: Mapping[str, int]


@dataclass(frozen=True)
class GroupMacro:
    """A mean AUROC over `codes` codes within a group of patients."""

    macro_auroc: float | None
    ci: Interval | None
    codes: int


@dataclass(frozen=True)
class Subgroup:
    """A group of patients: over its own codes, and over those `shared` with the other groups."""

    ecgs: int
    macro_auroc: float | None
    ci: Interval | None
    codes: int
    shared: GroupMacro


@dataclass(frozen=True)
class LeadError:
    """Medians over ECGs for one reconstructed lead.

    Attributes:
        rmse_mv: Of the model, in mV.
        linear_rmse_mv: Of linear regression, in mV.
        pearson_r: Between model and truth.
        ratio: Of the two errors.
    """

    rmse_mv: float
    linear_rmse_mv: float
    pearson_r: float
    ratio: float


@dataclass(frozen=True)
class Refused:
    """How many of the ECGs the input check refuses."""

    refused: int
    ecgs: int


@dataclass(frozen=True)
class Scores:
    """Everything measured on one fold.

    Attributes:
        ecgs: How many there were.
        patients: Of how many patients.
        icd10: Over codes.
        statements: Over statements; None where there are none or too few carry any.
        statements_trained: Over the statements that training knew well.
        ece: Expected calibration error, with `ece_ci`.
        calibration: The curve.
        verdicts: Counts; None where the card has no conformal cuts.
        subgroups: By "sex" and "age", then by group.
        input_check: What it refuses; None where it was not asked.
        reconstruction: By the masked leads ("V1", "V1,V2,V3,V4,V5,V6"), then by lead.
    """

    ecgs: int
    patients: int
    icd10: Ranking
    statements: Ranking | None = None
    statements_trained: Macro | None = None
    ece: float | None = None
    ece_ci: Interval | None = None
    calibration: CalibrationCurve | None = None
    verdicts: VerdictCounts | None = None
    subgroups: Mapping[str, Mapping[str, Subgroup]] = field(default_factory=dict)
    input_check: Refused | None = None
    reconstruction: Mapping[str, Mapping[str, LeadError]] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """What a card says of a model on the folds it did not learn from."""

    validation: Scores | None = None
    test: Scores | None = None
