"""The Export popover: what it offers, and that every file is made on demand and whole."""

import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lamae import io
from lamae import report as results
from lamae.app import cache, demos
from lamae.app.record import export
from lamae.inference.analysis import Analysis

ROOT = Path(__file__).parents[2]
NAMES = ["ecg.pdf", "ecg.zip", "ecg.csv", "ecg.npz", "ecg_results.json", "ecg_results.csv"]
HOW = {"layout": "3x4+II", "speed": 25, "gain": 10}


@pytest.fixture(scope="module")
def files() -> dict[str, export.File]:
    analysis = Analysis(demos.load(demos.RECORDING), 0.0, cache.predictor)
    return {file.name: file for file in export.files(analysis, **HOW)}


def panel() -> None:
    from lamae.app import cache, session
    from lamae.app.record import export

    export.offer(cache.analysis(session.state().current.ecg, 0.0), layout="6x2", speed=50, gain=20)


def test_the_popover_offers_every_file_under_a_name_of_ours():
    at = AppTest.from_function(panel, default_timeout=120).run()
    assert not at.exception
    assert [button.key for button in at.download_button] == [f"export_{name}" for name in NAMES]
    assert any("medical device" in caption.value for caption in at.caption)


def test_offering_makes_nothing(monkeypatch: pytest.MonkeyPatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("made before it was asked for")

    for module, name in ((results, "report"), (results, "pdf"), (io, "to_bytes")):
        monkeypatch.setattr(module, name, never)
    at = AppTest.from_function(panel, default_timeout=120).run()
    assert not at.exception


def test_each_file_is_whole(files: dict[str, export.File]):
    assert list(files) == NAMES
    made = {name: file.make() for name, file in files.items()}
    assert made["ecg.pdf"].startswith(b"%PDF")
    assert made["ecg.pdf"].rstrip().endswith(b"%%EOF")
    assert zipfile.ZipFile(BytesIO(made["ecg.zip"])).namelist() == ["ecg.hea", "ecg.dat"]
    ecg = demos.load(demos.RECORDING)
    assert io.read("ecg.npz", made["ecg.npz"]).digest == ecg.digest
    assert made["ecg.csv"].startswith(b"time_s,I,II,III")
    values = json.loads(made["ecg_results.json"])
    assert values["model"]["sha256"] == cache.predictor().sha256
    assert values["codes"]


def test_the_app_starts_without_what_draws_on_paper():
    script = (
        "import sys\n"
        "import lamae.app.record.export\n"
        "heavy = {'matplotlib', 'torch', 'captum'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
