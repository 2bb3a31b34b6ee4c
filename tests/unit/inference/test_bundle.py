"""Weights come back as they were saved, or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from lamae.ecg.labels import Code, LabelSet
from lamae.ecg.statements import SCP
from lamae.errors import WeightsError
from lamae.inference.bundle import (
    Bundle,
    CodeCalibration,
    load_bundle,
    load_bundled,
    save_bundle,
    write_manifest,
)
from lamae.model import Classifier, MaskedAutoencoder, ModelConfig
from lamae.model.families import LAMAE
from lamae.results.card import ModelCard
from lamae.signal.preprocess import InputSpec

CONFIG = ModelConfig(
    samples=200, width=16, heads=2, depth=1, latent_depth=1,
    decoder_width=12, decoder_heads=2, decoder_depth=1,
)  # fmt: skip


@pytest.fixture
def bundle() -> Bundle:
    torch.manual_seed(0)
    mae = MaskedAutoencoder(CONFIG)
    mae.moments.copy_(3 * torch.eye(12))
    mae.eval()
    return Bundle(
        family=LAMAE,
        config=CONFIG,
        input=InputSpec(seconds=2.0),
        backbone=mae.backbone,
        reconstructor=mae,
        classifier=Classifier(CONFIG).eval(),
        calibration=(CodeCalibration("I48.91", 1.5, -0.5, 0.4),),
        card=ModelCard("test", limits=("one",)),
    )


def parts(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_everything_comes_back(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = save_bundle(bundle, path)
    again = load_bundle(path, sha256)
    for name in ("family", "config", "input", "labels", "calibration", "card"):
        assert getattr(again, name) == getattr(bundle, name)
    assert again.sha256 == sha256
    x, visible = torch.randn(1, 12, 200), torch.ones(1, 12, 10, dtype=torch.bool)
    torch.testing.assert_close(again.reconstructor(x, visible), bundle.reconstructor(x, visible))
    torch.testing.assert_close(again.classifier(x, visible), bundle.classifier(x, visible))
    for module in (again.reconstructor, again.classifier):
        assert not any(parameter.requires_grad for parameter in module.parameters())


def test_the_pretrained_backbone_is_stored_once_and_shared(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    save_bundle(bundle, path)
    _, tensors = parts(path)
    assert {name.split(".")[0] for name in tensors} == {"backbone", "reconstructor", "classifier"}
    assert not any(name.startswith("reconstructor.backbone") for name in tensors)
    again = load_bundle(path)
    assert again.backbone is again.reconstructor.backbone
    assert again.backbone is not again.classifier.backbone


@pytest.mark.parametrize("lacking", ["classifier", "reconstructor"])
def test_a_part_may_be_lacking(lacking, bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    save_bundle(replace(bundle, **{lacking: None}), path)
    again = load_bundle(path)
    assert getattr(again, lacking) is None
    torch.testing.assert_close(again.backbone.state_dict(), bundle.backbone.state_dict())


def test_the_head_is_as_wide_as_the_labels(bundle, tmp_path):
    labels = LabelSet("three", tuple(Code(name, name) for name in "ABC"))
    with pytest.raises(WeightsError, match="71 outputs, but the label set 'three' needs 3"):
        replace(bundle, labels=labels, calibration=())
    config = replace(CONFIG, statements=3)
    narrow = replace(
        bundle, config=config, classifier=Classifier(config), labels=labels, calibration=()
    )
    save_bundle(narrow, tmp_path / "w.safetensors")
    assert load_bundle(tmp_path / "w.safetensors").labels == labels
    with pytest.raises(WeightsError, match=r"I48\.91"):
        replace(narrow, calibration=bundle.calibration)


def test_one_flipped_byte_is_refused(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    write_manifest(path, save_bundle(bundle, path))
    assert load_bundled(tmp_path).card.name == "test"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        load_bundled(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 100])
def test_what_is_not_weights_is_refused_kindly(content, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not readable"):
        load_bundle(path)


def test_weights_of_another_model_or_version_are_refused(bundle, tmp_path):
    path, other = tmp_path / "w.safetensors", tmp_path / "other.safetensors"
    save_bundle(bundle, path)
    header, tensors = parts(path)
    for version, words in (("0", "format '0'"), ("2", r"lamae\.inference\.conversion")):
        save_file(tensors, other, {**header, "format": version})
        with pytest.raises(WeightsError, match=words):
            load_bundle(other)
    config = {**json.loads(header["config"]), "width": 32}
    save_file(tensors, other, {**header, "config": json.dumps(config)})
    with pytest.raises(WeightsError, match="does not fit"):
        load_bundle(other)
    save_file(tensors, other)
    with pytest.raises(WeightsError, match="format None"):
        load_bundle(other)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("card", None),
        ("card", {"name": "other version", "version": 0}),
        ("card", {"name": "unknown entry", "version": 1, "licens": "MIT"}),
        ("card", {"name": 3, "version": 1}),
        ("calibration", 3),
        ("labels", {"name": "none", "codes": []}),
        ("labels", {**SCP.__dict__, "statements": [], "codes": [{"name": "A", "title": "a"}]}),
        ("input", {}),
        ("config", []),
        ("config", {"strides": [0]}),
        ("config", {"heads": 3}),
        ("input", {"seconds": 10.0, "leads": ["I"], "band": [1, 2]}),
        ("moments", None),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(part, value, bundle, tmp_path):
    path, other = tmp_path / "w.safetensors", tmp_path / "other.safetensors"
    save_bundle(bundle, path)
    header, tensors = parts(path)
    if part == "moments":
        tensors["reconstructor.moments"] = tensors["reconstructor.moments"][:11]
    elif part == "config" and value:
        header[part] = json.dumps({**json.loads(header[part]), **value})
    else:
        header[part] = json.dumps(value)
    save_file(tensors, other, header)
    with pytest.raises(WeightsError, match="does not fit"):
        load_bundle(other)


def test_an_unknown_family_is_named(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    save_bundle(bundle, path)
    header, tensors = parts(path)
    save_file(tensors, path, {**header, "family": "other"})
    with pytest.raises(WeightsError, match="family is 'other', expected one of lamae"):
        load_bundle(path)


def test_missing_weights_and_manifests_are_named(tmp_path):
    with pytest.raises(WeightsError, match="missing"):
        load_bundle(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="manifest"):
        load_bundled(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(WeightsError, match="manifest"):
        load_bundled(tmp_path)
