"""The command line: `lamae COMMAND --help` explains each command.

What is not an ECG, a code or a setting ends with exit status 2 and one sentence on standard
error.
"""

import signal
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

import lamae
from lamae.cli import analysis, serve, training
from lamae.cli.answer import printing
from lamae.errors import AnswerNeeded, LamaeError
from lamae.results.notice import NOTICE

# The extra that brings a library which the package imports but does not need for one ECG.
EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "dask": "scale",
        "lightning": "train",
        "matplotlib": "app",
        "plotly": "app",
        "streamlit": "app",
        "zarr": "scale",
    }
)
COMMANDS = (
    analysis.predict,
    analysis.reconstruct,
    analysis.attention,
    analysis.explain,
    analysis.export,
    analysis.simulate,
    analysis.verify,
    training.evaluate,
    training.cache,
    training.pretrain,
    training.finetune,
    training.release,
    training.benchmark,
)


class _Commands(TyperGroup):
    """The commands; an unknown name is answered with the known ones."""

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # Typer's own types are private.
        if args[0] not in self.commands:
            ctx.fail(f"There is no command {args[0]!r}; expected {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


def commands() -> TyperGroup:
    """The parser of every command."""
    app = typer.Typer(
        cls=_Commands,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(help=f"LAMAE Explorer: read 12-lead ECGs. {NOTICE}.")(_lamae)
    for command in COMMANDS:
        app.command(epilog=f"{NOTICE}.")(printing(command))
    # Options that are not ours are Streamlit's.
    foreign = {"ignore_unknown_options": True}
    app.command(epilog=f"{NOTICE}.", context_settings=foreign)(serve.app)
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        status = commands().main(argv, prog_name="lamae", standalone_mode=False)
    except AnswerNeeded as error:
        options = " and ".join(f"--{name}" for name in error.fields)
        return _refuse(f"{str(error).rstrip('.')} (here: {options}).")
    except LamaeError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(_in_one_sentence(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        return _refuse(
            f"This needs {missing}, which is not installed; "
            f"install it with pip install 'lamae[{EXTRAS[missing]}]'."
        )
    except OSError as error:
        return _refuse(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
    # Typer gives a number where it ends early: 0 after help, 130 after an interrupt.
    return status or 0


def run() -> None:
    """Run the command that the process was started with, and end it."""
    # `| head` closes the pipe early; end as other programs do, without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(lamae.__version__)
        raise typer.Exit
    return wanted


_Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]


def _lamae(version: _Version = False) -> None:
    """Holds the options of `lamae` itself."""


def _in_one_sentence(error: typer.TyperException) -> str:
    """What of the command was found, what was expected and where that is explained."""
    # Typer checks values through Pydantic, whose error knows the value that it refused.
    refused: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    found = f" (found {refused[0]['input']!r})" if refused else ""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "lamae"
    return f"{error.format_message().rstrip('.')}{found}; see {command} --help."


def _refuse(message: str) -> int:
    """Say in one line on standard error why something is not done; returns the exit status."""
    print(" ".join(message.split()), file=sys.stderr)
    return 2
