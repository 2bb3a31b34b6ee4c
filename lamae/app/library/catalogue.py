"""What a library holds, and how it is searched: one row a record, thousands of them at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Int64, Shaped

from lamae.app.library import folder
from lamae.ecg import ECG
from lamae.ecg.statements import (
    ICD10_CODES,
    ICD10_TITLES,
    SCP,
    STATEMENT_NAMES,
    STATEMENTS,
)
from lamae.errors import InputError

# `lamae.data.TRAINING_FOLDS`, without all that reads signals.
LEARNED_FROM = range(1, 9)
# PTB-XL gives no exact ages above 89.
OLDEST = 90
_BETWEEN_WORDS = re.compile(r"[\s,()\[\]/-]+")


@dataclass(frozen=True, eq=False)
class Details:
    """What is known of each record beside its name.

    Attributes:
        age: Years; `OLDEST` stands for itself and all above; not a number where unknown.
        sex: "female", "male" or "".
        statements: In the order of `lamae.ecg.statements.STATEMENTS`, whatever their likelihood.
        codes: In the order of `lamae.ecg.statements.ICD10_CODES`.
        fold: Stratified fold; 0 where unknown.
    """

    age: Float32[np.ndarray, " n"]
    sex: Shaped[np.ndarray, " n"]
    statements: Bool[np.ndarray, "n 71"]
    codes: Bool[np.ndarray, "n codes"]
    fold: Int64[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The records of a library.

    Attributes:
        name: What the records are called by: "PTB-XL", "Library".
        keys: Identifies each record in its library: a number, or folders and name.
        files: Where the files of each lie, as the table names it: checked when opened. By
            sampling rate in words ("500 Hz"); "" where that is not known.
        details: What is known beside names.
        left_out: How many records are not offered because their amplitudes are lost.
        cut: Whether there are more records than are listed.
    """

    name: str
    keys: Shaped[np.ndarray, " n"]
    files: Mapping[str, Sequence[str]]
    details: Details | None = None
    left_out: int = 0
    cut: bool = False

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, key: str | None) -> int | None:
        """Row of the record with this key, if there is one."""
        found = np.flatnonzero(self.keys == key)
        return int(found[0]) if key is not None and found.size else None

    def title(self, row: int) -> str:
        """What a record is called on the screen."""
        return f"{self.name} {self.keys[row]}" if self.details else f"{self.name}: {self.keys[row]}"

    def read(self, library: Path, row: int, rate: str) -> ECG:
        """Read a record, with the age and sex that the catalogue knows.

        Args:
            library: The library folder.
            row: Of the record.
            rate: One of the keys of `files`.

        Raises:
            InputError: The table names what is not in the library.
            ReadError: The files cannot be read as an ECG.
        """
        *parts, name = self.files[rate][row].split("/")
        try:
            ecg = folder.read(library, parts, name)
        except InputError as error:
            if self.details is None:
                raise
            raise InputError(
                f"The files of {self.title(row)} at {rate} are not in the folder; "
                "the download may be incomplete."
            ) from error
        return self._described(ecg, row)

    def _described(self, ecg: ECG, row: int) -> ECG:
        if self.details is None:
            return ecg
        age, sex, notes = ecg.age, ecg.sex, ecg.notes
        if (fold := int(self.details.fold[row])) in LEARNED_FROM:
            notes = (*notes, f"PTB-XL's fold {fold}: the model may have learned from this ECG.")
        known = float(self.details.age[row])
        if known >= OLDEST:
            notes = (*notes, f"The patient's age is {OLDEST} years or more.")
        elif np.isfinite(known):
            age = known
        return replace(ecg, age=age, sex=str(self.details.sex[row]) or sex, notes=notes)


@dataclass(frozen=True)
class Wanted:
    """What is looked for; a record must meet all of it.

    Attributes:
        text: Words: a record's number or name, a statement, a code, or their titles.
        statements: Names of SCP-ECG statements.
        codes: ICD-10-CM codes.
        ages: Lowest and highest age in years; `OLDEST` is without an end.
        sex: "female" or "male".
    """

    text: str = ""
    statements: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    sex: str | None = None


