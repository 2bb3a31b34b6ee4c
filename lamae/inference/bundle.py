"""Weights with everything needed to use them, in one safetensors file.

Nothing in such a file can run code. Configuration, labels, calibration and model card travel in
its header; a manifest beside the bundled file gives the SHA-256 that it must have.

Tensors are named by their part: "backbone.", "reconstructor." and "classifier.". The reconstructor
shares the backbone, whose tensors are stored once; the classifier has a fine-tuned one of its own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from lamae.ecg import LEADS
from lamae.ecg.labels import LabelSet
from lamae.ecg.statements import SCP
from lamae.errors import LamaeError, WeightsError
from lamae.model.families import FAMILIES, Classifies, Embeds, Reconstructs, Sizes
from lamae.resources import resource
from lamae.results.card import ModelCard, parse_card
from lamae.results.json import from_json, to_json
from lamae.signal.preprocess import InputSpec

FORMAT = "3"
BUNDLED = resource("assets/weights")
# What damage to a header or to tensors raises.
FAULTS = (
    ArithmeticError, AttributeError, KeyError, LamaeError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class CodeCalibration:
    """How the score of one code becomes a probability and a suggestion.

    Attributes:
        code: The code.
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
        family: One of `lamae.model.families.FAMILIES`.
        config: Sizes of the model.
        input: What it takes.
        backbone: As pretrained.
        reconstructor: Reconstructs masked signal with this very backbone; None where the family
            cannot.
        classifier: After fine-tuning, with a fine-tuned backbone of its own.
        labels: What the classifier's outputs stand for.
        calibration: Of the codes it may suggest.
        card: Where the weights come from and what they can do.
        sha256: Of the file that the bundle was read from.

    Raises:
        WeightsError: The classifier has more or fewer outputs than the labels, or a calibrated
            code is not among them.
    """

    family: str
    config: Sizes
    input: InputSpec
    backbone: Embeds
    reconstructor: Reconstructs | None = None
    classifier: Classifies | None = None
    labels: LabelSet = SCP
    calibration: tuple[CodeCalibration, ...] = ()
    card: ModelCard = field(default_factory=lambda: ModelCard("unnamed"))
    sha256: str = ""

    def __post_init__(self) -> None:
        outputs = len(self.labels.outputs)
        if self.classifier is not None and self.config.statements != outputs:
            raise WeightsError(
                f"The classifier has {self.config.statements} outputs, but the label set "
                f"{self.labels.name!r} needs {outputs}; use weights with their own labels."
            )
        unknown = {each.code for each in self.calibration} - set(self.labels.code_names)
        if unknown:
            raise WeightsError(
                f"The codes {', '.join(sorted(unknown))} are calibrated but not in the label set "
                f"{self.labels.name!r}; calibrate codes of that set."
            )


def save_bundle(bundle: Bundle, path: Path) -> str:
    """Write a bundle and return the file's SHA-256."""
    tensors = _named("backbone.", bundle.backbone.state_dict())
    if bundle.reconstructor is not None:
        own = bundle.reconstructor.state_dict()
        tensors |= _named(
            "reconstructor.", {n: v for n, v in own.items() if not n.startswith("backbone.")}
        )
    if bundle.classifier is not None:
        tensors |= _named("classifier.", bundle.classifier.state_dict())
    header = {
        "format": FORMAT,
        "family": bundle.family,
        **{
            name: json.dumps(to_json(getattr(bundle, name)))
            for name in ("config", "input", "labels", "calibration", "card")
        },
    }
    return write_tensors(path, tensors, header)


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], header: dict[str, str]) -> str:
    """Write a safetensors file at once or not at all, and return its SHA-256."""
    held = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = save(held, metadata=header)
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
    header, tensors, found = read_tensors(path, sha256)
    if header.get("format") == "2":
        raise WeightsError(
            f"The weights file {path.name} has the former format '2'; convert it once with "
            f"`python -m lamae.inference.conversion {path.name} NEW.safetensors`."
        )
    if header.get("format") != FORMAT:
        raise WeightsError(
            f"The weights file {path.name} has format {header.get('format')!r}, expected "
            f"{FORMAT!r}; use weights made by this version of the project."
        )
    try:
        return replace(_assemble(header, tensors), sha256=found)
    except FAULTS as error:
        raise WeightsError(
            f"The weights file {path.name} does not fit this version of the model: {error}."
        ) from error


def read_tensors(
    path: Path, sha256: str | None = None
) -> tuple[dict[str, str], dict[str, torch.Tensor], str]:
    """Header, tensors and SHA-256 of a safetensors file of any format.

    Raises:
        WeightsError: The file is missing, damaged or not the expected one.
    """
    if path.is_dir():
        raise WeightsError(
            f"{path} is a folder; give the path of a file that pretrain or finetune wrote."
        )
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
    return header, tensors, found


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
            "The manifest of the bundled weights is missing or damaged; restore "
            "assets/weights from the project."
        ) from error
    path = folder / Path(name).name
    if not path.is_file():
        raise WeightsError(f"The weights file {path.name} is missing; restore it from the project.")
    return load_bundle(path, sha256)


def _assemble(header: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> Bundle:
    name = header["family"]
    if name not in FAMILIES:
        raise ValueError(f"its family is {name!r}, expected one of {', '.join(FAMILIES)}")
    family = FAMILIES[name]
    config = from_json(family.config, json.loads(header["config"]))
    spec = from_json(InputSpec, json.loads(header["input"]))
    if (config.leads, config.samples) != (len(LEADS), spec.samples):
        raise ValueError("its sizes are not those of its input")
    shared, own, tuned = (
        _under(f"{part}.", tensors) for part in ("backbone", "reconstructor", "classifier")
    )
    reconstructor = classifier = None
    if own and family.reconstructor is not None:
        reconstructor = _filled(family.reconstructor(config), own | _named("backbone.", shared))
    backbone = reconstructor.backbone if reconstructor else _filled(family.backbone(config), shared)
    if tuned:
        classifier = _filled(family.classifier(config), tuned)
    calibration = tuple(
        from_json(CodeCalibration, each) for each in json.loads(header["calibration"])
    )
    labels = from_json(LabelSet, json.loads(header["labels"]))
    card = parse_card(json.loads(header["card"]))
    return Bundle(
        name, config, spec, backbone, reconstructor, classifier, labels, calibration, card
    )


def _filled(module: nn.Module, tensors: Mapping[str, torch.Tensor]) -> Any:
    module.load_state_dict(tensors)
    return module.eval().requires_grad_(False)


def _named(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
