"""What is kept in the folder of a comparison, beside the runs themselves."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lamae.compare.scores import Logits

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


def finished(folder: Path) -> bool:
    """Whether a row or an ablation is there."""
    return (folder / RESULT).is_file()


def finish(folder: Path, result: Mapping[str, Any]) -> None:
    """Write what a row or an ablation came to."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result, indent=2) + "\n")
    partial.replace(folder / RESULT)


def read_result(folder: Path) -> dict[str, Any] | None:
    """What a row or an ablation came to; None where it is not there yet."""
    return json.loads((folder / RESULT).read_text()) if finished(folder) else None
