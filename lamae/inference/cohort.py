"""How the model weighs leads over many ECGs."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64

from lamae.ecg import ECG, LEADS
from lamae.errors import WeightsError
from lamae.inference.attention import attention_of
from lamae.inference.predictor import Predictor
from lamae.results.attention import GroupWeights, LeadAttention
from lamae.results.verdict import SUGGESTED
from lamae.signal.preprocess import prepare

PERCENTILES = (2.5, 97.5)
RESAMPLES = 1000
# An interval over fewer ECGs than this says nothing.
FEWEST = 3


def weigh(
    predictor: Predictor, ecg: ECG, *, start: float = 0.0
) -> tuple[LeadAttention, tuple[str, ...]]:
    """The fine-tuned model's lead weights on one ECG, and the codes that it suggests, at once.

    Raises:
        InputError: The window does not exist.
        WeightsError: The weights were pretrained only, or keep leads apart.
    """
    if not predictor.bundle.config.latent_depth:
        raise WeightsError("These weights keep leads apart: they have no lead attention.")
    x, visible = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)
    classifier = predictor.classifier
    with torch.inference_mode():
        latent = classifier.backbone(x, visible, want_attention=True)
        probabilities = predictor.probabilities(classifier.classify(latent))[0]
    suggested = tuple(
        rule.code
        for rule, said in zip(
            predictor.bundle.rules, predictor.verdicts(probabilities), strict=True
        )
        if said == SUGGESTED
    )
    patches = predictor.bundle.config.patches
    return attention_of(latent, ecg.leads, patches, start, predictor.patch_seconds), suggested


def group_weights(
    weights: Float[np.ndarray, "ecgs 12"],
    codes: Sequence[Sequence[str]],
    *,
    seed: int = 0,
) -> tuple[GroupWeights, ...]:
    """Mean weights of all ECGs, and of those that carry each code.

    Args:
        weights: Lead weights of ECGs with all twelve leads.
        codes: Of each ECG: as labelled, or as the model suggests.
        seed: Of the bootstrap.

    Returns:
        All ECGs first, then the codes with `FEWEST` ECGs or more, the commonest first.
    """
    counts: dict[str, int] = {}
    for carried in codes:
        for code in carried:
            counts[code] = counts.get(code, 0) + 1
    names = sorted((c for c in counts if counts[c] >= FEWEST), key=lambda c: (-counts[c], c))
    rng = np.random.default_rng(seed)
    groups = []
    if len(weights):
        groups.append(_group("", weights, rng))
    for name in names:
        members = np.array([name in carried for carried in codes])
        groups.append(_group(name, weights[members], rng))
    return tuple(groups)


def _group(
    name: str, weights: Float[np.ndarray, "ecgs 12"], rng: np.random.Generator
) -> GroupWeights:
    count = len(weights)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count
    means: Float64[np.ndarray, "resamples 12"] = draws @ weights.astype(np.float64)
    low, high = np.percentile(means, PERCENTILES, axis=0)
    assert weights.shape[1] == len(LEADS)
    return GroupWeights(
        name=name, ecgs=count, mean=weights.mean(axis=0, dtype=np.float64), low=low, high=high
    )
