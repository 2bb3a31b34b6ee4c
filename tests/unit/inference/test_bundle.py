"""Weights come back as they were saved, or not at all."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from lamae.errors import WeightsError
from lamae.inference.bundle import (
    Bundle,
    CodeRule,
    load_bundle,
    load_bundled,
    save_bundle,
    write_manifest,
)
from lamae.model import Classifier, MaskedAutoencoder, ModelConfig
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
    return Bundle(
        config=CONFIG,
        input=InputSpec(seconds=2.0),
        mae=mae.eval(),
        classifier=Classifier(CONFIG).eval(),
        rules=(CodeRule("I48.91", 1.5, -0.5, 0.4),),
        card={"name": "test", "limits": ["one"]},
    )


def test_everything_comes_back(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = save_bundle(bundle, path)
    again = load_bundle(path, sha256)
    assert (again.config, again.input, again.rules) == (bundle.config, bundle.input, bundle.rules)
    assert (again.card, again.sha256) == (bundle.card, sha256)
    np.testing.assert_array_equal(again.moments, bundle.moments)
    x, visible = torch.randn(1, 12, 200), torch.ones(1, 12, 10, dtype=torch.bool)
    torch.testing.assert_close(again.mae(x, visible), bundle.mae(x, visible))
    torch.testing.assert_close(again.classifier(x, visible), bundle.classifier(x, visible))
    assert not any(parameter.requires_grad for parameter in again.mae.parameters())


def test_pretrained_weights_need_no_classifier(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    save_bundle(Bundle(bundle.config, bundle.input, bundle.mae), path)
    assert load_bundle(path).classifier is None


def test_one_flipped_byte_is_refused(bundle, tmp_path):
    path = tmp_path / "w.safetensors"
    write_manifest(path, save_bundle(bundle, path))
    assert load_bundled(tmp_path).card["name"] == "test"
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
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, other, {**header, "format": "0"})
    with pytest.raises(WeightsError, match="format '0'"):
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
        ("rules", 3),
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
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if part == "moments":
        tensors["mae.moments"] = tensors["mae.moments"][:11]
    elif part == "config" and value:
        header[part] = json.dumps({**json.loads(header[part]), **value})
    else:
        header[part] = json.dumps(value)
    save_file(tensors, other, header)
    with pytest.raises(WeightsError, match="does not fit"):
        load_bundle(other)


def test_missing_weights_and_manifests_are_named(tmp_path):
    with pytest.raises(WeightsError, match="missing"):
        load_bundle(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="manifest"):
        load_bundled(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(WeightsError, match="manifest"):
        load_bundled(tmp_path)
