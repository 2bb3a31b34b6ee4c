"""The command from start to end, on simulated ECGs."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from card_builders import run as a_run

from lamae.benchmark import results, run, runner
from lamae.benchmark.budget import rehearsal_budget
from lamae.benchmark.differences import DIFFERENCES
from lamae.benchmark.rehearsal import simulated_records
from lamae.benchmark.results import END, added_to, load_results, save_results, write_table
from lamae.benchmark.rows import ABLATIONS, LEAD_SETS, ROWS
from lamae.benchmark.run import collect, command, make
from lamae.benchmark.runner import Runner
from lamae.benchmark.table import minutes, render
from lamae.cli.main import main
from lamae.ecg.statements import SCP
from lamae.errors import DataError, InputError, WeightsError
from lamae.evaluate import code_scores, macro_auroc, output_logits
from lamae.inference.bundle import Bundle, load_bundle
from lamae.inference.predictor import Predictor
from lamae.model import Classifier, MaskedAutoencoder
from lamae.model.families import LAMAE
from lamae.results.card import ModelCard
from lamae.signal.preprocess import InputSpec
from lamae.train.device import device_name
from lamae.train.finetune import finetune_on
from lamae.train.recipes import small_codes

WRITTEN = (results.RESULTS, results.REFERENCE, results.TABLE)


@pytest.fixture(scope="module")
def shipped():
    """Weights that ship, in place of those that do."""
    config = rehearsal_budget().model
    torch.manual_seed(0)
    mae, classifier = MaskedAutoencoder(config).eval(), Classifier(config).eval()
    torch.nn.init.normal_(classifier.head.weight)
    card = ModelCard(
        "shipped",
        pretraining=a_run(epochs=85, minutes=59.0),
        continued=(
            a_run(epochs=7, minutes=5.0),
            a_run(epochs=20, minutes=30.0, finetuned=True),
        ),
        finetuning=a_run(epochs=14, minutes=9.6),
    )
    bundle = Bundle(
        family=LAMAE,
        config=config,
        input=InputSpec(),
        backbone=mae.backbone,
        reconstructor=mae,
        classifier=classifier,
        card=card,
        sha256="of these",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "load_bundled", lambda: bundle)
        yield bundle


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory, shipped):
    """A folder with every row and ablation."""
    out = tmp_path_factory.mktemp("comparison")
    before = [path.read_bytes() if path.is_file() else None for path in WRITTEN]
    found = command(None, out, rehearse=True)
    assert [path.read_bytes() if path.is_file() else None for path in WRITTEN] == before
    return out, found


def test_every_row_every_ablation_and_every_difference_is_there(rehearsed):
    _, found = rehearsed
    assert list(found["rows"]) == [row.name for row in ROWS]
    assert list(found["ablations"]) == [line.name for line in ABLATIONS]
    assert [line["title"] for line in found["differences"]] == [line.title for line in DIFFERENCES]
    for line, entry in zip(DIFFERENCES, found["differences"], strict=True):
        a, b = (found["rows"][name]["fold10"][line.leads] for name in (line.a, line.b))
        for task in ("icd10", "statements"):
            apart = a[task]["macro_auroc"] - b[task]["macro_auroc"]
            assert entry[task]["difference"] == pytest.approx(apart, abs=2e-4)


def test_rows_say_what_they_cost_and_how_they_rank(rehearsed):
    _, found = rehearsed
    tuned = found["rows"]["lamae_finetuned"]
    assert (tuned["epochs"], tuned["pretraining_epochs"]) == (2, 1)
    assert tuned["minutes"] > found["rows"]["lamae_probe"]["minutes"] > 0
    assert found["rows"]["random_probe"]["epochs"] == 0
    assert list(tuned["fold10"]) == list(LEAD_SETS)
    assert len(tuned["fold10"]["12"]["icd10"]["seeds"]) == 3
    assert 0 <= tuned["fold9"]["1"]["icd10"]["macro_auroc"] <= 1
    # Simulated bundle branch block is easy even for a probe of random features.
    assert found["rows"]["random_probe"]["fold10"]["12"]["icd10"]["macro_auroc"] > 0.9
    errors = found["ablations"]["lamae"]["reconstruction"]
    assert 0 < errors["patches"] < 1


def test_rows_say_what_they_were_made_on(rehearsed):
    _, found = rehearsed
    here = device_name(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    for name in ("lamae_finetuned", "lamae_probe", "scratch"):
        assert found["rows"][name]["device"] == here
    assert found["rows"]["random_probe"]["device"] == ""
    row = {"minutes": 3.4}
    assert minutes(row) == minutes({**row, "device": "CPU, AMD EPYC"}) == "3"
    assert minutes({**row, "device": "NVIDIA H200"}) == "3\u00a0(H200)"


def test_all_rows_end_with_the_same_classifier(rehearsed):
    rows = rehearsed[1]["rows"]
    names = ("independent_finetuned", "alignment_finetuned", "lamae_finetuned", "scratch")
    assert len({rows[name]["parameters"] for name in names}) == 1


def test_pretrainings_differ(rehearsed):
    out, _ = rehearsed
    bundles = {
        name: load_bundle(out / "pretraining" / name / "lamae.safetensors")
        for name in ("lamae", "independent", "alignment")
    }
    assert not bundles["independent"].reconstructor.moments.any()
    assert bundles["lamae"].reconstructor.moments.any()
    weights = [bundles[name].backbone.encoder.cls for name in ("independent", "alignment")]
    assert not np.allclose(*weights)


def test_what_is_finished_is_not_made_again(rehearsed, monkeypatch):
    out, found = rehearsed
    for name in ("train_classifier", "pretrain", "outputs"):
        monkeypatch.setattr(runner, name, None)
    again = command(None, out, rehearse=True)
    assert again["rows"] == found["rows"]
    (out / "lamae_probe" / "result.json").rename(out / "lamae_probe" / "kept.json")
    try:
        with pytest.raises(TypeError):
            command(None, out, names=("lamae_probe",), rehearse=True)
        assert "lamae_probe" not in collect(out)["rows"]
    finally:
        (out / "lamae_probe" / "kept.json").rename(out / "lamae_probe" / "result.json")


def test_a_folder_belongs_to_one_budget_and_one_data_set(rehearsed):
    out, _ = rehearsed
    records = simulated_records()
    longer = replace(rehearsal_budget(), label_epochs=2)
    with pytest.raises(DataError, match="another budget"):
        make(Runner(records, longer, out), ("random_probe",))
    fewer = records.take(np.arange(len(records)) != 3)
    with pytest.raises(DataError, match="other ECGs"):
        make(Runner(fewer, rehearsal_budget(), out), ("random_probe",))


@pytest.fixture
def published(tmp_path, monkeypatch, shipped):
    """Table and results file that the command may write, in place of the repository's."""
    page, file = tmp_path / "benchmark.md", tmp_path / "benchmark.json"
    page.write_text(f"before\n<!-- benchmark -->\nold\n{END}after\n")
    monkeypatch.setattr(run, "write_table", lambda table: write_table(table, page))
    monkeypatch.setattr(run, "save_results", lambda values: save_results(values, file))
    monkeypatch.setattr(run, "REFERENCE", tmp_path / "benchmark.npz")
    monkeypatch.setattr(run, "load_bundled", lambda: shipped)
    return page, file


