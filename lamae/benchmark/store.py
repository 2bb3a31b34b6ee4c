"""Files of the benchmark beside its runs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lamae.benchmark.scores import Logits

SETTINGS = "settings.json"
TRUTH = "truth.npz"
RESULT = "result.json"


def read_logits(folder: Path, seeds: Sequence[int], fold: int, leads: str = "12") -> list[Logits]:
    """Statement log-odds of a row's seeds on a fold, with a set of leads."""
    found = []
    for seed in seeds:
        with np.load(folder / f"seed{seed}.npz", allow_pickle=False) as file:
            found.append(file[f"fold{fold}_leads{leads}"])
    return found


def write_logits(folder: Path, seed: int, found: Mapping[tuple[int, str], Logits]) -> None:
    """Keep the statement log-odds of a seed, by fold and set of leads."""
    folder.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = {
        f"fold{fold}_leads{leads}": values for (fold, leads), values in found.items()
    }
    np.savez_compressed(folder / f"seed{seed}.npz", **columns)


def write_reference(path: Path, found: Mapping[str, Sequence[Logits]]) -> None:
    """Keep the statement log-odds of rows on the test fold, one array a seed.

    New bundled weights can then be compared with these rows without making them again.
    """
    columns: dict[str, Any] = {
        f"{name} {number}": values
        for name, runs in found.items()
        for number, values in enumerate(runs)
    }
    np.savez_compressed(path, **columns)


def read_reference(path: Path) -> dict[str, list[Logits]]:
    """What `write_reference` kept; empty where there is no such file."""
    found: dict[str, list[Logits]] = {}
    if path.is_file():
        with np.load(path, allow_pickle=False) as file:
            for column in file.files:
                found.setdefault(column.rpartition(" ")[0], []).append(file[column])
    return found


def finished(folder: Path) -> bool:
    """Whether a row or an ablation is complete."""
    return (folder / RESULT).is_file()


def finish(folder: Path, result: Mapping[str, Any]) -> None:
    """Write the result of a row or an ablation."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result, indent=2) + "\n")
    partial.replace(folder / RESULT)


def read_result(folder: Path) -> dict[str, Any] | None:
    """The result of a row or an ablation; None before it is complete."""
    return json.loads((folder / RESULT).read_text()) if finished(folder) else None
