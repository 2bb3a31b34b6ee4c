"""The input check: an ECG's leads must be readable, and it must be like known ECGs.

A masked autoencoder reconstructs well what is like its training data. Before any code is shown,
the share of the masked signal's energy that it fails to reconstruct is compared with that share
for known ECGs.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor
from tqdm import tqdm

from lamae.data import Records
from lamae.ecg import ECG
from lamae.errors import DataError
from lamae.inference.predictor import Predictor
from lamae.measure import usable
from lamae.measure.quality import READABLE
from lamae.results.card import OLD, InputReference
from lamae.results.input_check import LIMIT, InputCheck, ReconstructionCheck
from lamae.results.prediction import as_tested
from lamae.results.quality import LeadQuality
from lamae.results.scores import Refused
from lamae.signal.preprocess import prepare

# Of each four patches of a lead one stays visible, another one in each of the four masks.
MASKS = 4
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, LIMIT, 0.999)
BATCH = 16


def check_input(
    predictor: Predictor | None,
    ecg: ECG,
    quality: Sequence[LeadQuality],
    start: float = 0.0,
    electrodes: str | None = None,
) -> InputCheck:
    """Check a window of an ECG, lead by lead and as a whole.

    Args:
        predictor: The model; None checks the leads alone.
        ecg: A recording with any of the twelve leads.
        quality: Of the twelve leads in the window.
        start: Where the ten-second window starts, in s.
        electrodes: `lamae.measure.doubt` of the window.

    Raises:
        InputError: The window does not exist.
    """
    fit, signal = usable(quality)
    poor = tuple(lead for lead in quality if lead.verdict not in (*READABLE, "missing"))
    leads = tuple(lead for lead in ecg.leads if lead not in {other.lead for other in poor})
    age = _of_age(predictor, ecg)
    if not leads:
        return InputCheck(fit, signal, ecg.leads, age=age, electrodes=electrodes)
    known = None
    if fit and predictor is not None:
        known = check_reconstruction(predictor, ecg.only(leads), start)
    return InputCheck(fit, signal, leads, poor, known, age, electrodes)


def _of_age(predictor: Predictor | None, ecg: ECG) -> str | None:
    """The model's limits at this age, which stand in its card."""
    if predictor is None or ecg.age is None:
        return None
    if ecg.minor:
        return predictor.card.minors
    return predictor.card.old_people if ecg.age >= OLD else None


def fixed_masks(available: Bool[Tensor, "B 12 N"]) -> Bool[Tensor, "masks B 12 N"]:
    """Four ways to show a quarter of the patches, the same for every ECG.

    Each patch is visible in one of them. Neighbouring leads show different patches, as in
    most of the training batches.
    """
    leads, patches = available.shape[1:]
    turn = (torch.arange(patches) + torch.arange(leads)[:, None]) % MASKS
    return torch.stack([available & (turn == mask) for mask in range(MASKS)])


def unexplained_energy(
    predictor: Predictor, x: Float[Tensor, "B 12 T"], available: Bool[Tensor, "B 12 N"]
) -> Float64[np.ndarray, " B"]:
    """Share of the masked signal's energy that the model fails to reconstruct.

    Without a unit, unlike the root mean square errors of
    `lamae.signal.reconstruction_error`, so that ECGs of any amplitude share one limit.

    Args:
        predictor: Whose reconstructor is used.
        x: Signals in model units.
        available: Patches that the recordings have.

    Raises:
        WeightsError: The weights have no reconstructor.
    """
    patch = predictor.bundle.config.patch
    missed = torch.zeros(len(x), dtype=torch.float64)
    masked = torch.zeros(len(x), dtype=torch.float64)
    for visible in fixed_masks(available):
        where = (available & ~visible).repeat_interleave(patch, dim=-1)
        with torch.inference_mode():
            reconstructed = predictor.reconstructor(x, visible)
        missed += (((reconstructed - x) * where) ** 2).sum(dim=(1, 2)).double()
        masked += ((x * where) ** 2).sum(dim=(1, 2)).double()
    return (missed / masked.clamp_min(1e-6)).numpy()


def reference(predictor: Predictor, records: Records, *, progress: bool = True) -> InputReference:
    """The distribution of `unexplained_energy` over known ECGs.

    ECGs without their amplitudes are left out.

    Args:
        predictor: A model with a reconstructor.
        records: Known ECGs.
        progress: Show a progress bar.

    Raises:
        DataError: No ECG has its amplitudes.
        WeightsError: The weights have no reconstructor.
    """
    errors = _errors(predictor, records, progress)
    found = np.quantile(errors, QUANTILES)
    return InputReference(tuple(zip(QUANTILES, found.tolist(), strict=True)), len(errors))


def refused(predictor: Predictor, records: Records, *, progress: bool = True) -> Refused | None:
    """How many ECGs are unlike the known ones.

    Args:
        predictor: A model whose card has the reference.
        records: ECGs; those without their amplitudes are left out.
        progress: Show a progress bar.

    Returns:
        None where the card has no reference.

    Raises:
        DataError: No ECG has its amplitudes.
    """
    known = predictor.card.input_check
    if known is None:
        return None
    errors = _errors(predictor, records, progress)
    return Refused(int((errors > known.error(LIMIT)).sum()), len(errors))


def check_reconstruction(
    predictor: Predictor, ecg: ECG, start: float = 0.0
) -> ReconstructionCheck | None:
    """Compare an ECG with the known ones.

    Args:
        predictor: A model.
        ecg: A recording with any of the twelve leads.
        start: Where the ten-second window starts, in s.

    Returns:
        None where the card has no reference, or where the recording has less than the twelve
        leads over ten seconds that the reference was made with.

    Raises:
        InputError: The window does not exist.
    """
    known = predictor.card.input_check
    prepared = prepare(ecg, predictor.spec, start)
    if known is None or not as_tested(ecg.leads, prepared.seconds):
        return None
    x, available = predictor.model_input(prepared, ecg.leads)
    error = float(unexplained_energy(predictor, x, available)[0])
    return ReconstructionCheck(error, known.error(0.5), known.error(LIMIT), known.ecgs)


def _errors(
    predictor: Predictor, records: Records, progress: bool
) -> Float64[np.ndarray, " measured"]:
    rows = np.flatnonzero(records.amplitude)
    if not len(rows):
        raise DataError(
            "None of the ECGs has its amplitudes, and reconstruction errors are measured in mV."
        )
    parts = np.array_split(rows, -(-len(rows) // BATCH))
    return np.concatenate(
        [
            unexplained_energy(predictor, *_tensors(predictor, records, part))
            for part in tqdm(parts, desc="reconstructing", disable=not progress)
        ]
    )


def _tensors(
    predictor: Predictor, records: Records, rows: Int[np.ndarray, " n"]
) -> tuple[Float[Tensor, "n 12 T"], Bool[Tensor, "n 12 N"]]:
    patches = predictor.bundle.config.patches
    available = torch.from_numpy(records.present[rows])[:, :, None].expand(-1, -1, patches)
    return torch.from_numpy(records.values[rows]), available
