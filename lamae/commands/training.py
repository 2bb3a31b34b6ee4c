"""Commands about data sets, and those that make weights."""

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from lamae.commands import Answer, number, predictor_of

if TYPE_CHECKING:
    from lamae.train.config import RunConfig


def evaluate(args: argparse.Namespace) -> Answer:
    """Score a labelled data set."""
    from lamae.compare.table import interval
    from lamae.evaluate import evaluate as score

    progress = sys.stderr.isatty()
    values = score(
        predictor_of(args),
        args.data,
        fold=args.fold,
        restoration=args.restoration,
        progress=progress,
    )
    error = number(values["ece"])
    if values["ece_ci"]:
        error += " [{:.3f}, {:.3f}]".format(*values["ece_ci"])
    lines = [f"{values['ecgs']} ECGs; expected calibration error {error}."]
    if judged := values["gate"]:
        lines.append(f"{judged['refused']} of {judged['ecgs']} are unlike known ECGs: no codes.")
    for name, words in (("carried", "carries"), ("not_carried", "does not carry")):
        said = (values["verdicts"] or {}).get(name, {})
        if pairs := sum(said.values()):
            shares = ", ".join(f"{verdict} {count / pairs:.1%}" for verdict, count in said.items())
            lines.append(f"{pairs} pairs of an ECG and a code that it {words}: {shares}")
    if trained := values["statements_trained"]:
        lines.append(
            f"{trained['counted']} statements with 10 or more in training: macro AUROC "
            f"{interval(trained)}"
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
    for hidden, leads in values.get("restoration", {}).items():
        lines.append(f"{hidden} hidden, medians: mV, regression mV, correlation")
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
    from lamae.preprocess import InputSpec

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

    path = train(_run(args), args.data, args.out, args.init)
    return {"file": path}, f"Wrote {path}."


def finetune(args: argparse.Namespace) -> Answer:
    """Fine-tune a classifier and calibrate it."""
    from lamae.train.finetune import finetune as train

    path = train(_run(args), args.data, args.out, args.init)
    return {"file": path}, f"Wrote {path}."


def release(args: argparse.Namespace) -> Answer:
    """Score fine-tuned weights on the test fold and bundle them with the project."""
    from lamae.train.release import release as bundle

    path = bundle(args.weights, args.data)
    return {"file": path}, f"Wrote {path}."


def compare(args: argparse.Namespace) -> Answer:
    """Make the comparison of pretrainings, or what is left of it, and its table."""
    from lamae.compare.run import command
    from lamae.compare.table import render

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


def _run(args: argparse.Namespace) -> "RunConfig":
    """The recipe that was asked for, with seed and epochs that were."""
    from lamae.train.recipes import recipe_named

    config = recipe_named(args.recipe)
    given = {"seed": args.seed, "epochs": args.epochs}
    return replace(config, **{name: value for name, value in given.items() if value is not None})
