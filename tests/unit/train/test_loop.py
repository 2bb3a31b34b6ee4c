"""The training loop on a module of a few weights: averages, checkpoints, figures, progress."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning.fabric import Fabric
from torch import nn

from lamae.errors import DataError, DivergedError
from lamae.train import progress, run
from lamae.train.config import OptimConfig, RunConfig
from lamae.train.device import device_name, make_fabric
from lamae.train.loop import fit
from lamae.train.run import RunFolder, environment, metrics

CONFIG = RunConfig(recipe="toy", objective=None, optim=OptimConfig(lr=0.05), epochs=3, batch=4)
COUNT = 16


class Toy(nn.Module):
    """Two layers and a line to fit."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, 5), nn.GELU(), nn.Linear(5, 1))
        self.register_buffer("x", torch.randn(COUNT, 3), persistent=False)

    def forward(self, x):
        return self.layers(x)


def toy_loss(module, rows, generator):
    x = module.x[rows] * torch.rand((), generator=generator)
    return ((module(x).float()[:, 0] - x.sum(dim=1)) ** 2).mean()


def train(out, config=CONFIG, loss=toy_loss, validate=lambda module: {}, **named):
    fabric = make_fabric()
    fabric.launch()
    return fit(fabric, Toy(), loss, validate, COUNT, config, out, **named)


def averaging(decay: float) -> RunConfig:
    return replace(CONFIG, optim=replace(CONFIG.optim, ema=decay))


def saved(out: Path) -> dict:
    return torch.load(out / "checkpoint.pt")


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_the_average_is_that_of_the_weights_after_each_step(decay, tmp_path):
    seen, validated = [], []

    def loss(module, rows, generator):
        seen.append(module.layers[0].weight.detach().clone())
        return toy_loss(module, rows, generator)

    def validate(module):
        validated.append(module.layers[0].weight.clone())
        return {}

    returned = train(tmp_path, averaging(decay), loss, validate).layers[0].weight
    last = saved(tmp_path)["module"]["layers.0.weight"]
    after = [*seen[1:], last.cpu()]
    average = after[0]
    for updates, weights in enumerate(after[1:], 1):
        warm = min(decay, (1 + updates) / (10 + updates))
        average = warm * average + (1 - warm) * weights
    torch.testing.assert_close(returned, average)
    torch.testing.assert_close(validated[-1], average)
    assert not torch.allclose(returned, last)


def test_checkpoints_can_be_rarer_than_epochs(tmp_path, monkeypatch):
    epochs = []
    save = RunFolder.save

    def remember(self, parts, epoch):
        epochs.append(epoch)
        save(self, parts, epoch)

    monkeypatch.setattr(RunFolder, "save", remember)
    train(tmp_path / "each")
    train(tmp_path / "rare", replace(CONFIG, checkpoint_seconds=1000.0))
    assert epochs == [1, 2, 3, 3]
    assert [line["epoch"] for line in metrics(tmp_path / "rare")] == [1, 2, 3]
    # How often a run saves is no setting that its result depends on.
    train(tmp_path / "rare", CONFIG)


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1000.0])
def test_a_killed_run_goes_on_from_its_last_checkpoint_if_it_has_one(tmp_path, checkpoint_seconds):
    config = replace(averaging(0.9), checkpoint_seconds=checkpoint_seconds)
    unbroken = train(tmp_path / "unbroken", config).state_dict()
    validated = []

    def validate_and_die(module):
        validated.append(None)
        if len(validated) == 3:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed", config, validate=validate_and_die)
    if checkpoint_seconds:
        assert not (tmp_path / "killed" / "checkpoint.pt").exists()
    else:
        assert saved(tmp_path / "killed")["average"]["n_averaged"] == 8
    continued = train(tmp_path / "killed", config).state_dict()
    for name, value in unbroken.items():
        torch.testing.assert_close(value, continued[name], rtol=0, atol=0)
    assert [line["epoch"] for line in metrics(tmp_path / "killed")] == [1, 2, 3]


def stop_after(out, epochs, config):
    """A run of which so many epochs are saved and no more."""
    validated = []

    def validate(module):
        validated.append(None)
        if len(validated) > epochs:
            raise KeyboardInterrupt
        return {}

    if epochs == config.epochs:
        train(out, config)
    else:
        with pytest.raises(KeyboardInterrupt):
            train(out, config, validate=validate)
    assert saved(out)["epoch"] == epochs


# Four steps an epoch; of 10 epochs the last 3 are those of the decay.
@pytest.mark.parametrize(("trained", "epochs"), [(7, 12), (3, 5), (1, 2)])
def test_on_the_plateau_a_run_goes_on_with_another_number_of_epochs(trained, epochs, tmp_path):
    stop_after(tmp_path, trained, replace(CONFIG, epochs=10))
    train(tmp_path, replace(CONFIG, epochs=epochs))
    assert [line["epoch"] for line in metrics(tmp_path)] == list(range(1, epochs + 1))
    assert json.loads((tmp_path / "config.json").read_text())["epochs"] == epochs


