"""What the codes would be if only some leads had been recorded."""

from collections.abc import Sequence

import numpy as np
import torch

from lamae.ecg import ECG, LEADS, lead_indices, shown_leads
from lamae.errors import InputError
from lamae.inference.predictor import Predictor
from lamae.inference.progress import Progress
from lamae.results.lead_subsets import Robustness, SubsetScores
from lamae.signal.preprocess import prepare

# Bounds memory, and the time between two reports of progress.
ECGS_AT_ONCE = 4


def lead_subsets(
    predictor: Predictor,
    ecg: ECG,
    subsets: Sequence[Sequence[str]],
    *,
    start: float = 0.0,
    progress: Progress | None = None,
) -> SubsetScores:
    """Score every code with each set of leads, many sets at once.

    Each answer equals that of `Predictor.predict(ecg, leads=...)`.

    Args:
        predictor: A fine-tuned model.
        ecg: A recording with any of the twelve leads.
        subsets: Sets of leads, each with one of the recording's leads at least.
        start: Where the ten-second window starts, in s.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The window or a lead does not exist, or a set holds none of the
            recording's leads.
        WeightsError: The weights were pretrained only.
    """
    shown = [shown_leads(ecg, leads) for leads in subsets]
    # Sets of one size pack into a batch without gaps.
    wanted = sorted({ecg.leads, *shown}, key=lambda leads: (len(leads), leads))
    x, available = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)
    found: dict[tuple[str, ...], np.ndarray] = {}
    for first in range(0, len(wanted), ECGS_AT_ONCE):
        batch = wanted[first : first + ECGS_AT_ONCE]
        visible = torch.zeros(len(batch), *available.shape[1:], dtype=torch.bool)
        for row, leads in enumerate(batch):
            chosen = lead_indices(leads)
            visible[row, chosen] = available[0, chosen]
        with torch.inference_mode():
            logits = predictor.classifier(x.expand(len(batch), -1, -1), visible)
        found |= dict(zip(batch, predictor.probabilities(logits), strict=True))
        if progress is not None:
            progress(min(1.0, (first + len(batch)) / len(wanted)))
    codes = len(predictor.codes)
    return SubsetScores(
        codes=predictor.codes,
        full=found[ecg.leads],
        subsets=tuple(shown),
        probability=np.stack([found[leads] for leads in shown]) if shown else np.zeros((0, codes)),
    )


def without_each(
    predictor: Predictor, ecg: ECG, *, start: float = 0.0, progress: Progress | None = None
) -> SubsetScores:
    """The codes without each of the recording's leads in turn; arguments as of `lead_subsets`.

    Raises:
        InputError: The recording has one lead only, or the window does not exist.
        WeightsError: The weights were pretrained only.
    """
    if len(ecg.leads) < 2:
        raise InputError("The recording has one lead only; none can be left out.")
    others = [_without(ecg.leads, (lead,)) for lead in ecg.leads]
    return lead_subsets(predictor, ecg, others, start=start, progress=progress)


def removal(
    predictor: Predictor,
    ecg: ECG,
    order: Sequence[str],
    *,
    start: float = 0.0,
    progress: Progress | None = None,
) -> SubsetScores:
    """The codes as leads are removed one by one, from all leads down to the last.

    Args:
        predictor: A fine-tuned model.
        ecg: A recording.
        order: Leads to remove, the first first; those that it leaves out go last, in
            standard order.
        start: Where the ten-second window starts, in s.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The window or a lead does not exist.
        WeightsError: The weights were pretrained only.
    """
    shown_leads(ecg, order or None)
    gone = [lead for lead in dict.fromkeys([*order, *ecg.leads]) if lead in ecg.leads]
    steps = [_without(ecg.leads, gone[:count]) for count in range(len(gone))]
    return lead_subsets(predictor, ecg, steps, start=start, progress=progress)


def with_each(
    predictor: Predictor,
    ecg: ECG,
    leads: Sequence[str],
    *,
    start: float = 0.0,
    progress: Progress | None = None,
) -> SubsetScores:
    """The codes with these leads, then with each further lead of the recording added in turn.

    Arguments are those of `lead_subsets`.

    Raises:
        InputError: The window or a lead does not exist.
        WeightsError: The weights were pretrained only.
    """
    shown = shown_leads(ecg, leads)
    more = [(*shown, lead) for lead in ecg.leads if lead not in shown]
    return lead_subsets(predictor, ecg, [shown, *more], start=start, progress=progress)


def robustness(
    predictor: Predictor,
    ecg: ECG,
    *,
    start: float = 0.0,
    draws: int = 8,
    seed: int = 0,
    progress: Progress | None = None,
) -> Robustness:
    """How far the probabilities move with fewer and fewer leads, drawn at random.

    Args:
        predictor: A fine-tuned model.
        ecg: A recording.
        start: Where the ten-second window starts, in s.
        draws: Subsets of each size at most; where there are no more, all of them.
        seed: Of the subsets drawn.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The recording has one lead only, or the window does not exist.
        WeightsError: The weights were pretrained only.
    """
    count = len(ecg.leads)
    if count < 2:
        raise InputError("The recording has one lead only; none can be left out.")
    rng = np.random.default_rng(seed)
    sizes = tuple(range(1, count))
    chosen: list[tuple[str, ...]] = []
    for size in sizes:
        chosen += _draw(ecg.leads, size, draws, rng)
    change = lead_subsets(predictor, ecg, chosen, start=start, progress=progress).change
    length = np.array([len(leads) for leads in chosen])
    groups = [change[length == size] for size in sizes]
    low, high = np.array([np.percentile(group, (10, 90)) for group in groups]).T
    return Robustness(
        counts=sizes,
        mean=np.array([group.mean() for group in groups]),
        low=low,
        high=high,
        subsets=tuple(len(group) for group in groups),
    )


def _without(leads: tuple[str, ...], gone: Sequence[str]) -> tuple[str, ...]:
    return tuple(lead for lead in leads if lead not in gone)


def _draw(
    leads: tuple[str, ...], size: int, draws: int, rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """Different subsets of one size, each lead as likely as any other."""
    if size in (1, len(leads) - 1):
        # There are so few that all of them can be tried.
        return [(lead,) if size == 1 else _without(leads, (lead,)) for lead in leads]
    found: set[tuple[str, ...]] = set()
    for _ in range(4 * draws):
        picked = rng.permutation(len(leads))[:size]
        found.add(tuple(leads[i] for i in sorted(picked.tolist())))
        if len(found) == draws:
            break
    return sorted(found, key=lambda subset: [LEADS.index(lead) for lead in subset])
