"""What the comparison found, as one small file that page and README read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamae.errors import DataError

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "assets" / "comparison.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- comparison -->\n", "<!-- end of comparison -->"
DIGITS = 4

Results = Mapping[str, Any]


def load_results(path: Path = RESULTS) -> dict[str, Any] | None:
    """The results; None where no comparison has been made.

    Raises:
        DataError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise DataError(f"{path.name} is damaged; make it again with lamae compare.") from error


def save_results(results: Results, path: Path = RESULTS) -> None:
    """Write the results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


def write_table(table: str, readme: Path = README) -> None:
    """Put the table between the two marks in the README.

    Raises:
        DataError: The README lacks the marks.
    """
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{readme.name} lacks the marks {BEGIN.strip()} and {END}.")
    readme.write_text(f"{before}{BEGIN}{table.strip()}\n{END}{after}")


def rounded(value: Any) -> Any:
    """The same with four digits in every number, wherever it stands.

    Tables are made from rounded values only: what is rounded twice may end with another digit.
    """
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return value