def find(catalogue: Catalogue, wanted: Wanted) -> Int64[np.ndarray, " found"]:
    """Rows of the records that meet all that is wanted, in the catalogue's order."""
    keep = np.ones(len(catalogue), dtype=bool)
    details = catalogue.details
    if details is not None:
        for name in wanted.statements:
            keep &= details.statements[:, STATEMENT_NAMES.index(name)]
        for code in wanted.codes:
            keep &= details.codes[:, ICD10_CODES.index(code)]
        if wanted.sex:
            keep &= details.sex == wanted.sex
        if wanted.ages:
            # An unknown age is in no range.
            keep &= (details.age >= wanted.ages[0]) & (details.age <= wanted.ages[1])
    words = _words(wanted.text)
    if words:
        keep &= _matching(catalogue, words)
    return np.flatnonzero(keep)


def frame(catalogue: Catalogue, rows: Shaped[np.ndarray, " rows"], rate: str) -> pd.DataFrame:
    """Rows of the catalogue as a table for the screen.

    Args:
        catalogue: The catalogue.
        rows: Which, and in what order.
        rate: Sampling rate in words at which they would be opened.
    """
    details = catalogue.details
    if details is None:
        paths = [str(key).rpartition("/") for key in catalogue.keys[rows]]
        return pd.DataFrame(
            {"Record": [name for _, _, name in paths], "Folder": [place for place, _, _ in paths]}
        )
    return pd.DataFrame(
        {
            "ECG": catalogue.keys[rows].astype(np.int32),
            "Age": pd.array(details.age[rows], dtype="Float32").astype("Int16"),
            "Sex": [sex or None for sex in details.sex[rows].tolist()],
            "Statements": _joined(details.statements[rows], STATEMENT_NAMES),
            "ICD-10-CM": _joined(details.codes[rows], ICD10_CODES),
            "Fold": details.fold[rows].astype(np.int16),
            "Recording": pd.Categorical([f"10 s, {rate}"] * len(rows)),
        }
    )


def codes_of(statements: Bool[np.ndarray, "n 71"]) -> Bool[np.ndarray, "n codes"]:
    """The codes that statements suggest, in the order of `lamae.ecg.statements.ICD10_CODES`."""
    members = SCP.members()
    return np.stack([statements[:, list(member)].any(axis=1) for member in members], axis=1)


def _joined(held: Bool[np.ndarray, "rows names"], names: Sequence[str]) -> list[str]:
    listed: list[list[str]] = [[] for _ in held]
    for row, column in zip(*(axis.tolist() for axis in np.nonzero(held)), strict=True):
        listed[row].append(names[column])
    return [", ".join(row) for row in listed]


def _matching(catalogue: Catalogue, words: tuple[str, ...]) -> Bool[np.ndarray, " n"]:
    """Records of which one statement has all words; where none has, of which all together do."""
    if catalogue.details is None:
        lower = np.char.lower(catalogue.keys) if len(catalogue) else catalogue.keys
        return np.all([np.char.find(lower, word) >= 0 for word in words], axis=0)
    held = catalogue.details.statements
    by_word = np.array(
        [[any(t.startswith(word) for t in terms) for terms in _terms()] for word in words]
    )
    numbered = [np.char.startswith(catalogue.keys, word) for word in words]
    whole = by_word.all(axis=0)
    if whole.any():
        return held[:, whole].any(axis=1) | np.all(numbered, axis=0)
    each = [
        held[:, matched].any(axis=1) | number
        for number, matched in zip(numbered, by_word, strict=True)
    ]
    return np.all(each, axis=0)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in _BETWEEN_WORDS.split(text.lower()) if word))


@cache
def _terms() -> tuple[frozenset[str], ...]:
    """The words of each statement: of its name, its description, its code and the code's title."""
    return tuple(
        frozenset(_words(f"{s.name} {s.description} {s.code} {ICD10_TITLES.get(s.code, '')}"))
        for s in STATEMENTS
    )
