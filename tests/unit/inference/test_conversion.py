"""Weights of format 2 become weights of format 3 with the same outputs."""

import json
from dataclasses import asdict

import pytest
import torch
from safetensors.torch import save_file

from lamae.data import ptbxl
from lamae.ecg.statements import SCP
from lamae.errors import WeightsError
from lamae.inference.bundle import load_bundle, read_tensors
from lamae.inference.conversion import convert, main
from lamae.inference.predictor import Predictor

RUN = {
    "recipe": "small", "seed": 0, "epochs": 2, "batch": 8, "minutes": 0.1,
    "ecgs_per_second": 9.0, "waiting": 0.0, "parameters": 10, "device": "CPU",
    "threads": 2, "precision": "32-true", "processes": 1, "python": "3.12", "torch": "2",
    "lightning": "2", "numpy": "2", "commit": "abc", "dirty": None,
    "history": [{"epoch": 0, "loss": 0.5}],
}  # fmt: skip
DATA = {"name": "PTB-XL 1.0.3, in part", "records": 40, "folds": [1, 2], "ids_sha256": "0" * 64}
SCORE = {"auroc": 0.9, "ci": [0.8, 0.95], "auprc": 0.5, "auprc_ci": [0.4, 0.6], "positives": 7,
         "prevalence": 0.1}  # fmt: skip
TEST = {
    "icd10": {
        "macro_auroc": 0.9, "ci": [0.8, 0.95], "macro_auprc": 0.5, "auprc_ci": [0.4, 0.6],
        "counted": 1, "codes": {"I48.91": SCORE},
    },
    "ecgs": 70, "patients": 69, "gate": {"refused": 1, "ecgs": 70},
    "restoration": {
        "V1": {"V1": {"rmse_mv": 0.1, "linear_rmse_mv": 0.2, "pearson_r": 0.9, "ratio": 0.5}}
    },
}  # fmt: skip
CARD = {
    "name": "LAMAE small",
    "license": "Apache-2.0",
    "citation": ["LAMAE."],
    "limits": ["Research use only."],
    "data": DATA,
    "pretraining": {**RUN, "relative": False},
    "continued": [{**RUN, "relative": True, "keep": 0.5, "data": DATA, "finetuned": True}],
    "finetuning": {**RUN, "data": {**DATA, "without_amplitudes": 3}},
    "codes": {"I48.91": {"positives_train": 30, "prevalence": 0.3}},
    "not_offered": {"I25.3": "4 positive ECGs in training and 0 in validation"},
    "conformal": {
        "level": 0.9,
        "codes": {
            "I48.91": {"present_from": 0.1, "absent_to": 0.9, "positives": 7, "negatives": 60}
        },
    },
    "gate": {"quantiles": [[0.5, 0.1], [0.99, 0.6]], "ecgs": 60},
    "results": {"test": TEST},
}


@pytest.fixture
def old(tiny, tmp_path):
    """The tiny model as format 2 wrote it."""
    bundle, path = tiny.bundle, tmp_path / "old.safetensors"
    tensors = {f"mae.{name}": value for name, value in bundle.reconstructor.state_dict().items()}
    tensors |= {f"classifier.{n}": value for n, value in bundle.classifier.state_dict().items()}
    header = {
        "format": "2",
        "config": asdict(bundle.config),
        "input": asdict(bundle.input),
        "rules": [asdict(each) for each in bundle.calibration],
        "card": CARD,
    }
    written = {n: v if n == "format" else json.dumps(v) for n, v in header.items()}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path, written)
    return path


def test_outputs_are_the_same_to_the_last_bit(tiny, sinus, old, tmp_path):
    sha256 = convert(old, tmp_path / "new.safetensors")
    bundle = load_bundle(tmp_path / "new.safetensors", sha256)
    assert (bundle.config, bundle.calibration) == (tiny.bundle.config, tiny.bundle.calibration)
    assert bundle.labels == SCP
    new = Predictor(bundle)
    served = {code.code: code.probability for code in new.predict(sinus).codes}
    assert served == {code.code: code.probability for code in tiny.predict(sinus).codes}
    masked = (predictor.reconstruct(sinus, mask=("V1",)).output for predictor in (tiny, new))
    assert torch.equal(*map(torch.from_numpy, masked))


def test_every_entry_of_the_card_is_kept_under_its_present_name(old, tmp_path):
    convert(old, tmp_path / "new.safetensors")
    card = load_bundle(tmp_path / "new.safetensors").card
    assert (card.name, card.licence) == ("LAMAE small", "Apache-2.0")
    assert card.data.description.name == ptbxl.DESCRIPTION.name
    assert card.data.description.title == DATA["name"]
    assert card.labelled_data.without_amplitudes == 3
    assert card.pretraining.environment["commit"] == "abc"
    assert card.pretraining.history == ({"epoch": 0, "loss": 0.5},)
    assert card.continued[0].settings == {"relative_to_linear": True, "init_weight": 0.5}
    assert card.codes["I48.91"].positives_train == 30
    assert card.conformal.codes["I48.91"].present_from == 0.1
    assert card.input_check.error(0.99) == 0.6
    test = card.results.test
    assert (test.icd10.codes["I48.91"].auroc, test.input_check.refused) == (0.9, 1)
    assert test.reconstruction["V1"]["V1"].linear_rmse_mv == 0.2
    assert card.results.validation is None


def test_the_command_updates_the_manifest_beside_the_new_file(old, tmp_path, capsys):
    new = tmp_path / "new.safetensors"
    (tmp_path / "manifest.json").write_text("{}")
    assert main([str(old), str(new)]) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["file"] == new.name
    assert load_bundle(new, manifest["sha256"]).card.name == "LAMAE small"
    assert main([str(new), str(old)]) == 1
    assert "expected '2'" in capsys.readouterr().err
    assert main([]) == 2


def test_a_card_that_format_2_never_held_is_refused(old, tmp_path):
    header, tensors, _ = read_tensors(old)
    save_file(tensors, old, {**header, "card": json.dumps({**CARD, "colour": "blue"})})
    with pytest.raises(WeightsError, match="colour"):
        convert(old, tmp_path / "new.safetensors")
