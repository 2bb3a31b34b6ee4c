"""The command line: `python -m lamae COMMAND --help` explains each command.

What is not an ECG, a code or a setting ends with exit status 2 and one sentence on standard
error.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence

from lamae.cli.parser import parser, refuse
from lamae.errors import AnswerNeeded, LamaeError
from lamae.results.json import to_json


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = parser().parse_args(argv)
    try:
        values, words = args.command(args)
    except AnswerNeeded as error:
        options = " and ".join(f"--{name}" for name in error.fields)
        return refuse(f"{str(error).rstrip('.')} (here: {options}).")
    except LamaeError as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    # Under torchrun every process gets here with the same answer.
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(to_json(values), indent=2, allow_nan=False) if args.json else words)
    return 0


def run() -> None:
    """Run the command that the process was started with, and end it."""
    # `| head` closes the pipe early; end as other programs do, without a traceback.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
