"""The tables of rows, budgets and differences fit together."""

from dataclasses import replace

import pytest

from lamae.benchmark.budget import Budget
from lamae.benchmark.differences import DIFFERENCES
from lamae.benchmark.methods import PRETRAININGS
from lamae.benchmark.rows import (
    ABLATIONS,
    LABEL_FRACTIONS,
    LEAD_SETS,
    ROWS,
    SHIPPED,
    chosen,
)
from lamae.ecg import LEADS
from lamae.errors import InputError
from lamae.model import ModelConfig
from lamae.objectives import LeadwiseConfig, MaskedConfig
from lamae.train.recipes import small_codes, small_long

NAMES = {row.name: row for row in ROWS}
LONG = {"resnet_long", "scratch_long", "lamae_long"}


def test_names_are_unique_and_lead_somewhere():
    assert len(NAMES) == len(ROWS)
    assert all(row.pretraining in {None, SHIPPED, *PRETRAININGS} for row in ROWS)
    assert all(line.name in PRETRAININGS for line in ABLATIONS)
    assert all({line.a, line.b} <= set(NAMES) for line in DIFFERENCES)
    fewer = [line for line in DIFFERENCES if line.leads != "12"]
    assert {line.leads for line in fewer} == set(LEAD_SETS) - {"12"}
    assert all(NAMES[name].lead_sets for line in fewer for name in (line.a, line.b))


def test_headline_rows_have_three_seeds_all_lead_sets_and_every_label_fraction():
    for method in ("lamae_finetuned", "scratch", "resnet"):
        row = NAMES[method]
        assert (len(row.seeds), row.lead_sets, row.label_fraction) == (3, True, 1.0)
        assert {r.label_fraction for r in ROWS if r.method == method} == set(LABEL_FRACTIONS)
    assert NAMES["lamae_finetuned_10"].label_fraction == 0.1
    assert NAMES["lamae_finetuned_1"].seeds == (0,)


def test_lead_sets_are_named_after_their_size():
    for name, leads in LEAD_SETS.items():
        assert int(name) == len(leads)
        assert set(leads) <= set(LEADS)


def test_pretrainings_make_valid_models_and_nothing_crosses_in_the_leadwise_ones():
    for how in PRETRAININGS.values():
        model = replace(Budget().model, **how.model)
        assert isinstance(model, ModelConfig)
        crosses = model.latent_depth > 0 or model.decoder_cross
        assert isinstance(how.method(2), MaskedConfig if crosses else LeadwiseConfig)
        assert how.method(2).decode_leads == 2


def test_the_choice_made_is_what_its_line_says():
    budget = Budget()
    mask = budget.pretraining("lamae", PRETRAININGS["lamae"]).objective.mask
    assert ABLATIONS[0].name == "lamae"
    assert "depth 2, cross" in ABLATIONS[0].setting
    assert (budget.model.latent_depth, budget.model.decoder_cross) == (2, True)
    assert 0 < mask.synchronous < 1
    assert 0 < mask.mask_leads < 1


def test_what_learns_with_labels_learns_as_long_and_sees_as_many_leads():
    budget = Budget()
    config, resnet = budget.classifier("a", 0), budget.resnet("b", 0)
    assert config.objective.lead_dropout == resnet.objective.lead_dropout > 0
    assert config.epochs == resnet.epochs == budget.label_epochs


def test_long_rows_learn_with_labels_as_the_weights_that_ship_do():
    recipe, budget = small_codes(), Budget()
    config, resnet = budget.classifier("a", 0, long=True), budget.resnet("b", 0, long=True)
    # The recipe's name too, so that `finetune` takes such a run for its own.
    assert config == replace(recipe, checkpoint_seconds=config.checkpoint_seconds)
    assert resnet.epochs == budget.resnet_epochs > recipe.epochs
    for name in ("batch", "zscored"):
        assert getattr(resnet, name) == getattr(recipe, name)
    assert resnet.objective == replace(recipe.objective, patch_dropout=(0.0, 0.0))
    assert recipe.objective.mixup > 0
    assert {row.method for row in ROWS if row.long} == LONG


def test_long_pretrainings_are_the_recipe_but_for_what_tells_them_apart():
    recipe, budget = small_long(), Budget()
    assert budget.pretraining("lamae_long", PRETRAININGS["lamae_long"]) == recipe
    assert budget.long_pretrain_epochs == recipe.epochs > 10 * budget.pretrain_epochs
    for name in ("lamae", "independent", "alignment"):
        short, long = PRETRAININGS[name], PRETRAININGS[f"{name}_long"]
        assert long == replace(short, method=long.method, zscored=True, long=True)
        assert long.method(2) == short.method(2)
        assert NAMES[f"{name}_long_probe"].pretrained_long
        assert not NAMES[f"{name}_probe"].pretrained_long


def test_every_long_method_is_there_with_every_label_fraction():
    for method in LONG:
        rows = {row.label_fraction: row for row in ROWS if row.method == method}
        assert set(rows) == set(LABEL_FRACTIONS)
        assert all(row.long for row in rows.values())
        assert len(rows[1.0].seeds) == 3
    assert NAMES["lamae_long_10"].pretraining == "lamae_long"
    assert NAMES["shipped"].pretraining == NAMES["shipped"].classifier == SHIPPED


def test_rows_are_chosen_by_name():
    rows, ablations = chosen(("resnet", "no_cross"))
    assert [row.name for row in rows] == ["resnet"]
    assert [line.name for line in ablations] == ["no_cross"]
    assert chosen() == (ROWS, ABLATIONS)
    with pytest.raises(InputError, match="no row nonsense; choose from random_probe"):
        chosen(("resnet", "nonsense"))
