"""A small model with random weights, for tests of what surrounds the weights."""

import numpy as np
import pytest
import torch

from lamae.ecg import ECG
from lamae.inference.bundle import Bundle, CodeCalibration
from lamae.inference.predictor import Predictor
from lamae.model import Classifier, MaskedAutoencoder, ModelConfig
from lamae.model.families import LAMAE
from lamae.results.card import ModelCard
from lamae.signal.preprocess import InputSpec
from lamae.simulate import simulate

TINY = ModelConfig(
    width=16, heads=2, depth=1, latent_depth=2, decoder_width=12, decoder_heads=2, decoder_depth=1
)


@pytest.fixture(scope="session")
def tiny() -> Predictor:
    torch.manual_seed(0)
    classifier = Classifier(TINY)
    torch.nn.init.normal_(classifier.head.weight, std=0.1)
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(12, 20))
    mae = MaskedAutoencoder(TINY)
    mae.moments.copy_(torch.from_numpy(mixing @ mixing.T))
    mae.eval().requires_grad_(False)
    bundle = Bundle(
        family=LAMAE,
        config=TINY,
        input=InputSpec(),
        backbone=mae.backbone,
        reconstructor=mae,
        classifier=classifier.eval().requires_grad_(False),
        calibration=(
            CodeCalibration("I48.91", 1.0, 0.0, 0.4),
            CodeCalibration("I25.2", 0.5, -1.0, 0.2),
            CodeCalibration("R00.1", 2.0, 0.5, 0.6),
        ),
        card=ModelCard("tiny"),
        sha256="0" * 64,
    )
    return Predictor(bundle)


@pytest.fixture(scope="session")
def sinus() -> ECG:
    return simulate("sinus_rhythm", seconds=12.0, rng=np.random.default_rng(1)).ecg
