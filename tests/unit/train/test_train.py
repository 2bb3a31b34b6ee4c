"""Training runs from start to end on a handful of ECGs, and goes on where it was stopped."""

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from subprocess import PIPE

import numpy as np
import pytest
import torch

from lamae.cli.main import main
from lamae.data import Records, mimic
from lamae.ecg.statements import ICD10_CODES, STATEMENT_NAMES
from lamae.errors import DataError, InputError
from lamae.evaluate import evaluate
from lamae.inference import input_check
from lamae.inference.bundle import load_bundle
from lamae.inference.predictor import Predictor
from lamae.model import ModelConfig
from lamae.model.mask import MaskConfig
from lamae.objectives import MaskedConfig
from lamae.objectives.augment import AugmentConfig
from lamae.objectives.masked import lead_moments
from lamae.results.card import InputReference
from lamae.results.verdict import Conformal
from lamae.signal.preprocess import InputSpec, prepare
from lamae.simulate import simulate
from lamae.train.config import FinetuneConfig, OptimConfig, RunConfig
from lamae.train.finetune import finetune_on
from lamae.train.model_card import model_card
from lamae.train.muon import Muon
from lamae.train.optim import decays_from, make_optimizers, rate_at
from lamae.train.pretrain import pretrain_on
from lamae.train.recipes import CONTINUING, FINETUNING, PRETRAINING, recipe_named
from lamae.train.release import calibrate, release
from lamae.train.run import metrics

CONFIG = RunConfig(
    recipe="test",
    objective=MaskedConfig(),
    optim=OptimConfig(lr=3e-3, muon=2.0),
    epochs=2,
    batch=8,
    model=ModelConfig(
        width=16, heads=2, depth=1, latent_depth=1, decoder_width=12, decoder_heads=2, decoder_depth=1
    ),
)  # fmt: skip
TUNING = replace(CONFIG, objective=FinetuneConfig())


@pytest.fixture(scope="module")
def records() -> Records:
    """Forty simulated ECGs, half of them with left bundle branch block, over training and validation folds."""
    spec = InputSpec()
    rng = np.random.default_rng(0)
    rhythms = ["sinus_rhythm", "left_bundle_branch_block"] * 20
    values = np.stack([prepare(simulate(r, fs=100.0, rng=rng).ecg, spec).values for r in rhythms])
    statements = np.zeros((40, 71), dtype=bool)
    statements[::2, STATEMENT_NAMES.index("SR")] = True
    statements[1::2, STATEMENT_NAMES.index("CLBBB")] = True
    return Records(
        values=values,
        present=np.ones((40, 12), dtype=bool),
        statements=statements,
        fold=np.array([1] * 24 + [9] * 16),
        ecg_id=np.arange(40),
        patient_id=np.arange(40),
        age=np.full(40, 60, dtype=np.float32),
        female=np.zeros(40, dtype=bool),
    )


@pytest.fixture(scope="module")
def pretrained(records, tmp_path_factory):
    return pretrain_on(CONFIG, records, tmp_path_factory.mktemp("pretrained"))


def weights_of(path) -> dict[str, torch.Tensor]:
    bundle = load_bundle(path)
    return (bundle.classifier or bundle.reconstructor).state_dict()


def test_pretraining_writes_weights_config_figures_and_card(pretrained, records):
    bundle = load_bundle(pretrained)
    assert bundle.classifier is None
    assert bundle.config == CONFIG.model
    card = bundle.card.pretraining
    assert card.epochs == 2
    assert card.device.startswith(("CPU", "NVIDIA"))
    assert bundle.card.data.records == 24
    assert bundle.card.data.ids_sha256 == records.folds([1]).ids_sha256
    assert len(card.history) == 2
    saved = json.loads((pretrained.parent / "config.json").read_text())
    assert saved["model"]["width"] == 16
    assert json.loads((pretrained.parent / "environment.json").read_text())["torch"]
    expected = np.mean([v.astype(float) @ v.T / 1000 for v in records.folds([1]).values], axis=0)
    np.testing.assert_allclose(bundle.reconstructor.moments, expected, rtol=1e-4)


