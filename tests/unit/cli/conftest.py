"""Commands run in this process, and an ECG for them."""

from pathlib import Path

import pytest
from cli_runs import Run

from lamae.cli.main import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; gives exit status, standard output, standard error."""

    def command(*argv: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def ecg(tmp_path: Path, run: Run) -> Path:
    """A simulated ECG in a file that needs no further answers."""
    path = tmp_path / "ecg.npz"
    assert run("simulate", "--rhythm", "sinus_rhythm", "--out", path)[0] == 0
    return path
