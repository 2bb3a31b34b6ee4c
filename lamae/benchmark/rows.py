"""What is compared: pretrainings, the rows that build on them, ablations and claims."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from lamae.ecg import LEADS, LIMB_LEADS
from lamae.errors import InputError
from lamae.model.mask import MaskConfig
from lamae.objectives import LeadwiseConfig, MaskedConfig, ObjectiveConfig

Classifying = Literal["probe", "finetuned", "resnet", "shipped"]

SHARES = (1.0, 0.1, 0.01)
HEADLINE_SEEDS = (0, 1, 2)

# What the weights that ship rest on, which the comparison takes as they are.
SHIPPED = "shipped"

# Sets of leads to be left with at evaluation, by how many they are.
LEAD_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "12": LEADS,
        "6": LIMB_LEADS,
        "3": ("I", "II", "V2"),
        "2": ("I", "II"),
        "1": ("I",),
    }
)


# From the leads that a step reconstructs within the budget to the settings of a method.
Method = Callable[[int], ObjectiveConfig]


def masked(**mask: float) -> Method:
    """LAMAE's objective.

    Args:
        mask: Fields of `MaskConfig` that differ from the default.
    """
    return lambda leads: MaskedConfig(mask=MaskConfig(**mask), decode_leads=leads)


def leadwise(alignment: float = 0.0) -> Method:
    """Independent leads, or their alignment with this weight at the end."""
    return lambda leads: LeadwiseConfig(decode_leads=leads, alignment=alignment)


@dataclass(frozen=True)
class Pretraining:
    """One way to pretrain; the defaults are those of LAMAE.

    Attributes:
        method: The objective.
        model: Fields of `ModelConfig` that differ from the budget's.
        per_record: Divide each ECG by its own root mean square.
        zscored: Use the ECGs without amplitudes, too.
        long: As recipe `small_long`, not within the budget.
    """

    method: Method = field(default_factory=masked)
    model: Mapping[str, Any] = field(default_factory=dict)
    per_record: bool = False
    zscored: bool = False
    long: bool = False


# Neither attention nor decoder lets one lead see another.
_INDEPENDENT = Pretraining(leadwise(), {"latent_depth": 0, "decoder_cross": False})
_ALIGNMENT = replace(_INDEPENDENT, method=leadwise(alignment=2.0))

PRETRAININGS: Mapping[str, Pretraining] = MappingProxyType(
    {
        "lamae": Pretraining(),
        "independent": _INDEPENDENT,
        "alignment": _ALIGNMENT,
        "masks_independent": Pretraining(masked(synchronous=0.0)),
        "masks_synchronous": Pretraining(masked(synchronous=1.0)),
        "no_lead_masking": Pretraining(masked(mask_leads=0.0)),
        "latent_0": Pretraining(model={"latent_depth": 0}),
        "latent_1": Pretraining(model={"latent_depth": 1}),
        "latent_4": Pretraining(model={"latent_depth": 4}),
        "no_cross": Pretraining(model={"decoder_cross": False}),
        "per_record": Pretraining(per_record=True),
        "zscored": Pretraining(zscored=True),
        "lamae_long": Pretraining(zscored=True, long=True),
        "independent_long": replace(_INDEPENDENT, zscored=True, long=True),
        "alignment_long": replace(_ALIGNMENT, zscored=True, long=True),
    }
)


@dataclass(frozen=True)
class Row:
    """A line of the comparison.

    Attributes:
        name: Of its folder.
        method: Lines that differ in the share of labels alone have it in common.
        title: In the table.
        pretraining: One of `PRETRAININGS` or `SHIPPED`; None for random weights.
        classifier: What is trained with labels: a linear probe on frozen features, the whole
            classifier, the ResNet, or nothing, for the weights that ship.
        share: Of the training ECGs whose labels may be used.
        seeds: Of what is trained with labels; pretraining always has seed 0.
        lead_sets: Whether it is scored on every one of `LEAD_SETS`.
        long: It learns with labels as long as the budget gives long rows, and sees ECGs as in
            recipe `small_codes`.
    """

    name: str
    method: str
    title: str
    pretraining: str | None
    classifier: Classifying
    share: float = 1.0
    seeds: tuple[int, ...] = (0,)
    lead_sets: bool = False
    long: bool = False

    @property
    def pretrained_long(self) -> bool:
        """Whether it rests on one of the long pretrainings."""
        how = PRETRAININGS.get(self.pretraining or "")
        return how is not None and how.long


def _shares(row: Row) -> tuple[Row, ...]:
    """The row with all labels, and with fewer from one seed."""
    fewer = [
        replace(
            row, name=f"{row.name}_{share:.0%}".strip("%"), share=share, seeds=(0,), lead_sets=False
        )
        for share in SHARES[1:]
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
    *_shares(Row("random_probe", "random_probe", "Random encoder, linear probe", None, "probe")),
    *_shares(_headline("resnet", "Supervised 1-D ResNet", None, "resnet")),
    *_shares(
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
    *_shares(
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
    *_shares(Row("lamae_probe", "lamae_probe", "LAMAE, linear probe", "lamae", "probe")),
    *_shares(_headline("lamae_finetuned", "LAMAE, fine-tuned", "lamae", "finetuned")),
    *_shares(_headline("scratch", "The same classifier from scratch", None, "finetuned")),
    *_shares(_long_probe("independent_long", "Independent leads")),
    *_shares(_long_probe("alignment_long", "Alignment of leads")),
    *_shares(_long_probe("lamae_long", "LAMAE")),
    *_shares(_long("resnet_long", "Supervised 1-D ResNet, long run", None, "resnet")),
    *_shares(
        _long("scratch_long", "The same classifier from scratch, long run", None, "finetuned")
    ),
    *_shares(_long("lamae_long", "LAMAE, long run, fine-tuned", "lamae_long", "finetuned")),
    Row("shipped", "shipped", "LAMAE, as shipped", SHIPPED, "shipped", lead_sets=True),
)


@dataclass(frozen=True)
class Ablation:
    """One choice in pretraining, changed alone.

    Attributes:
        name: Of its pretraining; "lamae" is the choice made.
        choice: What is chosen.
        setting: What this line chooses.
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


