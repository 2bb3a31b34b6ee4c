"""The command line: `python -m lamae COMMAND --help` explains each command.

What is not an ECG, a code or a setting ends with exit status 2 and one sentence on standard
error. Libraries are imported by the commands that need them, so that help is instant.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamae.ecg import ECG
from lamae.errors import AnswerNeeded, LamaeError, ReadError

if TYPE_CHECKING:
    import lamae.predict

NOTICE = "Research use only, not a medical device."

# What a command gives: the values for --json, and the same in words.
Answer = tuple[dict[str, Any], str]


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
    print(json.dumps(_plain(values), indent=2, ensure_ascii=False) if args.json else words)
    return 0


def predict(args: argparse.Namespace) -> Answer:
    """Codes that the ECG suggests."""
    ecg, predictor = _ecg(args), _predictor(args)
    prediction = predictor.predict(ecg, start=args.start, leads=args.leads)
    values = {
        "codes": [
            {
                "code": score.code,
                "title": score.title,
                "probability": score.probability,
                "threshold": score.threshold,
                "suggested": score.suggested,
            }
            for score in prediction.codes
        ],
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
    values = {
        "per_lead": {
            error.lead: {
                "rmse_mv": error.rmse,
                "pearson_r": error.pearson_r,
                "linear_rmse_mv": error.linear_rmse,
            }
            for error in result.errors
        }
    }
    lines = ["lead  hidden  model mV  correlation  regression mV  algebra mV"]
    lines += [
        f"{error.lead:4}  {error.hidden_share:5.0%}   {error.rmse:8.3f}  "
        f"{_number(error.pearson_r, 11)}  {_number(error.linear_rmse, 13)}  "
        f"{_number(error.algebra_rmse, 10)}"
        for error in result.errors
    ]
    return values, "\n".join([*lines, NOTICE])


def attention(args: argparse.Namespace) -> Answer:
    """How the model weighs and connects the leads."""
    ecg, predictor = _ecg(args), _predictor(args)
    result = predictor.attention(ecg, start=args.start, stage=args.stage)
    values = {
        "weights": dict(zip(result.leads, result.weights, strict=True)),
        "leads": result.leads,
        "matrix": result.matrix,
    }
    uniform = 1 / len(result.leads)
    lines = [f"lead  weight  against an even share of {uniform:.3f}"]
    lines += [
        f"{lead:4}  {weight:6.3f}  {weight / uniform:.2f} x"
        for lead, weight in zip(result.leads, result.weights, strict=True)
    ]
    return values, "\n".join([*lines, NOTICE])


def explain(args: argparse.Namespace) -> Answer:
    """What in the ECG raises or lowers the score of a code."""
    from lamae.attribute import explain as attribute

    ecg, predictor = _ecg(args), _predictor(args)
    with _progress("explaining") as progress:
        result = attribute(
            predictor, ecg, args.code, method=args.method, start=args.start, progress=progress
        )
    values = {
        "code": result.code,
        "method": result.method,
        "baseline": result.baseline,
        "score": result.score,
        "baseline_score": result.baseline_score,
        "per_lead": dict(zip(result.leads, result.per_lead, strict=True)),
        "completeness_error": result.completeness_error,
    }
    lines = [
        f"{result.code}: log-odds {result.score:.3f}, on the baseline {result.baseline_score:.3f}"
    ]
    lines += [
        f"{lead:4}  {value:+.3f}" for lead, value in zip(result.leads, result.per_lead, strict=True)
    ]
    if result.completeness_error is not None:
        lines.append(f"Completeness error {result.completeness_error:.3f}.")
    lines.append(f"Attribution maps are of limited reliability. {NOTICE}")
    return values, "\n".join(lines)


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
    values = score(_predictor(args), args.data, fold=args.fold, progress=progress)
    lines = []
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
    lines.append(f"{values['ecgs']} ECGs; expected calibration error {_number(values['ece'])}.")
    return values, "\n".join(lines)


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
    from lamae.train.finetune import release as bundle

    path = bundle(args.weights, args.data)
    return {"file": path}, f"Wrote {path}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lamae", description=f"LAMAE Explorer. {NOTICE}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(run: Callable[[argparse.Namespace], Answer], *parents: str) -> argparse.ArgumentParser:
        about = run.__doc__ or ""
        command = commands.add_parser(run.__name__, help=about, description=f"{about} {NOTICE}")
        command.set_defaults(command=run)
        command.add_argument("--json", action="store_true", help="print JSON")
        if "file" in parents:
            command.add_argument(
                "file",
                type=Path,
                metavar="FILE",
                help="WFDB header, DICOM, CSV, TSV, NPY, NPZ, zip",
            )
            command.add_argument(
                "--fs", type=float, help="sampling rate in Hz, if the file has none"
            )
            command.add_argument("--unit", help="mV, uV or V, if the file has none")
            command.add_argument(
                "--start", type=float, default=0.0, help="where the window starts, in s (default 0)"
            )
        if "weights" in parents:
            command.add_argument(
                "--weights", type=Path, metavar="PATH", help="other weights than the bundled ones"
            )
        return command

    add(predict, "file", "weights").add_argument(
        "--leads", type=_leads, help="show the model these leads only, such as I,II"
    )
    command = add(reconstruct, "file", "weights")
    command.add_argument("--hide", type=_leads, default=(), help="leads to hide, such as V1,V2")
    command.add_argument(
        "--share", type=float, default=0.0, help="share of the other leads to hide, 0 to 1"
    )
    command.add_argument("--seed", type=_seed, default=0, help="which stretches --share hides")
    add(attention, "file", "weights").add_argument(
        "--stage", choices=("pretrained", "fine-tuned"), default="pretrained", help="of the model"
    )
    command = add(explain, "file", "weights")
    command.add_argument("--code", required=True, help="ICD-10-CM code, such as I48.91")
    command.add_argument(
        "--method",
        default="lead_ablation",
        help="lead_ablation (default), segment_ablation, integrated_gradients or input_x_gradient",
    )
    command = add(simulate)
    command.add_argument("--rhythm", required=True, help="such as atrial_fibrillation")
    command.add_argument("--out", type=Path, required=True, help="a .csv, .npz or .hea file")
    command.add_argument("--seconds", type=float, default=10.0, help="length (default 10)")
    command.add_argument("--fs", type=float, default=500.0, help="in Hz (default 500)")
    command.add_argument("--noise", type=float, default=0.01, help="in mV (default 0.01)")
    command.add_argument("--seed", type=_seed, default=0, help="of the random numbers (default 0)")
    add(verify, "weights")
    command = add(evaluate, "weights")
    command.add_argument("--data", type=Path, required=True, help="a PTB-XL folder")
    command.add_argument("--fold", type=int, default=10, help="which fold (default 10)")
    for command, recipe in ((add(pretrain), "small"), (add(finetune), "small_codes")):
        command.add_argument("--data", type=Path, required=True, help="a PTB-XL folder")
        command.add_argument("--out", type=Path, required=True, help="folder of the run")
        command.add_argument("--recipe", default=recipe, help=f"its name (default {recipe})")
    command.add_argument("--init", type=Path, required=True, help="pretrained weights")
    command = add(release)
    command.add_argument("--weights", type=Path, required=True, help="fine-tuned weights")
    command.add_argument("--data", type=Path, required=True, help="a PTB-XL folder")
    return parser


def _ecg(args: argparse.Namespace) -> ECG:
    from lamae.io import read_path

    if not args.file.is_file():
        raise ReadError(f"There is no file {args.file}; give the path of an ECG.")
    return read_path(args.file, fs=args.fs, unit=args.unit)


def _predictor(args: argparse.Namespace) -> "lamae.predict.Predictor":
    from lamae.checkpoint import load_bundle
    from lamae.predict import Predictor

    return Predictor(load_bundle(args.weights)) if args.weights else Predictor.bundled()


def _leads(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
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


def _plain(value: Any) -> Any:
    """The same value in JSON's own types; what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _refuse(message: str) -> int:
    print(" ".join(message.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
