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
    """

    gain: float = 0.1
    noise: float = 0.1
    shift: int = 50


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
