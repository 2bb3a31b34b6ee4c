"""What the comparison found, as one small file that page and README read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lamae.benchmark.rows import ABLATIONS, CLAIMS, ROWS
from lamae.errors import DataError
from lamae.resources import resource

RESULTS = resource("assets/comparison.json")
# Log-odds of the rows that others are set against.
PARTNERS = resource("assets/comparison.npz")
README = resource("README.md")
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


def added_to(before: Results | None, now: Results, shipped: str) -> dict[str, Any]:
    """The results of several folders, as far as they belong together.

    Args:
        before: What was saved.
        now: What a folder holds; it replaces rows of the same name, and differences from them.
        shipped: SHA-256 of the weights that ship; a row of others is dropped.
    """
    now = _of(shipped, now)
    if before is None or before["settings"] != now["settings"]:
        return now
    before = _of(shipped, before)
    rows = {**before["rows"], **now["rows"]}
    untouched = set(rows) - set(now["rows"])
    claims = {claim["title"]: claim for claim in now["claims"]}
    for claim in before["claims"]:
        if {claim["a"], claim["b"]} <= untouched:
            claims.setdefault(claim["title"], claim)
    ablations = {**before["ablations"], **now["ablations"]}
    return {
        "settings": now["settings"],
        "rows": _in_order(rows, [row.name for row in ROWS]),
        "ablations": _in_order(ablations, [line.name for line in ABLATIONS]),
        "claims": list(_in_order(claims, [claim.title for claim in CLAIMS]).values()),
    }


def _of(shipped: str, found: Results) -> dict[str, Any]:
    """Results without those of weights that no longer ship."""
    rows = {
        name: row for name, row in found["rows"].items() if row.get("sha256", shipped) == shipped
    }
    gone = set(found["rows"]) - set(rows)
    claims = [claim for claim in found["claims"] if not {claim["a"], claim["b"]} & gone]
    return {**found, "rows": rows, "claims": claims}


def _in_order(found: Results, names: Sequence[str]) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}


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
