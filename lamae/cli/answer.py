"""How a command answers: in words, or with --json in values."""

import functools
import inspect
import json
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

# What a command gives: the values for --json, and the same in words.
Answer = tuple[dict[str, Any], str]


def printing(command: Callable[..., Answer]) -> Callable[..., None]:
    """The command with an option --json more, which prints its answer."""

    @functools.wraps(command)
    def printed(*, as_json: bool, **given: Any) -> None:
        values, words = command(**given)
        # Under torchrun every process gets here with the same answer.
        if os.environ.get("RANK", "0") == "0":
            typer.echo(_json(values) if as_json else words)

    signature = inspect.signature(command)
    option = inspect.Parameter(
        "as_json",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--json", help="Print JSON.")],
    )
    parameters = [*signature.parameters.values(), option]
    # Typer reads a command's options from its signature.
    printed.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return printed


def number(value: float | None, width: int = 0) -> str:
    """A number with three decimals, or a dash."""
    return f"{'-' if value is None else format(value, '.3f'):>{width}}"


def _json(values: dict[str, Any]) -> str:
    from lamae.results.json import to_json

    return json.dumps(to_json(values), indent=2, allow_nan=False)