def test_lost_amplitudes_enter_neither_the_linear_estimate_nor_the_validation_loss(
    records, tmp_path
):
    """They are made up: training takes such ECGs, but nothing is measured from them."""
    lost = np.isin(np.arange(40), [0, 1, 24, 25])
    some = replace(records, amplitude=~lost)
    louder = replace(some, values=np.where(lost[:, None, None], 9 * some.values, some.values))
    config = replace(CONFIG, epochs=1, zscored=True)
    one, other = (
        load_bundle(pretrain_on(config, part, tmp_path / name))
        for part, name in ((some, "some"), (louder, "louder"))
    )
    np.testing.assert_array_equal(one.reconstructor.moments, other.reconstructor.moments)
    np.testing.assert_allclose(
        one.reconstructor.moments, lead_moments(records.values[np.arange(2, 24)]), rtol=1e-4
    )
    only_in_validation = replace(some, values=some.values.copy())
    only_in_validation.values[[24, 25]] *= 9
    pretrain_on(config, only_in_validation, tmp_path / "validation")
    first, second = (metrics(tmp_path / name)[-1] for name in ("some", "validation"))
    assert first["validation_loss"] == second["validation_loss"]


@pytest.mark.parametrize("task", ["pretrain", "finetune"])
def test_a_killed_run_continues_to_the_same_result(
    task, records, pretrained, tmp_path, monkeypatch
):
    # All that the weights that ship were drawn with.
    config = replace(CONFIG, optim=replace(CONFIG.optim, ema=0.9))

    def run(out):
        if task == "pretrain":
            objective = MaskedConfig(
                mask=MaskConfig(imputation=0.65),
                relative_to_linear=True,
                augment=AugmentConfig(gain=0.2, shift=500),
                rotation=8.0,
            )
            return pretrain_on(replace(config, objective=objective), records, out)
        tuning = FinetuneConfig(
            augment=AugmentConfig(gain=0.1, noise=0.1, shift=50), mixup=0.5, segment=True
        )
        segments = replace(config, objective=tuning, model=ModelConfig(rhythm_width=8))
        return finetune_on(segments, records, out, load_bundle(pretrained))

    unbroken = weights_of(run(tmp_path / "unbroken"))
    saved = torch.save

    class KilledError(Exception):
        pass

    def save_and_die(state, path):
        saved(state, path)
        raise KilledError

    # It dies while the second epoch's checkpoint is written and not yet in its place.
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", lambda state, path: (
            save_and_die(state, path) if state["epoch"] == 2 else saved(state, path)
        ))  # fmt: skip
        with pytest.raises(KilledError):
            run(tmp_path / "killed")
    continued = weights_of(run(tmp_path / "killed"))
    for name, value in unbroken.items():
        torch.testing.assert_close(value, continued[name], rtol=0, atol=0)
    assert [line["epoch"] for line in metrics(tmp_path / "killed")] == [1, 2]


def test_a_folder_that_holds_another_run_is_refused(records, pretrained, tmp_path):
    wider = replace(CONFIG, model=replace(CONFIG.model, width=32))
    with pytest.raises(DataError, match="another run"):
        pretrain_on(wider, records, pretrained.parent)
    (tmp_path / "checkpoint.pt").write_bytes(b"cut off")
    with pytest.raises(DataError, match="damaged"):
        pretrain_on(CONFIG, records, tmp_path)


def test_fine_tuning_starts_from_the_pretrained_backbone(records, pretrained, tmp_path):
    """But for the convolutions over time, which no masked autoencoder has."""
    still = replace(
        TUNING,
        epochs=1,
        optim=OptimConfig(lr=0.0, weight_decay=0.0),
        model=ModelConfig(rhythm_width=8),
    )
    tuned = load_bundle(finetune_on(still, records, tmp_path, load_bundle(pretrained)))
    first = load_bundle(pretrained)
    for name, value in first.reconstructor.backbone.state_dict().items():
        torch.testing.assert_close(tuned.classifier.backbone.state_dict()[name], value)
    torch.testing.assert_close(tuned.reconstructor.state_dict(), first.reconstructor.state_dict())
    assert tuned.config == replace(first.config, rhythm_width=8)
    assert tuned.classifier.rhythm is not None