@pytest.mark.parametrize(
    ("trained", "epochs", "reason"),
    [
        (10, 20, "the decay of the learning rate had begun"),
        (8, 20, "the decay of the learning rate had begun"),
        (8, 9, "the decay of the learning rate had begun"),
        (7, 9, "in one of 9 the decay of the learning rate would have begun before that"),
        (7, 7, "in one of 7 the decay of the learning rate would have begun before that"),
        (7, 6, "more than the 6 now wanted"),
    ],
)
def test_past_it_another_number_of_epochs_is_refused(trained, epochs, reason, tmp_path):
    config = replace(CONFIG, epochs=10)
    stop_after(tmp_path, trained, config)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(DataError, match=reason) as refused:
        train(tmp_path, replace(config, epochs=epochs))
    assert f"holds {trained} epochs of a run of 10" in str(refused.value)
    assert "another folder, or 10 epochs again" in str(refused.value)
    assert (tmp_path / "config.json").read_bytes() == before
    train(tmp_path, config)
    assert [line["epoch"] for line in metrics(tmp_path)] == list(range(1, 11))


def test_waiting_is_the_share_of_preparation_and_speed_leaves_validation_out(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    def takes(seconds, value):
        clock[0] += seconds
        return value

    train(
        tmp_path,
        replace(CONFIG, epochs=1),
        loss=lambda module, batch, generator: takes(3.0, toy_loss(module, batch[0], generator)),
        validate=lambda module: takes(100.0, {"figure": 1.0}),
        prepare=lambda rows, generator: takes(1.0, (rows,)),
    )
    (line,) = metrics(tmp_path)
    assert line["waiting"] == pytest.approx(0.25)
    assert line["ecgs_per_second"] == pytest.approx(1.0)
    assert line["seconds"] == pytest.approx(116.0)
    assert line["figure"] == 1.0


def test_a_run_that_diverges_stops_and_keeps_its_last_good_checkpoint(tmp_path):
    steps = []

    def loss(module, rows, generator):
        steps.append(None)
        return toy_loss(module, rows, generator) * (float("inf") if len(steps) == 7 else 1.0)

    with pytest.raises(DivergedError, match="epoch 2"):
        train(tmp_path, loss=loss)
    assert saved(tmp_path)["epoch"] == 1
    assert saved(tmp_path)["module"]["layers.0.weight"].isfinite().all()


def test_a_batch_that_processes_cannot_share_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Fabric, "world_size", 3)
    with pytest.raises(DataError, match="3 processes"):
        train(tmp_path)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiling_changes_speed_alone(tmp_path):
    plain = train(tmp_path / "plain")
    torch._dynamo.utils.counters.clear()
    compiled = train(tmp_path / "compiled", replace(CONFIG, compile=True))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
    torch.testing.assert_close(compiled.state_dict(), plain.state_dict(), rtol=0.02, atol=0.01)
    assert (
        saved(tmp_path / "compiled")["module"].keys() == saved(tmp_path / "plain")["module"].keys()
    )
    # A run may go on compiled that was begun without.
    train(tmp_path / "plain", replace(CONFIG, compile=True))


def test_the_environment_names_device_versions_and_commit(monkeypatch):
    found = environment(make_fabric())
    assert found["device"] == device_name(torch.device("cpu")) or "NVIDIA" in found["device"]
    assert found["processes"] == 1
    assert found["threads"] == torch.get_num_threads()
    assert {"torch", "lightning", "numpy", "python", "precision"} <= found.keys()
    said = {"rev-parse": "abc", "status": " M loop.py"}
    monkeypatch.setattr(run, "_git", lambda *arguments: said[arguments[0]])
    assert environment(make_fabric())["dirty"] is True
    said["status"] = ""
    assert environment(make_fabric())["dirty"] is False
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = environment(make_fabric())
    assert (found["commit"], found["dirty"]) == ("unknown", None)


def test_without_a_terminal_each_epoch_is_one_line(tmp_path, capsys):
    train(tmp_path, validate=lambda module: {"figure": 0.5})
    out, err = capsys.readouterr()
    assert out == ""
    said = err.splitlines()
    start = f"{COUNT} ECGs, {COUNT // CONFIG.batch} steps an epoch, "
    assert said.count(start + device_name(make_fabric().device)) == 1
    lines = [line for line in said if line.startswith("epoch")]
    assert said.index(lines[0]) > said.index(start + device_name(make_fabric().device))
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    assert all("figure 0.5000" in line and "ECGs/s" in line for line in lines)
    assert lines[-1].endswith("0.0 min left")


def test_on_a_terminal_one_bar_spans_the_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LOSSES", 0.0)
    train(tmp_path, validate=lambda module: {"figure": 0.5})
    last = capsys.readouterr().err.split("\r")[-1]
    assert "epoch 3/3" in last
    assert "48.0/48.0" in last
    assert "figure=0.5000" in last
    assert "loss=" in last


def test_training_needs_no_library_of_the_screens_or_of_scores():
    code = (
        "import sys; import lamae.train.pretrain, lamae.train.finetune; "
        "print([name for name in ('sklearn', 'captum', 'streamlit', 'plotly', 'beartype', 'wfdb', 'pydicom') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []
