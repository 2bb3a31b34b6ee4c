"""The results as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lamae.benchmark.results import Results
from lamae.benchmark.rows import LABEL_FRACTIONS, LEAD_SETS, ROWS, Row

TEST, VALIDATION = "fold10", "fold9"
NONE = "–"


def render(results: Results) -> str:
    """Budget, methods, sets of leads, differences and ablations, as far as there are any."""
    parts = (sentence, methods, lead_sets, differences, ablations)
    return "\n\n".join(text for part in parts if (text := part(results))) + "\n"


def sentence(results: Results) -> str:
    """The budget in words."""
    given, found = results["settings"]["budget"], results["rows"]
    model = given["model"]
    long = [
        entry["epochs"] - entry["pretraining_epochs"]
        for row in ROWS
        if (row.long or row.classifier == "shipped") and (entry := found.get(row.name))
    ]
    but = " but the long runs" if long else ""
    runs = (
        f"The long runs have {' to '.join(map(str, sorted({min(long), max(long)})))} epochs with "
        "labels, with mixup and with ECGs without amplitudes; there, the transformer sees "
        "segments of time and its classifier convolves over them. "
        if long
        else ""
    )
    pretrained = [
        found[row.name]["pretraining_epochs"]
        for row in ROWS
        if row.pretrained_long and row.name in found
    ]
    before = (
        f"Long pretraining takes {pretrained[0]} epochs, with ECGs without amplitudes too. "
        if pretrained
        else ""
    )
    return (
        f"One budget for all rows{but}: width {model['width']}, depth "
        f"{model['depth']}, batches of {given['batch']}; {given['pretrain_epochs']} epochs without "
        f"labels and {given['label_epochs']} with labels on "
        f"{results['settings']['training_ecgs']:,} training ECGs, with Muon but for the ResNet. "
        f"{before}{runs}Fine-tuned and from scratch differ only in the initial weights. "
        "Macro AUROC on fold 10 with 95 % intervals over patients; where there "
        "are several seeds, their mean and in brackets their number. Minutes are wall clock beside "
        "other runs, on a CPU core unless a GPU is named."
    )


def methods(results: Results) -> str:
    """One line a method, with all labels and with fewer."""
    found = results["rows"]
    lines = []
    for row in ROWS:
        if row.label_fraction != 1 or row.name not in found:
            continue
        entry = found[row.name]
        fewer = [
            found[other.name]
            for other in ROWS
            if other.method == row.method and other.label_fraction < 1 and other.name in found
        ]
        by_fraction = {part["label_fraction"]: part for part in fewer}
        lines.append(
            [
                titled(row, entry),
                interval(entry[TEST]["12"]["icd10"]),
                interval(entry[TEST]["12"]["statements"]),
                number(entry[VALIDATION]["12"]["icd10"]["macro_auroc"]),
                *(
                    number(by_fraction[fraction][TEST]["12"]["icd10"]["macro_auroc"])
                    if fraction in by_fraction
                    else NONE
                    for fraction in LABEL_FRACTIONS[1:]
                ),
                str(entry["epochs"]),
                minutes(entry),
                f"{entry['parameters'] / 1e6:.2f} M",
            ]
        )
    counted = _counted(found)
    return table(
        [
            "",
            f"ICD-10-CM codes{counted.get('icd10', '')}",
            f"SCP statements{counted.get('statements', '')}",
            "codes, fold 9",
            *(f"codes, {fraction:.0%} of labels" for fraction in LABEL_FRACTIONS[1:]),
            "epochs",
            "minutes",
            "parameters",
        ],
        lines,
    )


def titled(row: Row, entry: Mapping[str, Any]) -> str:
    """A row's title, with the number of its seeds where there are several."""
    seeds = len(entry["seeds"])
    return row.title + (f" ({seeds})" if seeds > 1 else "")


def lead_sets(results: Results) -> str:
    """Codes with fewer leads, without training again."""
    lines = [
        [
            row.title,
            *(interval(results["rows"][row.name][TEST][name]["icd10"]) for name in LEAD_SETS),
        ]
        for row in ROWS
        if row.lead_sets and row.name in results["rows"]
    ]
    heads = [lead_names(leads) for leads in LEAD_SETS.values()]
    return table(["ICD-10-CM codes with", *heads], lines)


def differences(results: Results) -> str:
    """Paired differences."""
    lines = [
        [line["title"], *(signed(line[task]) for task in ("icd10", "statements"))]
        for line in results["differences"]
    ]
    return table(["Paired difference", "ICD-10-CM codes", "SCP statements"], lines)


def ablations(results: Results) -> str:
    """The effect of each choice."""
    lines = [
        [
            entry["choice"],
            entry["setting"],
            number(entry[VALIDATION]["icd10"]["macro_auroc"]),
            number(entry[VALIDATION]["statements"]["macro_auroc"]),
            number(entry["reconstruction"]["chest"]),
            number(entry["reconstruction"]["patches"]),
            f"{entry['minutes']:.0f}",
        ]
        for entry in results["ablations"].values()
    ]
    heads = ["codes, linear probe", "statements, linear probe"]
    reconstructed = ["V1–V6 masked, mV", "3/4 of patches masked, mV"]
    return table(["Fold 9", "", *heads, *reconstructed, "minutes"], lines)


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; nothing where there are no lines."""
    rows = [list(heads), ["---"] * len(heads), *map(list, lines)]
    if len(rows) == 2:
        return ""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def interval(entry: Mapping[str, Any]) -> str:
    """A macro AUROC with its interval."""
    if entry["macro_auroc"] is None:
        return NONE
    low, high = entry["ci"]
    return f"{entry['macro_auroc']:.3f} [{low:.3f}, {high:.3f}]"


def signed(entry: Mapping[str, Any]) -> str:
    """A difference with its interval."""
    if entry["difference"] is None:
        return NONE
    low, high = entry["ci"]
    return f"{entry['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"


def number(value: float | None) -> str:
    """Three digits."""
    return NONE if value is None else f"{value:.3f}"


def minutes(entry: Mapping[str, Any]) -> str:
    """Minutes of a row, and the GPU if there was one."""
    device = entry.get("device", "")
    named = (
        ""
        if not device or device.startswith("CPU")
        else f"\u00a0({device.removeprefix('NVIDIA ')})"
    )
    return f"{entry['minutes']:.0f}{named}"


def _counted(rows: Results) -> dict[str, str]:
    """How many codes and statements were scored, if there are any rows."""
    first = next(iter(rows.values()), None)
    if first is None:
        return {}
    return {name: f" ({part['counted']})" for name, part in first[TEST]["12"].items()}


def lead_names(leads: Sequence[str]) -> str:
    """A set of leads in words."""
    return {12: "all twelve", 6: "six limb leads"}.get(len(leads), ", ".join(leads))
