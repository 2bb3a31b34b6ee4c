"""How far a reconstruction is from the truth, beside linear regression and algebra."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from lamae.ecg import LEADS
from lamae.results.reconstruction import LeadError, Reconstruction, WaveError
from lamae.signal.linear_regression import algebra_estimate, linear_estimate

# A standard deviation below this is rounding: no correlation.
CONSTANT = 1e-9


@dataclass(frozen=True)
class AlgebraError:
    """Errors of algebra and model where algebra determines masked samples, all leads together.

    Attributes:
        share: Of the masked samples, over 0 to 1.
        leads: Leads that have such samples.
        rmse: Root mean square error of algebra on them in mV.
        model_rmse: Root mean square error of the model on them in mV.
    """

    share: float
    leads: tuple[str, ...]
    rmse: float
    model_rmse: float


def rmse(
    difference: Float[np.ndarray, "*batch time"],
    where: Bool[np.ndarray, "*batch time"] | None = None,
) -> Float64[np.ndarray, "*batch"]:
    """Root mean square over the last axis, computed in double precision.

    Args:
        difference: Of a reconstruction from the truth, in any unit.
        where: Samples that count; None for all. The error is zero where none does.
    """
    square = np.square(difference.astype(np.float64))
    if where is None:
        return np.asarray(np.sqrt(square.mean(axis=-1)))
    count = np.maximum(1, where.sum(axis=-1))
    return np.asarray(np.sqrt(square.sum(axis=-1, where=where) / count))


def compare(
    target: Float32[np.ndarray, "12 time"],
    reconstructed: Float32[np.ndarray, "12 time"],
    seen: Bool[np.ndarray, "12 time"],
    masked: Bool[np.ndarray, "12 time"],
    present: Bool[np.ndarray, "12 time"],
    moments: Float64[np.ndarray, "12 12"],
    *,
    fs: float,
    start: float,
) -> Reconstruction:
    """Compare a model's reconstruction with the truth, linear regression and algebra.

    Args:
        target: The true signal in mV.
        reconstructed: The model's in mV; used where masked only.
        seen: Samples that the model saw.
        masked: Samples that it did not see but the recording has.
        present: Samples that the recording has.
        moments: Mean products of the leads over the training ECGs.
        fs: Sampling rate in Hz.
        start: Where the window starts in the recording, in s.
    """
    linear = np.where(masked, linear_estimate(target, seen, moments), np.nan)
    algebra = np.where(masked, algebra_estimate(target, seen), np.nan)
    output = np.where(masked, reconstructed, target)
    return Reconstruction(
        fs=fs,
        start=start,
        target=target,
        output=output.astype(np.float32),
        linear=linear.astype(np.float32),
        algebra=algebra.astype(np.float32),
        masked=masked,
        present=present,
        errors=lead_errors(target, output, linear, algebra, masked=masked, present=present),
    )


def lead_errors(
    target: Float[np.ndarray, "12 time"],
    output: Float[np.ndarray, "12 time"],
    linear: Float[np.ndarray, "12 time"],
    algebra: Float[np.ndarray, "12 time"],
    *,
    masked: Bool[np.ndarray, "12 time"],
    present: Bool[np.ndarray, "12 time"],
) -> tuple[LeadError, ...]:
    """Errors of each lead on its masked samples, in the unit of the signals.

    Regression has no error in a lead of which it leaves a masked sample open, which happens
    only where no lead is visible. Algebra is compared on the samples that it determines.

    Args:
        target: The true signal.
        output: The model's reconstruction.
        linear: Linear regression's; not a number where it has none.
        algebra: Algebra's; likewise.
        masked: Samples that count.
        present: Samples that the recording has.

    Returns:
        One entry for each lead that is masked at least in part.
    """
    errors = []
    for row, lead in enumerate(LEADS):
        where = masked[row]
        if not where.any():
            continue
        truth, reconstructed = target[row, where], output[row, where]
        determined = ~np.isnan(algebra[row, where])
        constant = min(np.std(truth), np.std(reconstructed)) < CONSTANT
        errors.append(
            LeadError(
                lead=lead,
                masked_share=float(where.sum() / present[row].sum()),
                rmse=float(rmse(reconstructed - truth)),
                pearson_r=None if constant else float(np.corrcoef(truth, reconstructed)[0, 1]),
                linear_rmse=_where_complete(linear[row, where] - truth),
                algebra_rmse=_where_any((algebra[row, where] - truth)[determined]),
                algebra_reach=float(determined.mean()),
                rmse_in_reach=_where_any((reconstructed - truth)[determined]),
            )
        )
    return tuple(errors)


def algebra_error(found: Reconstruction) -> AlgebraError | None:
    """Errors of algebra and model on what algebra determines; None where that is nothing."""
    where = found.masked & ~np.isnan(found.algebra)
    if not where.any():
        return None
    truth = found.target[where]
    return AlgebraError(
        share=float(where.sum() / found.masked.sum()),
        leads=tuple(lead for row, lead in enumerate(LEADS) if where[row].any()),
        rmse=float(rmse(found.algebra[where] - truth)),
        model_rmse=float(rmse(found.output[where] - truth)),
    )


def wave_errors(
    found: Reconstruction, waves: Mapping[str, Bool[np.ndarray, " time"]]
) -> tuple[WaveError, ...]:
    """Errors of each masked lead in each wave of which anything was masked.

    Args:
        found: The reconstruction.
        waves: Samples of each wave, as `lamae.signal.waves.wave_samples` gives them.
    """
    errors = []
    for row, lead in enumerate(LEADS):
        for wave, inside in waves.items():
            where = found.masked[row] & inside
            if where.any():
                truth = found.target[row, where]
                errors.append(
                    WaveError(
                        lead=lead,
                        wave=wave,
                        seconds=float(where.sum() / found.fs),
                        rmse=float(rmse(found.output[row, where] - truth)),
                        linear_rmse=_where_complete(found.linear[row, where] - truth),
                        algebra_rmse=_where_complete(found.algebra[row, where] - truth),
                    )
                )
    return tuple(errors)


def _where_complete(difference: Float[np.ndarray, " time"]) -> float | None:
    return None if np.isnan(difference).any() else float(rmse(difference))


def _where_any(difference: Float[np.ndarray, " time"]) -> float | None:
    return float(rmse(difference)) if len(difference) else None
