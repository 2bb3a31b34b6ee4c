"""The command: make the rows that are missing, then write the results."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamae.benchmark.budget import Budget, rehearsal_budget
from lamae.benchmark.differences import DIFFERENCES, reference_rows
from lamae.benchmark.methods import PRETRAININGS
from lamae.benchmark.rehearsal import simulated_records
from lamae.benchmark.results import (
    REFERENCE,
    RESULTS,
    TABLE,
    added_to,
    load_results,
    rounded,
    save_results,
    write_table,
)
from lamae.benchmark.rows import ABLATIONS, ROWS, chosen
from lamae.benchmark.runner import Runner
from lamae.benchmark.scores import Logits, difference, read_truth
from lamae.benchmark.store import (
    SETTINGS,
    TRUTH,
    read_logits,
    read_reference,
    read_result,
    write_reference,
)
from lamae.benchmark.table import render
from lamae.data import TEST_FOLD, load_records
from lamae.errors import DataError, InputError, WeightsError
from lamae.inference.bundle import load_bundled
from lamae.resources import in_checkout
from lamae.signal.preprocess import InputSpec


def command(
    data: Path | None,
    out: Path,
    *,
    names: tuple[str, ...] = (),
    epochs: Mapping[str, int] | None = None,
    only_table: bool = False,
    rehearse: bool = False,
    publish: bool = False,
) -> dict[str, Any]:
    """Make the rows that are missing; then rewrite the results file and docs/benchmark.md.

    Rows of the same budget and data that were made elsewhere stay in the results file. A results
    file of another budget or other data is left as it is.

    Args:
        data: A data set, as `load_records` takes it.
        out: Folder of all runs; what is finished there is not made again.
        names: Rows and ablations to make; all by default.
        epochs: Fields of `Budget` that differ from its own.
        only_table: Make nothing; use the rows that are there.
        rehearse: Run all rows on a few simulated ECGs with a tiny budget and write no results
            file.
        publish: Replace a results file of another budget or other data.

    Returns:
        As `collect`.

    Raises:
        DataError: The data lack something, or `out` holds rows of another budget or data.
        InputError: There is no such row, no data were given, or epochs where none are made.
    """
    rows, ablations = chosen(names)
    if epochs and (only_table or rehearse):
        raise InputError("Epochs can be given neither with --table nor with --rehearse.")
    if not only_table:
        if rehearse:
            budget, records = rehearsal_budget(), simulated_records()
        elif data is None:
            raise InputError("Give the data with --data; only --table and --rehearse need none.")
        else:
            zscored = any(PRETRAININGS[line.name].zscored for line in ablations)
            zscored |= any(row.long or row.pretrained_long for row in rows)
            budget = replace(Budget(), **dict[str, Any](epochs or {}))
            records = load_records(data, InputSpec(), zscored=zscored)
            if not records.labels.statements or not records.labelled.all():
                raise DataError(
                    "The benchmark trains on SCP-ECG statements, as in PTB-XL; these ECGs have "
                    "none."
                )
        make(Runner(records, budget, out), names)
    # An installed package has no documents, and its results are those of its release.
    if rehearse or not in_checkout():
        return collect(out)
    before = load_results()
    same = before is not None and before["settings"] == rounded(_settings(out))
    kept = read_reference(REFERENCE) if same else {}
    results = collect(out, kept)
    if before and not same and not publish:
        _say(
            f"{RESULTS.name} and {TABLE.name} show another budget or other ECGs and stay as they "
            "are; --publish replaces them."
        )
        return results
    results = added_to(before, results, load_bundled().sha256)
    save_results(results)
    runs = {**kept, **_made_reference(out)}
    write_reference(REFERENCE, {name: runs[name] for name in reference_rows() if name in runs})
    write_table(render(results))
    return results


def make(runner: Runner, names: tuple[str, ...] = ()) -> None:
    """Make rows and ablations; one line on standard error says which."""
    rows, ablations = chosen(names)
    runner.open()
    for row in rows:
        _say(f"row {row.name}")
        try:
            runner.row(row)
        except WeightsError as error:
            # The bundled weights are of another version; the other rows do not need them.
            _say(f"row {row.name} is left out: {error}")
    for line in ablations:
        _say(f"ablation {line.name}")
        runner.ablation(line)


def collect(out: Path, kept: Mapping[str, list[Logits]] = MappingProxyType({})) -> dict[str, Any]:
    """The results in a folder so far.

    Args:
        out: The folder.
        kept: Log-odds on the test fold of rows that were made elsewhere, on the same ECGs.

    Returns:
        "settings" (budget and data), by name "rows" and "ablations", and "differences" of which
        one row is here and the other here or kept; with fewer leads, both here.

    Raises:
        DataError: The folder holds no benchmark.
    """
    settings = _settings(out)
    truth = read_truth(out / TRUTH)[TEST_FOLD]
    rows = {row.name: found for row in ROWS if (found := read_result(out / row.name))}
    here = set(rows)

    def logits(name: str, leads: str) -> list[Logits]:
        return read_logits(out / name, rows[name]["seeds"], TEST_FOLD, leads)

    differences = []
    for line in DIFFERENCES:
        pair = {line.a, line.b}
        # Of rows made elsewhere the log-odds with all leads alone are kept.
        known = here | set(kept) if line.leads == "12" else here
        if not pair <= known or not pair & here:
            continue
        a, b = (
            logits(name, line.leads) if name in here else kept[name] for name in (line.a, line.b)
        )
        apart = difference(a, b, truth)
        differences.append({"title": line.title, "a": line.a, "b": line.b, **apart})
    found = {
        "settings": settings,
        "rows": rows,
        "ablations": {
            line.name: found
            for line in ABLATIONS
            if (found := read_result(out / "ablations" / line.name))
        },
        "differences": differences,
    }
    return {name: rounded(part) for name, part in found.items()}


def _settings(out: Path) -> dict[str, Any]:
    """Budget and data of a folder."""
    if not (out / TRUTH).is_file():
        raise DataError(f"{out} holds no benchmark; make one with lamae benchmark --data.")
    return json.loads((out / SETTINGS).read_text())


def _made_reference(out: Path) -> dict[str, list[Logits]]:
    """Log-odds of the rows here that the bundled weights are compared with."""
    made = {name: found for name in reference_rows() if (found := read_result(out / name))}
    return {name: read_logits(out / name, row["seeds"], TEST_FOLD) for name, row in made.items()}


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