def test_ecgs_without_amplitudes_do_not_teach_voltages(records, pretrained, tmp_path):
    """A label that may not be learned changes nothing; one that may does."""

    def run(name, statement):
        statements = records.statements.copy()
        statements[:12, STATEMENT_NAMES.index(statement)] = True
        blind = replace(records, statements=statements, amplitude=np.arange(40) >= 12)
        config = replace(TUNING, epochs=1)
        return weights_of(finetune_on(config, blind, tmp_path / name, load_bundle(pretrained)))

    nothing, voltage, rhythm = run("none", "LVH"), run("lvh", "HVOLT"), run("af", "AFIB")
    assert all(torch.equal(value, voltage[name]) for name, value in nothing.items())
    assert not all(torch.equal(value, rhythm[name]) for name, value in nothing.items())


def test_fine_tuning_learns_and_its_card_says_what_it_reached(records, pretrained, tmp_path):
    config = replace(TUNING, epochs=20, objective=FinetuneConfig(lead_dropout=0.0))
    bundle = load_bundle(finetune_on(config, records, tmp_path, load_bundle(pretrained)))
    assert metrics(tmp_path)[-1]["icd10_auroc"] > 0.8
    scored = bundle.card.results.validation.icd10
    assert scored.codes["I44.7"].positives == 8
    # Twelve positives in training are too few to offer the code.
    assert bundle.calibration == ()
    assert "12 positive ECGs" in bundle.card.not_offered["I44.7"]


def test_calibration_offers_codes_with_enough_ecgs(records, pretrained, tmp_path):
    bundle = load_bundle(finetune_on(TUNING, records, tmp_path, load_bundle(pretrained)))
    validation = records.folds([9])
    twice = records.take(np.r_[0:24, 0:24])
    calibrated = calibrate(bundle, twice, validation)
    assert [rule.code for rule in calibrated.calibration] == ["I44.7"]
    (rule,) = calibrated.calibration
    logits = Predictor(calibrated).output_logits(validation.values, validation.present)
    score = logits[:, STATEMENT_NAMES.index("CLBBB")]
    probability = 1 / (1 + np.exp(-(rule.slope * score + rule.intercept)))
    # Platt's targets are smoothed, so that the mean comes close to the prevalence.
    assert probability.mean() == pytest.approx(0.5, abs=0.02)
    assert 0 < rule.threshold < 1


def test_going_on_with_weights_changes_what_reconstructs_and_leaves_the_classifier(
    records, pretrained, tmp_path
):
    tuned = load_bundle(finetune_on(TUNING, records, tmp_path / "tuned", load_bundle(pretrained)))
    released = replace(
        tuned,
        card=replace(
            tuned.card,
            results=replace(tuned.card.results, test=tuned.card.results.validation),
            input_check=InputReference(((0.5, 0.1),), 16),
            conformal=Conformal(0.9, {}),
        ),
    )
    # One lead is masked in a third of these batches, fewer than a step reconstructs.
    objective = MaskedConfig(mask=MaskConfig(imputation=1.0), relative_to_linear=True)
    config = replace(CONFIG, objective=objective, model=ModelConfig())
    later = load_bundle(pretrain_on(config, records, tmp_path / "later", released))
    assert later.config == tuned.config
    torch.testing.assert_close(later.classifier.state_dict(), tuned.classifier.state_dict())
    assert later.calibration == tuned.calibration
    assert torch.equal(later.reconstructor.moments, tuned.reconstructor.moments)
    before, after = tuned.reconstructor.state_dict(), later.reconstructor.state_dict()
    assert not torch.equal(before["decoder.to_patch.weight"], after["decoder.to_patch.weight"])
    assert later.card.results == tuned.card.results
    assert later.card.input_check is None
    assert later.card.conformal == released.card.conformal
    (continued,) = later.card.continued
    assert (continued.epochs, continued.data.records) == (config.epochs, 24)
    assert (continued.finetuned, continued.settings["relative_to_linear"]) == (True, True)
    assert later.card.pretraining == tuned.card.pretraining
    for other in (load_bundle(pretrained), None):
        plain = replace(config, model=CONFIG.model)
        with pytest.raises(DataError, match="another pretrained model"):
            pretrain_on(plain, records, tmp_path / "later", other)


