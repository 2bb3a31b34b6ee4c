"""The choices that decide the model's parameters."""

import math
from dataclasses import dataclass

from lamae.errors import InputError


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of LAMAE.

    Attributes:
        leads: L.
        samples: T.
        strides: Of the convolutions that embed patches, the first first; P, the samples in a
            patch, is their product. One alone is the plain linear embedding of patches.
        channels: Outputs of each convolution but the last, which gives D.
        width: D, of encoder and latent attention.
        heads: Attention heads of encoder and latent attention.
        depth: Blocks of the encoder, which sees one lead at a time.
        latent_depth: Blocks of the attention across leads; 0 leaves leads independent.
        decoder_width: Width of the decoder.
        decoder_heads: Attention heads of the decoder.
        decoder_depth: Blocks of the decoder.
        decoder_cross: Whether masked patches may look at the latent tokens of every visible
            lead; without it all that crosses leads must pass through z.
        statements: Outputs of the classifier.
        rhythm_width: Channels of the classifier's convolutions over time; 0 leaves them out.
    """

    leads: int = 12
    samples: int = 1000
    strides: tuple[int, ...] = (4, 5)
    channels: tuple[int, ...] = (48,)
    width: int = 128
    heads: int = 4
    depth: int = 2
    latent_depth: int = 2
    decoder_width: int = 96
    decoder_heads: int = 4
    decoder_depth: int = 2
    decoder_cross: bool = True
    statements: int = 71
    rhythm_width: int = 0

    def __post_init__(self) -> None:
        if not self.strides or len(self.channels) != len(self.strides) - 1:
            raise InputError(
                f"{len(self.strides)} strides and {len(self.channels)} channels; expected one "
                "channel fewer than strides, since the last convolution gives the width."
            )
        if self.samples % self.patch:
            raise InputError(
                f"{self.samples} samples do not divide into patches of {self.patch}; "
                "choose a patch length that divides the window."
            )
        if self.width % self.heads or self.decoder_width % self.decoder_heads:
            raise InputError("Each width must be a multiple of its number of heads.")
        if self.width % 2 or self.decoder_width % 2:
            raise InputError("Each width must be even: half sines, half cosines of time.")

    @property
    def patch(self) -> int:
        """P, samples in a patch."""
        return math.prod(self.strides)

    @property
    def patches(self) -> int:
        """N, patches in a lead."""
        return self.samples // self.patch
