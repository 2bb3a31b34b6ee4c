"""A data set in memory."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64, Shaped

from lamae.data.zscored import FREE_OF_AMPLITUDE
from lamae.ecg.labels import LabelSet
from lamae.ecg.statements import SCP
from lamae.errors import DataError
from lamae.results.description import UNKNOWN, DataDescription

TRAINING_FOLDS = tuple(range(1, 9))
VALIDATION_FOLD = 9
TEST_FOLD = 10
FOLDS = (*TRAINING_FOLDS, VALIDATION_FOLD, TEST_FOLD)


def _unset() -> Bool[np.ndarray, ""]:
    """Stands for True throughout, until the number of ECGs is known."""
    return np.array(True)


@dataclass(frozen=True, eq=False)
class Records:
    """ECGs as `lamae.signal.preprocess.prepare` makes them, one row each.

    Attributes:
        values: Signals in model units.
        present: Leads that each recording has.
        statements: Which statements each ECG carries, in the order of `labels`, whatever their
            likelihood: 0 means unknown in PTB-XL. No columns where `labels` has no statements.
        fold: Stratified fold, 1 to 10.
        ecg_id: Number of each ECG in its data set.
        patient_id: Number of each ECG's patient, where known; else a negative number that no
            other ECG has.
        age: Years; not a number where unknown.
        female: Sex; False where unknown, too.
        codes: Which codes each ECG carries, in the order of `labels`, in a data set that is
            labelled with them; else None, and the codes follow from the statements.
        amplitude: Whether the amplitudes are known. Where they are not, `lamae.data.zscored`
            says what the values are. True throughout unless given.
        labelled: Whether statements or codes are known. Where they are not, none is set, and
            the ECG is of use for pretraining alone. True throughout unless given.
        sex_known: Whether the sex is known. True throughout unless given.
        labels: What statements and codes mean.
        description: Of the data set.
    """

    values: Float32[np.ndarray, "n 12 time"]
    present: Bool[np.ndarray, "n 12"]
    statements: Bool[np.ndarray, "n statements"]
    fold: Int64[np.ndarray, " n"]
    ecg_id: Int64[np.ndarray, " n"]
    patient_id: Int64[np.ndarray, " n"]
    age: Float32[np.ndarray, " n"]
    female: Bool[np.ndarray, " n"]
    codes: Bool[np.ndarray, "n codes"] | None = None
    amplitude: Bool[np.ndarray, " n"] = field(default_factory=_unset)
    labelled: Bool[np.ndarray, " n"] = field(default_factory=_unset)
    sex_known: Bool[np.ndarray, " n"] = field(default_factory=_unset)
    labels: LabelSet = SCP
    description: DataDescription = UNKNOWN

    def __post_init__(self) -> None:
        for name in ("amplitude", "labelled", "sex_known"):
            if getattr(self, name).ndim == 0:
                object.__setattr__(self, name, np.ones(len(self), dtype=bool))
        columns = len(self.labels.statements)
        if self.statements.shape[1] != columns or (columns and self.codes is not None):
            raise DataError(
                f"The ECGs have {self.statements.shape[1]} statements"
                f"{'' if self.codes is None else ' and codes of their own'}, but the label set "
                f"{self.labels.name!r} has {columns} statements; where it has any, codes follow "
                "from them."
            )

    def __len__(self) -> int:
        return len(self.fold)

    def take(self, rows: Shaped[np.ndarray, " rows"]) -> "Records":
        """The ECGs at `rows` (numbers or a mask)."""
        taken: dict[str, Any] = {
            name: values[rows] for name in COLUMNS if (values := getattr(self, name)) is not None
        }
        return replace(self, **taken)

    def folds(
        self, folds: Iterable[int], *, labelled: bool = False, amplitude: bool = False
    ) -> "Records":
        """The ECGs of some folds.

        Args:
            folds: Which.
            labelled: Only those with labels.
            amplitude: Only those with known amplitudes.

        Raises:
            DataError: There are none; the message tells whether folds, labels or amplitudes lack.
        """
        wanted = list(folds)
        named = f"fold {', '.join(map(str, wanted))}"
        rows = np.isin(self.fold, wanted)
        if not rows.any():
            raise DataError(
                f"The data hold no ECG of {named}; found folds "
                f"{', '.join(map(str, np.unique(self.fold))) or 'none'}."
            )
        if amplitude:
            found, rows = int(rows.sum()), rows & self.amplitude
            if not rows.any():
                raise DataError(
                    f"None of the {found} ECGs of {named} has known amplitudes, as are needed; "
                    "add recordings in mV."
                )
        if labelled:
            found, rows = int(rows.sum()), rows & self.labelled
            if not rows.any():
                raise DataError(
                    f"None of the {found} ECGs of {named} has labels, as are needed for all but "
                    "pretraining; add the data set's table of them (of MIMIC-IV-ECG "
                    "records_w_diag_icd10.csv) to its folder."
                )
        return self.take(rows)

    def code_labels(self) -> Bool[np.ndarray, "n codes"]:
        """Which codes each ECG carries, in the order of `labels`.

        Raises:
            DataError: Nothing is known of some of the ECGs; that is not the same as no code.
        """
        if not self.labelled.all():
            raise DataError(
                f"{len(self) - int(self.labelled.sum())} of the {len(self)} ECGs have no labels; "
                "they serve for pretraining, and must be left out where labels are needed."
            )
        if self.codes is not None:
            return self.codes
        members = self.labels.members()
        return np.stack(
            [self.statements[:, list(member)].any(axis=1) for member in members], axis=1
        )

    @property
    def targets(self) -> Bool[np.ndarray, "n outputs"]:
        """What a classifier learns of each ECG: its statements, else its codes.

        Raises:
            DataError: Nothing is known of some of the ECGs.
        """
        return self.statements if self.labels.statements else self.code_labels()

    @property
    def learnable(self) -> Bool[np.ndarray, "n outputs"]:
        """Which of `targets` may be learned from each ECG: all, where its amplitudes are known."""
        free = np.array([name in FREE_OF_AMPLITUDE for name in self.labels.outputs])
        return self.amplitude[:, None] | free

    @property
    def ids_sha256(self) -> str:
        """SHA-256 of the sorted ECG numbers, so that a card can name its data exactly."""
        return hashlib.sha256(" ".join(map(str, np.sort(self.ecg_id))).encode()).hexdigest()


# Fields with one entry for each ECG.
COLUMNS = tuple(
    column.name for column in fields(Records) if column.name not in ("labels", "description")
)
