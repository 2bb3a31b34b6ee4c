"""Augmentation changes what no finding depends on, and follows the generator."""

import torch

from lamae.ecg import DOWER, LIMB_FROM_I_II
from lamae.objectives.augment import AugmentConfig, augment, mixup, rotate_dipole


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
    config = AugmentConfig(gain=0.1, noise=0.1, shift=50)
    assert torch.equal(augment(x, config, seeded()), augment(x, config, seeded()))


def dipole_ecgs(count: int) -> torch.Tensor:
    """ECGs of a dipole alone, drawn anew for each sample."""
    return seen_of(torch.randn(count, 3, 50, generator=torch.Generator().manual_seed(2)))


def seen_of(dipole: torch.Tensor) -> torch.Tensor:
    independent = torch.from_numpy(DOWER).float() @ dipole
    limbs = torch.from_numpy(LIMB_FROM_I_II).float() @ independent[:, :2]
    return torch.cat([limbs, independent[:, 2:]], dim=1)


def dipole_of(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.pinv(torch.from_numpy(DOWER).float()) @ x[:, [0, 1, *range(6, 12)]]


def test_a_rotated_dipole_is_as_strong_and_keeps_what_no_dipole_explains():
    x = dipole_ecgs(6)
    everywhere = torch.ones(6, 12, dtype=torch.bool)
    rotated = rotate_dipole(x, everywhere, 20.0, seeded())
    assert not torch.isclose(rotated, x, atol=0.1).all(dim=-1).any(dim=-1).any()
    torch.testing.assert_close(dipole_of(rotated).norm(dim=1), dipole_of(x).norm(dim=1))
    # A rotation, not a reflection, and one for the whole of an ECG.
    before, after = dipole_of(x), dipole_of(rotated)
    rotation = after @ torch.linalg.pinv(before)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(6))
    torch.testing.assert_close(rotation @ before, after)
    # Einthoven's and Goldberger's relations hold.
    limbs = torch.from_numpy(LIMB_FROM_I_II).float() @ rotated[:, :2]
    torch.testing.assert_close(rotated[:, :6], limbs)

    # What one electrode alone sees, less the dipole that would explain part of it.
    local = torch.zeros_like(x)
    local[:, 8] = torch.randn(6, 50, generator=torch.Generator().manual_seed(4))
    rest = local - seen_of(dipole_of(local))
    torch.testing.assert_close(rotate_dipole(x + rest, everywhere, 20.0, seeded()), rotated + rest)


def test_an_ecg_that_lacks_a_lead_is_not_rotated_and_a_seed_gives_the_same():
    x = dipole_ecgs(3)
    present = torch.ones(3, 12, dtype=torch.bool)
    present[1, 8] = False
    rotated = rotate_dipole(x, present, 10.0, seeded())
    assert torch.equal(rotated[1], x[1])
    assert not torch.equal(rotated[0], x[0])
    assert torch.equal(rotated, rotate_dipole(x, present, 10.0, seeded()))
    assert torch.equal(rotate_dipole(x, present, 0.0, seeded()), x)


def test_mixup_adds_another_ecg_with_its_labels_and_needs_them_known_of_both():
    count = 400
    # Each ECG is its number, and carries the label of its number alone.
    x = torch.arange(float(count))[:, None, None].expand(-1, 12, 20)
    labels, taught = torch.eye(count), torch.ones(count, count)
    taught[::2, 7] = 0.0
    blended, shares, known = mixup(x, labels, taught, 0.5, seeded())
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
    assert all(map(torch.equal, mixup(x, labels, taught, 0.0, seeded()), (x, labels, taught)))
