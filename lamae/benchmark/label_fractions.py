"""Training with a fraction of the labels: which ECGs keep theirs."""

import math

import numpy as np
from jaxtyping import Int64

from lamae.data import Records

SEED = 0


def labelled_rows(training: Records, fraction: float) -> Int64[np.ndarray, " labelled"]:
    """Rows of the ECGs whose labels may be used, in ascending order.

    Patients keep or lose the labels of all their ECGs. A smaller fraction is part of every larger
    one. Patients are spread evenly by the rarest statement that they carry, so that even a
    small fraction holds its part of the rare ones.

    Args:
        training: The ECGs of the training folds.
        fraction: Above 0, at most 1.
    """
    rng = np.random.default_rng(SEED)
    _, patient = np.unique(training.patient_id, return_inverse=True)
    count = training.statements.sum(axis=0)
    rarity = np.where(training.statements, count, len(training) + 1).argmin(axis=1)
    rarity[~training.statements.any(axis=1)] = len(count)
    rarest = np.full(patient.max() + 1, -1)
    # The rarest last, so that it stays.
    order = np.argsort(-np.append(count, len(training) + 1)[rarity], kind="stable")
    rarest[patient[order]] = rarity[order]
    place = np.empty(len(rarest))
    for stratum in np.unique(rarest):
        members = rng.permutation(np.flatnonzero(rarest == stratum))
        place[members] = (np.arange(len(members)) + rng.random()) / len(members)
    ecgs = np.bincount(patient)
    first = np.argsort(place, kind="stable")
    wanted = math.ceil(fraction * len(training) - 1e-9)
    kept = first[: np.searchsorted(np.cumsum(ecgs[first]), wanted) + 1]
    return np.flatnonzero(np.isin(patient, kept)).astype(np.int64)


def repeats(fraction: float) -> int:
    """How often an epoch goes through the labelled ECGs.

    A hundredth of the labels gets a tenth of the steps: as many as with all labels would
    learn the few by heart, a hundredth of them would not begin to learn.
    """
    return round(fraction**-0.5)
