"""Two processes share a run: `torchrun --nproc-per-node 2 -m lamae pretrain ...`."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from two_processes import train_without_draws

from lamae.io import write
from lamae.simulate import simulate
from lamae.train.run import metrics

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of what two processes made of twenty simulated ECGs, and what they said."""
    folder = tmp_path_factory.mktemp("two")
    data = folder / "data"
    (data / "records100").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(20):
        write(simulate("sinus_rhythm", fs=100.0, rng=rng).ecg, data / f"records100/{number}.hea")
    table = {
        "ecg_id": range(20),
        "age": 60,
        "sex": 0,
        "scp_codes": "{'NORM': 100.0}",
        "strat_fold": [1] * 16 + [9] * 4,
        "filename_lr": [f"records100/{number}" for number in range(20)],
    }
    pd.DataFrame(table).to_csv(data / "ptbxl_database.csv", index=False)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, Path(__file__).with_name("two_processes.py"), data, folder],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_both_end_with_the_same_model(ran):
    folder, _ = ran
    for name in ("model", "toy"):
        first, second = (torch.load(folder / f"{name}{rank}.pt") for rank in (0, 1))
        torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_two_do_what_one_does_with_the_whole_batch(ran, tmp_path):
    folder, _ = ran
    shared = torch.load(folder / "toy0.pt")
    torch.testing.assert_close(train_without_draws(tmp_path / "one"), shared, rtol=1e-4, atol=1e-5)
    alone = train_without_draws(tmp_path / "half", slice(0, None, 2))
    assert not torch.allclose(alone["first.weight"], shared["first.weight"], rtol=1e-2, atol=1e-3)
    two, one = metrics(folder / "toy"), metrics(tmp_path / "one")
    assert [line["loss"] for line in two] == pytest.approx([line["loss"] for line in one], rel=1e-4)


def test_one_of_them_writes_and_speaks(ran):
    folder, done = ran
    assert done.stdout.count("Wrote") == 1
    assert done.stderr.count("epoch 1/1") == 1
    assert len((folder / "run" / "metrics.jsonl").read_text().splitlines()) == 1
    assert (folder / "run" / "lamae.safetensors").is_file()
