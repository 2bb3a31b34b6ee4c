"""Weights of format 2 as weights of format 3, once.

    python -m lamae.inference.conversion OLD.safetensors NEW.safetensors

Format 2 held the masked autoencoder as one part and the card as a free mapping, and its labels
were always the SCP-ECG statements. Tensors are copied as they are, so outputs stay the same to
the last bit.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamae.data import mimic, ptbxl
from lamae.ecg.statements import SCP
from lamae.errors import LamaeError, WeightsError
from lamae.inference.bundle import (
    FAULTS,
    FORMAT,
    load_bundle,
    read_tensors,
    write_manifest,
    write_tensors,
)
from lamae.model.families import LAMAE
from lamae.results.card import VERSION, ModelCard, parse_card
from lamae.results.description import DataDescription
from lamae.results.json import to_json

# What format 2 called the data sets.
DESCRIPTIONS: Mapping[str, DataDescription] = MappingProxyType(
    {
        "PTB-XL": ptbxl.DESCRIPTION,
        "PTB-XL 1.0.3, in part": replace(ptbxl.DESCRIPTION, part=True),
        "MIMIC-IV-ECG": mimic.DESCRIPTION,
    }
)
RENAMED = MappingProxyType({"license": "licence", "gate": "input_check"})
RENAMED_SCORES = MappingProxyType({"gate": "input_check", "restoration": "reconstruction"})
SETTINGS = MappingProxyType({"relative": "relative_to_linear", "keep": "init_weight"})
ENVIRONMENT = (
    "threads", "processes", "python", "torch", "lightning", "numpy", "commit", "dirty",
)  # fmt: skip


def convert(old: Path, new: Path) -> str:
    """Write weights of format 2 in the present format.

    Args:
        old: Weights of format 2.
        new: The file to write.

    Returns:
        Its SHA-256.

    Raises:
        WeightsError: The file is not of format 2, or damaged.
    """
    header, tensors, _ = read_tensors(old)
    if header.get("format") != "2":
        raise WeightsError(
            f"The weights file {old.name} has format {header.get('format')!r}, expected '2'; only "
            "such files need conversion."
        )
    try:
        card = parse_card(to_json(convert_card(json.loads(header["card"]))))
        written = {
            "format": FORMAT,
            "family": LAMAE,
            "config": header["config"],
            "input": header["input"],
            "labels": json.dumps(to_json(SCP)),
            "calibration": header["rules"],
            "card": json.dumps(to_json(card)),
        }
    except FAULTS as error:
        raise WeightsError(
            f"The weights file {old.name} has a header that cannot be converted: {error}."
        ) from error
    sha256 = write_tensors(new, {_part(name): value for name, value in tensors.items()}, written)
    load_bundle(new, sha256)
    return sha256


def convert_card(old: Mapping[str, Any]) -> ModelCard:
    """A card of format 2 as a typed one.

    Raises:
        ValueError: It holds what such cards never held.
    """
    card: dict[str, Any] = {"version": VERSION}
    for name, entry in old.items():
        card[RENAMED.get(name, name)] = entry
    for name in ("pretraining", "finetuning"):
        if name in card:
            card[name] = _run(card[name])
    card["continued"] = [_run(run) for run in card.get("continued", [])]
    if "data" in card:
        card["data"] = _data(card["data"])
    card["results"] = {
        fold: {RENAMED_SCORES.get(name, name): entry for name, entry in scores.items()}
        for fold, scores in card.get("results", {}).items()
    }
    return parse_card(card)


def _run(old: Mapping[str, Any]) -> dict[str, Any]:
    moved = (*ENVIRONMENT, *SETTINGS)
    run = {name: entry for name, entry in old.items() if name not in moved}
    run["settings"] = {new: old[name] for name, new in SETTINGS.items() if name in old}
    run["environment"] = {name: old[name] for name in ENVIRONMENT if name in old}
    if "data" in run:
        run["data"] = _data(run["data"])
    return run


def _data(old: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: entry for name, entry in old.items() if name != "name"}
    name = str(old["name"])
    return {"description": to_json(DESCRIPTIONS.get(name, DataDescription(name))), **known}


def _part(name: str) -> str:
    """A tensor's new name: the autoencoder's backbone apart, the rest its reconstructor."""
    if name.startswith("mae.backbone."):
        return name.removeprefix("mae.")
    return name.replace("mae.", "reconstructor.", 1) if name.startswith("mae.") else name


def main(arguments: list[str]) -> int:
    """Convert one file; where it is the bundled one, its manifest too."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    old, new = map(Path, arguments)
    try:
        sha256 = convert(old, new)
    except LamaeError as error:
        print(error, file=sys.stderr)
        return 1
    if (new.parent / "manifest.json").is_file():
        write_manifest(new, sha256)
    print(f"Wrote {new}, SHA-256 {sha256}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
