"""Families of models: what a bundle of each is made of."""

# The protocols list methods of nn.Module; their classes say what calling them gives.
# ruff: noqa: D102

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lamae.model.classifier import Classifier
from lamae.model.config import ModelConfig
from lamae.model.latent import Backbone, Latent
from lamae.model.mae import MaskedAutoencoder


@runtime_checkable
class Sizes(Protocol):
    """What the configuration of any family tells.

    Attributes:
        leads: L.
        samples: T.
        patch: P, samples in a patch.
        patches: N.
        latent_depth: Layers of attention across leads; 0 where there is none to show.
        statements: Outputs of the classifier.
    """

    @property
    def leads(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def patch(self) -> int: ...
    @property
    def patches(self) -> int: ...
    @property
    def latent_depth(self) -> int: ...
    @property
    def statements(self) -> int: ...


@runtime_checkable
class Embeds(Protocol):
    """A backbone: latent tokens from what is visible of a signal."""

    def __call__(
        self,
        x: Float[Tensor, "B L T"],
        visible: Bool[Tensor, "B L N"],
        *,
        want_attention: bool = False,
    ) -> Latent: ...
    def state_dict(self) -> dict[str, Any]: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...


@runtime_checkable
class Reconstructs(Protocol):
    """A reconstructor: leads of x from its visible patches.

    Attributes:
        backbone: The pretrained one, inside it.
        moments: Mean products of the leads over the training ECGs, in squared model units; they
            give the linear regression between any leads.
    """

    @property
    def backbone(self) -> Embeds: ...
    @property
    def moments(self) -> Float[Tensor, "L L"]: ...
    def __call__(
        self,
        x: Float[Tensor, "B L T"],
        visible: Bool[Tensor, "B L N"],
        leads: Int[Tensor, " R"] | None = None,
    ) -> Float[Tensor, "B R T"]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...


@runtime_checkable
class Classifies(Protocol):
    """A classifier: log-odds of every output of a label set.

    Attributes:
        backbone: The fine-tuned one, inside it.
    """

    @property
    def backbone(self) -> Embeds: ...
    def __call__(
        self, x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"]
    ) -> Float[Tensor, "B outputs"]: ...
    def classify(self, latent: Latent) -> Float[Tensor, "B outputs"]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...


@dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
        description: What it is, as the end of a sentence.
        config: Type of its configuration, a frozen dataclass with the properties of `Sizes`.
        backbone: Makes its backbone.
        reconstructor: Makes what reconstructs masked signal, with a `backbone` of its own inside;
            None where the family cannot reconstruct.
        classifier: Makes its classifier, with a `backbone` of its own inside.
    """

    description: str
    config: type[Any]
    backbone: Callable[[Any], nn.Module]
    reconstructor: Callable[[Any], nn.Module] | None
    classifier: Callable[[Any], nn.Module]


LAMAE = "lamae"
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        LAMAE: Family(
            "a latent-attention masked autoencoder for 12-lead ECGs: pretrained to reconstruct "
            "masked signal, then fine-tuned to suggest ICD-10-CM codes",
            ModelConfig,
            Backbone,
            MaskedAutoencoder,
            Classifier,
        )
    }
)
