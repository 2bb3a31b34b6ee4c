"""The command line: what it prints, what it refuses, and how."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pdf_reading import page_streams, texts

import lamae
from lamae.cli.main import COMMANDS, main
from lamae.ecg import LEADS
from lamae.inference.attribution import explain
from lamae.inference.predictor import Predictor
from lamae.io import read_path, write
from lamae.results.input_check import ReconstructionCheck

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT / "assets" / "weights"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; gives exit status, standard output, standard error."""

    def command(*argv: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def ecg(tmp_path: Path, run: Run) -> Path:
    """A simulated ECG in a file that needs no further answers."""
    path = tmp_path / "ecg.npz"
    assert run("simulate", "--rhythm", "sinus_rhythm", "--out", path)[0] == 0
    return path


def asked(result: tuple[int, str, str]) -> dict:
    status, out, err = result
    assert (status, err) == (0, "")
    return json.loads(out)


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith(".\n")
    assert "Traceback" not in err
    for word in words:
        assert word in err


class TestAsAProgram:
    def run(self, *argv: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "lamae", *map(str, argv)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def test_predict_as_json(self, ecg: Path):
        answer = asked(self.run("predict", ecg, "--json"))
        assert set(answer) == {"codes", "leads", "remarks", "model"}

    def test_unreadable_file_ends_with_status_2_and_one_sentence(self, tmp_path: Path):
        path = tmp_path / "note.csv"
        path.write_text("this is no ECG\n")
        assert_refused(self.run("predict", path, "--fs", 500, "--unit", "mV"))

    @pytest.mark.parametrize("command", [(), ("explain",), ("benchmark",), ("app",)])
    def test_help_loads_no_heavy_library(self, command: tuple[str, ...]):
        script = (
            "import sys\n"
            "from lamae.cli.main import main\n"
            f"status = main([*{command}, '--help'])\n"
            "heavy = {'torch', 'numpy', 'scipy', 'pandas', 'sklearn', 'wfdb', 'plotly'}\n"
            "heavy |= {'matplotlib', 'captum', 'streamlit', 'lightning', 'jaxtyping'}\n"
            "print(status, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert " ".join(("Usage: lamae", *command)) in done.stdout
        assert done.stderr == "0 []\n"

    @pytest.mark.parametrize(
        ("library", "extra", "argv"),
        [
            ("matplotlib", "app", ["export", "ecg.npz", "--out", "ecg.pdf"]),
            ("streamlit", "app", ["app"]),
            ("lightning", "train", ["pretrain", "--data", "none", "--out", "runs"]),
        ],
    )
    def test_a_missing_library_names_its_extra(
        self, ecg: Path, library: str, extra: str, argv: list[str]
    ):
        # None in place of a module makes its import fail as if it were not installed.
        script = (
            "import sys\n"
            f"sys.modules[{library!r}] = None\n"
            "from lamae.cli.main import main\n"
            f"sys.exit(main({argv}))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ecg.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert_refused((done.returncode, done.stdout, done.stderr), library, f"lamae[{extra}]")

    def test_one_ecg_needs_no_extra(self, ecg: Path, tmp_path: Path):
        # Captum brings Matplotlib along.
        script = (
            "import sys\n"
            "from lamae.cli.main import EXTRAS, main\n"
            "sys.modules.update(dict.fromkeys(set(EXTRAS) - {'matplotlib'}))\n"
            f"status = main(['predict', {str(ecg)!r}])\n"
            f"status += main(['explain', {str(ecg)!r}, '--code', 'I48.91'])\n"
            f"status += main(['export', {str(ecg)!r}, '--out', {str(tmp_path / 'e.json')!r}])\n"
            "sys.exit(status)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


class TestRefusals:
    def test_a_file_that_does_not_exist(self, run: Run, tmp_path: Path):
        assert_refused(run("predict", tmp_path / "none.dcm"), "There is no file")

    def test_a_folder(self, run: Run, tmp_path: Path):
        assert_refused(run("attention", tmp_path), "There is no file")

    @pytest.mark.parametrize("name", ["x.dcm", "x.hea", "x.npz", "x.npy", "x.zip", "x"])
    def test_bytes_that_are_no_ecg(self, run: Run, tmp_path: Path, name: str):
        path = tmp_path / name
        path.write_bytes(b"\x00\x01 no ECG \xff" * 50)
        assert_refused(run("predict", path))

    def test_a_csv_without_rate_and_unit_names_the_options(self, run: Run, tmp_path: Path):
        path = tmp_path / "ecg.csv"
        rows = ["I,II", *(f"{np.sin(n / 9):.3f},{np.cos(n / 9):.3f}" for n in range(1000))]
        path.write_text("\n".join(rows))
        assert_refused(run("predict", path), "--fs", "--unit")

    def test_a_lead_that_does_not_exist(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg, "--mask", "V9"), "V9")

    def test_nothing_masked(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg), "Nothing is masked")

    def test_a_ratio_out_of_range(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg, "--ratio", "1.5"))

    def test_a_code_that_does_not_exist(self, run: Run, ecg: Path):
        assert_refused(run("explain", ecg, "--code", "X99.9"), "X99.9")

    def test_a_method_that_does_not_exist(self, run: Run, ecg: Path):
        code = asked(run("predict", ecg, "--json"))["codes"][0]["code"]
        assert_refused(run("explain", ecg, "--code", code, "--method", "guess"), "guess")

    def test_a_start_beyond_the_end(self, run: Run, ecg: Path):
        assert_refused(run("predict", ecg, "--start", "60"), "60")

    def test_a_rhythm_that_does_not_exist(self, run: Run, tmp_path: Path):
        assert_refused(
            run("simulate", "--rhythm", "samba", "--out", tmp_path / "x.csv"), "sinus_rhythm"
        )

    def test_a_place_that_cannot_be_written(self, run: Run, tmp_path: Path):
        out = tmp_path / "missing" / "x.npz"
        assert_refused(run("simulate", "--rhythm", "sinus_rhythm", "--out", out))

    def test_weights_that_are_none(self, run: Run, ecg: Path, tmp_path: Path):
        path = tmp_path / "weights.safetensors"
        path.write_bytes(b"\xff" * 100)
        assert_refused(run("predict", ecg, "--weights", path), "weights")

    def test_a_data_folder_without_data(self, run: Run, tmp_path: Path):
        assert_refused(run("evaluate", "--data", tmp_path), "ptbxl_database.csv")

    def test_a_recipe_that_does_not_exist(self, run: Run, tmp_path: Path):
        argv = ("--data", tmp_path, "--out", tmp_path)
        assert_refused(run("pretrain", "huge", *argv), "huge", "small")
        # The default recipe exists, so the data are what is missing.
        assert_refused(run("pretrain", *argv), "ptbxl_database.csv")

    @pytest.mark.parametrize("seed", ["-1", "1.5", "99999999999"])
    def test_a_seed_that_is_none(self, run: Run, tmp_path: Path, seed: str):
        argv = ("simulate", "--rhythm", "sinus_rhythm", "--out", tmp_path / "x", "--seed", seed)
        assert_refused(run(*argv), seed)

    def test_options_that_make_no_sense(self, run: Run, ecg: Path):
        assert_refused(run("predict", ecg, "--start", "soon"), "--start", "soon")
        assert_refused(run("predict"), "FILE")
        assert_refused(run("divine", ecg), "divine", "predict")
        assert_refused(run("predict", ecg, "--strat", 3), "--strat", "--start")
        assert_refused(run("predict", ecg, ecg), "lamae predict --help")
        assert_refused(run("simulate", "--out", "x.csv"), "--rhythm")
        assert_refused(run("simulate", "--rhythm"), "--rhythm")
        assert_refused(run("benchmark", "--out", "x", "--rows", ","), "--rows")
        assert_refused(run(), "lamae --help")

    @pytest.mark.parametrize("epochs", ["0", "1.5", "many"])
    def test_epochs_that_are_none(self, run: Run, tmp_path: Path, epochs: str):
        argv = ("benchmark", "--out", tmp_path / "runs", "--label-epochs", epochs)
        assert_refused(run(*argv), "--label-epochs", epochs)
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("start", ["nan", "inf", "-1"])
    def test_a_start_outside_the_recording(self, run: Run, ecg: Path, start: str):
        assert_refused(run("predict", ecg, "--start", start), start)

    @pytest.mark.parametrize("option", ["--seconds", "--fs", "--noise"])
    @pytest.mark.parametrize("value", ["nan", "inf", "-1"])
    def test_a_simulation_that_cannot_be(self, run: Run, tmp_path: Path, option: str, value: str):
        out = tmp_path / "x.csv"
        assert_refused(run("simulate", "--rhythm", "sinus_rhythm", "--out", out, option, value))
        assert not out.exists()

    def test_a_ratio_too_small_to_mask_anything(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg, "--ratio", "0.001"), "Nothing is masked")

    def test_codes_of_a_recording_that_shows_no_heart_beat(self, run: Run, tmp_path: Path):
        path = tmp_path / "flat.npz"
        signal = np.zeros((12, 5000), dtype=np.float32)
        np.savez(path, signal=signal, fs=500.0, unit="mV", leads=np.array(LEADS))
        assert_refused(run("predict", path), "No codes are suggested", "V6 flat")

    def test_the_window_decides_whether_codes_are_suggested(self, run: Run, tmp_path: Path):
        path = tmp_path / "half.npz"
        assert run("simulate", "--rhythm", "sinus_rhythm", "--seconds", 20, "--out", path)[0] == 0
        with np.load(path) as saved:
            arrays = dict(saved)
        arrays["signal"][:, :5000] = 0
        np.savez(path, **arrays)
        assert_refused(run("predict", path), "No codes are suggested")
        assert run("predict", path, "--start", 10)[0] == 0

    @pytest.mark.parametrize(
        ("out", "options", "word"),
        [
            ("ecg.edf", (), ".pdf"),
            ("ecg.pdf", ("--layout", "4x3"), "3x4+II"),
            ("ecg.pdf", ("--speed", 30), "25"),
            ("ecg.pdf", ("--gain", 7), "20"),
            ("ecg.pdf", ("--start", 60), "60"),
            ("none/ecg.pdf", (), "No such file"),
            ("none/ecg.csv", (), "No such file"),
        ],
    )
    def test_an_export_that_cannot_be(
        self, run: Run, ecg: Path, tmp_path: Path, out: str, options: tuple, word: str
    ):
        assert_refused(run("export", ecg, "--out", tmp_path / out, *options), word)
        assert not (tmp_path / out).exists()

    def test_weights_in_a_place_that_is_none(self, run: Run, ecg: Path, tmp_path: Path):
        for path in (tmp_path, tmp_path / "none.safetensors", "/dev/null"):
            assert_refused(run("verify", "--weights", path), "missing")


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

    def test_app_hands_on_what_streamlit_understands(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ):
        given = []
        monkeypatch.setattr("lamae.app.serve.cli.main", lambda args, **_: given.extend(args))
        options = ["--server.port", "8600", "--theme.base", "dark"]
        assert run("app", *options) == (0, "", "")
        assert given == ["run", str(ROOT / "app.py"), *options]

    def test_simulate_writes_a_readable_ecg_and_tells_the_truth(self, run: Run, tmp_path: Path):
        path = tmp_path / "af.csv"
        argv = ("simulate", "--rhythm", "atrial_fibrillation", "--out", path, "--seed", 3)
        answer = asked(run(*argv, "--json"))
        assert answer["file"] == str(path)
        assert answer["truth"]["pr"] is None
        assert len(answer["truth"]["r_times"]) >= 5
        assert run("attention", path, "--fs", 500, "--unit", "mV")[0] == 0

    def test_predict(self, run: Run, ecg: Path):
        answer = asked(run("predict", ecg, "--json"))
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

    def test_an_ecg_unlike_the_known_ones_gets_no_codes(
        self, run: Run, ecg: Path, monkeypatch: pytest.MonkeyPatch
    ):
        unlike = ReconstructionCheck(error=2.0, typical=0.2, limit=0.8, ecgs=481)
        monkeypatch.setattr("lamae.inference.input_check.check_reconstruction", lambda *_: unlike)
        assert_refused(run("predict", ecg), "No codes are suggested", "unlike the ECGs")

    def test_every_format_gives_the_same_prediction(self, run: Run, ecg: Path, tmp_path: Path):
        answers = [asked(run("predict", ecg, "--json"))]
        for name, options in (("e.csv", ("--fs", 500, "--unit", "mV")), ("e.hea", ())):
            path = tmp_path / name
            run("simulate", "--rhythm", "sinus_rhythm", "--out", path)
            answers.append(asked(run("predict", path, *options, "--json")))
        first, *others = ({c["code"]: c["probability"] for c in a["codes"]} for a in answers)
        for other in others:
            assert other == pytest.approx(first, abs=0.01)

    def test_start_chooses_the_window_of_a_long_recording(self, run: Run, tmp_path: Path):
        path = tmp_path / "long.npz"
        run("simulate", "--rhythm", "atrial_fibrillation", "--seconds", 30, "--out", path)
        early, late = (
            asked(run("predict", path, "--start", start, "--json"))["codes"] for start in (0, 15)
        )
        assert early != late

    def test_leads_limits_what_the_model_sees(self, run: Run, ecg: Path):
        full = asked(run("predict", ecg, "--json"))["codes"]
        assert asked(run("predict", ecg, "--leads", "I, II", "--json"))["codes"] != full

    def test_reconstruct(self, run: Run, ecg: Path):
        argv = ("reconstruct", ecg, "--mask", "V1,V2")
        answer = asked(run(*argv, "--json"))
        assert list(answer["per_lead"]) == ["V1", "V2"]
        for lead in answer["per_lead"].values():
            assert set(lead) == {"rmse_mv", "pearson_r", "linear_rmse_mv"}
            assert lead["rmse_mv"] > 0
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
        answer = asked(run("reconstruct", spoilt, "--mask", "V6", "--json"))
        others = recorded.only([lead for lead in LEADS if lead != "V5"])
        expected = Predictor.bundled().reconstruct(others, mask=("V6",)).errors[0].rmse
        assert answer["per_lead"]["V6"]["rmse_mv"] == pytest.approx(expected, rel=1e-3)
        assert "V5 could not be read" in answer["remarks"][0]
        # Named, it is compared with what was recorded in its place.
        assert list(asked(run("reconstruct", spoilt, "--mask", "V5", "--json"))["per_lead"]) == [
            "V5"
        ]

    def test_seed_decides_which_segments_are_masked(self, run: Run, ecg: Path):
        first, again, other = (
            asked(run("reconstruct", ecg, "--ratio", "0.5", "--seed", seed, "--json"))
            for seed in (1, 1, 2)
        )
        assert first == again
        assert first != other

    def test_attention(self, run: Run, ecg: Path):
        answer = asked(run("attention", ecg, "--json"))
        assert list(answer["weights"]) == answer["leads"] == list(LEADS)
        assert sum(answer["weights"].values()) == pytest.approx(1, abs=1e-4)
        matrix = np.array(answer["matrix"])
        assert matrix.shape == (12, 12)
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-4)
        assert "V6" in run("attention", ecg)[1]

    def test_explain(self, run: Run, ecg: Path):
        codes = [code["code"] for code in asked(run("predict", ecg, "--json"))["codes"]]
        argv = ("explain", ecg, "--code", codes[0])
        answer = asked(run(*argv, "--json"))
        assert (answer["code"], answer["against"]) == (codes[0], None)
        assert answer["method"] == "lead_ablation"
        assert answer["completeness_error"] is None
        found = explain(Predictor.bundled(), read_path(ecg), codes[0], method="lead_ablation")
        told = {key: answer[key] for key in ("score", "baseline_score")}
        assert told == pytest.approx({key: getattr(found, key) for key in told}, rel=1e-4)
        assert tuple(answer["per_lead"]) == found.leads
        np.testing.assert_allclose(list(answer["per_lead"].values()), found.per_lead, atol=1e-4)
        assert f"{codes[0]} rather than {codes[1]}" in run(*argv, "--against", codes[1])[1]

    def test_explain_measures_completeness_where_it_is_promised(self, run: Run, ecg: Path):
        code = asked(run("predict", ecg, "--json"))["codes"][0]["code"]
        answer = asked(run("explain", ecg, "--code", code, "--method", "gradient_shap", "--json"))
        assert answer["method"] == "gradient_shap"
        assert answer["completeness_error"] > 0

    def test_verify(self, run: Run):
        answer = asked(run("verify", "--json"))
        name = json.loads((WEIGHTS / "manifest.json").read_text())["file"]
        assert answer["sha256"] == hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest()
        assert answer["sha256"] in run("verify")[1]

    @pytest.mark.parametrize("name", ["e.npz", "e.csv", "e.hea"])
    def test_export_of_the_signal(self, run: Run, ecg: Path, tmp_path: Path, name: str):
        answer = asked(run("export", ecg, "--out", tmp_path / name, "--json"))
        assert answer == {"file": str(tmp_path / name)}
        stated = {"fs": 500.0, "unit": "mV"} if name == "e.csv" else {}
        written = read_path(tmp_path / name, **stated)
        np.testing.assert_allclose(written.signal, read_path(ecg).signal, atol=6e-4)

    def test_export_of_the_results_agrees_with_predict(self, run: Run, ecg: Path, tmp_path: Path):
        assert run("export", ecg, "--out", tmp_path / "r.json")[0] == 0
        written = json.loads((tmp_path / "r.json").read_text())
        told = asked(run("predict", ecg, "--json"))
        assert written["model"] == told["model"]
        keys = told["codes"][0].keys()
        assert [{key: code[key] for key in keys} for code in written["codes"]] == told["codes"]

    def test_export_of_the_sheet(self, run: Run, ecg: Path, tmp_path: Path):
        argv = ("export", ecg, "--layout", "6x2", "--speed", 50, "--gain", 5)
        assert run(*argv, "--out", tmp_path / "e.pdf")[0] == 0
        first, *_ = page_streams((tmp_path / "e.pdf").read_bytes())
        assert any("50 mm/s   5 mm/mV" in line for line in texts(first))

    def test_other_weights(self, run: Run, ecg: Path):
        name = json.loads((WEIGHTS / "manifest.json").read_text())["file"]
        argv = ("predict", ecg, "--json")
        assert asked(run(*argv, "--weights", WEIGHTS / name)) == asked(run(*argv))

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
        answer = asked(run("evaluate", "--data", folder, "--json"))
        assert {"icd10", "statements", "ece"} <= set(answer)
        assert 0 <= answer["ece"] <= 1
        entry = answer["statements"]["codes"]["AFIB"]
        assert entry["positives"] == 8
        assert entry["ci"][0] <= entry["auroc"] <= entry["ci"][1]
        assert answer["icd10"]["codes"]["I48.91"]["positives"] == 8
        assert answer["icd10"]["macro_auroc"] == answer["icd10"]["codes"]["I48.91"]["auroc"]
        assert "macro AUROC" in run("evaluate", "--data", folder)[1]
