"""All matrices of one shape at once give what torch gives one after the other."""

import copy

import torch
from torch import nn

from lamae.train.muon import Muon


def test_it_updates_as_the_optimiser_of_torch_does():
    torch.manual_seed(0)
    shapes = [(8, 8), (8, 8), (16, 8), (8, 16), (24, 8)]
    ours = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = copy.deepcopy(ours)
    groups = [[ours[:3], ours[3:]], [theirs[:3], theirs[3:]]]
    rates = (4e-3, 1e-3)
    made = [
        [{"params": part, "lr": rate} for part, rate in zip(parts, rates, strict=True)]
        for parts in groups
    ]
    optimizers = [
        Muon(made[0], weight_decay=0.05),
        torch.optim.Muon(made[1], weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
    ]
    before = copy.deepcopy(ours)
    for _ in range(4):
        for a, b in zip(ours[:-1], theirs[:-1], strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for a, b, start in zip(ours[:-1], theirs[:-1], before[:-1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
        assert not torch.allclose(a, start, atol=1e-3)
    # A matrix without a gradient stays as it is, and the state fits both ways.
    assert torch.equal(ours[-1], before[-1])
    optimizers[1].load_state_dict(optimizers[0].state_dict())
    optimizers[0].load_state_dict(optimizers[1].state_dict())
