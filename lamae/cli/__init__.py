"""The commands of `python -m lamae`; a docstring is also what --help says.

Libraries are imported by the commands that need them, so that help is instant.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lamae
from lamae.errors import InputError

# What a command gives: the values for --json, and the same in words.
Answer = tuple[dict[str, Any], str]
Command = Callable[[argparse.Namespace], Answer]


def number(value: float | None, width: int = 0) -> str:
    """A number with three decimals, or a dash."""
    return f"{'-' if value is None else format(value, '.3f'):>{width}}"


def make_folder(path: Path) -> None:
    """Make a folder to write into.

    Raises:
        InputError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be a folder of runs ({error.strerror or error}); name another."
        ) from error


def predictor_of(args: argparse.Namespace) -> "lamae.Predictor":
    """The model with the weights that --weights names, else the bundled one."""
    if args.weights:
        return lamae.Predictor(lamae.load_bundle(args.weights))
    return lamae.Predictor.bundled()
