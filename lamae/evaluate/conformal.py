"""Class-conditional conformal prediction: which verdict on a code an ECG allows.

For each code the ECGs of the validation fold give two cuts of its probability. Below the lower
one lie at most 1 - level of the ECGs that carry the code, above the upper one at most 1 - level
of the others. So on ECGs like those of that fold at most 1 - level of either kind get the wrong
verdict, whatever the model. The guarantee leaves out that the same fold selected and calibrated
the weights; `count_verdicts` on the test fold shows how far it holds.

Source: Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", section 4.5
    (label-conditional, or Mondrian, conformal predictors); the combination with the operating
    point is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from lamae.ecg.statements import ICD10_CODES
from lamae.inference.bundle import CodeRule
from lamae.results.verdict import CANNOT_SAY, NOT_SUGGESTED, SUGGESTED, Cuts, read_cuts, verdict

LEVEL = 0.9
VERDICTS = (SUGGESTED, NOT_SUGGESTED, CANNOT_SAY)


def fit_cuts(
    probability: Float[np.ndarray, " ecgs"],
    labels: Bool[np.ndarray, " ecgs"],
    level: float = LEVEL,
) -> Cuts:
    """The cuts of one code from ECGs that the model did not learn from.

    Args:
        probability: Of the code; any increasing function of its score will do.
        labels: Which ECGs carry the code.
        level: Least share of either kind of ECG whose label the cuts do not exclude, 0 to 1.
    """
    chance = probability.astype(np.float64)
    present, absent = np.sort(chance[labels]), np.sort(chance[~labels])[::-1]
    of_present, of_absent = _rank(len(present), level), _rank(len(absent), level)
    return Cuts(
        present_from=float(present[of_present - 1]) if of_present else 0.0,
        absent_to=float(absent[of_absent - 1]) if of_absent else 1.0,
    )


def conformal_entry(
    rules: Sequence[CodeRule],
    scores: Float[np.ndarray, "ecgs codes"],
    labels: Bool[np.ndarray, "ecgs codes"],
    *,
    level: float = LEVEL,
) -> dict[str, Any]:
    """The cuts of all codes that a model offers, as its card carries them.

    Args:
        rules: Of the codes offered.
        scores: Score (log-odds) of every code of `lamae.ecg.statements.ICD10_CODES`, as
            `lamae.evaluate.code_scores` gives it, on the validation fold.
        labels: Which of these codes each ECG carries.
        level: As in `fit_cuts`.

    Returns:
        "level", and under "codes" the cuts of each with the ECGs they rest on: "present_from",
        "absent_to", "positives" and "negatives".
    """
    codes = {}
    for rule in rules:
        column = ICD10_CODES.index(rule.code)
        truth, probability = labels[:, column], rule.probability(scores[:, column])
        codes[rule.code] = {
            **asdict(fit_cuts(probability, truth, level)),
            "positives": int(truth.sum()),
            "negatives": int((~truth).sum()),
        }
    return {"level": level, "codes": codes}


def count_verdicts(
    card: Mapping[str, Any],
    rules: Sequence[CodeRule],
    probability: Float[np.ndarray, "ecgs rules"],
    labels: Bool[np.ndarray, "ecgs rules"],
) -> dict[str, dict[str, int]] | None:
    """Count the verdicts on every pair of an ECG and a code offered.

    Args:
        card: Of the model, with its cuts.
        rules: Of the codes offered.
        probability: Calibrated, of each of them.
        labels: Which of them each ECG carries.

    Returns:
        By "carried" and "not_carried" the pairs of each verdict; None where the card has no cuts.
    """
    read = read_cuts(card)
    if read is None:
        return None
    said = np.array(
        [
            [verdict(read[1].get(rule.code), float(p), rule.threshold) for p in column]
            for rule, column in zip(rules, probability.T, strict=True)
        ]
    ).T
    return {
        name: {word: int((said[which] == word).sum()) for word in VERDICTS}
        for name, which in (("carried", labels), ("not_carried", ~labels))
    }


def _rank(count: int, level: float) -> int:
    """Rank, from the most unusual, of the first probability that is not excluded; 0 for none.

    An ECG is excluded where at most 1 - level of the ECGs of one kind, itself included, are as
    unusual.
    """
    return int(np.floor((1 - level) * (count + 1) + 1e-9))