def test_release_scores_the_test_fold_and_writes_the_manifest(
    pretrained, records, tmp_path, monkeypatch
):
    """The test fold gives the results; cuts and reference rest on the validation fold."""
    # Twice as many training ECGs, so that left bundle branch block is offered, and a test fold.
    rows = np.r_[0:40, 0:24, 30:40]
    whole = replace(
        records.take(rows),
        fold=np.array([1] * 24 + [9] * 16 + [1] * 24 + [10] * 10),
        ecg_id=np.arange(74),
        patient_id=np.arange(74),
    )
    weights = finetune_on(TUNING, whole, tmp_path / "run", load_bundle(pretrained))
    for module in ("lamae.evaluate.fold", "lamae.train.release"):
        monkeypatch.setattr(f"{module}.load_records", lambda *_, folds, **__: whole.folds(folds))
    shipped = release(weights, tmp_path, tmp_path / "weights", tmp_path / "MODEL_CARD.md")
    manifest = json.loads((shipped.parent / "manifest.json").read_text())
    bundle = load_bundle(shipped, manifest["sha256"])
    assert bundle.card.results.test.ecgs == 10
    assert (tmp_path / "MODEL_CARD.md").read_text() == model_card(bundle)
    assert bundle.card.results.validation.ecgs == 16
    assert [rule.code for rule in bundle.calibration] == ["I44.7"]
    cuts = bundle.card.conformal.codes["I44.7"]
    assert cuts.positives == cuts.negatives == 8
    again = input_check.reference(Predictor(bundle), whole.folds([9]), progress=False)
    assert bundle.card.input_check == again
    assert again.ecgs == 16
    # The test fold is judged with these cuts and this reference.
    test = bundle.card.results.test
    assert test.input_check == input_check.refused(
        Predictor(bundle), whole.folds([10]), progress=False
    )
    blocked = int(whole.folds([10]).code_labels()[:, ICD10_CODES.index("I44.7")].sum())
    assert sum(test.verdicts.carried.values()) == blocked
    assert sum(test.verdicts.not_carried.values()) == 10 - blocked


def test_fine_tuning_on_codes_ends_with_weights_and_leaves_statements_unscored(
    records, pretrained, tmp_path
):
    """As on MIMIC-IV-ECG: codes are given, statements are not, and some ECGs have no labels."""
    codes = records.code_labels()
    unlabelled = np.arange(40) == 30
    codes[unlabelled] = False
    coded = replace(
        records,
        statements=np.zeros((40, 0), dtype=bool),
        codes=codes,
        labels=mimic.CODES,
        description=mimic.DESCRIPTION,
        labelled=~unlabelled,
    )
    bundle = load_bundle(finetune_on(TUNING, coded, tmp_path, load_bundle(pretrained)))
    assert bundle.labels == mimic.CODES
    assert bundle.config.statements == len(ICD10_CODES)
    scored = bundle.card.results.validation
    assert scored.icd10.codes["I44.7"].positives == 8
    assert scored.ecgs == 15
    assert scored.statements is scored.statements_trained is None


def test_evaluation_of_ecgs_without_labels_is_refused(tiny, records, tmp_path, monkeypatch):
    none = replace(records, labelled=np.zeros(40, dtype=bool))
    monkeypatch.setattr(
        "lamae.evaluate.fold.load_records", lambda *_, folds, **__: none.folds(folds)
    )
    with pytest.raises(DataError, match="None of the 16 ECGs of fold 9 has labels"):
        evaluate(tiny, tmp_path, fold=9, progress=False)


def test_evaluation_leaves_out_ecgs_without_labels(records, pretrained, tmp_path, monkeypatch):
    weights = finetune_on(TUNING, records, tmp_path, load_bundle(pretrained))
    some = replace(records, labelled=np.arange(40) != 30)
    monkeypatch.setattr(
        "lamae.evaluate.fold.load_records", lambda *_, folds, **__: some.folds(folds)
    )
    scored = evaluate(Predictor(load_bundle(weights)), tmp_path, fold=9, progress=False)
    assert scored["ecgs"] == 15


