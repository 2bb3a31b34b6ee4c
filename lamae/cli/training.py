"""Commands about data sets, and those that make weights."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from lamae.cli.answer import Answer, number
from lamae.cli.options import (
    BudgetEpochs,
    Data,
    Epochs,
    RecipeSeed,
    RunFolder,
    Weights,
    make_folder,
    names,
    predictor_of,
)
from lamae.errors import InputError

if TYPE_CHECKING:
    from lamae.train.config import RunConfig
    from lamae.train.recipes import Recipes


def evaluate(
    data: Data,
    fold: Annotated[int, Option(help="Which fold.")] = 10,
    reconstruction: Annotated[
        bool, Option("--reconstruction", help="Also mask chest leads and reconstruct them.")
    ] = False,
    weights: Weights = None,
) -> Answer:
    """Score a labelled data set."""
    from lamae.benchmark.table import interval
    from lamae.evaluate import evaluate as score
    from lamae.evaluate.fold import LEAST_TRAINED

    progress = sys.stderr.isatty()
    predictor = predictor_of(weights)
    values = score(
        predictor,
        data,
        fold=fold,
        reconstruction=reconstruction,
        progress=progress,
    )
    error = number(values["ece"])
    if values["ece_ci"]:
        error += " [{:.3f}, {:.3f}]".format(*values["ece_ci"])
    lines = [f"{values['ecgs']} ECGs; expected calibration error {error}."]
    learned = predictor.card.labelled_data
    if learned and fold in learned.folds:
        lines.append(
            f"The model learned from fold {fold} of {learned.description.title}: "
            "figures of those ECGs flatter it."
        )
    if judged := values["input_check"]:
        lines.append(f"{judged['refused']} of {judged['ecgs']} are unlike known ECGs: no codes.")
    for name, words in (("carried", "carries"), ("not_carried", "does not carry")):
        said = (values["verdicts"] or {}).get(name, {})
        if pairs := sum(said.values()):
            shares = ", ".join(f"{verdict} {count / pairs:.1%}" for verdict, count in said.items())
            lines.append(f"{pairs} pairs of an ECG and a code that it {words}: {shares}")
    if trained := values["statements_trained"]:
        lines.append(
            f"{trained['counted']} statements with {LEAST_TRAINED} or more in training: "
            f"macro AUROC {interval(trained)}"
        )
    for name in ("icd10", "statements"):
        part = values[name]
        if part is None:
            continue
        lines.append(f"{name}: macro AUROC {interval(part)}")
        lines += [
            f"  {code:8} {entry['auroc']:.3f} [{entry['ci'][0]:.3f}, {entry['ci'][1]:.3f}]"
            f"  average precision {entry['auprc']:.3f}  positives {entry['positives']}"
            for code, entry in part["codes"].items()
            if entry["auroc"] is not None
        ]
    for masked, leads in values.get("reconstruction", {}).items():
        lines.append(f"{masked} masked, medians: mV, regression mV, correlation")
        lines += [
            f"  {lead:4}  {entry['rmse_mv']:.3f}  {entry['linear_rmse_mv']:.3f}"
            f"  {entry['pearson_r']:.2f}"
            for lead, entry in leads.items()
        ]
    return values, "\n".join(lines)


def cache(
    dataset: Annotated[Path, Argument(metavar="DATASET", help="A PTB-XL or MIMIC-IV-ECG folder.")],
    out: Annotated[Path, Option(metavar="FILE", help="The file to write.")],
) -> Answer:
    """Write a data set as one file that training reads in seconds."""
    import time

    from lamae.data import check_place, load_records, write_cache
    from lamae.signal.preprocess import InputSpec

    check_place(out)
    start, spec = time.perf_counter(), InputSpec()
    # All ECGs: who reads the file chooses whether to take those without amplitudes.
    records = load_records(dataset, spec, zscored=True, progress=sys.stderr.isatty())
    size = write_cache(records, spec, out)
    seconds = time.perf_counter() - start
    values = {"file": out, "ecgs": len(records), "bytes": size, "seconds": seconds}
    return values, f"Wrote {out}: {len(records)} ECGs, {size} bytes, {seconds:.1f} s."


def pretrain(
    data: Data,
    out: RunFolder,
    recipe: Annotated[
        str,
        Argument(
            metavar="RECIPE",
            help="small, small_long, small_bottleneck, medium or rehearsal; gpu_leads or "
            "small_leads, which go on with weights.",
        ),
    ] = "small",
    seed: RecipeSeed = None,
    epochs: Epochs = None,
    init: Annotated[Path | None, Option(metavar="PATH", help="Weights to begin with.")] = None,
) -> Answer:
    """Pretrain a masked autoencoder."""
    from lamae.train.pretrain import pretrain as train
    from lamae.train.recipes import CONTINUING, PRETRAINING

    if recipe in CONTINUING and init is None:
        raise InputError(f"{recipe} goes on with weights; name them with --init.")
    config = _run({**PRETRAINING, **CONTINUING}, recipe, out, seed, epochs)
    path = train(config, data, out, init)
    return {"file": path}, f"Wrote {path}."


def finetune(
    data: Data,
    out: RunFolder,
    init: Annotated[Path, Option(metavar="PATH", help="Pretrained weights.")],
    recipe: Annotated[
        str, Argument(metavar="RECIPE", help="small_codes or rehearsal.")
    ] = "small_codes",
    seed: RecipeSeed = None,
    epochs: Epochs = None,
) -> Answer:
    """Fine-tune a classifier and calibrate it."""
    from lamae.train.finetune import finetune as train
    from lamae.train.recipes import FINETUNING

    config = _run(FINETUNING, recipe, out, seed, epochs)
    path = train(config, data, out, init)
    return {"file": path}, f"Wrote {path}."


def release(
    weights: Annotated[Path, Option(metavar="PATH", help="Fine-tuned weights.")], data: Data
) -> Answer:
    """Score fine-tuned weights on the test fold and bundle them."""
    from lamae.train.release import release as bundle

    path = bundle(weights, data)
    return {"file": path}, f"Wrote {path}."


def benchmark(
    out: Annotated[Path, Option(metavar="DIR", help="Folder of all runs.")],
    data: Annotated[
        Path | None, Option(metavar="DATA", help="A PTB-XL folder, or a cache of one.")
    ] = None,
    rows: Annotated[str | None, Option(help="Make these alone: resnet,lamae_probe.")] = None,
    table: Annotated[
        bool, Option("--table", help="Make nothing; print the table of what is there.")
    ] = False,
    rehearse: Annotated[
        bool, Option("--rehearse", help="A minute on simulated ECGs; needs no data.")
    ] = False,
    publish: Annotated[
        bool, Option("--publish", help="Replace a table of another budget or other data.")
    ] = False,
    pretrain_epochs: BudgetEpochs = None,
    label_epochs: BudgetEpochs = None,
    long_pretrain_epochs: BudgetEpochs = None,
    long_epochs: BudgetEpochs = None,
    resnet_epochs: BudgetEpochs = None,
) -> Answer:
    """Compare pretraining methods on equal terms."""
    from lamae.benchmark.run import command

    chosen = names(rows or "")
    if rows is not None and not chosen:
        raise InputError(f"--rows {rows!r} names no row; leave it out to make all.")
    if not table:
        make_folder(out)
    from lamae.benchmark.table import render

    given = {
        "pretrain_epochs": pretrain_epochs,
        "label_epochs": label_epochs,
        "long_pretrain_epochs": long_pretrain_epochs,
        "long_epochs": long_epochs,
        "resnet_epochs": resnet_epochs,
    }
    results = command(
        data,
        out,
        names=chosen,
        epochs={name: value for name, value in given.items() if value is not None},
        only_table=table,
        rehearse=rehearse,
        publish=publish,
    )
    return results, render(results)


def _run(
    recipes: "Recipes", name: str, out: Path, seed: int | None, epochs: int | None
) -> "RunConfig[Any]":
    """The recipe with the seed and epochs that were given; its folder exists afterwards."""
    from lamae.train.recipes import recipe_named

    config = recipe_named(name, recipes)
    # Before the data are read, which may take minutes.
    make_folder(out)
    given: dict[str, Any] = {"seed": seed, "epochs": epochs}
    return replace(config, **{name: value for name, value in given.items() if value is not None})
