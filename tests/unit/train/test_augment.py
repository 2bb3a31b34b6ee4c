"""Augmentation changes what no finding depends on, and follows the generator."""

import torch

from lamae.train.augment import AugmentConfig, augment, mix


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


def test_blending_adds_another_ecg_with_its_labels_and_unlearns_what_is_not_known_of_both():
    count = 400
    # Each ECG is its number, and carries the label of its number alone.
    x = torch.arange(float(count))[:, None, None].expand(-1, 12, 20)
    labels, taught = torch.eye(count), torch.ones(count, count)
    taught[::2, 7] = 0.0
    blended, shares, known = mix(x, labels, taught, AugmentConfig(mix=0.5), seeded())
    own = shares.diagonal()
    assert (own >= 0.5).all()
    assert 0.4 < (own < 1.0).float().mean() < 0.6
    assert own[own < 1.0].min() < 0.55
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(count))
    # Signals are blended as labels are.
    torch.testing.assert_close(blended, (shares @ x[:, 0, 0])[:, None, None].expand_as(x))
    contributes = (shares > 0).float() @ (1 - taught[:, 7])
    assert torch.equal(known[:, 7] == 0.0, contributes > 0)
    assert (known[:, :7] == 1.0).all()
    assert all(
        map(torch.equal, mix(x, labels, taught, AugmentConfig(), seeded()), (x, labels, taught))
    )
