"""Weights with everything needed to use them, in one safetensors file.

Nothing in such a file can run code. The configuration, the labels and the model card travel
in its header; a manifest beside the bundled file gives the SHA-256 that it must have.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from lamae.ecg import LEADS
from lamae.errors import LamaeError, WeightsError
from lamae.model import Classifier, MaskedAutoencoder, ModelConfig
from lamae.resources import resource
from lamae.signal.preprocess import InputSpec

FORMAT = "2"
BUNDLED = resource("assets/weights")


@dataclass(frozen=True)
class CodeRule:
    """How the score of one ICD-10-CM code becomes a suggestion.

    Attributes:
        code: ICD-10-CM code.
        slope: Of Platt's calibration of the score (log-odds).
        intercept: Likewise.
        threshold: Suggest the code from this calibrated probability on.
    """

    code: str
    slope: float
    intercept: float
    threshold: float

    def probability(self, score: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Calibrated probability of the code in each ECG, from its score."""
        return 1 / (1 + np.exp(-(self.slope * score.astype(np.float64) + self.intercept)))


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained model and all that belongs to it.

    Attributes:
        config: Sizes of the model.
        input: What it takes.
        mae: The pretrained masked autoencoder.
        classifier: The fine-tuned classifier, after fine-tuning.
        rules: The codes it may suggest.
        card: Where the weights come from and what they can do.
        sha256: Of the file that the bundle was read from.
    """

    config: ModelConfig
    input: InputSpec
    mae: MaskedAutoencoder
    classifier: Classifier | None = None
    rules: tuple[CodeRule, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def moments(self) -> Float64[np.ndarray, "12 12"]:
        """Mean products of the leads, in squared model units, over the training ECGs.

        They give the linear regression between any leads.
        """
        return self.mae.moments.numpy()


def save_bundle(bundle: Bundle, path: Path) -> str:
    """Write a bundle and return the file's SHA-256."""
    tensors = {f"mae.{name}": value for name, value in bundle.mae.state_dict().items()}
    if bundle.classifier is not None:
        tensors |= {
            f"classifier.{name}": value for name, value in bundle.classifier.state_dict().items()
        }
    header = {
        "format": FORMAT,
        "config": json.dumps(asdict(bundle.config)),
        "input": json.dumps(asdict(bundle.input)),
        "rules": json.dumps([asdict(rule) for rule in bundle.rules]),
        "card": json.dumps(dict(bundle.card)),
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = save(tensors, metadata=header)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
    return hashlib.sha256(content).hexdigest()


def load_bundle(path: Path, sha256: str | None = None) -> Bundle:
    """Read a bundle.

    Args:
        path: A file written by `save_bundle`.
        sha256: What the file's SHA-256 must be, where it is known.

    Raises:
        WeightsError: The file is missing, damaged, not the expected one or of another version.
    """
    if not path.is_file():
        raise WeightsError(
            f"The weights file {path} is missing; give the path of a file that pretrain or "
            "finetune wrote."
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 is not None and found != sha256:
        raise WeightsError(
            f"The weights file {path.name} has SHA-256 {found[:12]}…, expected {sha256[:12]}…: "
            "it is damaged or was exchanged. Restore it from the project."
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsError(f"The weights file {path.name} is not readable: {error}.") from error
    if header.get("format") != FORMAT:
        raise WeightsError(
            f"The weights file {path.name} has format {header.get('format')!r}, expected "
            f"{FORMAT!r}; use weights made by this version of the project."
        )
    try:
        config = _model_config(json.loads(header["config"]))
        input_spec = _input_spec(json.loads(header["input"]))
        rules = tuple(CodeRule(**rule) for rule in json.loads(header["rules"]))
        mae = MaskedAutoencoder(config)
        mae.load_state_dict(_under("mae.", tensors))
        classifier = None
        if any(name.startswith("classifier.") for name in tensors):
            classifier = Classifier(config)
            classifier.load_state_dict(_under("classifier.", tensors))
        card = dict(json.loads(header["card"]))
        if (config.leads, config.samples) != (len(LEADS), input_spec.samples):
            raise ValueError("its sizes are not those of its input")
    except (
        ArithmeticError,
        AttributeError,
        KeyError,
        LamaeError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise WeightsError(
            f"The weights file {path.name} does not fit this version of the model: {error}."
        ) from error
    for module in (mae, classifier):
        if module is not None:
            module.eval().requires_grad_(False)
    return Bundle(config, input_spec, mae, classifier, rules, card, found)


def write_manifest(path: Path, sha256: str) -> None:
    """Record beside the weights which file is the bundled one, and its SHA-256."""
    manifest = {"file": path.name, "sha256": sha256}
    (path.parent / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def load_bundled(folder: Path = BUNDLED) -> Bundle:
    """The bundle that comes with the project, checked against its manifest.

    Raises:
        WeightsError: Manifest or weights are missing or damaged.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        name, sha256 = str(manifest["file"]), str(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            "The manifest of the bundled weights is missing or damaged; reconstruct "
            "assets/weights from the project."
        ) from error
    path = folder / Path(name).name
    if not path.is_file():
        raise WeightsError(f"The weights file {path.name} is missing; restore it from the project.")
    return load_bundle(path, sha256)


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _model_config(values: dict[str, Any]) -> ModelConfig:
    tuples = {name: tuple(values[name]) for name in ("strides", "channels")}
    return ModelConfig(**{**values, **tuples})


def _input_spec(values: dict[str, Any]) -> InputSpec:
    return InputSpec(**{**values, "leads": tuple(values["leads"]), "band": tuple(values["band"])})
