"""Every command of README.md, CONTRIBUTING.md and docs/, and their Python blocks, can be run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks, commands, indented_commands
from pydicom.data import get_testdata_file

from lamae.cli.main import main

# How a command is checked, by its beginning; the first that fits counts.
#   run     executed on the sample ECG, and must succeed
#   refuse  takes minutes: executed without the data, weights or folder that it names, and must be
#           refused for just that, which it is only if the parser took all its options
#   make    a target of the Makefile
#   tested  executed by the test named there
CHECKS: tuple[tuple[str, str], ...] = (
    (r"lamae (predict|reconstruct|attention|explain|export|simulate|verify)\b", "run"),
    (r"lamae benchmark .*--rehearse", "tested tests/unit/benchmark/test_benchmark_command.py"),
    (r"lamae (evaluate|cache|pretrain|finetune|release|benchmark)\b", "refuse"),
    (r"lamae app\b", "tested tests/package/test_wheel.py"),
    (r"make\b", "make"),
)
# What stands before a command and makes no difference to it.
PREFIX = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:torchrun --nproc-per-node \d+ -m |python -m )?")
# Each command once, with all places where it stands.
COMMANDS: dict[str, str] = {}
for _where, _line in commands():
    COMMANDS[_line] = f"{COMMANDS[_line]}, {_where}" if _line in COMMANDS else _where
# Those of CONTRIBUTING.md are executed by test_contributing.py.
PYTHON = [
    block
    for block in blocks()
    if block.language == "python" and block.document != "CONTRIBUTING.md"
]
# Names of a data set's folder or file that stand for the reader's own.
DATA = re.compile(r"\bptb-xl\b|\bptbxl\.npz\b")


def check_of(command: str) -> str:
    for beginning, check in CHECKS:
        if re.match(beginning, command):
            return check
    pytest.fail(f"no check is known for {command!r}; add it to CHECKS")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample ECG under the names that the documents use."""
    folder = tmp_path_factory.mktemp("documents")
    sample = str(get_testdata_file("waveform_ecg.dcm"))
    for name in ("FILE", "ecg.dcm"):
        shutil.copy(sample, folder / name)
    return folder


def outcome(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int | str | None, str]:
    """Exit status and standard error of a command run in this process."""
    try:
        status: int | str | None = main(shlex.split(command)[1:])
    except SystemExit as stopped:
        status = stopped.code
    return status, capsys.readouterr().err


def names_what_is_missing(problem: str, command: str) -> bool:
    """Whether a refusal is about the data, weights or folder that a command names."""
    missing = re.findall(r"DATA|\S+\.safetensors|runs/\w+", command)
    return any(name in problem for name in missing)


@pytest.mark.parametrize(("line", "where"), COMMANDS.items(), ids=COMMANDS)
def test_a_command_does_what_the_document_says(
    line: str,
    where: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    command = DATA.sub("DATA", PREFIX.sub("", line))
    kind, _, rest = check_of(command).partition(" ")
    monkeypatch.chdir(place)
    if kind == "run":
        status, problem = outcome(command, capsys)
        assert (status, problem) == (0, ""), where
        for written in re.findall(r"--out (\S+)", command):
            assert (place / written).stat().st_size > 0
    elif kind == "refuse":
        status, problem = outcome(command, capsys)
        assert status == 2, where
        assert names_what_is_missing(problem, command), f"{where}: {problem}"
    elif kind == "make":
        makefile = (ROOT / "Makefile").read_text()
        _, target, *settings = shlex.split(command)
        assert re.search(
            rf"^(?:[\w-]+ )*{re.escape(target)}(?: [\w-]+)*:", makefile, re.MULTILINE
        ), where
        for setting in settings:
            assert re.search(rf"^{setting.partition('=')[0]} \?=", makefile, re.MULTILINE), where
    else:
        assert kind == "tested"
        assert (ROOT / rest).is_file(), where


@pytest.mark.parametrize("option", ["--no-such-option 1", "--epochs many"])
def test_a_wrong_option_is_noticed(option: str, capsys: pytest.CaptureFixture[str]):
    command = f"lamae pretrain small --data DATA --out runs/mae {option}"
    status, problem = outcome(command, capsys)
    assert status == 2
    assert not names_what_is_missing(problem, command)


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_a_python_block_runs(block: Block, place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(place)
    exec(compile(block.text, str(block), "exec"), {"__name__": "example"})


def test_every_code_block_names_its_language():
    # One without a language, or with an unknown one, would be checked by nothing.
    assert {block.language for block in blocks()} <= {"sh", "python", "text"}


def test_commands_stand_in_fenced_blocks():
    assert not indented_commands()


def test_every_kind_of_check_is_used():
    used = {check_of(DATA.sub("DATA", PREFIX.sub("", line))) for line in COMMANDS}
    assert used == {check for _, check in CHECKS}
