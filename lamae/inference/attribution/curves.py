"""Deletion and insertion: does the score follow the map?"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from lamae.ecg import ECG
from lamae.inference.attribution.case import ECGS_AT_ONCE, Progress, Score, score_of
from lamae.inference.attribution.patches import per_patch
from lamae.inference.predictor import Predictor
from lamae.results.attribution import Attribution, Check, Curves
from lamae.signal.preprocess import prepare

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
# A map that knows nothing beats all of them one time in twenty.
MISPLACED = 19


def curves(
    predictor: Predictor,
    ecg: ECG,
    attribution: Attribution,
    *,
    start: float = 0.0,
    misplaced: int = MISPLACED,
    seed: int = 0,
    progress: Progress | None = None,
) -> Curves:
    """Mask the patches of an ECG from the highest attribution down, and show them likewise.

    Patches are masked with the model's own mask. The random orders are those of the same map
    put elsewhere: its leads exchanged at random and each moved in time. They mask leads and
    segments as long as the map does; patches drawn one by one would mask the ECG more evenly,
    which costs a masked autoencoder little, and any map with segments would beat them.

    Args:
        predictor: The model that the map is about.
        ecg: The ECG that it is about.
        attribution: The map.
        start: Where the window starts, in s.
        misplaced: How many random orders.
        seed: Of the random orders.
        progress: Called with the share done; may raise to cancel.

    Source: Petsiuk et al. 2018 (RISE, arXiv 1806.07421) for deletion and insertion; the
        misplaced maps are ours.
    """
    report = progress or (lambda share: None)
    x, visible = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)
    score = score_of(predictor, attribution.code, attribution.against)
    rng = np.random.default_rng(seed)
    seen = visible[0].numpy()
    own = per_patch(attribution, ecg, predictor, start)
    maps = [own, *(_misplaced(own, seen, rng) for _ in range(misplaced))]
    orders = [_order(values, seen, rng) for values in maps]
    found = np.empty((2, len(orders), len(SHARES)))
    for number, order in enumerate(orders):
        masks = torch.from_numpy(np.stack(list(_masks(order, seen))))
        found[:, number] = _scores(score, x, masks).reshape(2, len(SHARES))
        report((number + 1) / len(orders))
    return Curves(
        shares=np.array(SHARES),
        deletion=found[0, 0],
        insertion=found[1, 0],
        random_deletion=found[0, 1:],
        random_insertion=found[1, 1:],
    )


def deletion_check(found: Curves) -> Check:
    """Whether the score falls faster than with misplaced maps."""
    beaten = found.random_deletion.mean(axis=1) > found.deletion.mean()
    share = float(beaten.mean())
    fall = found.random_deletion.mean() - found.deletion.mean()
    return Check(
        "deletion",
        "Deletion",
        share,
        share == 1.0,
        f"Masking what the map ranks highest lowers the score more than {share:.0%} of "
        f"{len(found.random_deletion)} misplaced maps do; its curve runs {fall:.2f} log-odds "
        "below theirs on average.",
        f"lower than with {int(beaten.sum())} of {len(beaten)} misplaced maps",
    )


def insertion_check(found: Curves) -> Check:
    """Whether the score rises faster than with misplaced maps."""
    beaten = found.random_insertion.mean(axis=1) < found.insertion.mean()
    share = float(beaten.mean())
    rise = found.insertion.mean() - found.random_insertion.mean()
    return Check(
        "insertion",
        "Insertion",
        share,
        share == 1.0,
        f"Showing only what the map ranks highest gives a higher score than {share:.0%} of "
        f"{len(found.random_insertion)} misplaced maps do; its curve runs {rise:.2f} log-odds "
        "above theirs on average.",
        f"higher than with {int(beaten.sum())} of {len(beaten)} misplaced maps",
    )


def _misplaced(
    values: Float64[np.ndarray, "12 N"], seen: Bool[np.ndarray, "12 N"], rng: np.random.Generator
) -> Float64[np.ndarray, "12 N"]:
    """The map with its leads exchanged and each moved in time, by 1 to N - 1 patches."""
    out = values.copy()
    rows = np.flatnonzero(seen.any(axis=1))
    for row, source in zip(rows, rng.permutation(rows), strict=True):
        shift = int(rng.integers(1, values.shape[1]))
        out[row] = np.roll(values[source], shift)
    return out


def _order(
    values: Float64[np.ndarray, "12 N"], seen: Bool[np.ndarray, "12 N"], rng: np.random.Generator
) -> Int[np.ndarray, " shown"]:
    """The patches that the recording has, from the highest value down; ties as chance has it."""
    places = np.flatnonzero(seen)
    chance = rng.permutation(len(places))
    return places[np.lexsort((chance, -values.flat[places]))]


def _masks(
    order: Int[np.ndarray, " shown"], seen: Bool[np.ndarray, "12 N"]
) -> Iterator[Bool[np.ndarray, "12 N"]]:
    """What stays visible: first for each share masked, then for each share shown."""
    for shown in (False, True):
        for share in SHARES:
            first = order[: round(share * len(order))]
            mask = np.zeros_like(seen) if shown else seen.copy()
            mask.flat[first] = shown
            yield mask


def _scores(
    score: Score, x: Float[Tensor, "1 12 T"], masks: Bool[Tensor, "B 12 N"]
) -> Float64[np.ndarray, " B"]:
    with torch.inference_mode():
        parts = [
            score(x.expand(len(part), -1, -1), part).double().numpy()
            for part in masks.split(ECGS_AT_ONCE)
        ]
    return np.concatenate(parts)
