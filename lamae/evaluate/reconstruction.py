"""How well masked leads are reconstructed, beside linear regression from the visible ones."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from tqdm import tqdm

from lamae.data import Records
from lamae.ecg import CHEST_LEADS, LEADS, lead_indices
from lamae.errors import DataError
from lamae.inference.predictor import Predictor
from lamae.signal.linear import linear_estimate

BATCH = 32
# One chest lead masked at a time, then all six.
MASKED_SETS = (*((lead,) for lead in CHEST_LEADS), CHEST_LEADS)


def score_reconstruction(
    predictor: Predictor, records: Records, *, progress: bool = True
) -> dict[str, dict[str, Any]]:
    """Mask sets of leads in every ECG and reconstruct them from the leads that remain.

    Args:
        predictor: Its reconstructor is used; it need not be fine-tuned.
        records: ECGs; those that lack a lead are left out.
        progress: Show a progress bar.

    Returns:
        For each set of masked leads ("V1", ..., "V1,V2,V3,V4,V5,V6") and each lead in it the
        medians over ECGs of "rmse_mv", "linear_rmse_mv" and "pearson_r", and "ratio", the
        first over the second.

    Raises:
        DataError: No ECG has all leads.
        WeightsError: The weights have no reconstructor.
    """
    records = records.take(np.flatnonzero(records.present.all(axis=1)))
    if not len(records):
        raise DataError("No ECG here has all twelve leads; reconstructing is judged on such alone.")
    results: dict[str, dict[str, Any]] = {}
    bar = tqdm(MASKED_SETS, desc="reconstructing", unit="set", disable=not progress)
    for masked in bar:
        rows = lead_indices(masked)
        shown = np.ones(len(LEADS), dtype=bool)
        shown[rows] = False
        parts = [
            _errors(predictor, records, shown, rows, slice(start, start + BATCH))
            for start in range(0, len(records), BATCH)
        ]
        median = np.median(np.concatenate(parts), axis=0)  # leads 3
        results[",".join(masked)] = {
            lead: {
                "rmse_mv": float(rmse),
                "linear_rmse_mv": float(linear),
                "pearson_r": float(r),
                "ratio": float(rmse / linear),
            }
            for lead, (rmse, linear, r) in zip(masked, median, strict=True)
        }
    return results


def _errors(
    predictor: Predictor,
    records: Records,
    shown: np.ndarray,
    rows: list[int],
    batch: slice,
) -> Float64[np.ndarray, "n masked 3"]:
    """RMSE in mV of model and regression and the model's correlation, for each masked lead."""
    bundle = predictor.bundle
    values = records.values[batch]
    visible = torch.from_numpy(shown)[None, :, None].expand(len(values), -1, bundle.config.patches)
    with torch.inference_mode():
        x = torch.from_numpy(values)
        output = predictor.reconstructor(x, visible, torch.tensor(rows)).numpy()
    seen = np.repeat(shown[:, None], values.shape[2], axis=1)
    linear = np.stack([linear_estimate(x, seen, predictor.moments)[rows] for x in values])
    truth = values[:, rows].astype(np.float64)
    centred = [x - x.mean(axis=-1, keepdims=True) for x in (truth, output.astype(np.float64))]
    product = (centred[0] * centred[1]).sum(axis=-1)
    norm = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    scale = bundle.input.scale
    return np.stack(
        [
            np.sqrt(((output - truth) ** 2).mean(axis=-1)) * scale,
            np.sqrt(((linear - truth) ** 2).mean(axis=-1)) * scale,
            product / np.maximum(norm, 1e-12),
        ],
        axis=-1,
    )
