"""What the model may see: pure functions of a generator, and the packing of visible patches."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Generator, Tensor

from lamae.ecg import CHEST_LEADS, lead_indices


@dataclass(frozen=True)
class MaskConfig:
    """How training masks patches and leads.

    Attributes:
        ratio: Share of patches masked where no whole lead is.
        synchronous: Share of those batches in which all leads mask the same patches. III,
            aVR, aVL and aVF are sums of I and II, so a limb patch masked in one lead only can
            be copied from the others; one masked in all of them cannot.
        mask_leads: Share of batches in which whole leads are masked, 1 to L - 1 of them. The
            leads that remain show more of their patches, so that the number of visible
            patches, and with it the time of a step, stays about the same.
        full_view: Share of those batches in which the leads that remain mask nothing.
        imputation: Share of all batches in which whole leads are masked as in the tasks of lead
            imputation, see `mask_for_imputation`, and nothing else.
    """

    ratio: float = 0.75
    synchronous: float = 0.25
    mask_leads: float = 0.5
    full_view: float = 0.15
    imputation: float = 0.0


def draw_mask(
    available: Bool[Tensor, "B L N"], config: MaskConfig, generator: Generator
) -> Bool[Tensor, "B L N"]:
    """Draw what a training batch sees.

    Args:
        available: Patches that the recordings have.
        config: How to mask.
        generator: On the CPU, so that a seed gives the same masks on every device.

    Returns:
        Patches that stay visible. Each lead that is not masked shows the same number of
        patches throughout the batch, so that they pack without gaps.
    """
    leads = available.shape[1]

    def uniform() -> float:
        return float(torch.rand((), generator=generator))

    if config.imputation and uniform() < config.imputation:
        return mask_for_imputation(available, generator)
    ratio, synchronous = config.ratio, False
    if uniform() < config.mask_leads:
        masked_leads = 1 + int(uniform() * (leads - 1))
        visible = mask_random_leads(available, masked_leads, generator)
        full = uniform() < config.full_view
        ratio = 0.0 if full else 1 - min(1.0, (1 - ratio) * leads / (leads - masked_leads))
    else:
        visible = available
        synchronous = uniform() < config.synchronous
    return visible & mask_random_patches(available, ratio, generator, synchronous=synchronous)


def mask_random_patches(
    available: Bool[Tensor, "B L N"],
    ratio: float,
    generator: Generator,
    *,
    synchronous: bool = False,
) -> Bool[Tensor, "B L N"]:
    """Mask a share of each lead's patches; one at least stays visible of a lead that has all.

    Args:
        available: Patches that may be shown.
        ratio: Share to mask, 0 to 1.
        generator: On the CPU.
        synchronous: Mask the same patches in all leads of an ECG.
    """
    batch, leads, patches = available.shape
    rows = 1 if synchronous else leads
    rank = torch.rand(batch, rows, patches, generator=generator).argsort(dim=-1).argsort(dim=-1)
    shown = max(1, round(patches * (1 - ratio)))
    return (rank < shown).to(available.device).expand(batch, leads, patches) & available


def mask_random_leads(
    available: Bool[Tensor, "B L N"], count: int, generator: Generator
) -> Bool[Tensor, "B L N"]:
    """Mask `count` whole leads of each ECG."""
    batch, leads, _ = available.shape
    rank = torch.rand(batch, leads, generator=generator).argsort(dim=-1).argsort(dim=-1)
    return (rank >= count).to(available.device)[:, :, None] & available


def mask_all_but_a_segment(
    available: Bool[Tensor, "B L N"], ratio: float, generator: Generator
) -> Bool[Tensor, "B L N"]:
    """Mask this share of the patches before and after a random segment, the same in all leads."""
    batch, _, patches = available.shape
    shown = max(1, round(patches * (1 - ratio)))
    first = torch.randint(patches - shown + 1, (batch, 1), generator=generator)
    number = torch.arange(patches)
    inside = (number >= first) & (number < first + shown)  # B N
    return inside.to(available.device)[:, None] & available


def mask_for_imputation(
    available: Bool[Tensor, "B L N"], generator: Generator
) -> Bool[Tensor, "B L N"]:
    """Mask one chest lead, all chest leads or any 1 to L - 1 leads, the same in every ECG."""
    leads = available.shape[1]
    chest = torch.tensor(lead_indices(CHEST_LEADS))
    kind = int(torch.randint(3, (), generator=generator))
    if kind == 0:
        masked = chest[torch.randint(len(chest), (1,), generator=generator)]
    elif kind == 1:
        masked = chest
    else:
        count = 1 + int(torch.randint(leads - 1, (), generator=generator))
        masked = torch.randperm(leads, generator=generator)[:count]
    visible = available.clone()
    visible[:, masked.to(available.device)] = False
    return visible


class Packed(NamedTuple):
    """Where the visible patches are, leads and patches without any left out where possible.

    Attributes:
        lead: Lead of each row.
        patch: Number of each patch, in order of time.
        valid: False where an ECG or a lead shows fewer patches than the most that any shows.
    """

    lead: Int[Tensor, "B V"]
    patch: Int[Tensor, "B V K"]
    valid: Bool[Tensor, "B V K"]


def pack(visible: Bool[Tensor, "B L N"]) -> Packed:
    """List the visible patches lead by lead, so that masked ones cost nothing.

    A batch that shows nothing at all still gets one empty row.
    """
    shows = visible.any(dim=-1)
    most_leads = max(1, int(shows.sum(dim=-1).max()))
    lead = (~shows).int().argsort(dim=-1, stable=True)[:, :most_leads]  # B V
    rows = visible.gather(1, lead[:, :, None].expand(-1, -1, visible.shape[-1]))  # B V N
    most_patches = max(1, int(rows.sum(dim=-1).max()))
    patch = (~rows).int().argsort(dim=-1, stable=True)[:, :, :most_patches]  # B V K
    return Packed(lead, patch, rows.gather(-1, patch))
