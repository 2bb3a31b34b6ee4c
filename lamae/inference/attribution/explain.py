"""From an ECG and a code to an attribution on the ECG's own samples."""

import numpy as np
import torch
from jaxtyping import Float32

from lamae.ecg import ECG, lead_indices
from lamae.errors import InputError
from lamae.inference.attribution.case import Case, Progress, score_of
from lamae.inference.attribution.methods import METHODS
from lamae.inference.predictor import Predictor
from lamae.results.attribution import Attribution
from lamae.signal.preprocess import prepare, to_recording


def explain(
    predictor: Predictor,
    ecg: ECG,
    code: str,
    *,
    method: str = "lead_ablation",
    start: float = 0.0,
    against: str | None = None,
    progress: Progress | None = None,
) -> Attribution:
    """Attribute a code's score (log-odds before calibration) to leads and samples.

    Args:
        predictor: A fine-tuned model.
        ecg: A recording with any of the twelve leads.
        code: An ICD-10-CM code that the model offers.
        method: One of `METHODS`.
        start: Where the ten-second window starts, in s.
        against: Attribute the difference from the score of this code instead: why the one
            code rather than the other.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The method, a code or the window does not exist.
        SignalError: The method needs beats or waves, and none were found.
        WeightsError: The weights were pretrained only.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}; choose one of {', '.join(METHODS)}.")
    chosen = METHODS[method]
    report = progress or (lambda share: None)
    x, visible = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)
    score = score_of(predictor, code, against)
    with torch.no_grad():
        full = float(score(x, visible))
        # Shown beside the score whatever the method.
        flat = float(score(torch.zeros_like(x), visible))
    found = chosen.run(
        Case(
            score=score,
            x=x,
            visible=visible,
            patch=predictor.bundle.config.patch,
            spec=predictor.spec,
            window=ecg.window(start, predictor.spec.seconds),
            report=report,
        )
    )
    report(1.0)
    array = found.values.detach().numpy().astype(np.float32)
    return Attribution(
        code=code,
        method=method,
        baseline=chosen.baseline,
        values=to_recording(_per_sample(array, predictor.spec.fs, ecg), ecg, predictor.spec, start),
        leads=ecg.leads,
        per_lead=array[lead_indices(ecg.leads)].sum(axis=1),
        score=full,
        baseline_score=flat,
        completeness_error=found.error,
        against=against,
    )


def _per_sample(
    values: Float32[np.ndarray, "12 time"], fs: float, ecg: ECG
) -> Float32[np.ndarray, "12 time"]:
    """Scaled so that sums over the recording's samples equal sums over the model's."""
    return values * np.float32(fs / ecg.fs)
