"""Which commands and options there are."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from lamae.cli import Command, analysis, training
from lamae.results.prediction import NOTICE


def refuse(message: str) -> int:
    """Say in one line on standard error why something is not done; returns the exit status."""
    print(" ".join(message.split()), file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """A parser whose refusals are one sentence too."""

    def error(self, message: str) -> NoReturn:
        self.exit(refuse(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help."))


def parser() -> argparse.ArgumentParser:
    """The parser of every command; what it gives has the command as `command`."""
    parser = _Parser(prog="python -m lamae", description=f"LAMAE Explorer. {NOTICE}.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(run: Command, *, takes_file: bool = False) -> Callable[..., argparse.Action]:
        """Add a command; returns what adds its options."""
        about = run.__doc__ or ""
        command = commands.add_parser(run.__name__, help=about, description=f"{about} {NOTICE}.")
        command.set_defaults(command=run)
        option = command.add_argument
        option("--json", action="store_true", help="print JSON")
        if takes_file:
            option("file", type=Path, metavar="FILE", help="an ECG of any known format")
            option("--fs", type=float, help="sampling rate in Hz, if the file has none")
            option("--unit", help="mV, uV or V, if the file has none")
            option("--start", type=float, default=0.0, help="of the window, in s (default 0)")
            option("--weights", **weights)
        return option

    weights: Any = {"type": Path, "metavar": "PATH", "help": "other weights than the bundled ones"}
    data: Any = {
        "type": Path,
        "metavar": "DIR",
        "required": True,
        "help": "a PTB-XL or MIMIC-IV-ECG folder, or a cache of one",
    }

    option = add(analysis.predict, takes_file=True)
    option("--leads", type=_leads, help="show the model these leads only, such as I,II")

    option = add(analysis.reconstruct, takes_file=True)
    option("--mask", type=_leads, default=(), help="leads to mask, such as V1,V2")
    option("--share", type=float, default=0.0, help="share of the other leads to mask, 0 to 0.95")
    option("--seed", type=_seed, default=0, help="which segments --share masks (default 0)")

    option = add(analysis.attention, takes_file=True)
    option("--stage", default="pretrained", help="of the model: pretrained (default), fine-tuned")

    option = add(analysis.explain, takes_file=True)
    option("--code", required=True, help="ICD-10-CM code, such as I48.91")
    option("--against", help="another code: why the first rather than this one")
    option(
        "--method",
        default="lead_ablation",
        help="such as lead_ablation (default, quick), wave_ablation, integrated_gradients or "
        "gradient_shap; a wrong name lists all",
    )

    option = add(analysis.export, takes_file=True)
    option("--out", type=Path, required=True, help="a .pdf, .json, .csv, .npz or .hea file")
    option("--layout", default="3x4+II", help="of the .pdf, such as 6x2 (default 3x4+II)")
    option("--speed", type=int, default=25, help="of the .pdf, 25 or 50 mm/s (default 25)")
    option("--gain", type=int, default=10, help="of the .pdf, 5, 10 or 20 mm/mV (default 10)")

    option = add(analysis.simulate)
    option("--rhythm", required=True, help="such as atrial_fibrillation")
    option("--out", type=Path, required=True, help="a .csv, .npz or .hea file")
    option("--seconds", type=float, default=10.0, help="length (default 10)")
    option("--fs", type=float, default=500.0, help="in Hz (default 500)")
    option("--noise", type=float, default=0.01, help="in mV (default 0.01)")
    option("--seed", type=_seed, default=0, help="of the random numbers (default 0)")

    add(analysis.verify)("--weights", **weights)

    option = add(training.evaluate)
    option("--data", **data)
    option("--fold", type=int, default=10, help="which fold (default 10)")
    option(
        "--reconstruction", action="store_true", help="also mask chest leads and reconstruct them"
    )
    option("--weights", **weights)

    option = add(training.cache)
    option("dataset", type=Path, metavar="DATASET", help="a PTB-XL or MIMIC-IV-ECG folder")
    option("--out", type=Path, metavar="FILE", required=True, help="the file")

    for train, recipe in ((training.pretrain, "small"), (training.finetune, "small_codes")):
        option = add(train)
        option("recipe", nargs="?", metavar="RECIPE", default=recipe, help=f"default {recipe}")
        option("--data", **data)
        option("--out", type=Path, metavar="DIR", required=True, help="folder of the run")
        option("--seed", type=_seed, metavar="N", help="instead of the recipe's")
        option("--epochs", type=_positive, metavar="N", help="instead of the recipe's")
        needed = train is training.finetune
        option("--init", type=Path, metavar="PATH", required=needed, help="weights to begin with")

    option = add(training.release)
    option("--weights", type=Path, metavar="PATH", required=True, help="fine-tuned weights")
    option("--data", **data)

    option = add(training.compare)
    option("--data", type=Path, metavar="DATA", help="a PTB-XL folder, or a cache of one")
    option("--out", type=Path, metavar="DIR", required=True, help="folder of all runs")
    option("--rows", type=_names, default=(), help="make these alone, such as resnet,lamae_probe")
    option("--table", action="store_true", help="make nothing; the table of what is there")
    option("--rehearse", action="store_true", help="a minute on simulated ECGs; needs no data")
    option("--publish", action="store_true", help="replace a table of another budget or other data")
    for stage in ("pretrain", "label", "long-pretrain", "long", "resnet"):
        option(f"--{stage}-epochs", type=_positive, metavar="N", help="instead of the budget's")
    return parser


def _leads(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _names(text: str) -> tuple[str, ...]:
    if not (names := _leads(text)):
        raise argparse.ArgumentTypeError(f"{text!r} names no row")
    return names


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
