"""Ranking by sex and by age."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from lamae.data import Records
from lamae.evaluate.ranking import MINIMUM_POSITIVES, bootstrap_auroc, countable
from lamae.results.prediction import OLD, OLD_GROUP

# From this age on, and below the next. PTB-XL writes 300 for everyone above 89.
AGES = {"under 50": 0, "50-64": 50, "65-79": 65, OLD_GROUP: OLD}


def divisions(records: Records) -> dict[str, dict[str, Bool[np.ndarray, " n"]]]:
    """The ECGs of each group, by sex and by age; an ECG of unknown sex or age is in none."""
    bounds = [*AGES.values(), np.inf]
    return {
        "sex": {"female": records.female, "male": records.sex_known & ~records.female},
        "age": {
            name: (records.age >= low) & (records.age < high)
            for name, low, high in zip(AGES, bounds[:-1], bounds[1:], strict=True)
        },
    }


def score_subgroups(
    scores: Float[np.ndarray, "n codes"],
    labels: Bool[np.ndarray, "n codes"],
    records: Records,
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    minimum_positives: int = MINIMUM_POSITIVES,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Macro AUROC within each sex and each age group, ready for JSON.

    Codes with enough positives differ between groups, and some codes are harder than others. So
    every group is scored twice: over its own codes, and over those that have enough positives in
    every group, where groups may be compared.

    Args:
        scores: Higher means more likely.
        labels: Which codes each ECG carries.
        records: The same ECGs, whose patients are drawn.
        rng: Draws the resamples.
        resamples: How many.
        minimum_positives: As in `bootstrap_auroc`, within the group.

    Returns:
        Under "sex" and "age" each group by name, with "ecgs"; "macro_auroc", "ci" and "codes"
        (how many enter the macro) over the group's own codes; and the same three under "shared"
        over the codes common to all its groups. Macro and interval are None where no code has
        enough positives.
    """
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for division, groups in divisions(records).items():
        own = {name: countable(labels[rows], minimum_positives) for name, rows in groups.items()}
        shared = np.all(list(own.values()), axis=0)
        results[division] = {}
        for name, rows in groups.items():

            def macro(
                only: Bool[np.ndarray, " codes"], rows: Bool[np.ndarray, " n"] = rows
            ) -> dict[str, Any]:
                if not only.any():
                    return {"macro_auroc": None, "ci": None, "codes": 0}
                found = bootstrap_auroc(
                    scores[rows],
                    labels[rows],
                    rng=rng,
                    resamples=resamples,
                    minimum_positives=minimum_positives,
                    groups=records.patient_id[rows],
                    only=only,
                )
                return {
                    "macro_auroc": found.macro,
                    "ci": list(found.interval),
                    "codes": int(found.counted.sum()),
                }

            results[division][name] = {
                "ecgs": int(rows.sum()),
                **macro(own[name]),
                "shared": macro(shared),
            }
    return results
