"""A few simulated ECGs, to run every kind of row in seconds."""

import numpy as np

from lamae.data import TEST_FOLD, VALIDATION_FOLD, Records
from lamae.ecg import LEADS
from lamae.ecg.statements import STATEMENT_NAMES
from lamae.signal.preprocess import InputSpec, prepare
from lamae.simulate import simulate

# Statements by rhythm; each is carried often enough in every fold to be scored.
RHYTHMS = {"sinus_rhythm": "SR", "left_bundle_branch_block": "CLBBB", "sinus_bradycardia": "SBRAD"}
ECGS = {1: 36, VALIDATION_FOLD: 18, TEST_FOLD: 18}


def simulated_records(seed: int = 0) -> Records:
    """Ninety ECGs: a training, a validation and a test fold, and some without amplitudes."""
    rng = np.random.default_rng(seed)
    fold = np.repeat([*ECGS, 2], [*ECGS.values(), 18])
    rhythms = [list(RHYTHMS)[number % len(RHYTHMS)] for number in range(len(fold))]
    spec = InputSpec()
    values = [prepare(simulate(rhythm, fs=spec.fs, rng=rng).ecg, spec).values for rhythm in rhythms]
    carried = [RHYTHMS[rhythm] for rhythm in rhythms]
    return Records(
        values=np.stack(values),
        present=np.ones((len(fold), len(LEADS)), dtype=bool),
        statements=np.array([[name == one for name in STATEMENT_NAMES] for one in carried]),
        fold=fold.astype(np.int64),
        ecg_id=np.arange(len(fold)),
        patient_id=np.arange(len(fold)),
        age=np.full(len(fold), 60, dtype=np.float32),
        female=np.zeros(len(fold), dtype=bool),
        amplitude=fold != 2,
    )
