"""The supervised baseline."""

from dataclasses import replace

import pytest
import torch
from torch import Generator

from lamae.benchmark.budget import Budget
from lamae.benchmark.resnet import ResNet, draw_leads
from lamae.model import ModelConfig
from lamae.train.config import FinetuneConfig

CONFIG = ModelConfig()


@pytest.fixture(scope="module")
def resnet() -> ResNet:
    torch.manual_seed(0)
    return ResNet(CONFIG).eval()


def test_it_has_about_as_many_parameters_as_it_is_said_to_have(resnet):
    assert 0.75e6 < sum(parameter.numel() for parameter in resnet.parameters()) < 0.85e6


def test_masked_leads_and_patches_are_not_looked_at(resnet):
    x = torch.randn(2, 12, 1000)
    visible = torch.ones(2, 12, CONFIG.patches, dtype=torch.bool)
    visible[:, 3] = False
    visible[:, :, 4] = False
    other = x.clone()
    other[:, 3] = 7.0
    other[:, :, 4 * CONFIG.patch : 5 * CONFIG.patch] = -3.0
    torch.testing.assert_close(resnet(x, visible), resnet(other, visible))
    other[:, 5, 0] += 1.0
    assert not torch.allclose(resnet(x, visible), resnet(other, visible), atol=1e-6)


def test_every_ecg_loses_leads_of_its_own():
    config = replace(Budget().resnet("test", 0), objective=FinetuneConfig(lead_dropout=0.3))
    visible = draw_leads(torch.ones(4000, 12, dtype=torch.bool), config, Generator().manual_seed(0))
    assert (visible.any(dim=-1) == visible.all(dim=-1)).all()
    shown = visible.any(dim=-1).sum(dim=-1)
    assert float((shown < 12).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert set(shown.tolist()) == set(range(1, 13))
    missing = torch.ones(4, 12, dtype=torch.bool)
    missing[:, 2] = False
    assert not draw_leads(missing, config, Generator().manual_seed(0))[:, 2].any()


def test_its_head_begins_with_the_prevalence():
    torch.manual_seed(0)
    model = ResNet(CONFIG)
    model.start_from(torch.full((71,), 0.2))
    torch.testing.assert_close(torch.sigmoid(model.head.bias), torch.full((71,), 0.2))
