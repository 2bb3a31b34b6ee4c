"""What must hold for the repository as a whole."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml

from lamae.cli.main import EXTRAS

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
PAGES_MAY_IMPORT = {"app", "figures", "io", "errors", "results", "ecg"}
SCREENS_MAY_USE = {"streamlit", "pandas"}  # pandas for the tables that Streamlit shows


def own_files() -> list[Path]:
    """Everything tracked, and what would be if it were added now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this copy of the project is not a git repository")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def imports(path: Path) -> Iterator[str]:
    """Absolute names of all that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def screens() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in pinned), pinned
    return {normal(name): release for name, release in (line.split("==") for line in pinned)}


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[._]", "-", name.lower())


def declared(*extras: str) -> set[str]:
    """The distributions that the project asks for, those of some extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {normal(re.split(r"[\[<>=]", line)[0]) for line in lines}


def test_no_file_names_a_place_on_someones_machine():
    place = re.compile(rb"(?<![\w.~])/(?:work|home|root|Users|mnt)/[\w.]")
    found = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in own_files()
        if (match := place.search(path.read_bytes()))
    }
    assert not found


def test_no_recording_is_part_of_the_repository():
    recordings = {".dat", ".hea", ".dcm", ".edf", ".mat"}
    found = [path for path in own_files() if path.suffix.lower() in recordings]
    assert not [path for path in found if "golden" not in path.parts]


def test_annotations_are_evaluated():
    # Deferred annotations would leave the shape checks nothing to check.
    for path in (ROOT / "lamae").rglob("*.py"):
        assert "__future__.annotations" not in imports(path), path


def test_requirements_pin_the_environment_that_runs_the_tests():
    installed = {name: version(name).split("+")[0] for name in pins()}
    assert installed == pins()


def test_requirements_pin_all_that_the_project_declares():
    assert not declared("app", "train", "dev") - set(pins())


def test_the_project_declares_all_that_the_package_imports():
    imported = {
        name.split(".")[0]
        for path in [*(ROOT / "lamae").rglob("*.py"), *screens()]
        for name in imports(path)
    }
    outside = imported - sys.stdlib_module_names - {"lamae"}
    distributions = packages_distributions()
    needed = {normal(distributions[name][0]) for name in outside if name in distributions}
    assert not needed - declared("app", "train", "scale")
    assert outside - set(distributions) <= set(EXTRAS)
    # What is missing without an extra is named by the extra that brings it.
    base = declared()
    for name in outside & set(distributions):
        if (package := normal(distributions[name][0])) not in base:
            assert package in declared(EXTRAS[name]), name


def test_the_top_level_of_pages_holds_no_scripts():
    # Streamlit would list them as pages of their own beside those of st.navigation.
    assert not list((ROOT / "pages").glob("*.py"))
    assert len(screens()) > 5


@pytest.mark.parametrize("path", screens(), ids=lambda path: path.stem)
def test_screens_import_only_what_a_view_needs(path: Path):
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "lamae":
            assert rest, "a screen imports the whole package"
            assert rest[0] in PAGES_MAY_IMPORT, name
        else:
            assert top in SCREENS_MAY_USE or top in sys.stdlib_module_names, name


def test_streamlit_stays_in_the_screens_and_lamae_app():
    # import-linter watches the package; this watches every other script.
    for path in own_files():
        if path.suffix != ".py" or not any(
            name.split(".")[0] == "streamlit" for name in imports(path)
        ):
            continue
        place = path.relative_to(ROOT).parts
        assert place[0] in {"app.py", "pages", "tests"} or place[:2] == ("lamae", "app"), path


def test_continuous_integration_runs_the_commands_that_people_run():
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text()
    assert script.stat().st_mode & 0o100
    assert "run: .ci/run\n" in (WORKFLOWS / "ci.yml").read_text()
    assert "run: make test-all\n" in (WORKFLOWS / "nightly.yml").read_text()


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("github-workflows", [*WORKFLOWS.glob("*.yml")]),
        ("citation-file-format", [*ROOT.glob("CITATION.cff")]),
    ],
)
def test_files_for_other_programs_keep_to_their_schema(schema: str, paths: list[Path]):
    assert paths
    command = ["check_jsonschema", "--builtin-schema", f"vendor.{schema}", *paths]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_hooks_run_the_tools_of_the_environment():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert tools == {f".venv/bin/{name}" for name in ("ruff", "mypy", "lint-imports")}
    assert {hook["language"] for hook in hooks} == {"system"}


def test_no_module_imports_what_another_keeps_to_itself():
    private = re.compile(r"lamae(\.\w+)*\.(_(?!_)\w+)(\.\w+)*")
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*(ROOT / "lamae").rglob("*.py"), *screens()]
        for name in imports(path)
        if private.fullmatch(name)
    }
    assert not found
