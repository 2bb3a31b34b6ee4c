"""The examples of CONTRIBUTING.md do what the text around them says."""

import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from documents import ROOT

from lamae.ecg import LEADS
from lamae.errors import ReadError
from lamae.io import read, write
from lamae.signal.preprocess import InputSpec
from lamae.simulate import simulate

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(section: str, language: str = "python") -> list[str]:
    """The code blocks of a section."""
    part = TEXT.split(f"## Add {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


def module(name: str, text: str, names: dict[str, Any] | None = None) -> Any:
    """A new module of this text; `names` stand in it beforehand."""
    made = ModuleType(name)
    made.__dict__.update(names or {})
    # Dataclasses look their module up by name.
    sys.modules[name] = made
    try:
        exec(compile(text, name, "exec"), made.__dict__)
    finally:
        del sys.modules[name]
    return made


def example(section: str) -> Any:
    """What the one block of a section defines."""
    [text] = blocks(section)
    return module("example", text)


def test_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from lamae.io import readers

    [text], [entry] = blocks("a format"), blocks("a format", "text")
    [row] = eval(f"({entry.strip()})", vars(readers))
    monkeypatch.setitem(sys.modules, row.module, module(row.module, text))
    [suffix] = row.suffixes
    rows = (*readers.READERS[:-1], row, readers.READERS[-1])
    signal = simulate("sinus_rhythm", seconds=3.0, rng=np.random.default_rng(0)).ecg.signal
    content = b"ECG1" + signal.astype("<f4").tobytes()
    ecg = read(f"ecg{suffix}", content, readers=rows)
    np.testing.assert_array_equal(ecg.signal, signal)
    assert (ecg.fs, ecg.leads) == (500.0, LEADS)
    with pytest.raises(ReadError, match="equal length"):
        read(f"ecg{suffix}", content[:-3], readers=rows)


def test_csv_is_tried_last():
    from lamae.io.readers import READERS

    assert ".csv" in READERS[-1].suffixes


def test_the_command_for_the_table_of_formats_prints_it():
    from lamae.io import formats_table

    [command] = re.findall(r"`python -c \"(.*?)\"`", TEXT)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(command, {})
    assert printed.getvalue().strip() == formats_table().strip()


def test_a_page(monkeypatch: pytest.MonkeyPatch):
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from lamae.app import demos
    from lamae.measure import heart_rate

    page, view = blocks("a page")
    [entry] = blocks("a page", "text")
    package = ModuleType("lamae.app.rate")
    monkeypatch.setattr(package, "page", module("lamae.app.rate.page", page), raising=False)
    monkeypatch.setitem(sys.modules, "lamae.app.rate", package)
    # What `st.Page` is called with, which itself looks for the file.
    monkeypatch.setattr(st, "Page", lambda path, **options: (Path(path), options))
    [(path, options)] = eval(f"({entry.strip()})", {"st": st})
    assert path.match("pages/*/rate.py")
    assert options["title"] == path.stem.capitalize()
    assert options["url_path"] == path.stem
    at = AppTest.from_string(view, default_timeout=60).run()
    assert not at.exception
    assert at.text[0].value == f"{heart_rate(demos.load(demos.RECORDING)).rate:.0f} bpm"


def test_an_attribution_method():
    from lamae.inference.attribution.case import Case

    weight = torch.linspace(-1, 1, 12 * 1000).reshape(12, 1000)
    case = Case(
        score=lambda x, visible: (weight * x).sum(dim=(1, 2)),
        x=torch.ones(1, 12, 1000),
        visible=torch.ones(1, 12, 50, dtype=torch.bool),
        patch=20,
        spec=InputSpec(),
        window=simulate("sinus_rhythm", rng=np.random.default_rng(0)).ecg,
        report=lambda share: None,
    )
    found = example("an attribution method").squared_gradient(case)
    torch.testing.assert_close(found.values, weight**2)
    assert found.error is None


def test_an_objective(monkeypatch: pytest.MonkeyPatch):
    from lamae.objectives import Signals
    from lamae.train import recipes

    method, recipe = blocks("an objective")
    name = "lamae.objectives.absolute"
    monkeypatch.setitem(sys.modules, name, module(name, method))
    made = module("example", recipe, vars(recipes))
    [line] = re.findall(r"`(\"\w+\": \w+,)`", TEXT)
    table = eval(f"{{{line}}}", vars(made))
    config = recipes.recipe_named("small_absolute", table)
    assert config.recipe == "small_absolute"
    objective = config.objective.build(config.model)
    signals = Signals(
        x=torch.full((4, 12, config.input.samples), 2.0),
        present=torch.ones(4, 12, dtype=torch.bool),
        patient=torch.arange(4),
    )
    generator = torch.Generator().manual_seed(0)
    batch = objective.sample(signals, torch.arange(4), generator)

    # Off by 1.5 everywhere.
    def network(x: torch.Tensor, visible: torch.Tensor, leads: torch.Tensor) -> torch.Tensor:
        return torch.full_like(x[:, leads], 0.5)

    assert float(objective.loss(network, batch, generator)) == pytest.approx(1.5)


def test_a_data_set(tmp_path: Path):
    rows = ["path,ecg,patient,fold,age,sex,I48.91"]
    for number, rhythm in enumerate(("sinus_rhythm", "atrial_fibrillation")):
        ecg = simulate(rhythm, rng=np.random.default_rng(number)).ecg
        write(ecg, tmp_path / f"r{number}.hea")
        rows.append(f"r{number},{number},{number},{8 + number},60,F,{number}")
    (tmp_path / "clinic.csv").write_text("\n".join(rows) + "\n")
    made = example("a data set")
    records = made.load_clinic(tmp_path, InputSpec(), progress=False)
    assert records.values.shape == (2, 12, 1000)
    assert records.code_labels()[:, 0].tolist() == [False, True]
    assert records.description.name == "Clinic"
    assert len(made.load_clinic(tmp_path, InputSpec(), folds=[9], progress=False)) == 1


def test_a_label_set():
    labels = example("a label set").BLOCKS
    assert labels.outputs == ("CLBBB", "CRBBB", "NORM")
    assert labels.members() == ((0,), (1,))
