"""Augmentation changes what no finding depends on, and follows the generator."""

import torch

from lamae.train.augment import AugmentConfig, augment


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_each_change_alone():
    x = torch.randn(4, 12, 100, generator=torch.Generator().manual_seed(1))
    assert torch.equal(augment(x, AugmentConfig(0.0, 0.0, 0), seeded()), x)
    louder = augment(x, AugmentConfig(0.2, 0.0, 0), seeded()) / x
    torch.testing.assert_close(louder, louder[:, :1, :1].expand_as(x))
    assert len(louder[:, 0, 0].unique()) == 4
    moved = augment(x, AugmentConfig(0.0, 0.0, 20), seeded())
    assert any(torch.equal(moved, x.roll(shift, dims=-1)) for shift in range(-20, 21) if shift)
    noise = augment(x, AugmentConfig(0.0, 0.5, 0), seeded()) - x
    assert 0 < noise.std() < 0.5


def test_a_seed_gives_the_same_changes():
    x = torch.randn(4, 12, 100)
    config = AugmentConfig()
    assert torch.equal(augment(x, config, seeded()), augment(x, config, seeded()))
