"""The results of the benchmark: one small file that the Model page reads, and a table."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lamae.benchmark.differences import DIFFERENCES
from lamae.benchmark.rows import ABLATIONS, ROWS
from lamae.errors import DataError
from lamae.resources import resource

RESULTS = resource("assets/benchmark.json")
# Log-odds of the rows that the bundled weights are compared with.
REFERENCE = resource("assets/benchmark.npz")
TABLE = resource("docs/benchmark.md")
BEGIN, END = "<!-- benchmark -->\n", "<!-- end of benchmark -->"
DIGITS = 4

Results = Mapping[str, Any]


def load_results(path: Path = RESULTS) -> dict[str, Any] | None:
    """The results; None where there are none.

    Raises:
        DataError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise DataError(f"{path.name} is damaged; make it again with lamae benchmark.") from error


def save_results(results: Results, path: Path = RESULTS) -> None:
    """Write the results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


def added_to(before: Results | None, now: Results, shipped: str) -> dict[str, Any]:
    """The results of several folders, as far as they belong together.

    Args:
        before: What was saved.
        now: Of a folder; replaces rows of the same name and their differences.
        shipped: SHA-256 of the bundled weights; a row of others is dropped.
    """
    now = _of(shipped, now)
    if before is None or before["settings"] != now["settings"]:
        return now
    before = _of(shipped, before)
    rows = {**before["rows"], **now["rows"]}
    untouched = set(rows) - set(now["rows"])
    differences = {line["title"]: line for line in now["differences"]}
    for line in before["differences"]:
        if {line["a"], line["b"]} <= untouched:
            differences.setdefault(line["title"], line)
    ablations = {**before["ablations"], **now["ablations"]}
    return {
        "settings": now["settings"],
        "rows": _in_order(rows, [row.name for row in ROWS]),
        "ablations": _in_order(ablations, [line.name for line in ABLATIONS]),
        "differences": list(_in_order(differences, [line.title for line in DIFFERENCES]).values()),
    }


def _of(shipped: str, found: Results) -> dict[str, Any]:
    """Results without those of weights that are no longer bundled."""
    rows = {
        name: row for name, row in found["rows"].items() if row.get("sha256", shipped) == shipped
    }
    gone = set(found["rows"]) - set(rows)
    kept = [line for line in found["differences"] if not {line["a"], line["b"]} & gone]
    return {**found, "rows": rows, "differences": kept}


def _in_order(found: Results, names: Sequence[str]) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}


def write_table(table: str, path: Path = TABLE) -> None:
    """Put the table between the two marks of the page.

    Raises:
        DataError: The page lacks the marks.
    """
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{path.name} lacks the marks {BEGIN.strip()} and {END}.")
    path.write_text(f"{before}{BEGIN}{table.strip()}\n{END}{after}")


def rounded(value: Any) -> Any:
    """The same with four digits in every number, at any depth.

    Tables are made from rounded values only, because rounding twice may change the last digit.
    """
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return value
