"""The command line as a program of its own: what it loads, and what it lacks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import answer_of, assert_refused

ROOT = Path(__file__).parents[3]


class TestAsAProgram:
    def run(self, *argv: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "lamae", *map(str, argv)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def test_predict_as_json(self, ecg: Path):
        answer = answer_of(self.run("predict", ecg, "--json"))
        assert set(answer) == {"codes", "leads", "remarks", "model"}

    def test_unreadable_file_ends_with_status_2_and_one_sentence(self, tmp_path: Path):
        path = tmp_path / "note.csv"
        path.write_text("this is no ECG\n")
        assert_refused(self.run("predict", path, "--fs", 500, "--unit", "mV"))

    @pytest.mark.parametrize("command", [(), ("explain",), ("benchmark",), ("app",)])
    def test_help_loads_no_heavy_library(self, command: tuple[str, ...]):
        script = (
            "import sys\n"
            "from lamae.cli.main import main\n"
            f"status = main([*{command}, '--help'])\n"
            "heavy = {'torch', 'numpy', 'scipy', 'pandas', 'sklearn', 'wfdb', 'plotly'}\n"
            "heavy |= {'matplotlib', 'captum', 'streamlit', 'lightning', 'jaxtyping'}\n"
            "print(status, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert " ".join(("Usage: lamae", *command)) in done.stdout
        assert done.stderr == "0 []\n"

    @pytest.mark.parametrize(
        ("library", "extra", "argv"),
        [
            ("matplotlib", "app", ["export", "ecg.npz", "--out", "ecg.pdf"]),
            ("streamlit", "app", ["app"]),
            ("lightning", "train", ["pretrain", "--data", "none", "--out", "runs"]),
        ],
    )
    def test_a_missing_library_names_its_extra(
        self, ecg: Path, library: str, extra: str, argv: list[str]
    ):
        # None in place of a module makes its import fail as if it were not installed.
        script = (
            "import sys\n"
            f"sys.modules[{library!r}] = None\n"
            "from lamae.cli.main import main\n"
            f"sys.exit(main({argv}))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ecg.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert_refused((done.returncode, done.stdout, done.stderr), library, f"lamae[{extra}]")

    def test_one_ecg_needs_no_extra(self, ecg: Path, tmp_path: Path):
        # Captum brings Matplotlib along.
        script = (
            "import sys\n"
            "from lamae.cli.main import EXTRAS, main\n"
            "sys.modules.update(dict.fromkeys(set(EXTRAS) - {'matplotlib'}))\n"
            f"status = main(['predict', {str(ecg)!r}])\n"
            f"status += main(['explain', {str(ecg)!r}, '--code', 'I48.91'])\n"
            f"status += main(['export', {str(ecg)!r}, '--out', {str(tmp_path / 'e.json')!r}])\n"
            "sys.exit(status)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="this system has no SIGPIPE")
    def test_the_server_outlives_a_visitor_who_leaves(self):
        # A socket that the browser closed raises SIGPIPE, whose default action ends the process.
        script = (
            "import signal, sys\n"
            "from streamlit.web import bootstrap\n"
            "bootstrap.run = lambda *_: print(signal.getsignal(signal.SIGPIPE).name)\n"
            "from lamae.cli.main import run\n"
            "sys.argv[1:] = ['app']\n"
            "run()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == "SIG_IGN", done.stderr
