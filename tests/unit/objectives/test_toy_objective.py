"""A method that is defined here wholly: a target network, pairs of ECGs and diagnostics.

It shows what adding a method takes: an objective and its config, and no change elsewhere.
"""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from lamae.data import Records
from lamae.errors import InputError
from lamae.inference.bundle import load_bundle
from lamae.model import Backbone, ModelConfig
from lamae.objectives import Objective, Pretrained, Signals
from lamae.train.config import OptimConfig, RunConfig
from lamae.train.pretrain import pretrain_on
from lamae.train.run import metrics

MODEL = ModelConfig(
    width=8, heads=2, depth=1, latent_depth=1, decoder_width=8, decoder_heads=2, decoder_depth=1
)
STEPS, EPOCHS = 4, 3


@dataclass(frozen=True)
class ToyConfig:
    """Settings of the method; momentum rises linearly to 1."""

    momentum: float = 0.8

    def build(self, model: ModelConfig) -> "Toy":
        return Toy(self, model)


@dataclass(frozen=True)
class Pairs:
    """Two recordings of one patient beside each other, on the same process."""

    pairs: Int[Tensor, "pairs 2"]

    def steps(self, batch: int) -> int:
        return 2 * len(self.pairs) // batch

    def epoch(self, batch: int, generator: Generator, rank: int, world: int) -> Tensor:
        order = torch.randperm(len(self.pairs), generator=generator)
        order = order[: self.steps(batch) * batch // 2].view(-1, batch // 2)
        return self.pairs[order[:, rank::world]].flatten(1)


class Toy(Objective[Backbone, tuple[Tensor, Tensor]]):
    """z of one recording should be the target network's z of the other."""

    interrupt_after: int | None = None

    def __init__(self, config: ToyConfig, model: ModelConfig) -> None:
        self.config = config
        self.model = model
        self.network = Backbone(model)
        self.target = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.momentum: list[float] = []
        self.same_patient: list[bool] = []
        self.followed: list[tuple[float, Tensor]] = []
        self.validated = 0
        last_built.append(self)

    def state(self) -> dict[str, torch.nn.Module]:
        return {"target": self.target}

    def sampler(self, signals: Signals) -> Pairs:
        order = signals.patient.cpu().argsort(stable=True)
        return Pairs(order.view(-1, 2))

    def sample(
        self, signals: Signals, rows: Int[Tensor, " B"], generator: Generator
    ) -> tuple[Tensor, Tensor]:
        patient = signals.patient[rows].view(-1, 2)
        self.same_patient.append(bool((patient[:, 0] == patient[:, 1]).all()))
        chosen = signals.take(rows)
        return chosen.x, chosen.available(self.model.patches)

    def loss(
        self, network: Backbone, batch: tuple[Tensor, Tensor], generator: Generator
    ) -> Float[Tensor, ""]:
        x, visible = batch
        with torch.no_grad():
            target = self.target(x, visible).z
        return (network(x, visible).z[::2] - target[1::2]).float().square().mean()

    def after_step(self, step: int, steps: int) -> None:
        share = self.config.momentum + (1 - self.config.momentum) * step / steps
        self.momentum.append(share)
        self.followed.append((share, self.network.z.detach().clone()))
        for mine, theirs in zip(self.target.parameters(), self.network.parameters(), strict=True):
            mine.lerp_(theirs, 1 - share)

    def diagnostics(self) -> dict[str, float]:
        found = {
            "momentum": self.momentum[-1],
            "same_patient": sum(self.same_patient) / len(self.same_patient),
        }
        self.same_patient.clear()
        return found

    def validate(self, network: Backbone, signals: Signals) -> dict[str, float]:
        self.validated += 1
        if self.interrupt_after is not None and self.validated > self.interrupt_after:
            raise KeyboardInterrupt
        z = network(signals.x, signals.available(self.model.patches)).z
        return {"spread": float(z.float().std(dim=0).mean())}

    def result(self, network: Backbone) -> Pretrained:
        return Pretrained("lamae", self.model, network)


last_built: list[Toy] = []

CONFIG = RunConfig(
    recipe="toy",
    objective=ToyConfig(),
    optim=OptimConfig(lr=1e-2, muon=2.0),
    epochs=EPOCHS,
    batch=4,
    model=MODEL,
)


@pytest.fixture(scope="module")
def records() -> Records:
    """Noise: two recordings of each of eight patients, in no order, and four to validate on."""
    rng = np.random.default_rng(0)
    return Records(
        values=rng.normal(size=(20, 12, 1000)).astype(np.float32),
        present=np.ones((20, 12), dtype=bool),
        statements=np.zeros((20, 71), dtype=bool),
        fold=np.repeat([1, 9], [16, 4]),
        ecg_id=np.arange(20),
        patient_id=np.concatenate([rng.permutation(np.repeat(np.arange(8), 2)), [8, 9, 10, 11]]),
        age=np.full(20, 60, dtype=np.float32),
        female=np.zeros(20, dtype=bool),
    )


@pytest.fixture(scope="module")
def unbroken(records, tmp_path_factory):
    """The folder of a whole run, and its objective."""
    out = tmp_path_factory.mktemp("toy")
    pretrain_on(CONFIG, records, out)
    return out, last_built[-1]


def test_the_target_network_follows_the_weights_after_every_step(unbroken):
    out, toy = unbroken
    torch.manual_seed(CONFIG.seed)
    expected = Backbone(MODEL).z.detach()
    assert len(toy.followed) == STEPS * EPOCHS
    for share, weight in toy.followed:
        expected = share * expected + (1 - share) * weight.cpu()
    saved = torch.load(out / "checkpoint.pt")
    torch.testing.assert_close(saved["objective target"]["z"].cpu(), expected)
    assert not torch.allclose(saved["module"]["z"].cpu(), expected, atol=1e-5)
    # The last momentum is 1, as at the end of the schedule.
    assert toy.followed[-1][0] == pytest.approx(1.0)


def test_its_target_is_not_trained_or_left_behind(unbroken):
    out, toy = unbroken
    assert all(parameter.grad is None for parameter in toy.target.parameters())
    bundle = load_bundle(out / "lamae.safetensors")
    assert bundle.reconstructor is None
    saved = torch.load(out / "checkpoint.pt")["module"]
    torch.testing.assert_close(bundle.backbone.z, saved["z"].cpu())
    parameters = sum(parameter.numel() for parameter in toy.network.parameters())
    assert bundle.card.pretraining.parameters == parameters


def test_a_run_that_was_interrupted_ends_with_the_same_networks(
    records, unbroken, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Toy, "interrupt_after", 1)
        with pytest.raises(KeyboardInterrupt):
            pretrain_on(CONFIG, records, tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt")["epoch"] == 1
    pretrain_on(CONFIG, records, tmp_path)
    assert len(last_built[-1].followed) == STEPS * (EPOCHS - 1)
    whole, continued = (torch.load(out / "checkpoint.pt") for out in (unbroken[0], tmp_path))
    for part in ("module", "objective target"):
        torch.testing.assert_close(continued[part], whole[part], rtol=0, atol=0)


def test_every_pair_is_of_one_patient_and_diagnostics_are_logged_each_epoch(unbroken):
    lines = metrics(unbroken[0])
    assert [line["same_patient"] for line in lines] == [1.0] * EPOCHS
    momenta = [0.8 + 0.2 * epoch / EPOCHS for epoch in range(1, EPOCHS + 1)]
    assert [line["momentum"] for line in lines] == pytest.approx(momenta)
    assert all(line["spread"] > 0 for line in lines)


def test_diagnostics_stand_in_the_progress_line_and_on_the_card(records, tmp_path, capsys):
    one = RunConfig("toy", ToyConfig(), CONFIG.optim, 1, batch=4, model=MODEL)
    bundle = load_bundle(pretrain_on(one, records, tmp_path))
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch"))
    assert "momentum 1.0000" in line
    assert "spread" in line
    assert bundle.card.pretraining.history[0]["momentum"] == 1.0


def test_a_pair_stays_on_one_process():
    pairs = Pairs(torch.arange(16).view(8, 2))
    whole = pairs.epoch(8, Generator().manual_seed(0), 0, 1)
    shares = [pairs.epoch(8, Generator().manual_seed(0), rank, 2) for rank in (0, 1)]
    assert all((share.view(-1, 2) // 2).diff(dim=1).eq(0).all() for share in shares)
    assert sorted(torch.cat(shares, dim=1).flatten().tolist()) == list(range(16))
    assert set(whole[0].tolist()) == set(torch.cat([share[0] for share in shares]).tolist())


def test_it_refuses_weights_to_begin_with_unless_it_says_how(unbroken, records, tmp_path):
    init = load_bundle(unbroken[0] / "lamae.safetensors")
    with pytest.raises(InputError, match="Toy begins with random weights"):
        pretrain_on(CONFIG, records, tmp_path, init)
