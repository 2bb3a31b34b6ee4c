"""Pretraining in which no lead sees another."""

from dataclasses import replace

import pytest
import torch
from torch import Generator

from lamae.benchmark.leadwise import LeadwiseAutoencoder, align
from lamae.benchmark.rows import PRETRAININGS
from lamae.model import Latent, ModelConfig
from lamae.model.mask import MaskConfig, pack

CONFIG = replace(
    ModelConfig(
        width=16, heads=2, depth=1, decoder_width=12, decoder_heads=2, decoder_depth=1
    ),
    **PRETRAININGS["independent"].model,
)  # fmt: skip
MASK = MaskConfig(mask_leads=0.0)


def model(alignment: float = 0.0, steps: int = 10) -> LeadwiseAutoencoder:
    torch.manual_seed(0)
    made = LeadwiseAutoencoder(CONFIG, alignment, steps)
    for parameter in made.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    return made


def everything(batch: int) -> torch.Tensor:
    return torch.ones(batch, 12, CONFIG.patches, dtype=torch.bool)


def latent_of(tokens: torch.Tensor) -> Latent:
    """A latent whose leads have these tokens, [B L K+1 D]."""
    batch, leads, length, _ = tokens.shape
    packed = pack(torch.ones(batch, leads, length - 1, dtype=torch.bool))
    flat = tokens.flatten(1, 2)
    valid = torch.ones(flat.shape[:2], dtype=torch.bool)
    return Latent(flat[:, 0], flat, valid.long(), valid, packed, ())


def test_no_lead_learns_of_another():
    autoencoder = model().eval()
    x = torch.randn(2, 12, 1000)
    other = x.clone()
    other[:, 6] += torch.randn(2, 1000)
    visible = everything(2)
    visible[:, :, ::2] = False
    leads = torch.arange(12)
    _, first = autoencoder.reconstruct(x, visible, leads)
    _, second = autoencoder.reconstruct(other, visible, leads)
    changed = (first - second).abs().amax(dim=(0, 2)) > 1e-6
    assert changed.nonzero().flatten().tolist() == [6]


def test_alignment_is_the_squared_distance_of_directions():
    tokens = torch.zeros(1, 3, 2, 2)
    # Mean tokens (3, 0), (0, 2) and (1, 0): directions at right angles, and alike.
    tokens[0, 0], tokens[0, 1, 0], tokens[0, 2] = (
        torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]), torch.tensor([1.0, 0.0]),
    )  # fmt: skip
    # Pairs: 2, 0, 2 of squared distance.
    assert float(align(latent_of(tokens))) == pytest.approx(4 / 3, abs=1e-5)


def test_alignment_leaves_out_leads_that_are_not_shown():
    tokens = torch.randn(1, 3, 2, 4, generator=Generator().manual_seed(0))
    whole = latent_of(tokens)
    valid = whole.valid.clone()
    valid[:, 4:] = False
    expected = align(latent_of(tokens[:, :2]))
    torch.testing.assert_close(align(replace(whole, valid=valid)), expected)


def test_the_weight_of_the_alignment_rises_and_is_part_of_the_state():
    x, available, leads = torch.randn(4, 12, 1000), everything(4), torch.arange(12)

    def loss(autoencoder: LeadwiseAutoencoder) -> float:
        generator = Generator().manual_seed(1)
        return autoencoder.loss(x, available, MASK, generator, leads).item()

    plain, aligned = model(), model(alignment=2.0)
    base = loss(plain)
    values = [loss(aligned) - base for _ in range(4)]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[3] == pytest.approx(3 * values[1], rel=1e-3)
    assert values[1] > 1e-4
    continued = model(alignment=2.0)
    continued.load_state_dict(aligned.state_dict())
    assert loss(continued) - base == pytest.approx(4 * values[1], rel=1e-3)
    # Validation measures masked modelling alone.
    assert loss(aligned.eval()) == pytest.approx(base)