def test_the_table_is_made_from_what_is_there(rehearsed, capsys, published):
    out, found = rehearsed
    page, file = published
    # Those in the repository come from other ECGs, and are not replaced unasked.
    assert main(["benchmark", "--table", "--out", str(out)]) == 0
    assert "stay as they are; --publish replaces them" in capsys.readouterr().err
    assert not file.exists()
    assert "old" in page.read_text()
    assert main(["benchmark", "--table", "--publish", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    saved = load_results(file)
    assert saved is not None
    assert printed.strip() == render(found).strip() == render(saved).strip()
    assert page.read_text() == (
        f"before\n<!-- benchmark -->\n{render(saved).strip()}\n{END}after\n"
    )
    for row in ROWS:
        if row.label_fraction == 1:
            named = re.findall(rf"^\| {re.escape(row.title)}(?: \(\d\))? \|", printed, re.MULTILINE)
            assert len(named) == 1 + row.lead_sets


def test_rows_of_several_folders_add_up_where_budget_data_and_weights_are_the_same(rehearsed):
    _, found = rehearsed
    rows, ablations, differences = found["rows"], found["ablations"], found["differences"]
    first = {
        **found,
        "rows": {name: row for name, row in rows.items() if name != "resnet"},
        "ablations": {name: ablations[name] for name in ("latent_4", "lamae")},
        "differences": [line for line in differences if "resnet" not in (line["a"], line["b"])],
    }
    changed = {**rows["scratch"], "minutes": 99.0}
    second = {**found, "rows": {"resnet": rows["resnet"], "scratch": changed}, "differences": []}
    second["ablations"] = {"latent_0": ablations["latent_0"]}
    both = added_to(first, second, rows["shipped"]["sha256"])
    assert set(both["rows"]) == set(rows)
    assert both["rows"]["scratch"] == changed
    # In the order of the table; differences from a row that was made again are gone.
    assert list(both["ablations"]) == ["lamae", "latent_0", "latent_4"]
    kept = [line["title"] for line in first["differences"] if "scratch" not in line.values()]
    assert [line["title"] for line in both["differences"]] == kept
    assert any(line["a"] == "shipped" for line in first["differences"])
    for before, now in ((first, second), (None, first), (second, first)):
        others = added_to(before, now, "of others")
        assert "shipped" not in others["rows"]
        assert not any("shipped" in (line["a"], line["b"]) for line in others["differences"])
    assert added_to(None, second, "") == second
    longer = {**second, "settings": {**second["settings"], "budget": {}}}
    assert added_to(first, longer, "") == longer


def test_other_weights_are_set_against_rows_that_are_not_made_again(
    rehearsed, shipped, published, monkeypatch, tmp_path
):
    out, found = rehearsed
    file = published[1]
    assert main(["benchmark", "--table", "--publish", "--out", str(out)]) == 0
    monkeypatch.setattr(run, "load_results", lambda: load_results(file))
    # In a new folder, of the row that ships alone: first the same weights, then others.
    new = tmp_path / "new"
    command(None, new, names=("shipped",), rehearse=True)
    command(None, new, only_table=True)
    again = load_results(file)
    wanted = "LAMAE as shipped − ResNet, long run"
    assert [c for c in again["differences"] if c["title"] == wanted] == [
        c for c in found["differences"] if c["title"] == wanted
    ]
    torch.manual_seed(7)
    other = replace(shipped, classifier=Classifier(shipped.config).eval(), sha256="of others")
    torch.nn.init.normal_(other.classifier.head.weight)
    monkeypatch.setattr(runner, "load_bundled", lambda: other)
    monkeypatch.setattr(run, "load_bundled", lambda: other)
    command(None, new, names=("shipped",), rehearse=True)
    command(None, new, only_table=True)
    differences = {line["title"]: line for line in load_results(file)["differences"]}
    row, resnet = (load_results(file)["rows"][name] for name in ("shipped", "resnet_long"))
    a, b = (entry["fold10"]["12"]["icd10"]["macro_auroc"] for entry in (row, resnet))
    assert differences[wanted]["icd10"]["difference"] == pytest.approx(a - b, abs=2e-4)
    assert row["sha256"] == "of others"


def test_a_table_of_little_leaves_out_what_is_not_there(rehearsed):
    _, found = rehearsed
    little = {
        **found,
        "rows": {"resnet": found["rows"]["resnet"]},
        "ablations": {},
        "differences": [],
    }
    text = render(little)
    assert text.count("Supervised 1-D ResNet") == 2
    assert "Paired difference" not in text
    assert "LAMAE" not in text


def test_the_shipped_row_says_what_its_card_says(rehearsed, shipped):
    row = rehearsed[1]["rows"]["shipped"]
    assert (row["epochs"], row["pretraining_epochs"], row["minutes"]) == (106, 92, 73.6)
    records = simulated_records().folds([10])
    logits = output_logits(Predictor(shipped), records, progress=False)
    expected = macro_auroc(code_scores(logits, SCP), records.code_labels())
    assert row["fold10"]["12"]["icd10"]["macro_auroc"] == pytest.approx(expected, abs=1e-4)


def test_finetune_takes_a_long_run_for_its_own_and_makes_weights_of_it(rehearsed, monkeypatch):
    out, found = rehearsed
    assert found["rows"]["lamae_long"]["pretraining_epochs"] == 1
    init = load_bundle(out / "pretraining" / "lamae_long" / "lamae.safetensors")
    assert init.card.pretraining.recipe == "small_long"
    folder = out / "lamae_long" / "seed1"
    before = (folder / "metrics.jsonl").read_bytes()
    records = simulated_records()
    config = replace(small_codes(), epochs=1, batch=8, seed=1)
    made = load_bundle(finetune_on(config, records, folder, init))
    assert (folder / "metrics.jsonl").read_bytes() == before
    assert made.card.finetuning.recipe == "small_codes"
    logits = output_logits(Predictor(made), records.folds([10]), progress=False)
    row = found["rows"]["lamae_long"]["fold10"]["12"]["icd10"]["seeds"]
    expected = macro_auroc(code_scores(logits, SCP), records.folds([10]).code_labels())
    assert row[1] == pytest.approx(expected, abs=1e-4)


def test_the_shipped_row_is_made_again_when_other_weights_ship(rehearsed):
    out, name = rehearsed[0], "shipped"
    path = out / name / "result.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "sha256": "of others", "fold10": {}}))
    command(None, out, names=(name,), rehearse=True)
    made = json.loads(path.read_text())
    assert {**made, "minutes": 0} == {**kept, "minutes": 0}
    command(None, out, names=(name,), rehearse=True)
    assert json.loads(path.read_text()) == made


def test_a_long_row_is_made_again_when_long_runs_grow(rehearsed, monkeypatch):
    out, _ = rehearsed
    shorter, longer = (replace(rehearsal_budget(), resnet_epochs=epochs) for epochs in (1, 2))
    row = next(row for row in ROWS if row.name == "resnet_long")
    monkeypatch.setitem(runner._MAKERS, "resnet", None)
    Runner(simulated_records(), shorter, out).row(row)
    with pytest.raises(TypeError):
        Runner(simulated_records(), longer, out).row(row)
    assert not (out / "resnet_long" / "seed0").exists()
    monkeypatch.undo()
    Runner(simulated_records(), shorter, out).row(row)
    assert (out / "resnet_long" / "result.json").is_file()
    # It counts as no change of the budget for the others.
    make(Runner(simulated_records(), longer, out), ("random_probe",))


def test_what_rests_on_long_pretraining_is_made_again_when_that_grows(rehearsed, monkeypatch):
    out, found = rehearsed
    longer = replace(rehearsal_budget(), long_pretrain_epochs=2)
    path = out / "lamae_long_probe_10" / "result.json"
    before = path.read_bytes()
    for name in ("lamae_probe", "scratch_long", "lamae_long_probe_10"):
        row = next(row for row in ROWS if row.name == name)
        Runner(simulated_records(), longer, out).row(row)
    assert collect(out)["rows"]["lamae_long_probe_10"]["epochs"] == 2
    for name in ("lamae_probe", "scratch_long"):
        assert collect(out)["rows"][name] == found["rows"][name]
    Runner(simulated_records(), rehearsal_budget(), out).row(row)
    made, kept = json.loads(path.read_text()), json.loads(before)
    assert {**made, "minutes": 0} == {**kept, "minutes": 0}


def test_the_sentence_says_how_long_the_long_runs_that_are_there_were(rehearsed):
    _, found = rehearsed
    # Those of the shipped weights' card and those of the rehearsal.
    assert "The long runs have 1 to 14 epochs with labels" in render(found)
    assert "Long pretraining takes 1 epochs" in render(found)
    rows = {name: row for name, row in found["rows"].items() if name in ("resnet", "resnet_long")}
    assert "The long runs have 1 epochs" in render({**found, "rows": rows, "differences": []})
    assert "Long pretraining" not in render({**found, "rows": rows, "differences": []})
    short = {"resnet": found["rows"]["resnet"]}
    assert "long run" not in render({**found, "rows": short, "differences": []})


def test_weights_of_another_version_leave_their_row_out(tmp_path, monkeypatch, capsys):
    def damaged():
        raise WeightsError("of another version")

    monkeypatch.setattr(runner, "load_bundled", damaged)
    found = command(None, tmp_path, names=("shipped",), rehearse=True)
    assert found["rows"] == {}
    assert "shipped is left out: of another version" in capsys.readouterr().err


def test_what_cannot_be_done_is_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="--data"):
        command(None, tmp_path)
    with pytest.raises(InputError, match="no row nonsense"):
        command(None, tmp_path, names=("nonsense",), only_table=True)
    for way in ("only_table", "rehearse"):
        with pytest.raises(InputError, match="Epochs can be given neither"):
            command(None, tmp_path, epochs={"label_epochs": 3}, **{way: True})
    assert main(["benchmark", "--table", "--out", str(tmp_path)]) == 2
    assert "holds no benchmark" in capsys.readouterr().err
    page = tmp_path / "benchmark.md"
    page.write_text("no marks")
    with pytest.raises(DataError, match="lacks the marks"):
        write_table("table", page)


def test_the_page_shows_the_results_that_are_in_the_repository():
    text = results.TABLE.read_text()
    _, begin, rest = text.partition(results.BEGIN)
    shown, end, _ = rest.partition(END)
    assert begin
    assert end
    found = load_results()
    assert shown.strip() == (render(found).strip() if found else "")
