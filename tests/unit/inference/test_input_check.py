"""The input check: fixed masks, a reference from known ECGs, and who is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.data import Records
from lamae.ecg import lead_indices
from lamae.errors import DataError
from lamae.inference.input_check import (
    check_reconstruction,
    fixed_masks,
    reference,
    refused,
    unexplained_energy,
)
from lamae.inference.predictor import Predictor
from lamae.model import MaskedAutoencoder
from lamae.results.card import InputReference
from lamae.results.input_check import LIMIT
from lamae.results.scores import Refused
from lamae.signal.preprocess import prepare


def records(values, amplitude=True):
    n = len(values)
    whole = np.arange(n, dtype=np.int64)
    return Records(
        values=values.astype(np.float32),
        present=np.ones((n, 12), dtype=bool),
        statements=np.zeros((n, 71), dtype=bool),
        fold=np.ones(n, dtype=np.int64),
        ecg_id=whole,
        patient_id=whole,
        age=np.full(n, 50, dtype=np.float32),
        female=np.zeros(n, dtype=bool),
        amplitude=np.full(n, amplitude),
    )


class Halving(MaskedAutoencoder):
    """Reconstructs half of every voltage, and keeps what it was shown."""

    def __init__(self, config):
        super().__init__(config)
        self.shown = []

    def forward(self, x, visible):
        self.shown.append(visible)
        return 0.5 * x


@pytest.fixture
def halving(tiny):
    half = Halving(tiny.bundle.config)
    return Predictor(replace(tiny.bundle, backbone=half.backbone, reconstructor=half))


def with_card(predictor, entry):
    return Predictor(replace(predictor.bundle, card=replace(predictor.card, input_check=entry)))


def test_each_patch_is_shown_by_one_mask_of_four():
    available = torch.ones(2, 12, 50, dtype=torch.bool)
    available[1, 3] = False
    masks = fixed_masks(available)
    torch.testing.assert_close(masks.sum(dim=0), available.long())
    shares = masks[:, 0].float().mean(dim=(1, 2))
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=0.01, rtol=0)
    # Neighbouring leads show different patches.
    assert not (masks[0, 0, 0] & masks[0, 0, 1]).any()


def test_the_error_is_the_share_of_masked_energy_not_reconstructed(halving):
    x = torch.randn(3, 12, 1000, generator=torch.Generator().manual_seed(0))
    available = torch.ones(3, 12, 50, dtype=torch.bool)
    np.testing.assert_allclose(unexplained_energy(halving, x, available), 0.25, rtol=1e-5)
    # It has no unit: the size of the signal does not matter.
    np.testing.assert_allclose(unexplained_energy(halving, 9 * x, available), 0.25, rtol=1e-5)
    assert len(halving.bundle.reconstructor.shown) == 8


def test_what_was_not_recorded_does_not_count(halving, sinus):
    part = replace(sinus, signal=sinus.signal[lead_indices(("I", "V2"))], leads=("I", "V2"))
    x, available = halving.model_input(prepare(part, halving.spec), part.leads)
    x[:, 5] = 1e6
    np.testing.assert_allclose(unexplained_energy(halving, x, available), 0.25, rtol=1e-5)


def test_the_reference_is_the_distribution_over_known_ecgs(tiny):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 12, 1000)).astype(np.float32)
    found = reference(tiny, records(values), progress=False)
    available = torch.ones(20, 12, 50, dtype=torch.bool)
    errors = unexplained_energy(tiny, torch.from_numpy(values), available)
    assert found.ecgs == 20
    assert found.error(0.5) == pytest.approx(np.median(errors), rel=1e-4)
    assert found.error(LIMIT) == pytest.approx(np.quantile(errors, LIMIT), rel=1e-4)


def test_the_refused_are_counted(tiny):
    values = np.random.default_rng(0).normal(size=(20, 12, 1000)).astype(np.float32)
    errors = unexplained_energy(tiny, torch.from_numpy(values), torch.ones(20, 12, 50) > 0)
    limit = float(np.sort(errors)[[16, 17]].mean())
    known = with_card(tiny, InputReference(((0.5, 0.1), (LIMIT, limit)), 300))
    assert refused(known, records(values), progress=False) == Refused(3, 20)
    assert refused(with_card(tiny, None), records(values), progress=False) is None


def test_ecgs_without_amplitudes_are_no_reference(tiny):
    values = np.ones((2, 12, 1000))
    with pytest.raises(DataError, match="amplitudes"):
        reference(tiny, records(values, amplitude=False), progress=False)


def test_an_ecg_beyond_the_limit_is_refused_with_the_reason(halving, sinus):
    known = with_card(halving, InputReference(((0.5, 0.1), (0.99, 0.2)), 300))
    found = check_reconstruction(known, sinus)
    assert not found.passed
    assert found.error == pytest.approx(0.25, rel=1e-4)
    for said in ("25%", "20%", "300", "99%"):
        assert said in found.reason
    wide = with_card(halving, InputReference(((0.5, 0.1), (0.99, 0.3)), 300))
    assert check_reconstruction(wide, sinus).passed


def test_noise_is_reconstructed_worse_than_an_ecg(sinus):
    predictor = Predictor.bundled()
    rng = np.random.default_rng(0)
    noise = replace(sinus, signal=rng.normal(scale=0.2, size=sinus.signal.shape).astype(np.float32))
    limit = InputReference(((0.5, 0.1), (0.99, 0.6)), 1)
    checks = [check_reconstruction(with_card(predictor, limit), ecg) for ecg in (sinus, noise)]
    assert checks[0].passed
    assert checks[1].error > 2 * checks[0].error
    assert not checks[1].passed


def test_cards_from_before_and_few_leads_are_not_judged(halving, sinus):
    assert check_reconstruction(halving, sinus) is None
    part = replace(sinus, signal=sinus.signal[:2], leads=("I", "II"))
    known = with_card(halving, InputReference(((0.5, 0.1), (0.99, 0.2)), 300))
    assert check_reconstruction(known, part) is None
