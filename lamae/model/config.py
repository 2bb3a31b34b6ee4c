"""The choices that decide the model's parameters."""

from dataclasses import dataclass

from lamae.errors import InputError


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of LAMAE.

    Attributes:
        leads: L.
        samples: T.
        patch: P, samples in a patch.
        width: D, of encoder and latent attention.
        heads: Attention heads of encoder and latent attention.
        depth: Blocks of the encoder, which sees one lead at a time.
        latent_depth: Blocks of the attention across leads; 0 leaves leads independent.
        decoder_width: Width of the decoder.
        decoder_heads: Attention heads of the decoder.
        decoder_depth: Blocks of the decoder.
        decoder_cross: Whether hidden patches may look at the latent tokens of every visible
            lead; without it all that crosses leads must pass through z.
        statements: Outputs of the classifier.
    """

    leads: int = 12
    samples: int = 1000
    patch: int = 20
    width: int = 128
    heads: int = 4
    depth: int = 4
    latent_depth: int = 2
    decoder_width: int = 96
    decoder_heads: int = 4
    decoder_depth: int = 2
    decoder_cross: bool = True
    statements: int = 71

    def __post_init__(self) -> None:
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
    def patches(self) -> int:
        """N, patches in a lead."""
        return self.samples // self.patch
