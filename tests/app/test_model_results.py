"""The results on the Model page, from a card made for the purpose."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from app_views import words
from streamlit.testing.v1 import AppTest

from lamae import evaluate
from lamae.app import cache
from lamae.app.model import scores
from lamae.data import Records
from lamae.ecg.statements import ICD10_CODES, SCP, STATEMENTS
from lamae.results.card import ModelCard
from lamae.results.json import from_json
from lamae.results.scores import Results, Scores

ROOT = Path(__file__).parents[2]
CALIBRATION, GROUPS = "Calibration on the test fold", "By sex and age on the test fold"


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """Test results as `evaluate` writes them, of scores drawn at random."""
    rng = np.random.default_rng(0)
    ecgs = 240
    labels = rng.random((ecgs, len(ICD10_CODES))) < 0.2
    labels[3:, 1] = False
    given = rng.normal(size=labels.shape) + 2.0 * labels
    records = Records(
        values=np.zeros((ecgs, 12, 1), dtype=np.float32),
        present=np.ones((ecgs, 12), dtype=bool),
        statements=np.zeros((ecgs, len(STATEMENTS)), dtype=bool),
        fold=np.full(ecgs, 10),
        ecg_id=np.arange(ecgs),
        patient_id=np.arange(ecgs),
        age=rng.uniform(40, 95, ecgs).astype(np.float32),
        female=rng.random(ecgs) < 0.5,
    )
    few = {"rng": rng, "resamples": 40}
    calibrated = evaluate.calibration_report(rng.random(labels.shape), labels, **few)
    results = {
        "icd10": evaluate.report(given, labels, ICD10_CODES, **few),
        "statements_trained": {"macro_auroc": 0.9012, "ci": [0.8, 0.95], "counted": 50},
        "ece": calibrated["ece"],
        "ece_ci": calibrated["ece_ci"],
        "calibration": calibrated["curve"],
        "subgroups": evaluate.score_subgroups(given, labels, records, **few),
        "ecgs": ecgs,
        "patients": ecgs,
    }
    # As the card does, through JSON.
    return json.loads(json.dumps(results, allow_nan=False))


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], AppTest]:
    """Open the Model page of a model with these test results."""
    monkeypatch.chdir(ROOT)

    def arrive(results: dict[str, Any]) -> AppTest:
        card = ModelCard("made", results=Results(test=from_json(Scores, results)))
        model = SimpleNamespace(
            name="made", description="a model", sha256="0" * 64, card=card, labels=SCP
        )
        monkeypatch.setattr(cache, "predictor", lambda: model)
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.switch_page("pages/about/model.py")
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return arrive


def subheaders(at: AppTest) -> list[str]:
    return [element.value for element in at.subheader]


def table_with(at: AppTest, column: str):
    (table,) = (t.value for t in at.table if column in t.value.columns)
    return table


def test_every_code_has_both_areas_with_intervals_and_its_prevalence(visit, measured):
    table = table_with(visit(measured), "AUPRC (95% CI)").set_index("Code")
    assert set(table.index) == set(ICD10_CODES)
    code = ICD10_CODES[0]
    entry = measured["icd10"]["codes"][code]
    low, high = entry["auprc_ci"]
    assert table.loc[code, "AUPRC (95% CI)"] == f"{entry['auprc']:.3f} ({low:.3f}–{high:.3f})"
    low, high = entry["ci"]
    assert table.loc[code, "AUROC (95% CI)"] == f"{entry['auroc']:.3f} ({low:.3f}–{high:.3f})"
    share = f"{entry['positives']} ({entry['prevalence']:.1%})"
    assert table.loc[code, "Test positives"] == share
    assert table.loc[ICD10_CODES[1], "AUPRC (95% CI)"] == "–"


def test_calibration_is_drawn_with_its_counts_and_described(visit, measured):
    at = visit(measured)
    assert CALIBRATION in subheaders(at)
    (chart,) = (c.proto for c in at.get("plotly_chart") if "predictions" in c.proto.spec)
    traces = {trace["name"]: trace for trace in json.loads(chart.spec)["data"]}
    curve = measured["calibration"]
    assert traces["model"]["x"] == pytest.approx(curve["predicted"])
    assert traces["model"]["y"] == pytest.approx(curve["observed"])
    assert traces["predictions"]["y"] == curve["count"]
    assert "Calibration of" in json.loads(chart.spec)["layout"]["meta"]["alt"]
    low, high = measured["ece_ci"]
    shown = {metric.label: metric.value for metric in at.metric}
    expected = f"{measured['ece']:.3f} ({low:.3f}–{high:.3f})"
    assert shown["Calibration error (ECE)"] == expected


def test_sexes_and_ages_are_compared(visit, measured):
    at = visit(measured)
    assert GROUPS in subheaders(at)
    table = table_with(at, "Shared codes").set_index("Group")
    assert list(table.index) == ["Female", "Male", "Under 50", "50–64", "65–79", "80 and over"]
    men = measured["subgroups"]["sex"]["male"]
    low, high = men["ci"]
    row = table.loc["Male"]
    assert row["Macro AUROC (95% CI)"] == f"{men['macro_auroc']:.2f} ({low:.2f}–{high:.2f})"
    assert row["ECGs"] == men["ecgs"]
    assert row["Shared codes"] == men["shared"]["codes"]
    assert scores.apart(from_json(Scores, measured).subgroups) in words(at)


def test_statements_frequent_in_training_have_their_own_figure(visit, measured):
    shown = {metric.label: metric.value for metric in visit(measured).metric}
    label = "50 SCP statements, 10+ in training"
    assert shown[label] == "0.901 (0.800–0.950)"


def test_a_card_is_shown_without_what_it_lacks(visit, measured):
    at = visit({name: measured[name] for name in ("icd10", "ecgs", "patients")} | {"ece": 0.0071})
    assert not {CALIBRATION, GROUPS} & set(subheaders(at))
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Calibration error (ECE)"] == "0.007"
    assert not [label for label in shown if "in training" in label]


@pytest.mark.parametrize("lacking", ["calibration", "subgroups"])
def test_one_of_both_stands_alone(visit, measured, lacking):
    at = visit({name: entry for name, entry in measured.items() if name != lacking})
    headings = {"calibration": CALIBRATION, "subgroups": GROUPS}
    assert headings.pop(lacking) not in subheaders(at)
    assert set(headings.values()) <= set(subheaders(at))
