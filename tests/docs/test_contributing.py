"""The examples of CONTRIBUTING.md do what the text around them says."""

import re
from pathlib import Path
from types import SimpleNamespace
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


def code(section: str) -> str:
    """The Python block of a section."""
    part = TEXT.split(f"## Add {section}\n")[1].split("\n## ")[0]
    [block] = re.findall(r"^```python\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    return block


def example(section: str) -> Any:
    """What the example of a section defines."""
    # Dataclasses look their module up by name.
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(code(section), section, "exec"), names)
    return SimpleNamespace(**names)


def test_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from lamae.io.readers import READERS, Reader, starts

    (tmp_path / "plain_example.py").write_text(code("a format"))
    monkeypatch.syspath_prepend(tmp_path)
    row = Reader("Plain", (".plain",), "Float32.", "plain_example", starts(b"ECG1"))
    signal = simulate("sinus_rhythm", seconds=3.0, rng=np.random.default_rng(0)).ecg.signal
    content = b"ECG1" + signal.astype("<f4").tobytes()
    ecg = read("ecg.plain", content, readers=(*READERS, row))
    np.testing.assert_array_equal(ecg.signal, signal)
    assert (ecg.fs, ecg.leads) == (500.0, LEADS)
    with pytest.raises(ReadError, match="equal length"):
        read("ecg.plain", content[:-3], readers=(*READERS, row))


def test_a_page():
    from streamlit.testing.v1 import AppTest

    from lamae.app import demos
    from lamae.measure import heart_rate

    at = AppTest.from_string(code("a page"), default_timeout=60).run()
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


def test_an_objective():
    from lamae.objectives import Signals

    made = example("an objective")
    config = made.small_absolute()
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
