"""What a bundle lacks is refused in one sentence, and the rest works."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from lamae import io
from lamae.cli.main import main
from lamae.data import Records
from lamae.errors import WeightsError
from lamae.evaluate.reconstruction import score_reconstruction
from lamae.inference import input_check
from lamae.inference.bundle import load_bundle, save_bundle
from lamae.inference.predictor import Predictor
from lamae.inference.reconstruction import impute, masking_curve
from lamae.measure import signal_quality
from lamae.model.families import FAMILIES, LAMAE


@pytest.fixture(scope="module")
def encoder_only(tiny) -> Predictor:
    return Predictor(replace(tiny.bundle, reconstructor=None))


@pytest.fixture
def records() -> Records:
    rng = np.random.default_rng(0)
    return Records(
        values=rng.normal(size=(20, 12, 1000)).astype(np.float32),
        present=np.ones((20, 12), dtype=bool),
        statements=rng.random((20, 71)) < 0.5,
        fold=np.full(20, 10),
        ecg_id=np.arange(20),
        patient_id=np.arange(20),
        age=np.full(20, 60, dtype=np.float32),
        female=np.arange(20) < 10,
    )


def test_whatever_reconstructs_is_refused(encoder_only, sinus, records):
    for act in (
        lambda: encoder_only.reconstruct(sinus, mask=("V1",)),
        lambda: encoder_only.moments,
        lambda: masking_curve(encoder_only, sinus),
        lambda: impute(encoder_only, sinus, ("V1",)),
        lambda: input_check.reference(encoder_only, records, progress=False),
        lambda: score_reconstruction(encoder_only, records, progress=False),
    ):
        with pytest.raises(WeightsError, match=r"without a\s+reconstructor"):
            act()


def test_codes_and_attention_need_no_reconstructor(encoder_only, tiny, sinus, records):
    assert encoder_only.predict(sinus) == tiny.predict(sinus)
    found = input_check.check_input(encoder_only, sinus, signal_quality(sinus))
    assert found.passed
    assert found.reconstruction is None
    assert input_check.refused(encoder_only, records, progress=False) is None
    weights = [p.attention(sinus).weights for p in (encoder_only, tiny)]
    np.testing.assert_array_equal(*weights)


def test_the_command_refuses_in_one_line(encoder_only, sinus, tmp_path, capsys):
    weights, ecg = tmp_path / "w.safetensors", tmp_path / "ecg.npz"
    save_bundle(encoder_only.bundle, weights)
    io.write(sinus, ecg)
    argv = [str(ecg), "--weights", str(weights)]
    assert main(["reconstruct", *argv, "--mask", "V1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert "without a reconstructor" in said.err
    assert main(["predict", *argv]) == 0


def test_another_family_is_one_entry(encoder_only, tmp_path, monkeypatch):
    jepa = replace(FAMILIES[LAMAE], description="a joint-embedding encoder", reconstructor=None)
    families = MappingProxyType({**FAMILIES, "jepa": jepa})
    for module in ("bundle", "predictor"):
        monkeypatch.setattr(f"lamae.inference.{module}.FAMILIES", families)
    path = tmp_path / "w.safetensors"
    save_bundle(replace(encoder_only.bundle, family="jepa"), path)
    loaded = Predictor(load_bundle(path))
    assert (loaded.bundle.family, loaded.description) == ("jepa", "a joint-embedding encoder")
    with pytest.raises(WeightsError, match="family 'jepa'"):
        _ = loaded.reconstructor
