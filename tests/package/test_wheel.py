"""The wheel, installed into an environment of its own and used far from the repository."""

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import lamae

ROOT = Path(__file__).parents[2]
RECORDING = get_testdata_file("waveform_ecg.dcm")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = ["build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run([sys.executable, "-m", *command], capture_output=True, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the commands of a fresh environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    command = ["pip", "--python", python, "install", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, "-m", *command], capture_output=True, check=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    # The libraries are those of the tests, found after the wheel; nothing is downloaded.
    libraries = Path(packages, "libraries.pth")
    libraries.write_text("\n".join({sysconfig.get_path(kind) for kind in ("purelib", "platlib")}))
    return folder / "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def server(installed: Path, elsewhere: Path) -> Iterator[str]:
    """Address of `lamae app`, as the command serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless", "true", "--server.address", "127.0.0.1"]
    command = [installed / "lamae", "app", *options, "--server.port", str(port)]
    log = elsewhere / "log"
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=elsewhere, env=bare(), stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if answer(f"{address}/_stcore/health") == b"ok":
                break
            time.sleep(0.25)
        else:
            pytest.fail(f"The app did not start:\n{log.read_text()[-2000:]}")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def bare() -> dict[str, str]:
    """An environment that does not lead back to the repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def answer(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:
            return reply.read()
    except (urllib.error.URLError, OSError):
        return b""


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=bare(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for name in (
        "lamae/__init__.pyi",
        "lamae/py.typed",
        "lamae/app/style.css",
        "lamae/_bundle/app.py",
        "lamae/_bundle/.streamlit/config.toml",
        "lamae/_bundle/assets/theme/icon.svg",
        "lamae/_bundle/assets/weights/manifest.json",
    ):
        assert name in names
    tracked = {path.name for path in (ROOT / "pages").rglob("*.py")}
    assert {Path(name).name for name in names if "/pages/" in name and "_bundle" in name} == tracked
    assert {name.split("/")[0] for name in names} == {
        "lamae",
        f"lamae-{lamae.__version__}.dist-info",
    }
    assert not [name for name in names if "test" in name.split("/")]


def test_it_is_found_before_the_checkout(installed: Path, elsewhere: Path):
    script = (
        "import lamae, importlib.metadata as m\n"
        "from lamae.benchmark.results import load_results\n"
        "assert load_results()['rows']\n"
        "print(lamae.__file__, m.version('lamae'))\n"
    )
    place, version = run(installed / "python", "-c", script, cwd=elsewhere).split()
    assert Path(place).is_relative_to(installed.parent)
    assert version == lamae.__version__
    assert run(installed / "lamae", "--version", cwd=elsewhere) == f"{version}\n"


def test_predict_reads_an_ecg_with_the_weights_that_ship(installed: Path, elsewhere: Path):
    values = json.loads(run(installed / "lamae", "predict", RECORDING, "--json", cwd=elsewhere))
    manifest = json.loads((ROOT / "assets" / "weights" / "manifest.json").read_text())
    assert values["model"]["sha256"] == manifest["sha256"]
    assert len(values["leads"]) == 12
    assert all(0 <= code["probability"] <= 1 for code in values["codes"])


def test_the_app_answers(server: str):
    assert answer(f"{server}/_stcore/health") == b"ok"
    assert b"<title>" in answer(f"{server}/codes")


def test_its_configuration_holds_anywhere_and_options_win(installed: Path, elsewhere: Path):
    script = (
        "from streamlit import config\n"
        "from streamlit.web import bootstrap\n"
        "from lamae.app.serve import serve\n"
        "names = ['server.maxUploadSize', 'server.showEmailPrompt', 'client.showErrorDetails',\n"
        "         'theme.baseRadius', 'server.port']\n"
        "bootstrap.run = lambda *_: print(*map(config.get_option, names))\n"
        "serve(['--server.port', '8600', '--theme.baseRadius', 'none'])\n"
    )
    values = run(installed / "python", "-c", script, cwd=elsewhere).split()
    assert values == ["20", "False", "none", "none", "8600"]


def test_the_pages_run(installed: Path, elsewhere: Path):
    script = (
        "from streamlit.testing.v1 import AppTest\n"
        "from lamae.resources import resource\n"
        "at = AppTest.from_file(resource('app.py'), default_timeout=120).run()\n"
        "for page in ('record', 'codes'):\n"
        "    at.switch_page(f'pages/analyse/{page}.py').run()\n"
        "    print(at.title[0].value, len(at.get('plotly_chart')), len(at.exception))\n"
    )
    lines = run(installed / "python", "-c", script, cwd=elsewhere).splitlines()
    for title, line in zip(("Record", "Codes"), lines, strict=True):
        name, charts, errors = line.split()
        assert (name, errors) == (title, "0")
        assert int(charts) > 0
