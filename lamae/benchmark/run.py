"""The command: make what is left to make, then say what was found."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamae.benchmark.budget import Budget, rehearsal_budget
from lamae.benchmark.rehearsal import simulated_records
from lamae.benchmark.results import (
    PARTNERS,
    RESULTS,
    added_to,
    load_results,
    rounded,
    save_results,
    write_table,
)
from lamae.benchmark.rows import ABLATIONS, CLAIMS, PRETRAININGS, ROWS, chosen, partners
from lamae.benchmark.scores import Logits, difference, read_truth
from lamae.benchmark.store import (
    SETTINGS,
    TRUTH,
    read_logits,
    read_partners,
    read_result,
    write_partners,
)
from lamae.benchmark.table import render
from lamae.benchmark.work import Workshop
from lamae.data import TEST_FOLD, load_records
from lamae.errors import DataError, InputError, WeightsError
from lamae.inference.bundle import load_bundled
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
    """Make the comparison, or what is left of it; then rewrite results file and README.

    Rows of the same budget and data that were made elsewhere stay in the results file. Where
    that file holds another budget or other data, it stays as it is.

    Args:
        data: A data set, as `load_records` takes it.
        out: Folder of all runs; what is finished there is not made again.
        names: Rows and ablations to make; all by default.
        epochs: Fields of `Budget` that differ from its own.
        only_table: Make nothing, and take what is there.
        rehearse: Run all rows on a few simulated ECGs with next to no budget; results file and
            README stay as they are.
        publish: Replace what another budget or other data gave in results file and README.

    Returns:
        As `collect`.

    Raises:
        DataError: The data lack something, or `out` holds another comparison.
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
                    "The comparison learns SCP-ECG statements, as PTB-XL has them; these ECGs have "
                    "none."
                )
        make(Workshop(records, budget, out), names)
    if rehearse:
        return collect(out)
    before = load_results()
    same = before is not None and before["settings"] == rounded(_settings(out))
    kept = read_partners(PARTNERS) if same else {}
    results = collect(out, kept)
    if before and not same and not publish:
        _say(
            f"{RESULTS.name} and README show another budget or other ECGs and stay as they are; "
            "--publish replaces them."
        )
        return results
    results = added_to(before, results, load_bundled().sha256)
    save_results(results)
    against = {**kept, **_made_partners(out)}
    write_partners(PARTNERS, {name: against[name] for name in partners() if name in against})
    write_table(render(results))
    return results


def make(workshop: Workshop, names: tuple[str, ...] = ()) -> None:
    """Make rows and ablations; one line on standard error says which."""
    rows, ablations = chosen(names)
    workshop.open()
    for row in rows:
        _say(f"row {row.name}")
        try:
            workshop.row(row)
        except WeightsError as error:
            # The bundled weights are those of another version; the other rows do not need them.
            _say(f"row {row.name} is left out: {error}")
    for line in ablations:
        _say(f"ablation {line.name}")
        workshop.ablation(line)


def collect(out: Path, kept: Mapping[str, list[Logits]] = MappingProxyType({})) -> dict[str, Any]:
    """All that a comparison's folder holds so far.

    Args:
        out: The folder.
        kept: Log-odds on the test fold of rows that were made elsewhere, on the same ECGs.

    Returns:
        "settings" (budget and data), and by name "rows", "ablations" and "claims": the
        differences of which one row is here and the other here or kept; with fewer leads, both
        here.

    Raises:
        DataError: The folder holds no comparison.
    """
    settings = _settings(out)
    truth = read_truth(out / TRUTH)[TEST_FOLD]
    rows = {row.name: found for row in ROWS if (found := read_result(out / row.name))}
    here = set(rows)

    def logits(name: str, leads: str) -> list[Logits]:
        return read_logits(out / name, rows[name]["seeds"], TEST_FOLD, leads)

    claims = []
    for claim in CLAIMS:
        pair = {claim.a, claim.b}
        # Of rows made elsewhere the log-odds with all leads alone are kept.
        known = here | set(kept) if claim.leads == "12" else here
        if not pair <= known or not pair & here:
            continue
        a, b = (
            logits(name, claim.leads) if name in here else kept[name] for name in (claim.a, claim.b)
        )
        apart = difference(a, b, truth)
        claims.append({"title": claim.title, "a": claim.a, "b": claim.b, **apart})
    found = {
        "settings": settings,
        "rows": rows,
        "ablations": {
            line.name: found
            for line in ABLATIONS
            if (found := read_result(out / "ablations" / line.name))
        },
        "claims": claims,
    }
    return {name: rounded(part) for name, part in found.items()}


def _settings(out: Path) -> dict[str, Any]:
    """Budget and data of a comparison's folder."""
    if not (out / TRUTH).is_file():
        raise DataError(f"{out} holds no comparison; make one with lamae compare --data.")
    return json.loads((out / SETTINGS).read_text())


def _made_partners(out: Path) -> dict[str, list[Logits]]:
    """Log-odds of the rows here that those of the weights that ship are set against."""
    made = {name: found for name in partners() if (found := read_result(out / name))}
    return {name: read_logits(out / name, row["seeds"], TEST_FOLD) for name, row in made.items()}


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
