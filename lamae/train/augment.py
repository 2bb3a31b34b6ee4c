"""Changes to ECGs in training that no finding depends on."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor


@dataclass(frozen=True)
class AugmentConfig:
    """How far training ECGs are changed.

    Attributes:
        gain: Standard deviation of the factor that all leads of an ECG share; more would blur
            the voltages of hypertrophy.
        noise: Largest standard deviation of white noise, in model units.
        shift: Largest shift in time, in samples; the end moves to the beginning.
        mix: Share of the ECGs that another one of the batch is blended into, see `mix`.
    """

    gain: float = 0.1
    noise: float = 0.1
    shift: int = 50
    mix: float = 0.0


def augment(
    x: Float[Tensor, "B L T"], config: AugmentConfig, generator: Generator
) -> Float[Tensor, "B L T"]:
    """Change each ECG a little.

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


def mix(
    x: Float[Tensor, "B L T"],
    labels: Float[Tensor, "B labels"],
    taught: Float[Tensor, "B labels"],
    config: AugmentConfig,
    generator: Generator,
) -> tuple[Float[Tensor, "B L T"], Float[Tensor, "B labels"], Float[Tensor, "B labels"]]:
    """Blend other ECGs of the batch, and their labels, into some: 0 to 1/2 of the sum.

    Source: mixup, arXiv 1710.09412, equation 1, with a weight that is uniform on [1/2, 1]
        instead of from a beta distribution.

    Args:
        x: Signals in model units.
        labels: 0 or 1.
        taught: Which labels of an ECG are known: 0 or 1.
        config: How many ECGs are blended.
        generator: On the CPU.

    Returns:
        Signals, labels from 0 to 1, and which of them are known of both ECGs.
    """
    batch = len(x)
    other = torch.randperm(batch, generator=generator)
    chosen = torch.rand(batch, generator=generator) < config.mix
    drawn = torch.rand(batch, generator=generator) / 2
    weight = torch.where(chosen, drawn, 0.0).to(x.device)[:, None]
    known = torch.where(chosen.to(x.device)[:, None], taught * taught[other], taught)
    blended = x.lerp(x[other], weight[:, None])
    return blended, labels.lerp(labels[other], weight), known
