"""How well masked leads are reconstructed, beside linear regression from the visible ones."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float64
from tqdm import tqdm

from lamae.data import Records
from lamae.ecg import CHEST_LEADS, LEADS
from lamae.errors import DataError
from lamae.inference.predictor import Predictor
from lamae.signal.linear_regression import algebra_estimate, linear_estimate
from lamae.signal.reconstruction_error import lead_errors

BATCH = 32
# One chest lead masked at a time, then all six.
MASKED_SETS = (*((lead,) for lead in CHEST_LEADS), CHEST_LEADS)


def score_reconstruction(
    predictor: Predictor, records: Records, *, progress: bool = True
) -> dict[str, dict[str, Any]]:
    """Mask sets of leads in every ECG and compare their reconstruction with the truth.

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
        raise DataError(
            "No ECG has all twelve leads; reconstruction is evaluated on such ECGs only."
        )
    results: dict[str, dict[str, Any]] = {}
    bar = tqdm(MASKED_SETS, desc="reconstructing", unit="set", disable=not progress)
    for masked in bar:
        rows = np.isin(LEADS, masked)
        parts = [
            _errors(predictor, records, rows, slice(start, start + BATCH))
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
    predictor: Predictor, records: Records, masked: Bool[np.ndarray, "12"], batch: slice
) -> Float64[np.ndarray, "n masked 3"]:
    """RMSE in mV of model and regression and the model's correlation, for each masked lead."""
    bundle = predictor.bundle
    values = records.values[batch]
    rows = torch.from_numpy(np.flatnonzero(masked))
    visible = torch.from_numpy(~masked)[None, :, None].expand(
        len(values), -1, bundle.config.patches
    )
    truth = values.astype(np.float64)
    output = truth.copy()
    with torch.inference_mode():
        output[:, masked] = predictor.reconstructor(torch.from_numpy(values), visible, rows).numpy()
    where = np.repeat(masked[:, None], values.shape[2], axis=1)
    found = np.empty((len(values), len(rows), 3))
    for number, x in enumerate(values):
        errors = lead_errors(
            truth[number],
            output[number],
            linear_estimate(x, ~where, predictor.moments),
            algebra_estimate(x, ~where),
            masked=where,
            present=np.ones_like(where),
        )
        each = [(e.rmse, e.linear_rmse, e.pearson_r) for e in errors]
        found[number] = np.array(each, dtype=np.float64)  # None becomes not a number
    # A constant lead correlates with nothing.
    found[..., 2] = np.nan_to_num(found[..., 2])
    return found * (bundle.input.scale, bundle.input.scale, 1.0)
