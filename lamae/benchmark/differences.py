"""Paired differences between rows."""

from dataclasses import dataclass

from lamae.benchmark.rows import ROWS, SHIPPED


@dataclass(frozen=True)
class Difference:
    """Two rows to compare on the same resamples of patients.

    Attributes:
        title: In words.
        a: Row whose score counts.
        b: Row that it is compared with.
        leads: One of `LEAD_SETS`.
    """

    title: str
    a: str
    b: str
    leads: str = "12"


DIFFERENCES: tuple[Difference, ...] = (
    Difference("LAMAE fine-tuned − from scratch", "lamae_finetuned", "scratch"),
    Difference("LAMAE fine-tuned − ResNet", "lamae_finetuned", "resnet"),
    Difference("LAMAE − independent leads, linear probe", "lamae_probe", "independent_probe"),
    Difference("LAMAE − alignment, linear probe", "lamae_probe", "alignment_probe"),
    Difference(
        "LAMAE fine-tuned with 10 % of the labels − from scratch with all",
        "lamae_finetuned_10",
        "scratch",
    ),
    Difference(
        "Long run: LAMAE − random encoder, linear probe", "lamae_long_probe", "random_probe"
    ),
    Difference(
        "Long run: LAMAE − independent leads, linear probe",
        "lamae_long_probe",
        "independent_long_probe",
    ),
    Difference(
        "Long run: LAMAE − alignment, linear probe", "lamae_long_probe", "alignment_long_probe"
    ),
    Difference("Long run: LAMAE fine-tuned − from scratch", "lamae_long", "scratch_long"),
    Difference("Long run: LAMAE fine-tuned − ResNet", "lamae_long", "resnet_long"),
    *(
        Difference(
            f"Long run, {leads}: LAMAE fine-tuned − ResNet", "lamae_long", "resnet_long", name
        )
        for name, leads in (
            ("6", "six limb leads"),
            ("3", "I, II, V2"),
            ("2", "I and II"),
            ("1", "I alone"),
        )
    ),
    Difference(
        "Long run, 10 % of the labels: LAMAE fine-tuned − from scratch",
        "lamae_long_10",
        "scratch_long_10",
    ),
    Difference(
        "Long run, 1 % of the labels: LAMAE fine-tuned − from scratch",
        "lamae_long_1",
        "scratch_long_1",
    ),
    Difference(
        "Long run: LAMAE fine-tuned with 10 % of the labels − from scratch with all",
        "lamae_long_10",
        "scratch_long",
    ),
    Difference("LAMAE as shipped − ResNet, long run", "shipped", "resnet_long"),
    Difference("LAMAE as shipped − from scratch, long run", "shipped", "scratch_long"),
)


def reference_rows() -> tuple[str, ...]:
    """The rows that the bundled weights are compared with."""
    shipped = {row.name for row in ROWS if row.pretraining == SHIPPED}
    pairs = [{line.a, line.b} for line in DIFFERENCES]
    others = set().union(*(pair for pair in pairs if pair & shipped)) - shipped
    return tuple(row.name for row in ROWS if row.name in others)
