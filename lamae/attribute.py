"""What in an ECG speaks for a code: Captum's methods on the model's score.

Only methods that set no hooks are used: the model is shared by visitors, and hooks would mix
their results.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients
from jaxtyping import Float, Float32
from torch import Tensor

from lamae.ecg import ECG, lead_indices
from lamae.errors import InputError
from lamae.predict import Predictor
from lamae.preprocess import prepare, to_recording
from lamae.results import Attribution

Score = Callable[[Tensor, Tensor], Tensor]
Progress = Callable[[float], None]

# A second each in a window of ten.
SEGMENTS = 10
INTEGRATION_STEPS = 32
# Bounds memory: attention over all tokens of one ECG takes about 6 MB a block.
ECGS_AT_ONCE = 8


@dataclass(frozen=True)
class Method:
    """A way to attribute a score.

    Attributes:
        title: For people.
        description: What it does, in one sentence.
        baseline: What the ECG is compared with; empty where nothing is.
        complete: Whether the attribution should sum to score minus baseline score.
        run: From the score, the signal [1 12 T], its visible patches [1 12 N], the samples in
            a patch and a progress callback to the attribution [12 T].
    """

    title: str
    description: str
    baseline: str
    complete: bool
    run: Callable[[Score, Tensor, Tensor, int, Progress], Tensor]


def explain(
    predictor: Predictor,
    ecg: ECG,
    code: str,
    *,
    method: str = "lead_ablation",
    start: float = 0.0,
    progress: Progress | None = None,
) -> Attribution:
    """Attribute a code's score (log-odds before calibration) to leads and samples.

    Args:
        predictor: A fine-tuned model.
        ecg: A recording with any of the twelve leads.
        code: An ICD-10-CM code that the model offers.
        method: One of `METHODS`.
        start: Where the ten-second window starts, in s.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The method, the code or the window does not exist.
        WeightsError: The weights were pretrained only.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}; choose one of {', '.join(METHODS)}.")
    chosen = METHODS[method]
    report = progress or (lambda share: None)
    x, visible = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)

    def score(signal: Tensor, shown: Tensor) -> Tensor:
        return predictor.code_score(signal, shown, code)

    with torch.no_grad():
        full = float(score(x, visible))
        # Shown beside the score whatever the method; integrated gradients start from it.
        flat = float(score(torch.zeros_like(x), visible))
    values = chosen.run(score, x, visible, predictor.bundle.config.patch, report)
    report(1.0)
    array = values.detach().numpy().astype(np.float32)
    gap = full - flat
    error = abs(float(array.sum()) - gap) / max(abs(gap), 1e-6) if chosen.complete else None
    rows = lead_indices(ecg.leads)
    return Attribution(
        code=code,
        method=method,
        baseline=chosen.baseline,
        values=to_recording(_per_sample(array, predictor.spec.fs, ecg), ecg, predictor.spec, start),
        leads=ecg.leads,
        per_lead=array[rows].sum(axis=1),
        score=full,
        baseline_score=flat,
        completeness_error=error,
    )


def _lead_ablation(score: Score, x: Tensor, visible: Tensor, patch: int, done: Progress) -> Tensor:
    """The score minus the score without each lead, spread evenly over the lead."""
    groups = torch.arange(visible.shape[1])[:, None].expand(visible.shape[1:])
    return _ablate(score, x, visible, groups, done).repeat_interleave(patch, dim=-1) / patch


def _segment_ablation(
    score: Score, x: Tensor, visible: Tensor, patch: int, done: Progress
) -> Tensor:
    """The same for each segment of each lead."""
    leads, patches = visible.shape[1:]
    each = max(1, round(patches / SEGMENTS))
    segment = torch.arange(patches) // each
    groups = torch.arange(leads)[:, None] * (int(segment.max()) + 1) + segment
    return _ablate(score, x, visible, groups, done).repeat_interleave(patch, dim=-1) / patch


def _ablate(
    score: Score, x: Tensor, visible: Tensor, groups: Tensor, done: Progress
) -> Float[Tensor, "L N"]:
    """Hide groups of patches in turn; each group's effect is shared by its visible patches."""
    seen = visible[0]
    # Groups that are hidden already cannot have an effect and are not asked for.
    used, numbered = torch.unique(groups[seen], return_inverse=True)
    mask = torch.zeros_like(groups)
    mask[seen] = numbered
    count = len(used)
    calls = 0

    def of_gates(gates: Float[Tensor, "B L N"]) -> Float[Tensor, " B"]:
        nonlocal calls
        calls += len(gates)
        done(min(0.99, calls / (count + 1)))
        shown = (gates > 0.5) & visible
        return score(x.expand(len(gates), -1, -1), shown)

    with torch.no_grad():
        effect = FeatureAblation(of_gates).attribute(
            visible.float(), feature_mask=mask[None], perturbations_per_eval=ECGS_AT_ONCE
        )[0]
    size = torch.bincount(numbered, minlength=count).clamp_min(1)
    return torch.where(seen, effect / size[mask], 0.0)


def _integrated_gradients(
    score: Score, x: Tensor, visible: Tensor, patch: int, done: Progress
) -> Tensor:
    calls = 0

    def of_signal(signal: Tensor) -> Tensor:
        nonlocal calls
        calls += len(signal)
        done(min(0.99, calls / INTEGRATION_STEPS))
        return score(signal, visible.expand(len(signal), -1, -1))

    return IntegratedGradients(of_signal).attribute(
        x,
        baselines=torch.zeros_like(x),
        n_steps=INTEGRATION_STEPS,
        internal_batch_size=ECGS_AT_ONCE,
    )[0]


def _input_x_gradient(
    score: Score, x: Tensor, visible: Tensor, patch: int, done: Progress
) -> Tensor:
    signal = x.clone().requires_grad_()
    return InputXGradient(lambda s: score(s, visible)).attribute(signal)[0]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "lead_ablation": Method(
            "Lead ablation",
            "How much the score falls when the model is not shown a lead.",
            "the same ECG without the lead",
            False,
            _lead_ablation,
        ),
        "segment_ablation": Method(
            "Segment ablation",
            "How much the score falls when the model is not shown one second of a lead.",
            "the same ECG without the segment",
            False,
            _segment_ablation,
        ),
        "integrated_gradients": Method(
            "Integrated gradients",
            "Gradients of the score summed on the way from a flat line to the ECG.",
            "a flat line (0 mV)",
            True,
            _integrated_gradients,
        ),
        "input_x_gradient": Method(
            "Input x gradient",
            "The gradient of the score at the ECG, times its voltage.",
            "none; a local estimate",
            False,
            _input_x_gradient,
        ),
    }
)


def _per_sample(
    values: Float32[np.ndarray, "12 time"], fs: float, ecg: ECG
) -> Float32[np.ndarray, "12 time"]:
    """Scaled so that sums over the recording's samples equal sums over the model's."""
    return values * np.float32(fs / ecg.fs)
