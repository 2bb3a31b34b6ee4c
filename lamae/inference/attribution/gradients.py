"""Methods that follow the gradient of the score."""

from collections.abc import Callable

import torch
from captum.attr import InputXGradient, IntegratedGradients, Saliency
from jaxtyping import Float
from torch import Generator, Tensor

from lamae.inference.attribution.baselines import median_beat_throughout, normal_ecgs
from lamae.inference.attribution.beats import find_beats
from lamae.inference.attribution.case import ECGS_AT_ONCE, Case, Found, relative_error

# Gauss-Legendre nodes: on a whole path, and on that of each lead.
STEPS, STEPS_A_LEAD = 32, 16
SHAP_SAMPLES = 32


def saliency(case: Case) -> Found:
    """|gradient|, in log-odds per mV."""
    signal = case.x.clone().requires_grad_()
    gradient = Saliency(case.of_signal(1)).attribute(signal, abs=True)[0]
    return Found(gradient / case.spec.scale * case.samples)


def input_x_gradient(case: Case) -> Found:
    """The gradient at the ECG times its voltage."""
    signal = case.x.clone().requires_grad_()
    return Found(InputXGradient(case.of_signal(1)).attribute(signal)[0])


def from_masked_leads(case: Case) -> Found:
    """Integrated gradients in which each lead starts from the model's own mask.

    A mask is on or off and has no gradient. So the way of a lead, all others being as they
    are, has two parts: from masked to shown but flat, a jump that is spread evenly over what
    was recorded of it; and from flat to its own voltage, along which the gradient is summed.
    Each lead's sum is then the score minus the score without the lead: what lead ablation
    gives, shared out over time.

    Source: Sundararajan et al. 2017 (arXiv 1703.01365); the jump is ours.
    """
    samples = case.samples
    values = torch.zeros_like(case.x[0])
    pairs = []
    with torch.no_grad():
        full = float(case.score(case.x, case.visible))
    for number, lead in enumerate(case.leads):
        flat = case.x.clone()
        flat[:, lead] = 0.0
        masked = case.visible.clone()
        masked[:, lead] = False
        with torch.no_grad():
            shown_flat = float(case.score(flat, case.visible))
            without = float(case.score(case.x, masked))
        score = case.of_signal(STEPS_A_LEAD * len(case.leads), done=STEPS_A_LEAD * number)
        along = _integrate(score, case.x, flat, STEPS_A_LEAD)[lead]
        jump = (shown_flat - without) / int(samples[lead].sum())
        values[lead] = along + jump * samples[lead]
        pairs.append((float(values[lead].sum()), full - without))
    return Found(values, relative_error(pairs))


def from_median_beat(case: Case) -> Found:
    """Integrated gradients from the same ECG with all beats alike: what differs between beats.

    Source: Sundararajan et al. 2017 (arXiv 1703.01365); the baseline is ours.
    """
    alike = median_beat_throughout(case.x[0].numpy(), find_beats(case.window), case.spec.fs)
    baseline = torch.from_numpy(alike)[None]
    values = _integrate(case.of_signal(STEPS), case.x, baseline, STEPS)
    return Found(values, _error(case, values, baseline))


def gradient_shap(case: Case) -> Found:
    """Mean of gradient x difference on the way from simulated normal ECGs.

    Captum's own draws from the global random state, which visitors share; ours draws one
    place in each of equal parts of the way, with a generator of its own.

    Source: Lundberg and Lee 2017 (arXiv 1705.07874); Erion et al. 2021 (expected gradients,
        arXiv 1906.10670).
    """
    normal = normal_ecgs(case.spec) * case.samples
    generator = Generator().manual_seed(0)
    place = (torch.randperm(SHAP_SAMPLES, generator=generator) + 0.5) / SHAP_SAMPLES
    which = torch.arange(SHAP_SAMPLES) % len(normal)
    score = case.of_signal(SHAP_SAMPLES)
    values = torch.zeros_like(case.x[0])
    for part in torch.arange(SHAP_SAMPLES).split(ECGS_AT_ONCE):
        baseline = normal[which[part]]
        difference = case.x - baseline
        signal = (baseline + place[part, None, None] * difference).requires_grad_()
        gradient = torch.autograd.grad(score(signal).sum(), signal)[0]
        values += (gradient * difference).sum(dim=0) / SHAP_SAMPLES
    return Found(values, _error(case, values, normal))


def _integrate(
    score: Callable[[Tensor], Tensor],
    x: Float[Tensor, "1 12 T"],
    baseline: Float[Tensor, "1 12 T"],
    steps: int,
) -> Float[Tensor, "12 T"]:
    return (
        IntegratedGradients(score)
        .attribute(x, baselines=baseline, n_steps=steps, internal_batch_size=ECGS_AT_ONCE)[0]
        .float()
    )


def _error(case: Case, values: Float[Tensor, "12 T"], baseline: Float[Tensor, "B 12 T"]) -> float:
    """How far the sum is from the score minus the (mean) score of the baseline."""
    with torch.no_grad():
        gap = (
            case.score(case.x, case.visible)
            - case.score(baseline, case.visible.expand(len(baseline), -1, -1)).mean()
        )
    return relative_error([(float(values.sum()), float(gap))])
