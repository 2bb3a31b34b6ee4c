"""Commands about data sets, and those that make weights."""

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from lamae.cli import Answer, make_folder, number, predictor_of
from lamae.errors import InputError

if TYPE_CHECKING:
    from lamae.train.config import RunConfig
    from lamae.train.recipes import Recipes


def evaluate(args: argparse.Namespace) -> Answer:
    """Score a labelled data set."""
    from lamae.benchmark.table import interval
    from lamae.evaluate import evaluate as score
    from lamae.evaluate.fold import LEAST_TRAINED

    progress = sys.stderr.isatty()
    predictor = predictor_of(args)
    values = score(
        predictor,
        args.data,
        fold=args.fold,
        reconstruction=args.reconstruction,
        progress=progress,
    )
    error = number(values["ece"])
    if values["ece_ci"]:
        error += " [{:.3f}, {:.3f}]".format(*values["ece_ci"])
    lines = [f"{values['ecgs']} ECGs; expected calibration error {error}."]
    learned = predictor.card.labelled_data
    if learned and args.fold in learned.folds:
        lines.append(
            f"The model learned from fold {args.fold} of {learned.description.title}: "
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


def cache(args: argparse.Namespace) -> Answer:
    """Write a data set as one compact file that training reads in seconds."""
    import time

    from lamae.data import check_place, load_records, write_cache
    from lamae.signal.preprocess import InputSpec

    check_place(args.out)
    start, spec = time.perf_counter(), InputSpec()
    # All ECGs: who reads the file chooses whether to take those without amplitudes.
    records = load_records(args.dataset, spec, zscored=True, progress=sys.stderr.isatty())
    size = write_cache(records, spec, args.out)
    seconds = time.perf_counter() - start
    values = {"file": args.out, "ecgs": len(records), "bytes": size, "seconds": seconds}
    return values, f"Wrote {args.out}: {len(records)} ECGs, {size} bytes, {seconds:.1f} s."


def pretrain(args: argparse.Namespace) -> Answer:
    """Pretrain a masked autoencoder."""
    from lamae.train.pretrain import pretrain as train
    from lamae.train.recipes import CONTINUING, PRETRAINING

    if args.recipe in CONTINUING and args.init is None:
        raise InputError(f"{args.recipe} goes on with weights; name them with --init.")
    config = _run(args, {**PRETRAINING, **CONTINUING})
    path = train(config, args.data, args.out, args.init)
    return {"file": path}, f"Wrote {path}."


def finetune(args: argparse.Namespace) -> Answer:
    """Fine-tune a classifier and calibrate it."""
    from lamae.train.finetune import finetune as train
    from lamae.train.recipes import FINETUNING

    path = train(_run(args, FINETUNING), args.data, args.out, args.init)
    return {"file": path}, f"Wrote {path}."


def release(args: argparse.Namespace) -> Answer:
    """Score fine-tuned weights on the test fold and bundle them with the project."""
    from lamae.train.release import release as bundle

    path = bundle(args.weights, args.data)
    return {"file": path}, f"Wrote {path}."


def compare(args: argparse.Namespace) -> Answer:
    """Make the comparison of pretrainings, or what is left of it, and its table."""
    from lamae.benchmark.run import command

    if not args.table:
        make_folder(args.out)
    from lamae.benchmark.table import render

    epochs = {
        name: value
        for name in (
            "pretrain_epochs",
            "label_epochs",
            "long_pretrain_epochs",
            "long_epochs",
            "resnet_epochs",
        )
        if (value := getattr(args, name)) is not None
    }
    results = command(
        args.data,
        args.out,
        names=args.rows,
        epochs=epochs,
        only_table=args.table,
        rehearse=args.rehearse,
        publish=args.publish,
    )
    return results, render(results)


def _run(args: argparse.Namespace, recipes: "Recipes") -> "RunConfig":
    """The recipe that was asked for, with seed and epochs that were; its folder is there then."""
    from lamae.train.recipes import recipe_named

    config = recipe_named(args.recipe, recipes)
    # Before the data are read, which may take minutes.
    make_folder(args.out)
    given = {"seed": args.seed, "epochs": args.epochs}
    return replace(config, **{name: value for name, value in given.items() if value is not None})
