"""What commands print and write."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_runs import Run, answer_of, assert_refused
from pdf_reading import page_streams, texts

import lamae
from lamae.cli.main import COMMANDS
from lamae.ecg import LEADS
from lamae.inference.attribution import METHODS, explain
from lamae.inference.predictor import Predictor
from lamae.io import read_path, write
from lamae.results.attribution import NO_SUM
from lamae.results.input_check import ReconstructionCheck
from lamae.results.prediction import ORDER
from lamae.results.verdict import UNDECIDED
from lamae.train.recipes import CONTINUING, FINETUNING, PRETRAINING

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT / "assets" / "weights"


class TestAnswers:
    def test_version(self, run: Run):
        assert run("--version") == (0, f"{lamae.__version__}\n", "")

    def test_help_lists_every_command(self, run: Run):
        status, out, err = run("--help")
        assert (status, err) == (0, "")
        listed = out.partition("Commands:\n")[2].split("\n")
        assert [line.split()[0] for line in listed if line] == [
            *(command.__name__ for command in COMMANDS),
            "app",
        ]
        # One line each.
        assert "..." not in out.partition("Commands:\n")[2]

    @pytest.mark.parametrize(
        ("command", "names"),
        [
            ("pretrain", {*PRETRAINING, *CONTINUING}),
            ("finetune", {*FINETUNING}),
            ("explain", {*METHODS}),
        ],
    )
    def test_help_lists_the_names_to_choose_from(self, run: Run, command: str, names: set[str]):
        assert names <= set(re.findall(r"\w+", run(command, "--help")[1]))

    def test_app_hands_on_what_streamlit_understands(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ):
        given = []
        monkeypatch.setattr("lamae.app.serve.cli.main", lambda args, **_: given.extend(args))
        options = ["--server.port", "8600", "--theme.base", "dark"]
        assert run("app", *options) == (0, "", "")
        assert given == ["run", str(ROOT / "app.py"), *options]

    def test_simulate_writes_a_readable_ecg_and_its_truth(self, run: Run, tmp_path: Path):
        path = tmp_path / "af.csv"
        argv = ("simulate", "--rhythm", "atrial_fibrillation", "--out", path, "--seed", 3)
        answer = answer_of(run(*argv, "--json"))
        assert answer["file"] == str(path)
        assert answer["truth"]["pr"] is None
        assert len(answer["truth"]["r_times"]) >= 5
        assert run("attention", path, "--fs", 500, "--unit", "mV")[0] == 0

    def test_predict(self, run: Run, ecg: Path):
        answer = answer_of(run("predict", ecg, "--json"))
        assert set(answer["model"]) == {"name", "sha256"}
        for code in answer["codes"]:
            assert set(code) == {
                "code",
                "title",
                "probability",
                "threshold",
                "verdict",
                "suggested",
            }
            assert code["suggested"] == (code["verdict"] == "suggested")
        status, words, _ = run("predict", ecg)
        assert status == 0
        assert "Research use only" in words
        for code in answer["codes"]:
            assert code["code"] in words
        assert ORDER in words.splitlines()
        undecided = "cannot say" in {code["verdict"] for code in answer["codes"]}
        assert (UNDECIDED in words.splitlines()) == undecided

    @pytest.mark.parametrize("said", ["suggested", "not suggested", "cannot say"])
    def test_cannot_say_is_explained_where_it_is_said(
        self, run: Run, ecg: Path, monkeypatch: pytest.MonkeyPatch, said: str
    ):
        monkeypatch.setattr("lamae.inference.predictor.verdict", lambda *_: said)
        assert (UNDECIDED in run("predict", ecg)[1]) == (said == "cannot say")

    def test_an_ecg_unlike_the_known_ones_gets_no_codes(
        self, run: Run, ecg: Path, monkeypatch: pytest.MonkeyPatch
    ):
        unlike = ReconstructionCheck(error=2.0, typical=0.2, limit=0.8, ecgs=481)
        monkeypatch.setattr("lamae.inference.input_check.check_reconstruction", lambda *_: unlike)
        assert_refused(run("predict", ecg), "No codes are suggested", "unlike the ECGs")

    def test_every_format_gives_the_same_prediction(self, run: Run, ecg: Path, tmp_path: Path):
        answers = [answer_of(run("predict", ecg, "--json"))]
        for name, options in (("e.csv", ("--fs", 500, "--unit", "mV")), ("e.hea", ())):
            path = tmp_path / name
            run("simulate", "--rhythm", "sinus_rhythm", "--out", path)
            answers.append(answer_of(run("predict", path, *options, "--json")))
        first, *others = ({c["code"]: c["probability"] for c in a["codes"]} for a in answers)
        for other in others:
            assert other == pytest.approx(first, abs=0.01)

    def test_start_chooses_the_window_of_a_long_recording(self, run: Run, tmp_path: Path):
        path = tmp_path / "long.npz"
        run("simulate", "--rhythm", "atrial_fibrillation", "--seconds", 30, "--out", path)
        early, late = (
            answer_of(run("predict", path, "--start", start, "--json"))["codes"]
            for start in (0, 15)
        )
        assert early != late

    def test_leads_limits_what_the_model_sees(self, run: Run, ecg: Path):
        full = answer_of(run("predict", ecg, "--json"))["codes"]
        two = answer_of(run("predict", ecg, "--leads", "I, II", "--json"))
        assert two["codes"] != full
        assert answer_of(run("predict", ecg, "--leads", "ii,i", "--json")) == two

    def test_reconstruct(self, run: Run, ecg: Path):
        argv = ("reconstruct", ecg, "--mask", "V1,V2")
        answer = answer_of(run(*argv, "--json"))
        assert list(answer["per_lead"]) == ["V1", "V2"]
        for lead in answer["per_lead"].values():
            assert set(lead) == {"rmse_mv", "pearson_r", "linear_rmse_mv"}
            assert lead["rmse_mv"] > 0
        assert answer_of(run("reconstruct", ecg, "--mask", "v1, v2", "--json")) == answer
        words = run(*argv)[1]
        assert f"{answer['per_lead']['V1']['rmse_mv']:.3f}" in words
        (third,) = (
            line.split()
            for line in run("reconstruct", ecg, "--mask", "III")[1].splitlines()
            if line.startswith("III ")
        )
        assert third[-1] == "100%"

    def test_nothing_is_reconstructed_from_a_lead_that_cannot_be_read(
        self, run: Run, ecg: Path, tmp_path: Path
    ):
        recorded, spoilt = read_path(ecg), tmp_path / "spoilt.npz"
        signal = recorded.signal.copy()
        signal[LEADS.index("V5")] = 0.0
        write(replace(recorded, signal=signal), spoilt)
        answer = answer_of(run("reconstruct", spoilt, "--mask", "V6", "--json"))
        others = recorded.only([lead for lead in LEADS if lead != "V5"])
        expected = Predictor.bundled().reconstruct(others, mask=("V6",)).errors[0].rmse
        assert answer["per_lead"]["V6"]["rmse_mv"] == pytest.approx(expected, rel=1e-3)
        assert "V5 could not be read" in answer["remarks"][0]
        # Named, it is compared with what was recorded in its place.
        assert list(
            answer_of(run("reconstruct", spoilt, "--mask", "V5", "--json"))["per_lead"]
        ) == ["V5"]

    def test_seed_decides_which_segments_are_masked(self, run: Run, ecg: Path):
        first, again, other = (
            answer_of(run("reconstruct", ecg, "--ratio", "0.5", "--seed", seed, "--json"))
            for seed in (1, 1, 2)
        )
        assert first == again
        assert first != other

    def test_attention(self, run: Run, ecg: Path):
        answer = answer_of(run("attention", ecg, "--json"))
        assert list(answer["weights"]) == answer["leads"] == list(LEADS)
        assert sum(answer["weights"].values()) == pytest.approx(1, abs=1e-4)
        matrix = np.array(answer["matrix"])
        assert matrix.shape == (12, 12)
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-4)
        assert answer["stage"] == "pretrained"
        tuned = ("attention", ecg, "--stage", "fine-tuned")
        assert answer_of(run(*tuned, "--json"))["stage"] == "fine-tuned"
        head, *lines = run(*tuned)[1].splitlines()
        assert "fine-tuned" in head
        assert [line.split()[0] for line in lines[:12]] == list(LEADS)

    def test_explain(self, run: Run, ecg: Path):
        codes = [code["code"] for code in answer_of(run("predict", ecg, "--json"))["codes"]]
        argv = ("explain", ecg, "--code", codes[0])
        answer = answer_of(run(*argv, "--json"))
        assert (answer["code"], answer["against"]) == (codes[0], None)
        assert answer["method"] == "lead_ablation"
        assert answer["completeness_error"] is None
        found = explain(Predictor.bundled(), read_path(ecg), codes[0], method="lead_ablation")
        printed = {key: answer[key] for key in ("score", "baseline_score")}
        assert printed == pytest.approx({key: getattr(found, key) for key in printed}, rel=1e-4)
        assert tuple(answer["per_lead"]) == found.leads
        np.testing.assert_allclose(list(answer["per_lead"].values()), found.per_lead, atol=1e-4)
        assert f"{codes[0]} rather than {codes[1]}" in run(*argv, "--against", codes[1])[1]
        small = ("explain", ecg, "--code", codes[0].lower())
        assert answer_of(run(*small, "--json")) == answer
        words = run(*argv)[1]
        assert words.splitlines()[0].endswith("before calibration")
        assert NO_SUM in words
        assert "Completeness error" not in words

    @pytest.mark.parametrize(
        ("method", "signed"), [("input_x_gradient", True), ("saliency", False)]
    )
    def test_values_without_direction_have_no_sign(
        self, run: Run, ecg: Path, method: str, signed: bool
    ):
        words = run("explain", ecg, "--code", "I48.91", "--method", method)[1]
        values = [line.split()[1] for line in words.splitlines() if line.split()[0] in LEADS]
        assert len(values) == 12
        assert all((value[0] in "+-") == signed for value in values)

    def test_explain_measures_completeness_where_it_is_promised(self, run: Run, ecg: Path):
        code = answer_of(run("predict", ecg, "--json"))["codes"][0]["code"]
        answer = answer_of(
            run("explain", ecg, "--code", code, "--method", "gradient_shap", "--json")
        )
        assert answer["method"] == "gradient_shap"
        assert answer["completeness_error"] > 0
        words = run("explain", ecg, "--code", code, "--method", "gradient_shap")[1]
        assert f"Completeness error {answer['completeness_error']:.3f}." in words
        assert NO_SUM not in words

    def test_verify(self, run: Run):
        answer = answer_of(run("verify", "--json"))
        name = json.loads((WEIGHTS / "manifest.json").read_text())["file"]
        assert answer["sha256"] == hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest()
        assert answer["sha256"] in run("verify")[1]

    @pytest.mark.parametrize("name", ["e.npz", "e.csv", "e.hea"])
    def test_export_of_the_signal(self, run: Run, ecg: Path, tmp_path: Path, name: str):
        answer = answer_of(run("export", ecg, "--out", tmp_path / name, "--json"))
        assert answer == {"file": str(tmp_path / name)}
        stated = {"fs": 500.0, "unit": "mV"} if name == "e.csv" else {}
        written = read_path(tmp_path / name, **stated)
        np.testing.assert_allclose(written.signal, read_path(ecg).signal, atol=6e-4)

    def test_every_file_written_is_named(self, run: Run, ecg: Path, tmp_path: Path):
        folder = tmp_path / "out"
        folder.mkdir()
        for argv in (("export", ecg), ("simulate", "--rhythm", "sinus_rhythm")):
            words = run(*argv, "--out", folder / f"{argv[0]}.hea")[1]
            written = sorted(folder.glob(f"{argv[0]}.*"))
            assert [path.suffix for path in written] == [".dat", ".hea"]
            assert all(str(path) in words for path in written)
        assert run("export", ecg, "--out", folder / "e.csv")[1] == f"Wrote {folder / 'e.csv'}.\n"

    def test_export_of_the_results_agrees_with_predict(self, run: Run, ecg: Path, tmp_path: Path):
        assert run("export", ecg, "--out", tmp_path / "r.json")[0] == 0
        written = json.loads((tmp_path / "r.json").read_text())
        printed = answer_of(run("predict", ecg, "--json"))
        assert written["model"] == printed["model"]
        keys = printed["codes"][0].keys()
        assert [{key: code[key] for key in keys} for code in written["codes"]] == printed["codes"]

    def test_export_of_the_sheet(self, run: Run, ecg: Path, tmp_path: Path):
        argv = ("export", ecg, "--layout", "6x2", "--speed", 50, "--gain", 5)
        assert run(*argv, "--out", tmp_path / "e.pdf")[0] == 0
        first, *_ = page_streams((tmp_path / "e.pdf").read_bytes())
        assert any("50 mm/s   5 mm/mV" in line for line in texts(first))

    def test_other_weights(self, run: Run, ecg: Path):
        name = json.loads((WEIGHTS / "manifest.json").read_text())["file"]
        argv = ("predict", ecg, "--json")
        assert answer_of(run(*argv, "--weights", WEIGHTS / name)) == answer_of(run(*argv))

    def test_evaluate(self, run: Run, tmp_path: Path):
        folder = tmp_path / "ptbxl"
        (folder / "records100").mkdir(parents=True)
        rows = ["ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_lr"]
        for number in range(16):
            rhythm, statement = (
                ("sinus_rhythm", "NORM") if number % 2 else ("atrial_fibrillation", "AFIB")
            )
            name = f"records100/{number:05}_lr"
            rows.append(f"{number},{number},60,0,\"{{'{statement}': 0.0}}\",10,{name}")
            out = folder / f"{name}.hea"
            argv = ("simulate", "--rhythm", rhythm, "--fs", 100, "--seed", number, "--out", out)
            assert run(*argv)[0] == 0
        (folder / "ptbxl_database.csv").write_text("\n".join(rows) + "\n")
        answer = answer_of(run("evaluate", "--data", folder, "--json"))
        assert {"icd10", "statements", "ece"} <= set(answer)
        assert 0 <= answer["ece"] <= 1
        entry = answer["statements"]["codes"]["AFIB"]
        assert entry["positives"] == 8
        assert entry["ci"][0] <= entry["auroc"] <= entry["ci"][1]
        assert answer["icd10"]["codes"]["I48.91"]["positives"] == 8
        assert answer["icd10"]["macro_auroc"] == answer["icd10"]["codes"]["I48.91"]["auroc"]
        assert "macro AUROC" in run("evaluate", "--data", folder)[1]
