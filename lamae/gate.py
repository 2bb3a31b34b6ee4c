"""Is this an ECG like those the model was trained on? Its own restoration tells.

The masked autoencoder restores what is hidden from it well where a signal is like what it
learned from. Before any code is shown, the share of the hidden signal that it fails to restore
is compared with the same share of known ECGs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor
from tqdm import tqdm

from lamae.data import Records
from lamae.ecg import ECG, LEADS
from lamae.errors import DataError
from lamae.predict import Predictor
from lamae.preprocess import prepare

CARD_ENTRY = "gate"
# Of each four patches of a lead one stays visible, another one in each of the four masks.
MASKS = 4
# From this quantile of the known ECGs on, one is refused.
LIMIT = 0.99
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, LIMIT, 0.999)
BATCH = 16


@dataclass(frozen=True)
class Gate:
    """How well an ECG can be restored, beside known ECGs.

    Attributes:
        error: Share of the hidden signal's energy that the model fails to restore; 1 is as
            bad as a flat line.
        typical: Median of the known ECGs.
        limit: The error that `LIMIT` of the known ECGs stay below.
        ecgs: How many known ECGs there were.
    """

    error: float
    typical: float
    limit: float
    ecgs: int

    @property
    def passed(self) -> bool:
        """Whether the ECG is like the known ones."""
        return self.error <= self.limit

    @property
    def reason(self) -> str:
        """Why it is not, in one sentence."""
        return (
            f"This signal is unlike the ECGs that the model learned from: of what was hidden "
            f"from it, the model failed to restore {self.error:.0%}; {LIMIT:.0%} of "
            f"{self.ecgs} known ECGs stay below {self.limit:.0%}."
        )


def fixed_masks(available: Bool[Tensor, "B 12 N"]) -> Bool[Tensor, "masks B 12 N"]:
    """Four ways to show a quarter of the patches, the same for every ECG.

    Each patch is visible in one of them. Neighbouring leads show different patches, as in
    most of the training batches.
    """
    leads, patches = available.shape[1:]
    turn = (torch.arange(patches) + torch.arange(leads)[:, None]) % MASKS
    return torch.stack([available & (turn == mask) for mask in range(MASKS)])


def restoration_error(
    predictor: Predictor, x: Float[Tensor, "B 12 T"], available: Bool[Tensor, "B 12 N"]
) -> Float64[np.ndarray, " B"]:
    """Energy of what the model fails to restore over the energy of what was hidden.

    Args:
        predictor: Whose masked autoencoder restores.
        x: Signals in model units.
        available: Patches that the recordings have.
    """
    patch = predictor.bundle.config.patch
    missed = torch.zeros(len(x), dtype=torch.float64)
    hidden = torch.zeros(len(x), dtype=torch.float64)
    for visible in fixed_masks(available):
        where = (available & ~visible).repeat_interleave(patch, dim=-1)
        with torch.inference_mode():
            restored = predictor.bundle.mae(x, visible)
        missed += (((restored - x) * where) ** 2).sum(dim=(1, 2)).double()
        hidden += ((x * where) ** 2).sum(dim=(1, 2)).double()
    return (missed / hidden.clamp_min(1e-6)).numpy()


def reference(predictor: Predictor, records: Records, *, progress: bool = True) -> dict[str, Any]:
    """The distribution of `restoration_error` over known ECGs, as the card carries it.

    ECGs without their amplitudes are left out: such signals are not what a visitor brings.

    Args:
        predictor: A model with its masked autoencoder.
        records: Known ECGs.
        progress: Show a progress bar.

    Returns:
        "quantiles" as a list of [share, error], and "ecgs".

    Raises:
        DataError: No ECG has its amplitudes.
    """
    rows = np.flatnonzero(records.amplitude)
    if not len(rows):
        raise DataError(
            "None of the ECGs has its amplitudes; the reference needs recordings in mV."
        )
    errors = [
        restoration_error(predictor, *_tensors(predictor, records, part))
        for part in tqdm(
            np.array_split(rows, -(-len(rows) // BATCH)), desc="restoring", disable=not progress
        )
    ]
    found = np.quantile(np.concatenate(errors), QUANTILES)
    return {
        "quantiles": [[q, float(e)] for q, e in zip(QUANTILES, found, strict=True)],
        "ecgs": len(rows),
    }


def judge(predictor: Predictor, ecg: ECG, start: float = 0.0) -> Gate | None:
    """Compare an ECG with the known ones.

    Args:
        predictor: A model.
        ecg: A recording with any of the twelve leads.
        start: Where the ten-second window starts, in s.

    Returns:
        None where the card has no reference, or where the recording has fewer than the twelve
        leads that the reference was made with.

    Raises:
        InputError: The window does not exist.
    """
    known = _known(predictor.card)
    if known is None or ecg.leads != LEADS:
        return None
    quantiles, ecgs = known
    x, available = predictor.model_input(prepare(ecg, predictor.spec, start), ecg.leads)
    error = float(restoration_error(predictor, x, available)[0])
    return Gate(error, quantiles[0.5], quantiles[LIMIT], ecgs)


def _known(card: Mapping[str, Any]) -> tuple[dict[float, float], int] | None:
    """The card's reference; None in cards from before there was one."""
    entry = card.get(CARD_ENTRY)
    if not isinstance(entry, Mapping):
        return None
    quantiles = {float(share): float(error) for share, error in entry["quantiles"]}
    return quantiles, int(entry["ecgs"])


def _tensors(
    predictor: Predictor, records: Records, rows: Int[np.ndarray, " n"]
) -> tuple[Float[Tensor, "n 12 T"], Bool[Tensor, "n 12 N"]]:
    patches = predictor.bundle.config.patches
    available = torch.from_numpy(records.present[rows])[:, :, None].expand(-1, -1, patches)
    return torch.from_numpy(records.values[rows]), available
