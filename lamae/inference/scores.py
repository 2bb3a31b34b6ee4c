"""Codes and statements of one ECG with their scores, from what a classifier gave."""

from collections.abc import Sequence

from lamae.ecg.labels import LabelSet
from lamae.inference.bundle import Bundle
from lamae.results.prediction import CodeScore, StatementScore


def statement_scores(labels: LabelSet, probabilities: Sequence[float]) -> list[StatementScore]:
    """Every statement in the order of the label set; none where it holds codes alone.

    Args:
        labels: Of the classifier.
        probabilities: Of its outputs, not calibrated.
    """
    if not labels.statements:
        return []
    return [
        StatementScore(statement.name, statement.description, probability, statement.confidence)
        for statement, probability in zip(labels.statements, probabilities, strict=True)
    ]


def offered_codes(
    bundle: Bundle,
    statements: Sequence[StatementScore],
    probabilities: Sequence[float],
    verdicts: Sequence[str],
) -> tuple[CodeScore, ...]:
    """Every code offered, the most probable relative to its threshold first.

    Args:
        bundle: With the calibration of each code, and what the test fold found.
        statements: As `statement_scores` gives them.
        probabilities: Calibrated, of the codes in the order of the calibration.
        verdicts: Likewise.
    """
    test = bundle.card.results.test
    tested = test.icd10.codes if test else {}
    codes = []
    for calibration, probability, verdict in zip(
        bundle.calibration, probabilities, verdicts, strict=True
    ):
        behind = {statement.name for statement in bundle.labels.statements_of(calibration.code)}
        score = tested.get(calibration.code)
        codes.append(
            CodeScore(
                code=calibration.code,
                title=bundle.labels.title(calibration.code),
                probability=probability,
                threshold=calibration.threshold,
                verdict=verdict,
                statements=tuple(
                    sorted((each for each in statements if each.name in behind), key=by_probability)
                ),
                auroc=score.auroc if score else None,
                auroc_interval=score.ci if score else None,
            )
        )
    return tuple(sorted(codes, key=lambda code: code.probability / code.threshold, reverse=True))


def by_probability(statement: StatementScore) -> float:
    """Sorts the most probable statement first."""
    return -statement.probability
