"""Reconstructions of one ECG: their range, their error by masking ratio, and imputed leads."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Generator, Tensor

from lamae.ecg import ECG, LEADS, lead_indices
from lamae.errors import InputError
from lamae.inference.masking import mask_parts
from lamae.inference.predictor import Predictor
from lamae.inference.progress import Progress
from lamae.model.linear_regression import linear_leads
from lamae.model.mask import mask_random_patches
from lamae.results.masking import Masking
from lamae.results.reconstruction import Band, Imputation, MaskingCurve, Reconstruction
from lamae.signal.preprocess import prepare
from lamae.signal.reconstruction_error import compare, rmse

ECGS_AT_ONCE = 8
# Share of the visible patches that each draw of a band sees.
SHOWN = 0.7
PERCENTILES = (10, 90)
RATIOS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)


def band(
    predictor: Predictor, ecg: ECG, found: Reconstruction, masking: Masking, *, draws: int = 8
) -> Band:
    """How far the reconstruction varies when parts of the visible signal are masked, too.

    Each draw sees a random `SHOWN` of the visible patches. The range between the draws shows
    how much the reconstruction depends on what was seen. It is no confidence interval: where the
    model errs, it may err alike in every draw, which is why the coverage is given.

    Args:
        predictor: The model.
        ecg: The recording.
        found: Its reconstruction.
        masking: The masking it was made with.
        draws: How many draws.

    Raises:
        InputError: As `Predictor.reconstruct`.
    """
    x, available = predictor.model_input(prepare(ecg, predictor.spec, found.start), ecg.leads)
    visible = mask_parts(available, masking, found.start, predictor.patch_seconds)
    generator = Generator().manual_seed(masking.seed + 1)
    drawn = mask_random_patches(visible.expand(draws, -1, -1), 1 - SHOWN, generator)
    # A lead of which few patches are visible may lose all; an ECG must not.
    drawn = torch.where(drawn.any(dim=(1, 2), keepdim=True), drawn, visible)
    rows = [row for row in range(len(LEADS)) if found.masked[row].any()]
    outputs = np.concatenate(
        [
            _reconstruct(predictor, x, drawn[first : first + ECGS_AT_ONCE], rows)
            for first in range(0, draws, ECGS_AT_ONCE)
        ]
    )
    low, high = (np.full(found.target.shape, np.nan, np.float32) for _ in range(2))
    low[rows], high[rows] = np.percentile(outputs, PERCENTILES, axis=0).astype(np.float32)
    low[~found.masked] = high[~found.masked] = np.nan
    truth = found.target[found.masked]
    inside = (truth >= low[found.masked]) & (truth <= high[found.masked])
    return Band(low=low, high=high, draws=draws, shown=SHOWN, coverage=float(inside.mean()))


def unmasked(predictor: Predictor, ecg: ECG, *, start: float = 0.0) -> Reconstruction:
    """The window as the model takes it, with nothing masked and no errors.

    Args:
        predictor: The model.
        ecg: The recording.
        start: Where the ten-second window starts, in s.

    Raises:
        InputError: The window does not exist.
    """
    prepared = prepare(ecg, predictor.spec, start)
    signal = prepared.values * np.float32(predictor.spec.scale)
    return compare(
        signal,
        signal,
        prepared.present,
        np.zeros_like(prepared.present),
        prepared.present,
        predictor.moments,
        fs=predictor.spec.fs,
        start=start,
    )


def masking_curve(
    predictor: Predictor,
    ecg: ECG,
    *,
    start: float = 0.0,
    draws: int = 2,
    seed: int = 0,
    progress: Progress | None = None,
) -> MaskingCurve:
    """Error on masked samples while more and more patches of every lead are masked at random.

    Args:
        predictor: The model.
        ecg: The recording.
        start: Where the ten-second window starts, in s.
        draws: Draws at each masking ratio.
        seed: Of the patches drawn.
        progress: Called with the share done, 0 to 1; may raise to cancel.

    Raises:
        InputError: The window does not exist.
    """
    prepared = prepare(ecg, predictor.spec, start)
    x, available = predictor.model_input(prepared, ecg.leads)
    generator = Generator().manual_seed(seed)
    each, scale = predictor.bundle.config.patch, predictor.spec.scale
    model: list[float] = []
    linear: list[float] = []
    for number, ratio in enumerate(RATIOS):
        visible = mask_random_patches(available.expand(draws, -1, -1), ratio, generator)
        masked = (available & ~visible).numpy().repeat(each, axis=2) & prepared.present
        where = masked.reshape(draws, -1)
        signals = x.expand(draws, -1, -1)
        with torch.inference_mode():
            reconstructed = predictor.reconstructor(signals, visible).numpy()
            estimate = linear_leads(signals, visible, predictor.reconstructor.moments).numpy()
        for errors, output in ((model, reconstructed), (linear, estimate)):
            difference = (output - prepared.values).reshape(draws, -1)
            errors.append(float(rmse(difference, where).mean()) * scale)
        if progress is not None:
            progress((number + 1) / len(RATIOS))
    return MaskingCurve(np.array(RATIOS), np.array(model), np.array(linear), draws)


def impute(
    predictor: Predictor,
    ecg: ECG,
    leads: Sequence[str],
    *,
    unreadable: Sequence[str] = (),
    start: float = 0.0,
) -> Imputation:
    """Impute leads that are flat, noisy or missing: reconstruct them from the others.

    Args:
        predictor: The model.
        ecg: The recording as received.
        leads: Leads to impute.
        unreadable: Further leads that the model must not see.
        start: Where the ten-second window starts, in s.

    Raises:
        InputError: A lead or the window does not exist, no lead is named, or none stays visible.
    """
    rows = lead_indices(leads)
    if not rows:
        raise InputError("No lead was chosen; choose the leads to impute.")
    shown = tuple(lead for lead in ecg.leads if lead not in {*leads, *unreadable})
    if not shown:
        raise InputError("No lead stays visible; the model needs something to go by.")
    imputed = tuple(lead for lead in LEADS if lead in leads)
    prepared = prepare(ecg, predictor.spec, start)
    x, visible = predictor.model_input(prepared, shown)
    scale = np.float32(predictor.spec.scale)
    time = prepared.present.any(axis=0)
    present = prepared.present.copy()
    present[rows] = time
    reconstructed = np.zeros_like(prepared.values)
    reconstructed[rows] = _reconstruct(predictor, x, visible, rows)[0]
    masked = np.zeros_like(present)
    masked[rows] = time
    found = compare(
        prepared.values * scale,
        reconstructed,
        visible[0].numpy().repeat(predictor.bundle.config.patch, axis=1),
        masked,
        present,
        predictor.moments,
        fs=predictor.spec.fs,
        start=start,
    )
    target = found.target.copy()
    # Neither a poor lead nor a missing one has a truth to draw.
    target[rows] = np.nan
    have = [row for row, lead in enumerate(LEADS) if lead in ecg.leads or lead in leads]
    some = "Lead" if len(imputed) == 1 else "Leads"
    return Imputation(
        ecg=ECG(
            signal=np.where(time, found.output, np.float32(0))[have][:, time],
            fs=predictor.spec.fs,
            leads=tuple(LEADS[row] for row in have),
            source=f"{ecg.source}, in part reconstructed by the model",
            notes=(
                *ecg.notes,
                f"{some} {', '.join(imputed)} reconstructed by the model, not recorded.",
            ),
        ),
        leads=imputed,
        shown=shown,
        reconstruction=replace(found, target=target, errors=()),
    )


def _reconstruct(
    predictor: Predictor,
    x: Float32[Tensor, "1 12 T"],
    visible: Bool[Tensor, "n 12 N"],
    rows: Sequence[int],
) -> Float32[np.ndarray, "n rows T"]:
    """What the model reconstructs of some leads, in mV."""
    with torch.inference_mode():
        output = predictor.reconstructor(
            x.expand(len(visible), -1, -1), visible, torch.tensor(list(rows))
        )
    return output.numpy() * np.float32(predictor.spec.scale)
