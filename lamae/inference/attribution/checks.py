"""Attribution quality checks: completeness, agreement, weight randomisation, stability.

Deletion and insertion are in `lamae.inference.attribution.curves`.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Generator

from lamae.ecg import ECG, LEADS, LIMB_FROM_I_II, LIMB_LEADS, lead_indices
from lamae.inference.attribution.case import Progress
from lamae.inference.attribution.patches import per_patch
from lamae.inference.bundle import Bundle
from lamae.inference.predictor import Predictor
from lamae.inference.rank_correlation import rank_correlation
from lamae.results.attribution import Attribution, Check

COMPLETE, AGREE, CHANGED, STABLE = 0.05, 0.5, 0.5, 0.7
NOISE = 0.02  # mV, 20 uV
NOISY = 3
# What is randomised, from the head down: each stage holds those before it.
STAGES: Mapping[str, tuple[str, ...]] = {
    "the head": ("head.",),
    "head and latent attention": ("head.", "backbone.blocks.", "backbone.norm.", "backbone.z"),
    "all weights": ("",),
}


def completeness_check(attribution: Attribution) -> Check | None:
    """Whether the parts add up; None for methods that promise no sum."""
    error = attribution.completeness_error
    if error is None:
        return None
    return Check(
        "completeness",
        "Completeness",
        error,
        error <= COMPLETE,
        f"The parts add up to the difference from the baseline within {error:.1%} of it.",
    )


def agreement_check(
    attribution: Attribution,
    others: Mapping[str, Attribution],
    ecg: ECG,
    predictor: Predictor,
    start: float = 0.0,
) -> Check:
    """Whether other methods rank the patches alike.

    Args:
        attribution: The map in question.
        others: Maps of the same ECG and code, by the title of their method.
        ecg: The ECG.
        predictor: The model.
        start: Where the window starts, in s.
    """
    found = {
        title: _alike(attribution, other, ecg, predictor, start) for title, other in others.items()
    }
    known = [value for value in found.values() if value is not None]
    middle = float(np.median(known)) if known else None
    listed = ", ".join(
        f"{title} {'none' if value is None else f'{value:.2f}'}" for title, value in found.items()
    )
    return Check(
        "agreement",
        "Agreement between methods",
        middle,
        middle is not None and middle >= AGREE,
        f"Rank correlation, patch by patch, with other methods: {listed}.",
    )


def randomisation_check(
    attribution: Attribution,
    make: Callable[[Predictor], Attribution],
    ecg: ECG,
    predictor: Predictor,
    start: float = 0.0,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Check:
    """Whether the map changes as the weights are shuffled from the head down.

    Sizes are compared, not signs: a map of the voltage alone would keep its sizes and could
    change its sign with the score's.

    Args:
        attribution: The map of the trained model.
        make: Makes the same map of another model.
        ecg: The ECG.
        predictor: The trained model; it is copied and stays as it is.
        start: Where the window starts, in s.
        seed: Of the shuffle.
        progress: Called with the share done; may raise to cancel.

    Source: Adebayo et al. 2018, "Sanity checks for saliency maps" (arXiv 1810.03292),
        cascading randomisation; ours shuffles the trained weights, so that their sizes stay.
    """
    report = progress or (lambda share: None)
    own = _shown(attribution, ecg, predictor, start)
    found: dict[str, float | None] = {}
    for number, (stage, prefixes) in enumerate(STAGES.items()):
        report(number / len(STAGES))
        other = make(Predictor(randomised(predictor.bundle, prefixes, seed=seed)))
        found[stage] = rank_correlation(np.abs(own), np.abs(_shown(other, ecg, predictor, start)))
    report(1.0)
    last = found["all weights"]
    listed = ", ".join(
        f"{stage} {'none' if value is None else f'{value:.2f}'}" for stage, value in found.items()
    )
    return Check(
        "randomisation",
        "Weight randomisation",
        last,
        last is not None and last <= CHANGED,
        f"Rank correlation of the map with itself after shuffling {listed}.",
    )


def stability_check(
    attribution: Attribution,
    make: Callable[[ECG], Attribution],
    ecg: ECG,
    predictor: Predictor,
    start: float = 0.0,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Check:
    """Whether the map stays as it is under noise of 20 uV.

    Args:
        attribution: The map of the ECG as recorded.
        make: Makes the same map of another ECG.
        ecg: The ECG.
        predictor: The model.
        start: Where the window starts, in s.
        seed: Of the noise.
        progress: Called with the share done; may raise to cancel.
    """
    report = progress or (lambda share: None)
    rng = np.random.default_rng(seed)
    own = _shown(attribution, ecg, predictor, start)
    found = []
    for number in range(NOISY):
        report(number / NOISY)
        noisy = replace(ecg, signal=ecg.signal + electrode_noise(ecg, rng))
        found.append(rank_correlation(own, _shown(make(noisy), ecg, predictor, start)))
    report(1.0)
    known = [value for value in found if value is not None]
    mean = float(np.mean(known)) if len(known) == NOISY else None
    return Check(
        "stability",
        "Stability under noise",
        mean,
        mean is not None and mean >= STABLE,
        "The map is constant and ranks nothing."
        if mean is None
        else f"Mean rank correlation of the map with {NOISY} maps of the same ECG with 20 µV of "
        f"noise: {mean:.2f}.",
    )


def randomised(bundle: Bundle, prefixes: tuple[str, ...], *, seed: int = 0) -> Bundle:
    """A copy of a bundle in which the named weights of the classifier are shuffled.

    Args:
        bundle: Stays as it is.
        prefixes: Starts of the names of the weights to shuffle, each within its own tensor.
        seed: Of the shuffle.
    """
    classifier = deepcopy(bundle.classifier)
    assert classifier is not None
    generator = Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weights in classifier.named_parameters():
            if name.startswith(prefixes):
                order = torch.randperm(weights.numel(), generator=generator)
                weights.copy_(weights.flatten()[order].view_as(weights))
    return replace(bundle, classifier=classifier)


def electrode_noise(ecg: ECG, rng: np.random.Generator) -> Float32[np.ndarray, "leads time"]:
    """White noise of 20 uV in I, II and V1-V6, from which the other limb leads' noise follows.

    So the limb leads still add up, as they do in noise that comes from electrodes.
    """
    free = rng.normal(scale=NOISE, size=(2 + len(LEADS) - len(LIMB_LEADS), ecg.signal.shape[1]))
    every = np.concatenate([LIMB_FROM_I_II @ free[:2], free[2:]])
    return every[lead_indices(ecg.leads)].astype(np.float32)


def _alike(
    first: Attribution, second: Attribution, ecg: ECG, predictor: Predictor, start: float
) -> float | None:
    return rank_correlation(
        _shown(first, ecg, predictor, start), _shown(second, ecg, predictor, start)
    )


def _shown(
    attribution: Attribution, ecg: ECG, predictor: Predictor, start: float
) -> Float64[np.ndarray, " patches"]:
    """The map on the recording's leads, patch by patch, in one row."""
    return per_patch(attribution, ecg, predictor, start)[lead_indices(ecg.leads)].ravel()
