"""The comparison on the Model page, from results made for the purpose."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lamae.app import cache
from lamae.app.model import comparison
from lamae.benchmark.rows import LEAD_SETS, ROWS
from lamae.ecg.statements import SCP
from lamae.errors import DataError
from lamae.results.card import ModelCard

ROOT = Path(__file__).parents[2]


def figure(value: float) -> dict[str, Any]:
    entry = {"macro_auroc": value, "ci": [value - 0.02, value + 0.03], "seeds": [value]}
    return {task: {**entry, "counted": 15} for task in ("icd10", "statements")}


@pytest.fixture
def results() -> dict[str, Any]:
    """Every row, ten thousandths apart, and one difference."""
    rows = {}
    for number, row in enumerate(ROWS):
        names = LEAD_SETS if row.lead_sets else ("12",)
        rows[row.name] = {
            "epochs": 12,
            "pretraining_epochs": 5,
            "minutes": 3.4,
            "parameters": 1234567,
            "label_fraction": row.label_fraction,
            "seeds": list(row.seeds),
            "fold10": {name: figure(0.7 + 0.01 * number) for name in names},
        }
    difference = {"difference": 0.031, "ci": [-0.004, 0.06]}
    model = {"width": 128, "depth": 2}
    epochs = {"pretrain_epochs": 6, "label_epochs": 11}
    return {
        "settings": {"budget": {"model": model, "batch": 32, **epochs}, "training_ecgs": 3395},
        "rows": rows,
        "ablations": {
            "latent_0": {
                "choice": "depth of latent attention",
                "setting": "0",
                "fold9": figure(0.812),
                "reconstruction": {"chest": 0.1262, "patches": 0.0828},
            }
        },
        "differences": [{"title": "this - that", "icd10": difference, "statements": difference}],
    }


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], AppTest]:
    """Open the Model page where the comparison is what a function gives."""
    monkeypatch.chdir(ROOT)

    def arrive(load: Callable[[], Any]) -> AppTest:
        monkeypatch.setattr(
            cache,
            "predictor",
            lambda: SimpleNamespace(
                name="made",
                description="a model",
                sha256="0" * 64,
                card=ModelCard("made"),
                labels=SCP,
            ),
        )
        monkeypatch.setattr(comparison, "load_results", load)
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.switch_page("pages/about/model.py")
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return arrive


def subheaders(at: AppTest) -> list[str]:
    return [element.value for element in at.subheader]


def test_rows_lead_sets_and_differences_stand_in_tables(visit, results):
    at = visit(lambda: results)
    assert "Comparison" in subheaders(at)
    (methods,) = (t.value for t in at.table if "Minutes" in t.value.columns)
    assert list(methods[""]) == [
        row.title + (" (3)" if len(row.seeds) == 3 else "")
        for row in ROWS
        if row.label_fraction == 1
    ]
    tuned = methods.set_index("").loc["LAMAE, fine-tuned (3)"]
    at_row = [row.name for row in ROWS].index("lamae_finetuned")
    value = 0.7 + 0.01 * at_row
    expected = f"{value:.3f} ({value - 0.02:.3f}–{value + 0.03:.3f})"
    assert tuned["15 ICD-10-CM codes (95% CI)"] == expected
    assert tuned["Codes, 10% of labels"].startswith(f"{value + 0.01:.3f}")
    alone = methods.set_index("").loc["Independent leads, fine-tuned"]
    assert alone["Codes, 10% of labels"] == "–"
    (leads,) = (t.value for t in at.table if "six limb leads" in t.value.columns)
    assert len(leads) == sum(row.lead_sets for row in ROWS)
    (claims,) = (t.value for t in at.table if "Difference" in t.value.columns)
    assert claims.iloc[0, 1] == "+0.031 (-0.004 to +0.060)"
    (ablations,) = (t.value for t in at.table if "Pretraining" in t.value.columns)
    assert list(ablations.iloc[0]) == [
        "depth of latent attention: 0",
        "0.812 (0.792–0.842)",
        "0.812 (0.792–0.842)",
        "0.126",
        "0.083",
    ]


def test_without_a_comparison_the_section_is_left_out(visit, results):
    assert "Comparison" not in subheaders(visit(lambda: None))
    nothing = {**results, "rows": {}, "differences": []}
    assert "Comparison" not in subheaders(visit(lambda: nothing))


def test_a_damaged_file_is_said_to_be_damaged(visit):
    def damaged() -> None:
        raise DataError("benchmark.json is damaged")

    assert any("damaged" in element.value for element in visit(damaged).error)


def test_the_figure_tells_scratch_from_fine_tuned(results):
    kinds = {point["title"]: point["kind"] for point in comparison.points(results)}
    assert kinds["The same classifier from scratch"] == "scratch"
    assert kinds["LAMAE, fine-tuned"] == "finetuned"
    assert kinds["Random encoder, linear probe"] == "probe"
    assert kinds["Supervised 1-D ResNet"] == "resnet"