@dataclass(frozen=True)
class Claim:
    """A difference that the text may speak of.

    Attributes:
        title: In words.
        a: Row that the other one is taken from.
        b: That other one.
        leads: One of `LEAD_SETS`.
    """

    title: str
    a: str
    b: str
    leads: str = "12"


CLAIMS: tuple[Claim, ...] = (
    Claim("LAMAE fine-tuned − from scratch", "lamae_finetuned", "scratch"),
    Claim("LAMAE fine-tuned − ResNet", "lamae_finetuned", "resnet"),
    Claim("LAMAE − independent leads, linear probe", "lamae_probe", "independent_probe"),
    Claim("LAMAE − alignment, linear probe", "lamae_probe", "alignment_probe"),
    Claim(
        "LAMAE fine-tuned with 10 % of the labels − from scratch with all",
        "lamae_finetuned_10",
        "scratch",
    ),
    Claim("Long run: LAMAE − random encoder, linear probe", "lamae_long_probe", "random_probe"),
    Claim(
        "Long run: LAMAE − independent leads, linear probe",
        "lamae_long_probe",
        "independent_long_probe",
    ),
    Claim("Long run: LAMAE − alignment, linear probe", "lamae_long_probe", "alignment_long_probe"),
    Claim("Long run: LAMAE fine-tuned − from scratch", "lamae_long", "scratch_long"),
    Claim("Long run: LAMAE fine-tuned − ResNet", "lamae_long", "resnet_long"),
    *(
        Claim(f"Long run, {leads}: LAMAE fine-tuned − ResNet", "lamae_long", "resnet_long", name)
        for name, leads in (
            ("6", "six limb leads"),
            ("3", "I, II, V2"),
            ("2", "I and II"),
            ("1", "I alone"),
        )
    ),
    Claim(
        "Long run, 10 % of the labels: LAMAE fine-tuned − from scratch",
        "lamae_long_10",
        "scratch_long_10",
    ),
    Claim(
        "Long run, 1 % of the labels: LAMAE fine-tuned − from scratch",
        "lamae_long_1",
        "scratch_long_1",
    ),
    Claim(
        "Long run: LAMAE fine-tuned with 10 % of the labels − from scratch with all",
        "lamae_long_10",
        "scratch_long",
    ),
    Claim("LAMAE as shipped − ResNet, long run", "shipped", "resnet_long"),
    Claim("LAMAE as shipped − from scratch, long run", "shipped", "scratch_long"),
)


def partners() -> tuple[str, ...]:
    """The rows that claims set against those made from the weights that ship."""
    from_shipped = {row.name for row in ROWS if row.pretraining == SHIPPED}
    pairs = [{claim.a, claim.b} for claim in CLAIMS]
    against = set().union(*(pair for pair in pairs if pair & from_shipped)) - from_shipped
    return tuple(row.name for row in ROWS if row.name in against)


def chosen(names: tuple[str, ...] = ()) -> tuple[tuple[Row, ...], tuple[Ablation, ...]]:
    """The rows and ablations of these names; all of them by default.

    Raises:
        InputError: There is no such row.
    """
    known = [*(row.name for row in ROWS), *(line.name for line in ABLATIONS)]
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"The comparison has no row {', '.join(unknown)}; choose from {', '.join(known)}."
        )
    return (
        tuple(row for row in ROWS if not names or row.name in names),
        tuple(line for line in ABLATIONS if not names or line.name in names),
    )
