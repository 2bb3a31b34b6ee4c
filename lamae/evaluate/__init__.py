"""Evaluation of scores: ranking, calibration, thresholds, conformal verdicts and subgroups."""

from lamae.evaluate.calibration import (
    CalibrationCurve,
    calibration_curve,
    calibration_report,
    expected_calibration_error,
    f1_threshold,
    fit_platt,
)
from lamae.evaluate.fold import code_scores, evaluate, score_records, statement_logits
from lamae.evaluate.ranking import (
    MINIMUM_POSITIVES,
    MacroResult,
    bootstrap_auroc,
    countable,
    macro_auroc,
    report,
)
from lamae.evaluate.subgroups import score_subgroups

__all__ = [
    "MINIMUM_POSITIVES",
    "CalibrationCurve",
    "MacroResult",
    "bootstrap_auroc",
    "calibration_curve",
    "calibration_report",
    "code_scores",
    "countable",
    "evaluate",
    "expected_calibration_error",
    "f1_threshold",
    "fit_platt",
    "macro_auroc",
    "report",
    "score_records",
    "score_subgroups",
    "statement_logits",
]
