"""How good the scores are: ranking, calibration, operating points."""

from lamae.evaluate.calibration import (
    CalibrationCurve,
    calibration_curve,
    expected_calibration_error,
    f1_threshold,
    fit_platt,
)
from lamae.evaluate.fold import code_scores, evaluate, score_records, statement_logits
from lamae.evaluate.ranking import (
    MINIMUM_POSITIVES,
    MacroResult,
    auroc,
    average_precision,
    bootstrap_auroc,
    macro_auroc,
    paired_difference,
    report,
)

__all__ = [
    "MINIMUM_POSITIVES",
    "CalibrationCurve",
    "MacroResult",
    "auroc",
    "average_precision",
    "bootstrap_auroc",
    "calibration_curve",
    "code_scores",
    "evaluate",
    "expected_calibration_error",
    "f1_threshold",
    "fit_platt",
    "macro_auroc",
    "paired_difference",
    "report",
    "score_records",
    "statement_logits",
]
