"""Augmentation of training ECGs."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from lamae.ecg import DOWER, INDEPENDENT_LEADS, LEADS, LIMB_FROM_I_II, lead_indices

# From the dipole to all leads, and from the leads to the dipole.
_TO_LEADS = np.vstack([LIMB_FROM_I_II @ DOWER[:2], DOWER[2:]])  # 12 3
_TO_DIPOLE = np.zeros((3, len(LEADS)))
_TO_DIPOLE[:, lead_indices(INDEPENDENT_LEADS)] = np.linalg.pinv(DOWER)


@dataclass(frozen=True)
class AugmentConfig:
    """How far training ECGs are changed; by default not at all.

    Attributes:
        gain: Standard deviation of the factor that all leads of an ECG share. In fine-tuning, a
            large one hides the voltages of hypertrophy.
        noise: Largest standard deviation of white noise, in model units.
        shift: Largest circular shift in time, in samples.
    """

    gain: float = 0.0
    noise: float = 0.0
    shift: int = 0


def augment(
    x: Float[Tensor, "B L T"], config: AugmentConfig, generator: Generator
) -> Float[Tensor, "B L T"]:
    """Scale, shift and add noise.

    Args:
        x: Signals in model units.
        config: How far.
        generator: On the CPU, so that a seed gives the same changes on every device, but for
            the noise, which is drawn where x lies.
    """
    batch = len(x)
    gain = 1 + config.gain * torch.randn(batch, 1, 1, generator=generator)
    size = config.noise * torch.rand(batch, 1, 1, generator=generator)
    shift = int(torch.randint(-config.shift, config.shift + 1, (), generator=generator))
    on_cpu = x.device.type == "cpu"
    noise = torch.randn(x.shape, generator=generator) if on_cpu else torch.randn_like(x)
    return (x * gain.to(x.device) + noise * size.to(x.device)).roll(shift, dims=-1)


def rotate_dipole(
    x: Float[Tensor, "B 12 T"],
    present: Bool[Tensor, "B 12"],
    degrees: float,
    generator: Generator,
) -> Float[Tensor, "B 12 T"]:
    """Rotate the heart's dipole; what the dipole does not explain stays.

    Findings that depend on the axis change, so this is for reconstruction, not for labels.

    Source: 3KG (arXiv 2106.04452), with the least-squares inverse of Dower's matrix, which gives
        the ECG back where the angle is zero.

    Args:
        x: Signals in model units.
        present: Leads that a recording has; one that lacks any stays as it is.
        degrees: Standard deviation of the angle about each axis.
        generator: On the CPU.
    """
    angles = torch.randn(len(x), 3, generator=generator) * math.radians(degrees)
    a, b, c = angles.to(x.device).unbind(dim=-1)
    zero = torch.zeros_like(a)
    axes = torch.stack([zero, -c, b, c, zero, -a, -b, a, zero], dim=-1).view(-1, 3, 3)
    # In full precision, whatever autocast does to the model.
    moved = torch.linalg.matrix_exp(axes) - torch.eye(3, device=x.device)
    moved = moved * present.all(dim=-1)[:, None, None]
    to_leads = torch.from_numpy(_TO_LEADS).to(x)
    to_dipole = torch.from_numpy(_TO_DIPOLE).to(x)
    return x + to_leads @ (moved @ (to_dipole @ x))


def mixup(
    x: Float[Tensor, "B L T"],
    labels: Float[Tensor, "B labels"],
    known: Float[Tensor, "B labels"],
    share: float,
    generator: Generator,
) -> tuple[Float[Tensor, "B L T"], Float[Tensor, "B labels"], Float[Tensor, "B labels"]]:
    """Blend other ECGs of the batch, and their labels, into some: 0 to 1/2 of the sum.

    Source: mixup, arXiv 1710.09412, equation 1, with a weight that is uniform on [1/2, 1]
        instead of from a beta distribution.

    Args:
        x: Signals in model units.
        labels: 0 or 1.
        known: Which labels of an ECG are known: 0 or 1.
        share: Of the ECGs that are blended.
        generator: On the CPU.

    Returns:
        Signals, labels from 0 to 1, and which of them are known of both ECGs.
    """
    batch = len(x)
    other = torch.randperm(batch, generator=generator)
    chosen = torch.rand(batch, generator=generator) < share
    drawn = torch.rand(batch, generator=generator) / 2
    weight = torch.where(chosen, drawn, 0.0).to(x.device)[:, None]
    both = torch.where(chosen.to(x.device)[:, None], known * known[other], known)
    return x.lerp(x[other], weight[:, None]), labels.lerp(labels[other], weight), both
