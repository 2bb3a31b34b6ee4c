"""What commands refuse: exit status 2 and one sentence."""

from pathlib import Path

import numpy as np
import pytest
from cli_runs import Run, answer_of, assert_refused

from lamae.ecg import LEADS
from lamae.inference.predictor import Predictor


class TestRefusals:
    def test_a_file_that_does_not_exist(self, run: Run, tmp_path: Path):
        assert_refused(run("predict", tmp_path / "none.dcm"), "There is no file")

    def test_a_folder(self, run: Run, tmp_path: Path):
        for command in ("predict", "attention", "reconstruct"):
            assert_refused(run(command, tmp_path), f"{tmp_path} is a folder")
        out = tmp_path / "ecg.csv"
        assert_refused(run("explain", tmp_path, "--code", "I48.91"), "is a folder")
        assert_refused(run("export", tmp_path, "--out", out), "is a folder")
        assert not out.exists()

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
        assert_refused(run("reconstruct", ecg, "--mask", "V9"), "'V9' is not a lead;")
        both = run("reconstruct", ecg, "--mask", "v9,V1,x")
        assert_refused(both, "'v9', 'x' are not leads;")
        assert_refused(run("predict", ecg, "--leads", "x"), "'x' is not a lead;")

    def test_nothing_masked(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg), "Nothing is masked")

    def test_a_ratio_out_of_range(self, run: Run, ecg: Path):
        assert_refused(run("reconstruct", ecg, "--ratio", "1.5"))

    def test_a_code_that_does_not_exist(self, run: Run, ecg: Path):
        assert_refused(run("explain", ecg, "--code", "X99.9"), "X99.9")

    def test_a_code_that_is_not_offered_is_told_why(self, run: Run, ecg: Path):
        code, why = next(iter(Predictor.bundled().card.not_offered.items()))
        assert_refused(run("explain", ecg, "--code", code), code, why)
        offered = Predictor.bundled().codes[0]
        against = ("--code", offered, "--against", code.lower())
        assert_refused(run("explain", ecg, *against), f"{code!r} ({why})")

    def test_a_method_that_does_not_exist(self, run: Run, ecg: Path):
        code = answer_of(run("predict", ecg, "--json"))["codes"][0]["code"]
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
        for path in (tmp_path / "none.safetensors", "/dev/null"):
            assert_refused(run("verify", "--weights", path), "missing")
        for command in (("verify",), ("predict", ecg)):
            assert_refused(run(*command, "--weights", tmp_path), f"{tmp_path} is a folder")
