"""Arguments and options that several commands share, and what they stand for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

import lamae
from lamae.errors import InputError, ReadError

File = Annotated[Path, typer.Argument(metavar="FILE", help="An ECG of any known format.")]
Rate = Annotated[float | None, typer.Option(help="Sampling rate in Hz, if the file has none.")]
Unit = Annotated[str | None, typer.Option(help="mV, uV or V, if the file has none.")]
Start = Annotated[float, typer.Option(help="Start of the window, in s.")]
Weights = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Other weights than the bundled ones.")
]
Data = Annotated[
    Path,
    typer.Option(metavar="DIR", help="A PTB-XL or MIMIC-IV-ECG folder, or a cache of one."),
]
RunFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Of random numbers.")]
RecipeSeed = Annotated[
    int | None, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Instead of the recipe's.")
]
Epochs = Annotated[int | None, typer.Option(metavar="N", min=1, help="Instead of the recipe's.")]
BudgetEpochs = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Instead of the budget's.")
]


def names(text: str) -> tuple[str, ...]:
    """The names in a list with commas, such as "V1, V2"."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


def standard(given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The known names, such as "V1", that names in any case mean; an unknown one as it is."""
    spelt = {name.upper(): name for name in known}
    return tuple(spelt.get(name.strip().upper(), name) for name in given)


def leads_in(text: str) -> tuple[str, ...]:
    """The leads in a list with commas, in any case."""
    from lamae.ecg import LEADS

    return standard(names(text), LEADS)


def ecg_of(file: Path, fs: float | None, unit: str | None) -> "lamae.ECG":
    """The ECG in a file.

    Raises:
        ReadError: There is no such file, or no ECG in it.
    """
    if file.is_dir():
        raise ReadError(f"{file} is a folder; give the path of an ECG file.")
    if not file.is_file():
        raise ReadError(f"There is no file {file}; give the path of an ECG.")
    return lamae.read_path(file, fs=fs, unit=unit)


def predictor_of(weights: Path | None) -> "lamae.Predictor":
    """The model with these weights, else with the bundled ones."""
    if weights is None:
        return lamae.Predictor.bundled()
    return lamae.Predictor(lamae.load_bundle(weights))


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
