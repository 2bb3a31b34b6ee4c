"""Attribution by ablation: parts of the ECG are masked or levelled in turn."""

import numpy as np
import torch
from captum.attr import FeatureAblation
from jaxtyping import Float, Int
from torch import Tensor

from lamae.inference.attribution.baselines import without_waves
from lamae.inference.attribution.beats import OTHER, find_beats, find_waves
from lamae.inference.attribution.case import ECGS_AT_ONCE, Case, Found
from lamae.results.attribution import PARTS

# A second each in a window of ten.
SEGMENTS = 10


def by_lead(case: Case) -> Found:
    """Mask each lead."""
    leads, patches = case.visible.shape[1:]
    return _mask(case, torch.arange(leads)[:, None].expand(leads, patches))


def by_second(case: Case) -> Found:
    """Mask each second, in all leads at once."""
    return _mask(case, _seconds(case).expand(case.visible.shape[1:]))


def by_segment(case: Case) -> Found:
    """Mask each second of each lead."""
    return _mask(case, torch.arange(len(case.visible[0]))[:, None] * SEGMENTS + _seconds(case))


def by_beat(case: Case) -> Found:
    """Mask each beat, in all leads at once: the patches whose middle lies nearest to its R."""
    patches = case.visible.shape[-1]
    middles = (np.arange(patches) + 0.5) * case.patch / case.spec.fs
    beat = find_beats(case.window).nearest(middles)
    return _mask(case, torch.from_numpy(beat).expand(case.visible.shape[1:]))


def by_wave(case: Case) -> Found:
    """Level P, QRS, ST and T of all beats, each wave of each lead in turn.

    A patch of 0.2 s is longer than a wave, so waves are levelled in the signal, not masked.
    """
    beats = find_waves(case.window)
    x = case.x[0].numpy()
    part = torch.from_numpy(beats.parts(np.arange(x.shape[1]) / case.spec.fs))
    level = torch.from_numpy(without_waves(x, beats, case.spec.fs))[None]
    lead = torch.arange(len(x))[:, None]
    levelled = (part < OTHER) & case.samples
    # Samples that are never levelled share one number, and have no effect.
    used, numbered = torch.unique(
        torch.where(levelled, lead * len(PARTS) + part, -1), return_inverse=True
    )
    score = case.of_signal(len(used) + 1)
    with torch.no_grad():
        effect = FeatureAblation(score).attribute(
            case.x,
            baselines=level,
            feature_mask=numbered[None],
            perturbations_per_eval=ECGS_AT_ONCE,
        )[0]
    size = torch.bincount(numbered.flatten())
    return Found(torch.where(levelled, effect / size[numbered], 0.0))


def _seconds(case: Case) -> Int[Tensor, " N"]:
    patches = case.visible.shape[-1]
    return torch.arange(patches) * SEGMENTS // patches


def _mask(case: Case, groups: Int[Tensor, "L N"]) -> Found:
    """Mask groups of patches in turn; each group's effect is spread over its recorded samples."""
    seen = case.visible[0]
    # Groups without a visible patch have no effect and cost no forward pass.
    used, numbered = torch.unique(groups[seen], return_inverse=True)
    mask = torch.zeros_like(groups)
    mask[seen] = numbered
    count = len(used)
    calls = 0

    def of_gates(gates: Float[Tensor, "B L N"]) -> Float[Tensor, " B"]:
        nonlocal calls
        calls += len(gates)
        case.report(min(0.99, calls / (count + 1)))
        shown = (gates > 0.5) & case.visible
        return case.score(case.x.expand(len(gates), -1, -1), shown)

    with torch.no_grad():
        effect = FeatureAblation(of_gates).attribute(
            case.visible.float(), feature_mask=mask[None], perturbations_per_eval=ECGS_AT_ONCE
        )[0]
    size = torch.bincount(numbered, minlength=count).clamp_min(1) * case.patch
    each = torch.where(seen, effect / size[mask], 0.0)
    return Found(each.repeat_interleave(case.patch, dim=-1))
