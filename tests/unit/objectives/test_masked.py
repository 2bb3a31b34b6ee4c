"""Masked modelling: losses, what a step samples, and weights to begin with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Generator

from lamae.errors import InputError
from lamae.model import MaskedAutoencoder, ModelConfig
from lamae.model.latent import Backbone
from lamae.model.mask import MaskConfig
from lamae.objectives import MaskedConfig, Pretrained, Shuffled, Signals
from lamae.objectives.masked import lead_moments, masked_loss, relative_loss

MODEL = ModelConfig(
    samples=200, width=8, heads=2, depth=1, latent_depth=1, decoder_width=8, decoder_heads=2, decoder_depth=1
)  # fmt: skip


@pytest.fixture
def signals() -> Signals:
    """Six ECGs, one of which lacks a lead."""
    x = torch.randn(6, 12, 200, generator=Generator().manual_seed(2))
    present = torch.ones(6, 12, dtype=torch.bool)
    present[3, 2] = False
    return Signals(x, present, torch.arange(6))


def test_loss_ignores_visible_patches():
    generator = Generator().manual_seed(0)
    x = torch.randn(3, 12, 200, generator=generator)
    visible = torch.rand(3, 12, 10, generator=generator) < 0.5
    output = torch.zeros_like(x, requires_grad=True)
    masked_loss(output, x, ~visible).backward()
    seen = visible.repeat_interleave(20, dim=-1)
    assert (output.grad[seen] == 0).all()
    assert (output.grad[~seen] != 0).all()


def test_loss_is_the_mean_square_over_masked_samples():
    target = torch.zeros(1, 1, 40)
    output = torch.cat([torch.full((1, 1, 20), 3.0), torch.full((1, 1, 20), 100.0)], dim=-1)
    assert masked_loss(output, target, torch.tensor([[[True, False]]])) == 9.0
    assert masked_loss(output, target, torch.tensor([[[False, False]]])) == 0.0


def test_the_relative_loss_counts_errors_in_units_of_those_of_regression():
    target = torch.zeros(2, 2, 4)
    # Over ECGs, regression misses the first lead by 3 on average and the second by 30.
    estimate = torch.tensor([[2.0, 20.0], [4.0, 40.0]])[:, :, None].expand(-1, -1, 4)
    masked = torch.ones(2, 2, 2, dtype=torch.bool)
    assert relative_loss(estimate, estimate, target, masked) == pytest.approx(1.0, abs=0.03)
    assert relative_loss(estimate / 2, estimate, target, masked) == pytest.approx(0.5, abs=0.03)
    # What is visible does not count, however wrong.
    masked[:, 1] = masked[:, :, 1] = False
    output = torch.full((2, 2, 4), 1000.0)
    output[:, 0, :2] = 3.0
    assert relative_loss(output, estimate, target, masked) == pytest.approx(1.0, abs=0.05)
    assert relative_loss(output, estimate, target, masked & False) == 0.0
    # Where algebra leaves no error, the smallest unit keeps the loss finite.
    assert relative_loss(target, target, target, ~masked) == pytest.approx(0.05 / 0.15)


def test_moments_are_mean_products():
    values = np.random.default_rng(0).normal(size=(3, 12, 50)).astype(np.float32)
    flat = values.transpose(1, 0, 2).reshape(12, -1).astype(np.float64)
    np.testing.assert_allclose(lead_moments(values), flat @ flat.T / 150, rtol=1e-6)


def test_a_step_reconstructs_some_leads_and_masks_only_what_is_there(signals):
    objective = MaskedConfig(decode_leads=4).build(MODEL)
    generator = Generator().manual_seed(0)
    for _ in range(20):
        batch = objective.sample(signals, torch.tensor([3, 5]), generator)
        assert torch.equal(batch.x, signals.x[[3, 5]])
        assert len(batch.leads) == len(set(batch.leads.tolist())) == 4
        assert not (batch.visible & batch.masked).any()
        assert not (batch.visible | batch.masked)[0, 2].any()
        assert (batch.visible | batch.masked)[1].all()


def test_imputation_reconstructs_only_leads_that_are_masked(signals):
    config = MaskedConfig(mask=MaskConfig(imputation=1.0), decode_leads=12)
    objective, generator = config.build(MODEL), Generator().manual_seed(0)
    for _ in range(20):
        batch = objective.sample(signals, torch.arange(6), generator)
        masked = batch.masked.any(dim=-1).any(dim=0).nonzero().flatten()
        assert torch.equal(batch.leads, masked)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_weights_are_interpolated_with_those_the_run_began_with(share):
    torch.manual_seed(0)
    before = MaskedAutoencoder(MODEL)
    objective = MaskedConfig(init_weight=share).build(MODEL)
    objective.start_from(Pretrained("lamae", MODEL, before.backbone, before))
    torch.testing.assert_close(objective.network.state_dict(), before.state_dict())
    trained = MaskedAutoencoder(MODEL)
    expected = [
        share * old + (1 - share) * new
        for old, new in zip(before.parameters(), trained.parameters(), strict=True)
    ]
    learned = objective.result(trained)
    torch.testing.assert_close(list(trained.parameters()), expected)
    assert learned.reconstructor is trained
    assert learned.run == {"relative_to_linear": False, "init_weight": share}


def test_weights_without_a_reconstructor_are_refused():
    before = Pretrained("other", MODEL, Backbone(MODEL))
    with pytest.raises(InputError, match="'other' hold no masked autoencoder"):
        MaskedConfig().build(MODEL).start_from(before)


def test_errors_relative_to_regression_are_another_loss(signals):
    torch.manual_seed(0)
    objective = MaskedConfig().build(MODEL)
    objective.measure(signals.x.numpy())
    batch = objective.sample(signals, torch.arange(6), Generator().manual_seed(0))
    relative = replace(objective.config, relative_to_linear=True).build(MODEL)
    network = objective.network.eval()
    with torch.no_grad():
        plain, other = (each.loss(network, batch, Generator()) for each in (objective, relative))
        target, where = signals.x[:, batch.leads], batch.masked[:, batch.leads]
        output = network(batch.x, batch.visible, batch.leads)
        estimate = network.estimate(batch.x, batch.visible, batch.leads)
    assert plain == masked_loss(output, target, where)
    assert other == relative_loss(output, estimate, target, where)


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_the_batches_of_one(world):
    sampler = Shuffled(22)
    assert sampler.steps(8) == 2
    shares = [sampler.epoch(8, Generator().manual_seed(1), rank, world) for rank in range(world)]
    order = torch.randperm(22, generator=Generator().manual_seed(1))
    together = torch.stack(shares, dim=-1).flatten(1)
    assert torch.equal(together, order[:16].view(2, 8))
