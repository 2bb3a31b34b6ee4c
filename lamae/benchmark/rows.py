"""Rows of the benchmark, and ablations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from lamae.benchmark.methods import PRETRAININGS
from lamae.ecg import LEADS, LIMB_LEADS
from lamae.errors import InputError

Classifying = Literal["probe", "finetuned", "resnet", "shipped"]

LABEL_FRACTIONS = (1.0, 0.1, 0.01)
HEADLINE_SEEDS = (0, 1, 2)

# The bundled weights, which are evaluated as they are.
SHIPPED = "shipped"

# Sets of leads visible at evaluation, by their number.
LEAD_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "12": LEADS,
        "6": LIMB_LEADS,
        "3": ("I", "II", "V2"),
        "2": ("I", "II"),
        "1": ("I",),
    }
)


@dataclass(frozen=True)
class Row:
    """A row of the benchmark.

    Attributes:
        name: Of its folder.
        method: Common to rows that differ only in their fraction of the labels.
        title: In the table.
        pretraining: One of `PRETRAININGS` or `SHIPPED`; None for random weights.
        classifier: What is trained with labels: a linear probe on frozen features, the whole
            classifier, the ResNet, or nothing, for the weights that ship.
        label_fraction: Of the training ECGs, whose labels are used.
        seeds: Of what is trained with labels; pretraining always has seed 0.
        lead_sets: Whether it is scored on each of `LEAD_SETS`.
        long: Whether it is trained with labels as in recipe `small_codes`, for as long as the
            budget gives long rows.
    """

    name: str
    method: str
    title: str
    pretraining: str | None
    classifier: Classifying
    label_fraction: float = 1.0
    seeds: tuple[int, ...] = (0,)
    lead_sets: bool = False
    long: bool = False

    @property
    def pretrained_long(self) -> bool:
        """Whether it starts from a long pretraining."""
        how = PRETRAININGS.get(self.pretraining or "")
        return how is not None and how.long


def _fewer_labels(row: Row) -> tuple[Row, ...]:
    """The row with all labels, and with fewer from one seed."""
    fewer = [
        replace(
            row,
            name=f"{row.name}_{fraction:.0%}".strip("%"),
            label_fraction=fraction,
            seeds=(0,),
            lead_sets=False,
        )
        for fraction in LABEL_FRACTIONS[1:]
    ]
    return (row, *fewer)


def _headline(method: str, title: str, pretraining: str | None, kind: Classifying) -> Row:
    return Row(method, method, title, pretraining, kind, seeds=HEADLINE_SEEDS, lead_sets=True)


def _long(method: str, title: str, pretraining: str | None, kind: Classifying) -> Row:
    return replace(_headline(method, title, pretraining, kind), long=True)


def _long_probe(pretraining: str, title: str) -> Row:
    name = f"{pretraining}_probe"
    return Row(name, name, f"{title}, long run, linear probe", pretraining, "probe")


ROWS: tuple[Row, ...] = (
    *_fewer_labels(
        Row("random_probe", "random_probe", "Random encoder, linear probe", None, "probe")
    ),
    *_fewer_labels(_headline("resnet", "Supervised 1-D ResNet", None, "resnet")),
    *_fewer_labels(
        Row(
            "independent_probe",
            "independent_probe",
            "Independent leads, linear probe",
            "independent",
            "probe",
        )
    ),
    Row(
        "independent_finetuned",
        "independent_finetuned",
        "Independent leads, fine-tuned",
        "independent",
        "finetuned",
    ),
    *_fewer_labels(
        Row(
            "alignment_probe",
            "alignment_probe",
            "Alignment of leads, linear probe",
            "alignment",
            "probe",
        )
    ),
    Row(
        "alignment_finetuned",
        "alignment_finetuned",
        "Alignment of leads, fine-tuned",
        "alignment",
        "finetuned",
    ),
    *_fewer_labels(Row("lamae_probe", "lamae_probe", "LAMAE, linear probe", "lamae", "probe")),
    *_fewer_labels(_headline("lamae_finetuned", "LAMAE, fine-tuned", "lamae", "finetuned")),
    *_fewer_labels(_headline("scratch", "The same classifier from scratch", None, "finetuned")),
    *_fewer_labels(_long_probe("independent_long", "Independent leads")),
    *_fewer_labels(_long_probe("alignment_long", "Alignment of leads")),
    *_fewer_labels(_long_probe("lamae_long", "LAMAE")),
    *_fewer_labels(_long("resnet_long", "Supervised 1-D ResNet, long run", None, "resnet")),
    *_fewer_labels(
        _long("scratch_long", "The same classifier from scratch, long run", None, "finetuned")
    ),
    *_fewer_labels(_long("lamae_long", "LAMAE, long run, fine-tuned", "lamae_long", "finetuned")),
    Row("shipped", "shipped", "LAMAE, as shipped", SHIPPED, "shipped", lead_sets=True),
)


@dataclass(frozen=True)
class Ablation:
    """One choice in pretraining, changed alone.

    Attributes:
        name: Of its pretraining; "lamae" is the default.
        choice: What is varied.
        setting: Its value here.
    """

    name: str
    choice: str
    setting: str


ABLATIONS: tuple[Ablation, ...] = (
    Ablation("lamae", "as chosen", "mixed masks, leads masked, depth 2, cross, fixed scale"),
    Ablation("masks_independent", "masks", "independent in each lead"),
    Ablation("masks_synchronous", "masks", "the same in all leads"),
    Ablation("no_lead_masking", "whole leads", "never masked"),
    Ablation("latent_0", "depth of latent attention", "0"),
    Ablation("latent_1", "depth of latent attention", "1"),
    Ablation("latent_4", "depth of latent attention", "4"),
    Ablation("no_cross", "decoder", "without cross-attention"),
    Ablation("per_record", "scale", "of each record"),
    Ablation("zscored", "ECGs", "those without amplitudes, too"),
)


def chosen(names: tuple[str, ...] = ()) -> tuple[tuple[Row, ...], tuple[Ablation, ...]]:
    """The rows and ablations of these names; all of them by default.

    Raises:
        InputError: There is no such row.
    """
    known = [*(row.name for row in ROWS), *(line.name for line in ABLATIONS)]
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"The benchmark has no row {', '.join(unknown)}; choose from {', '.join(known)}."
        )
    return (
        tuple(row for row in ROWS if not names or row.name in names),
        tuple(line for line in ABLATIONS if not names or line.name in names),
    )
