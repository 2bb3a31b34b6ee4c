"""Is this ECG fit for the model? Its leads must be readable, and it must be like known ECGs.

The masked autoencoder reconstructs what is masked well where a signal is like what it
learned from. Before any code is shown, the share of the masked signal that it fails to reconstruct
is compared with the same share of known ECGs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from lamae.results.prediction import MINORS, OLD, Prediction, as_tested, of_old_people
from lamae.results.quality import LeadQuality
from lamae.signal.preprocess import prepare

CARD_ENTRY = "gate"
# Of each four patches of a lead one stays visible, another one in each of the four masks.
MASKS = 4
# From this quantile of the known ECGs on, one is refused.
LIMIT = 0.99
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, LIMIT, 0.999)
BATCH = 16


@dataclass(frozen=True)
class Gate:
    """How well an ECG can be reconstructed, beside known ECGs.

    Attributes:
        error: Share of the masked signal's energy that the model fails to reconstruct; 1 is as
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
            f"This signal is unlike the ECGs that the model learned from: of what was masked "
            f"from it, the model failed to reconstruct {self.error:.0%}; {LIMIT:.0%} of "
            f"{self.ecgs} known ECGs stay below {self.limit:.0%}."
        )


@dataclass(frozen=True)
class Fitness:
    """Whether codes may be shown for a window of an ECG, and what of it the model is shown.

    Attributes:
        usable: Whether enough of the leads can be read.
        signal: Which can, in one sentence.
        leads: The leads to show the model: those that can be read, all where none can.
        left_out: Leads that were recorded, but are to be masked.
        gate: How the ECG compares with known ones; None where it was not compared.
        age: What must be said of the model at the age that the file states; None where nothing.
        electrodes: Why the limb electrodes may have been swapped; None where nothing says so.
    """

    usable: bool
    signal: str
    leads: tuple[str, ...]
    left_out: tuple[LeadQuality, ...] = ()
    gate: Gate | None = None
    age: str | None = None
    electrodes: str | None = None

    @property
    def passed(self) -> bool:
        """Whether codes may be shown."""
        return self.usable and (self.gate is None or self.gate.passed)

    @property
    def reason(self) -> str:
        """Why they may not be, in one sentence; of the leads, where they may."""
        return self.signal if self.gate is None or self.gate.passed else self.gate.reason

    @property
    def masked(self) -> str | None:
        """Which leads are masked and why, in one sentence; None where none is."""
        if not self.left_out:
            return None
        by_verdict: dict[str, list[str]] = {}
        for lead in self.left_out:
            by_verdict.setdefault(lead.verdict, []).append(lead.lead)
        why = next(iter(by_verdict))
        if len(by_verdict) > 1:
            why = "; ".join(f"{', '.join(leads)} {what}" for what, leads in by_verdict.items())
        were = "was" if len(self.left_out) == 1 else "were"
        return (
            f"{', '.join(lead.lead for lead in self.left_out)} could not be read ({why}) and "
            f"{were} masked."
        )

    def remarks(self, prediction: Prediction) -> tuple[str, ...]:
        """What must be said beside codes, one sentence each; none where all is as tested."""
        said = [self.electrodes, self.masked, prediction.untested]
        if prediction.untested and self.gate is None:
            said.append("This ECG was not compared with known ones, either.")
        said.append(self.age)
        return tuple(sentence for sentence in said if sentence)


