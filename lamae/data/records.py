"""A data set in memory."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float32, Int64, Shaped

from lamae.errors import DataError
from lamae.labels import ICD10_CODES, statement_indices


@dataclass(frozen=True, eq=False)
class Records:
    """ECGs as `lamae.preprocess.prepare` makes them, one row each.

    Attributes:
        values: Signals in model units.
        present: Leads that each recording has.
        statements: Which SCP-ECG statements each ECG carries, in the order of
            `lamae.labels.STATEMENTS`, whatever their likelihood: 0 means unknown in PTB-XL.
        fold: Stratified fold, 1 to 10.
        ecg_id: Number of each ECG in its data set.
        patient_id: Number of each ECG's patient, where known; else a negative number that no
            other ECG has.
        age: Years; not a number where unknown.
        female: Sex.
    """

    values: Float32[np.ndarray, "n 12 time"]
    present: Bool[np.ndarray, "n 12"]
    statements: Bool[np.ndarray, "n 71"]
    fold: Int64[np.ndarray, " n"]
    ecg_id: Int64[np.ndarray, " n"]
    patient_id: Int64[np.ndarray, " n"]
    age: Float32[np.ndarray, " n"]
    female: Bool[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.fold)

    def take(self, rows: Shaped[np.ndarray, " rows"]) -> "Records":
        """The ECGs at `rows` (numbers or a mask)."""
        return Records(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def folds(self, folds: Iterable[int]) -> "Records":
        """The ECGs of some folds.

        Raises:
            DataError: There are none.
        """
        wanted = list(folds)
        chosen = self.take(np.isin(self.fold, wanted))
        if not len(chosen):
            raise DataError(
                f"The data hold no ECG of fold {', '.join(map(str, wanted))}; found folds "
                f"{', '.join(map(str, np.unique(self.fold))) or 'none'}."
            )
        return chosen

    def code_labels(self) -> Bool[np.ndarray, "n codes"]:
        """Which ICD-10-CM codes each ECG carries, in the order of `lamae.labels.ICD10_CODES`."""
        members = statement_indices(ICD10_CODES)
        return np.stack([self.statements[:, member].any(axis=1) for member in members], axis=1)

    @property
    def ids_sha256(self) -> str:
        """SHA-256 of the sorted ECG numbers, so that a card can name its data exactly."""
        return hashlib.sha256(" ".join(map(str, np.sort(self.ecg_id))).encode()).hexdigest()
