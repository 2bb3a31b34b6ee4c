"""Data sets as arrays ready for the model, with labels and patient-wise splits."""

from lamae.data.ptbxl import TEST_FOLD, TRAINING_FOLDS, VALIDATION_FOLD, load_ptbxl
from lamae.data.records import Records

__all__ = ["TEST_FOLD", "TRAINING_FOLDS", "VALIDATION_FOLD", "Records", "load_ptbxl"]
