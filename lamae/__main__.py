"""The command line: `python -m lamae COMMAND --help` explains each command.

What is not an ECG, a code or a setting ends with exit status 2 and one sentence on standard
error. Libraries are imported by the commands that need them, so that help is instant.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import lamae
from lamae.errors import AnswerNeeded, LamaeError, ReadError, SignalError
from lamae.results import to_json

NOTICE = "Research use only, not a medical device."
CODE_KEYS = ("code", "title", "probability", "threshold", "suggested")

# What a command gives: the values for --json, and the same in words.
Answer = tuple[dict[str, Any], str]
Command = Callable[[argparse.Namespace], Answer]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        values, words = args.command(args)
    except AnswerNeeded as error:
        options = " and ".join(f"--{name}" for name in error.fields)
        return _refuse(f"{str(error).rstrip('.')} (here: {options}).")
    except LamaeError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    # Under torchrun every process gets here with the same answer.
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(to_json(values), indent=2, allow_nan=False) if args.json else words)
    return 0


def predict(args: argparse.Namespace) -> Answer:
    """Codes that the ECG suggests."""
    from lamae.measure import signal_quality, usable

    ecg, predictor = _ecg(args), _predictor(args)
    prediction = predictor.predict(ecg, start=args.start, leads=args.leads)
    fit, reason = usable(signal_quality(ecg.window(args.start, predictor.spec.seconds)))
    if not fit:
        raise SignalError(f"No codes are suggested: {reason}")
    values = {
        "codes": [{key: getattr(score, key) for key in CODE_KEYS} for score in prediction.codes],
        "model": {"name": predictor.name, "sha256": predictor.sha256},
    }
    lines = [
        f"{'suggested' if score.suggested else '':9}  {score.code:7} {score.probability:6.3f}"
        f"  (threshold {score.threshold:.3f})  {score.title}"
        for score in prediction.codes
    ]
    return values, "\n".join([*lines, *ecg.notes, f"A low score rules nothing out. {NOTICE}"])


def reconstruct(args: argparse.Namespace) -> Answer:
    """Hide leads or stretches and measure how well they are restored."""
    ecg, predictor = _ecg(args), _predictor(args)
    result = predictor.reconstruct(
        ecg, start=args.start, hide=args.hide, share=args.share, seed=args.seed
    )
    names = {"rmse_mv": "rmse", "pearson_r": "pearson_r", "linear_rmse_mv": "linear_rmse"}
    per_lead = {
        error.lead: {key: getattr(error, name) for key, name in names.items()}
        for error in result.errors
    }
    lines = ["lead  hidden  model mV  correlation  regression mV  algebra mV"]
    lines += [
        f"{error.lead:4}  {error.hidden_share:5.0%}   {error.rmse:8.3f}  "
        f"{_number(error.pearson_r, 11)}  {_number(error.linear_rmse, 13)}  "
        f"{_number(error.algebra_rmse, 10)}"
        for error in result.errors
    ]
    return {"per_lead": per_lead}, "\n".join([*lines, NOTICE])


def attention(args: argparse.Namespace) -> Answer:
    """How the model weighs and connects the leads."""
    ecg, predictor = _ecg(args), _predictor(args)
    result = predictor.attention(ecg, start=args.start, stage=args.stage)
    weights = dict(zip(result.leads, result.weights, strict=True))
    values = {"weights": weights, "leads": result.leads, "matrix": result.matrix}
    even = 1 / len(weights)
    lines = [f"lead  weight  against an even share of {even:.3f}"]
    lines += [f"{lead:4}  {weight:6.3f}  {weight / even:.2f} x" for lead, weight in weights.items()]
    return values, "\n".join([*lines, NOTICE])


def explain(args: argparse.Namespace) -> Answer:
    """What in the ECG raises or lowers the score of a code."""
    ecg, predictor = _ecg(args), _predictor(args)
    with _progress("explaining") as progress:
        result = lamae.explain(
            predictor, ecg, args.code, method=args.method, start=args.start, progress=progress
        )
    keys = ("code", "method", "baseline", "score", "baseline_score", "completeness_error")
    per_lead = dict(zip(result.leads, result.per_lead, strict=True))
    values = {**{key: getattr(result, key) for key in keys}, "per_lead": per_lead}
    lines = [
        f"{result.code}: log-odds {result.score:.3f}, of a flat line {result.baseline_score:.3f}",
        *(f"{lead:4}  {value:+.3f}" for lead, value in per_lead.items()),
    ]
    lines.append(f"Completeness error {_number(result.completeness_error)}.")
    return values, "\n".join([*lines, f"Attribution maps are of limited reliability. {NOTICE}"])


def simulate(args: argparse.Namespace) -> Answer:
    """Write a simulated ECG and say what is true of it."""
    import numpy as np

    from lamae.io import write
    from lamae.simulate import simulate as make

    rng = np.random.default_rng(args.seed)
    made = make(args.rhythm, seconds=args.seconds, fs=args.fs, noise=args.noise, rng=rng)
    write(made.ecg, args.out)
    values = {"file": args.out, "rhythm": args.rhythm, "truth": asdict(made.truth)}
    return values, f"Wrote {args.out}: {made.ecg.source}, {made.ecg.duration:g} s."


def verify(args: argparse.Namespace) -> Answer:
    """Check that the weights are whole and the ones the manifest names."""
    predictor = _predictor(args)
    values = {"name": predictor.name, "sha256": predictor.sha256, "codes": predictor.codes}
    against = "read without damage" if args.weights else "as the manifest says"
    return values, f"{predictor.name}: {against}, SHA-256 {predictor.sha256}."


def evaluate(args: argparse.Namespace) -> Answer:
    """Score a labelled data set."""
    from lamae.evaluate import evaluate as score

    progress = sys.stderr.isatty()
    values = score(
        _predictor(args),
        args.data,
        fold=args.fold,
        restoration=args.restoration,
        progress=progress,
    )
    lines = [f"{values['ecgs']} ECGs; expected calibration error {_number(values['ece'])}."]
    for name in ("icd10", "statements"):
        part = values[name]
        low, high = part["ci"]
        lines.append(f"{name}: macro AUROC {part['macro_auroc']:.3f} [{low:.3f}, {high:.3f}]")
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

    from lamae.data import load_records, write_cache
    from lamae.preprocess import InputSpec

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
    from lamae.train.recipes import recipe_named

    path = train(recipe_named(args.recipe), args.data, args.out)
    return {"file": path}, f"Wrote {path}."


def finetune(args: argparse.Namespace) -> Answer:
    """Fine-tune a classifier and calibrate it."""
    from lamae.train.finetune import finetune as train
    from lamae.train.recipes import recipe_named

    path = train(recipe_named(args.recipe), args.data, args.out, args.init)
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
        for name in ("pretrain_epochs", "finetune_epochs", "scratch_epochs")
        if (value := getattr(args, name)) is not None
    }
    results = command(
        args.data,
        args.out,
        names=args.rows,
        epochs=epochs,
        only_table=args.table,
        rehearse=args.rehearse,
    )
    return results, render(results)


class _Parser(argparse.ArgumentParser):
    """A parser whose refusals are one sentence too."""

    def error(self, message: str) -> NoReturn:
        self.exit(_refuse(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help."))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m lamae", description=f"LAMAE Explorer. {NOTICE}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(run: Command, *, takes_file: bool = False) -> Callable[..., argparse.Action]:
        """Add a command; returns what adds its options."""
        about = run.__doc__ or ""
        command = commands.add_parser(run.__name__, help=about, description=f"{about} {NOTICE}")
        command.set_defaults(command=run)
        option = command.add_argument
        option("--json", action="store_true", help="print JSON")
        if takes_file:
            option("file", type=Path, metavar="FILE", help="WFDB header, DICOM, CSV, NumPy, zip")
            option("--fs", type=float, help="sampling rate in Hz, if the file has none")
            option("--unit", help="mV, uV or V, if the file has none")
            option("--start", type=float, default=0.0, help="of the window, in s (default 0)")
            option("--weights", **weights)
        return option

    weights: Any = {"type": Path, "metavar": "PATH", "help": "other weights than the bundled ones"}
    data: Any = {"type": Path, "metavar": "DIR", "required": True, "help": "a PTB-XL folder"}

    option = add(predict, takes_file=True)
    option("--leads", type=_leads, help="show the model these leads only, such as I,II")

    option = add(reconstruct, takes_file=True)
    option("--hide", type=_leads, default=(), help="leads to hide, such as V1,V2")
    option("--share", type=float, default=0.0, help="share of the other leads to hide, 0 to 0.95")
    option("--seed", type=_seed, default=0, help="which stretches --share hides (default 0)")

    option = add(attention, takes_file=True)
    option("--stage", default="pretrained", help="of the model: pretrained (default), fine-tuned")

    option = add(explain, takes_file=True)
    option("--code", required=True, help="ICD-10-CM code, such as I48.91")
    methods = "integrated_gradients (default), lead_ablation, segment_ablation, input_x_gradient"
    option("--method", default="integrated_gradients", help=methods)

    option = add(simulate)
    option("--rhythm", required=True, help="such as atrial_fibrillation")
    option("--out", type=Path, required=True, help="a .csv, .npz or .hea file")
    option("--seconds", type=float, default=10.0, help="length (default 10)")
    option("--fs", type=float, default=500.0, help="in Hz (default 500)")
    option("--noise", type=float, default=0.01, help="in mV (default 0.01)")
    option("--seed", type=_seed, default=0, help="of the random numbers (default 0)")

    add(verify)("--weights", **weights)

    option = add(evaluate)
    option("--data", **data)
    option("--fold", type=int, default=10, help="which fold (default 10)")
    option("--restoration", action="store_true", help="also hide chest leads and restore them")
    option("--weights", **weights)

    option = add(cache)
    option("dataset", type=Path, metavar="DATASET", help="a PTB-XL or MIMIC-IV-ECG folder")
    option("--out", type=Path, metavar="FILE", required=True, help="the file")

    for train, recipe in ((pretrain, "small"), (finetune, "small_codes")):
        option = add(train)
        option("recipe", nargs="?", metavar="RECIPE", default=recipe, help=f"default {recipe}")
        option("--data", **data)
        option("--out", type=Path, metavar="DIR", required=True, help="folder of the run")
    option("--init", type=Path, metavar="PATH", required=True, help="pretrained weights")

    option = add(release)
    option("--weights", type=Path, metavar="PATH", required=True, help="fine-tuned weights")
    option("--data", **data)

    option = add(compare)
    option("--data", type=Path, metavar="DATA", help="a PTB-XL folder, or a cache of it")
    option("--out", type=Path, metavar="DIR", required=True, help="folder of all runs")
    option("--rows", type=_leads, default=(), help="make these alone, such as resnet,lamae_probe")
    option("--table", action="store_true", help="make nothing; the table of what is there")
    option("--rehearse", action="store_true", help="a minute on simulated ECGs; needs no data")
    for stage in ("pretrain", "finetune", "scratch"):
        option(f"--{stage}-epochs", type=_positive, metavar="N", help="instead of the budget's")
    return parser


def _ecg(args: argparse.Namespace) -> "lamae.ECG":
    if not args.file.is_file():
        raise ReadError(f"There is no file {args.file}; give the path of an ECG.")
    return lamae.read_path(args.file, fs=args.fs, unit=args.unit)


def _predictor(args: argparse.Namespace) -> "lamae.Predictor":
    if args.weights:
        return lamae.Predictor(lamae.load_bundle(args.weights))
    return lamae.Predictor.bundled()


def _leads(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, where that is a terminal; the callback takes the share done."""
    from tqdm import tqdm

    with tqdm(total=100, desc=title, unit="%", leave=False, disable=None) as bar:

        def show(share: float) -> None:
            bar.update(100 * share - bar.n)

        yield show


def _number(value: float | None, width: int = 0) -> str:
    return f"{'-' if value is None else format(value, '.3f'):>{width}}"


def _refuse(message: str) -> int:
    print(" ".join(message.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    # `| head` closes the pipe early; end as other programs do, without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