def test_progress_leaves_standard_output_alone(records, tmp_path, capsys):
    pretrain_on(replace(CONFIG, epochs=1), records, tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 1/1" in err


def test_a_run_goes_on_with_its_own_settings_only(records, tmp_path):
    pretrain_on(CONFIG, records, tmp_path)
    with pytest.raises(DataError, match="another seed"):
        pretrain_on(replace(CONFIG, seed=1), records, tmp_path)
    with pytest.raises(DataError, match="another training set"):
        pretrain_on(CONFIG, records.take(np.arange(1, 40)), tmp_path)
    pretrain_on(CONFIG, records, tmp_path)
    assert [line["epoch"] for line in metrics(tmp_path)] == [1, 2]


def test_epochs_that_no_checkpoint_holds_are_no_part_of_a_run(records, tmp_path):
    longer = replace(CONFIG, epochs=3, optim=replace(CONFIG.optim, decay=0.0))
    pretrain_on(replace(longer, epochs=1), records, tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        # Three epochs were trained since the last checkpoint; the last line was cut off.
        file.writelines(f'{{"epoch": {epoch}, "seconds": 60.0}}\n' for epoch in (2, 3, 4))
        file.write('{"epoch": 5, "sec')
    pretrain_on(replace(longer, epochs=2), records, tmp_path)
    history = metrics(tmp_path)
    assert [line["epoch"] for line in history] == [1, 2]
    assert all("loss" in line for line in history)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        pretrain_on(longer, records, tmp_path)


def test_two_processes_do_not_train_in_one_folder(records, tmp_path):
    holder = (
        "import sys; from pathlib import Path; from lamae.train.run import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).locked():\n"
        "    print('taken', flush=True); input()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(DataError, match="Another process is training"):
            pretrain_on(CONFIG, records, tmp_path)
        assert not list(tmp_path.iterdir())
        other.communicate("\n")
    pretrain_on(CONFIG, records, tmp_path)


def test_fine_tuning_goes_on_from_the_weights_that_it_began_with_only(
    records, pretrained, tmp_path
):
    first = load_bundle(pretrained)
    other = load_bundle(pretrain_on(replace(CONFIG, seed=1), records, tmp_path / "other"))
    finetune_on(TUNING, records, tmp_path / "run", first)
    with pytest.raises(DataError, match="another pretrained model"):
        finetune_on(TUNING, records, tmp_path / "run", other)
    finetune_on(TUNING, records, tmp_path / "run", first)


def test_weights_end_part_of_the_way_back_to_those_they_began_with(records, pretrained, tmp_path):
    init = load_bundle(pretrained)
    config = replace(CONFIG, seed=1, model=ModelConfig())
    went = load_bundle(pretrain_on(config, records, tmp_path / "all", init)).reconstructor
    mixed = pretrain_on(
        replace(config, objective=MaskedConfig(init_weight=0.25)), records, tmp_path / "mixed", init
    )
    pairs = zip(went.parameters(), init.reconstructor.parameters(), strict=True)
    expected = [0.75 * new + 0.25 * old for new, old in pairs]
    torch.testing.assert_close(list(load_bundle(mixed).reconstructor.parameters()), expected)
    assert load_bundle(mixed).card.continued[0].settings["init_weight"] == 0.25


def test_every_stage_of_pretraining_stays_on_the_card(records, pretrained, tmp_path):
    init = load_bundle(pretrained)
    for seed in (1, 2):
        config = replace(CONFIG, seed=seed, model=ModelConfig())
        init = load_bundle(pretrain_on(config, records, tmp_path / str(seed), init))
    card = load_bundle(finetune_on(TUNING, records, tmp_path / "tuned", init)).card
    assert [(run.seed, run.finetuned) for run in card.continued] == [
        (1, False),
        (2, False),
    ]


def test_the_validation_loss_does_not_depend_on_the_batches_of_training(records, tmp_path):
    losses = []
    for batch in (4, 12):
        # Too slow to learn anything.
        optim = replace(CONFIG.optim, lr=1e-12)
        config = replace(CONFIG, epochs=1, batch=batch, optim=optim)
        pretrain_on(config, records, tmp_path / str(batch))
        losses += [line["validation_loss"] for line in metrics(tmp_path / str(batch))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        MaskedConfig(augment=AugmentConfig(gain=0.5)),
        MaskedConfig(augment=AugmentConfig(shift=300)),
        MaskedConfig(rotation=30.0),
    ],
)
def test_pretraining_learns_from_changed_ecgs_and_is_watched_on_unchanged_ones(
    change, records, tmp_path
):
    plain = replace(CONFIG, epochs=1, optim=replace(CONFIG.optim, lr=1e-12))
    pretrain_on(plain, records, tmp_path / "plain")
    pretrain_on(replace(plain, objective=change), records, tmp_path / "changed")
    (before,), (after,) = metrics(tmp_path / "plain"), metrics(tmp_path / "changed")
    assert after["loss"] != pytest.approx(before["loss"], rel=1e-3)
    assert after["validation_loss"] == pytest.approx(before["validation_loss"], rel=1e-6)


def test_the_card_keeps_nothing_of_codes_that_other_weights_suggested(
    records, pretrained, tmp_path
):
    before = load_bundle(pretrained)
    shipped = replace(
        before,
        card=replace(
            before.card,
            conformal=Conformal(0.9, {}),
            input_check=InputReference(((0.5, 0.1),), 16),
        ),
    )
    card = load_bundle(finetune_on(TUNING, records, tmp_path, shipped)).card
    assert card.conformal is card.input_check is None
    assert card.pretraining == before.card.pretraining


def test_too_few_ecgs_are_refused(records, tmp_path):
    with pytest.raises(DataError, match="fewer than a batch"):
        pretrain_on(replace(CONFIG, batch=32), records, tmp_path)


def test_what_pretraining_lacks_is_named(records, tmp_path):
    with pytest.raises(DataError, match="no ECG of fold 9; found folds 1"):
        pretrain_on(CONFIG, records.folds([1]), tmp_path)
    for fold, ecgs in ((1, 24), (9, 16)):
        lost = replace(records, amplitude=records.fold != fold)
        with pytest.raises(DataError, match=f"None of the {ecgs} ECGs .* has known amplitudes"):
            pretrain_on(CONFIG, lost, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_fine_tuning_lacks_is_named_before_it_begins(records, pretrained, tmp_path):
    init = load_bundle(pretrained)
    few = records.take(np.r_[0:24, 24:28])
    for part, message in (
        (replace(records, labelled=np.zeros(40, dtype=bool)), "None of the 24 ECGs .* has labels"),
        (replace(records, labelled=records.fold == 1), "None of the 16 ECGs of fold 9 has labels"),
        (replace(records, amplitude=records.fold == 9), "None of the 24 ECGs .* known amplitudes"),
        (records.folds([1]), "no ECG of fold 9; found folds 1"),
        (few, "None of the 27 codes has 5 ECGs .* among the 4 of fold 9, on which training is"),
    ):
        with pytest.raises(DataError, match=message):
            finetune_on(TUNING, part, tmp_path, init)
    assert not list(tmp_path.iterdir())


def test_codes_that_several_rare_statements_suggest_are_enough_to_watch(
    records, pretrained, tmp_path
):
    """Eight ECGs of fold 9 carry left bundle branch block, four by each of two statements."""
    statements = records.statements & (records.fold == 1)[:, None]
    statements[25:32:2, STATEMENT_NAMES.index("CLBBB")] = True
    statements[33:40:2, STATEMENT_NAMES.index("ILBBB")] = True
    split = replace(records, statements=statements)
    finetune_on(replace(TUNING, epochs=1), split, tmp_path, load_bundle(pretrained))
    assert {"icd10_auroc", "statement_auroc"} & set(metrics(tmp_path)[0]) == {"icd10_auroc"}


def test_a_missing_file_of_weights_is_named_as_it_was_given(tmp_path, capsys):
    missing = tmp_path / "my" / "weights"
    argv = ["--data", str(tmp_path), "--out", str(tmp_path / "run"), "--init", str(missing)]
    for command in ("pretrain", "finetune"):
        assert main([command, *argv]) == 2
        said = capsys.readouterr().err
        assert str(missing) in said
        assert "reconstruct" not in said


@pytest.mark.parametrize("command", ["pretrain", "finetune"])
def test_a_recipe_takes_another_seed_and_other_epochs(monkeypatch, tmp_path, command):
    taken = []
    module = importlib.import_module(f"lamae.train.{command}")
    monkeypatch.setattr(module, command, lambda config, *_: taken.append(config) or tmp_path)
    path = str(tmp_path)
    name = {"pretrain": "small_leads", "finetune": "small_codes"}[command]
    argv = [command, name, "--data", path, "--out", path, "--init", path]
    assert main(argv) == main([*argv, "--seed", "0", "--epochs", "5"]) == 0
    recipe = recipe_named(name, {**CONTINUING, **FINETUNING})
    assert taken == [recipe, replace(recipe, seed=0, epochs=5)]
    assert main([*argv, "--seed", "3"]) == 0
    assert taken[-1] == replace(recipe, seed=3)


def test_the_rate_rises_stays_and_falls_to_zero():
    config = OptimConfig(lr=1.0, warmup=0.1, decay=0.3)
    rates = [rate_at(step, 100, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:70] == [1.0] * 61
    assert rates[-1] == pytest.approx(1 / 30)
    assert np.all(np.diff(rates[69:]) <= 0)


@pytest.mark.parametrize("decay", [0.0, 0.3, 1.0])
def test_the_decay_begins_where_the_rate_first_falls(decay):
    config = OptimConfig(lr=1.0, warmup=0.0, decay=decay)
    fallen = [step for step in range(20) if rate_at(step, 20, config) < 1]
    assert decays_from(20, config) == min(fallen, default=20)


def groups_of(optimizers):
    return {
        id(parameter): (type(optimizer), group)
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


@pytest.mark.parametrize("muon", [None, 4.0])
def test_muon_has_its_own_rate_and_vectors_no_decay(muon, tiny):
    model = tiny.bundle.classifier
    groups = groups_of(make_optimizers(model, OptimConfig(lr=1e-3, muon=muon)))
    of = lambda parameter: groups[id(parameter)][1]  # noqa: E731
    assert of(model.head.weight)["full_lr"] == 1e-3
    assert of(model.backbone.encoder.embed.plain.weight)["full_lr"] == 1e-3
    matrix = of(model.backbone.blocks[0].mlp[0].weight)
    assert matrix["full_lr"] == pytest.approx(1e-3 * (muon or 1))
    assert matrix["weight_decay"] == 0.05
    assert of(model.head.weight)["weight_decay"] == (0 if muon else 0.05)
    assert of(model.head.bias)["weight_decay"] == 0
    assert of(model.backbone.encoder.lead.weight)["weight_decay"] == 0
    assert len(groups) == len(list(model.parameters()))


def test_muon_takes_the_matrices_of_the_blocks_and_nothing_else(tiny):
    model = tiny.bundle.reconstructor
    groups = groups_of(make_optimizers(model, OptimConfig(lr=1e-3, muon=4.0)))
    taken = {
        name for name, parameter in model.named_parameters() if groups[id(parameter)][0] is Muon
    }
    blocks = {
        f"{name}.weight"
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear) and ("attend_" in name or ".mlp." in name)
    }
    assert taken == blocks
    assert {"decoder.to_patch.weight", "backbone.encoder.lead.weight"} <= {
        name for name, _ in model.named_parameters()
    } - taken


def test_recipes_are_complete_and_named_after_themselves():
    for recipes in (PRETRAINING, CONTINUING, FINETUNING):
        for name in recipes:
            assert recipe_named(name, recipes).recipe == name
    with pytest.raises(InputError, match="small_codes"):
        recipe_named("huge", FINETUNING)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["pretrain", "small_codes"], "no recipe 'small_codes' for this; choose one of small,"),
        (["finetune", "small", "--init", "x"], "choose one of small_codes,"),
        (["pretrain", "small_leads"], "goes on with weights; name them with --init"),
    ],
)
def test_a_recipe_of_another_task_is_refused_before_anything_is_read(argv, words, tmp_path, capsys):
    assert main([*argv, "--data", "absent", "--out", str(tmp_path / "run")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_refused_before_data_are_read(tmp_path, capsys):
    (tmp_path / "file").touch()
    for argv in (["pretrain", "rehearsal"], ["benchmark"]):
        assert main([*argv, "--data", "absent", "--out", str(tmp_path / "file")]) == 2
        assert "file cannot be a folder of runs" in capsys.readouterr().err