def fitness(
    predictor: Predictor | None,
    ecg: ECG,
    quality: Sequence[LeadQuality],
    start: float = 0.0,
    electrodes: str | None = None,
) -> Fitness:
    """Judge a window of an ECG, lead by lead and as a whole.

    Args:
        predictor: The model; None asks for the leads alone.
        ecg: A recording with any of the twelve leads.
        quality: Of the twelve leads in the window.
        start: Where the ten-second window starts, in s.
        electrodes: What `lamae.measure.doubt` says of the window.

    Raises:
        InputError: The window does not exist.
    """
    fit, signal = usable(quality)
    poor = tuple(lead for lead in quality if lead.verdict not in (*READABLE, "missing"))
    leads = tuple(lead for lead in ecg.leads if lead not in {other.lead for other in poor})
    age = _of_age(predictor, ecg)
    if not leads:
        return Fitness(fit, signal, ecg.leads, age=age, electrodes=electrodes)
    gate = judge(predictor, ecg.only(leads), start) if fit and predictor is not None else None
    return Fitness(fit, signal, leads, poor, gate, age, electrodes)


def _of_age(predictor: Predictor | None, ecg: ECG) -> str | None:
    """What must be said of the model at this age; of old people only with the model at hand."""
    if ecg.minor:
        return MINORS
    if predictor is None or ecg.age is None or ecg.age < OLD:
        return None
    return of_old_people(predictor.card)


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
        predictor: Whose masked autoencoder reconstructs.
        x: Signals in model units.
        available: Patches that the recordings have.
    """
    patch = predictor.bundle.config.patch
    missed = torch.zeros(len(x), dtype=torch.float64)
    masked = torch.zeros(len(x), dtype=torch.float64)
    for visible in fixed_masks(available):
        where = (available & ~visible).repeat_interleave(patch, dim=-1)
        with torch.inference_mode():
            reconstructed = predictor.bundle.mae(x, visible)
        missed += (((reconstructed - x) * where) ** 2).sum(dim=(1, 2)).double()
        masked += ((x * where) ** 2).sum(dim=(1, 2)).double()
    return (missed / masked.clamp_min(1e-6)).numpy()


def reference(predictor: Predictor, records: Records, *, progress: bool = True) -> dict[str, Any]:
    """The distribution of `unexplained_energy` over known ECGs, as the card carries it.

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
    errors = _errors(predictor, records, progress)
    found = np.quantile(errors, QUANTILES)
    return {
        "quantiles": [[q, float(e)] for q, e in zip(QUANTILES, found, strict=True)],
        "ecgs": len(errors),
    }


def refused(
    predictor: Predictor, records: Records, *, progress: bool = True
) -> dict[str, Any] | None:
    """How many ECGs are unlike the known ones.

    Args:
        predictor: A model whose card has the reference.
        records: ECGs; those without their amplitudes are left out.
        progress: Show a progress bar.

    Returns:
        "refused" and "ecgs"; None where the card has no reference.

    Raises:
        DataError: No ECG has its amplitudes.
    """
    known = _known(predictor.card)
    if known is None:
        return None
    errors = _errors(predictor, records, progress)
    return {"refused": int((errors > known[0][LIMIT]).sum()), "ecgs": len(errors)}


def judge(predictor: Predictor, ecg: ECG, start: float = 0.0) -> Gate | None:
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
    known = _known(predictor.card)
    prepared = prepare(ecg, predictor.spec, start)
    if known is None or not as_tested(ecg.leads, prepared.seconds):
        return None
    quantiles, ecgs = known
    x, available = predictor.model_input(prepared, ecg.leads)
    error = float(unexplained_energy(predictor, x, available)[0])
    return Gate(error, quantiles[0.5], quantiles[LIMIT], ecgs)


def _known(card: Mapping[str, Any]) -> tuple[dict[float, float], int] | None:
    """The card's reference; None in cards from before there was one."""
    entry = card.get(CARD_ENTRY)
    if not isinstance(entry, Mapping):
        return None
    quantiles = {float(share): float(error) for share, error in entry["quantiles"]}
    return quantiles, int(entry["ecgs"])


def _errors(
    predictor: Predictor, records: Records, progress: bool
) -> Float64[np.ndarray, " measured"]:
    rows = np.flatnonzero(records.amplitude)
    if not len(rows):
        raise DataError(
            "None of the ECGs has its amplitudes; what is reconstructed can only be measured in mV."
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
