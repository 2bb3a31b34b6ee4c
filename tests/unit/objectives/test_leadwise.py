"""Leadwise pretraining: no lead sees another, and alignment draws them together."""

from dataclasses import replace

import pytest
import torch
from torch import Generator

from lamae.benchmark.methods import PRETRAININGS
from lamae.errors import InputError
from lamae.model import Latent, ModelConfig
from lamae.model.mask import pack
from lamae.objectives import LeadwiseConfig, Signals
from lamae.objectives.leadwise import Leadwise, align, reconstruct

CONFIG = replace(
    ModelConfig(
        width=16, heads=2, depth=1, decoder_width=12, decoder_heads=2, decoder_depth=1
    ),
    **PRETRAININGS["independent"].model,
)  # fmt: skip


def objective(alignment: float = 0.0) -> Leadwise:
    torch.manual_seed(0)
    made = LeadwiseConfig(decode_leads=12, alignment=alignment).build(CONFIG)
    for parameter in made.network.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    return made


@pytest.fixture
def signals() -> Signals:
    x = torch.randn(4, 12, 1000, generator=Generator().manual_seed(2))
    return Signals(x, torch.ones(4, 12, dtype=torch.bool), torch.arange(4))


def latent_of(tokens: torch.Tensor) -> Latent:
    """A latent whose leads have these tokens, [B L K+1 D]."""
    batch, leads, length, _ = tokens.shape
    packed = pack(torch.ones(batch, leads, length - 1, dtype=torch.bool))
    flat = tokens.flatten(1, 2)
    valid = torch.ones(flat.shape[:2], dtype=torch.bool)
    return Latent(flat[:, 0], flat, valid.long(), valid, packed, ())


def test_no_lead_learns_of_another():
    network = objective().network.eval()
    x = torch.randn(2, 12, 1000)
    other = x.clone()
    other[:, 6] += torch.randn(2, 1000)
    visible = torch.ones(2, 12, CONFIG.patches, dtype=torch.bool)
    visible[:, :, ::2] = False
    leads = torch.arange(12)
    _, first = reconstruct(network, x, visible, leads)
    _, second = reconstruct(network, other, visible, leads)
    changed = (first - second).abs().amax(dim=(0, 2)) > 1e-6
    assert changed.nonzero().flatten().tolist() == [6]


@pytest.mark.parametrize("sizes", [{"latent_depth": 1}, {"decoder_cross": True}])
def test_a_model_in_which_leads_see_each_other_is_refused(sizes):
    with pytest.raises(InputError, match="expected 0 and False"):
        LeadwiseConfig().build(replace(CONFIG, **sizes))


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


def test_the_weight_of_the_alignment_rises_with_the_steps(signals):
    def loss(of: Leadwise, step: int) -> float:
        generator = Generator().manual_seed(1)
        batch = of.sample(signals, torch.arange(4), generator)
        of.before_step(step, 10)
        return of.loss(of.network, batch, generator).item()

    plain, aligned = objective(), objective(alignment=2.0)
    base, values = loss(plain, 0), [loss(aligned, step) for step in (0, 1, 3)]
    assert plain.diagnostics() == {}
    distance = aligned.diagnostics()["alignment"]
    assert distance > 1e-3
    assert aligned.diagnostics() == {}
    expected = [base + 2.0 * step / 10 * distance for step in (0, 1, 3)]
    assert values == pytest.approx(expected, rel=1e-5)


def test_validation_measures_masked_modelling_alone(signals):
    plain, aligned = objective(), objective(alignment=2.0)
    aligned.before_step(9, 10)
    with torch.no_grad():
        losses = [each.validate(each.network, signals) for each in (plain, aligned)]
    assert losses[0] == losses[1]
    assert aligned.diagnostics() == {}
