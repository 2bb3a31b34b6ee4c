"""The table of attribution methods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lamae.inference.attribution import ablation, gradients
from lamae.inference.attribution.case import Case, Found


@dataclass(frozen=True)
class Method:
    """A way to attribute a score.

    Attributes:
        title: For people.
        description: What it does, in one sentence.
        baseline: What the ECG is compared with; empty where nothing is.
        finest: Its resolution: "lead", "second", "beat", "wave" or "sample".
        signed: Whether the sign of a value says that it raises or lowers the score.
        quick: Whether it needs only a few forward passes.
        run: From a case to its attribution.
        resolves_leads: Whether leads have values of their own; not where all are masked at once.
    """

    title: str
    description: str
    baseline: str
    finest: str
    signed: bool
    quick: bool
    run: Callable[[Case], Found]
    resolves_leads: bool = True

    @property
    def resolves_waves(self) -> bool:
        """Whether its values may be summed over P, QRS, ST and T."""
        return self.finest in ("wave", "sample")


# The quickest first. None sets hooks: the model is shared by visitors, and hooks would mix
# their results.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "lead_ablation": Method(
            "Ablation by lead",
            "How much the score falls when the model is not shown a lead.",
            "the same ECG without the lead",
            "lead",
            True,
            True,
            ablation.by_lead,
        ),
        "second_ablation": Method(
            "Ablation by second",
            "How much the score falls when the model is not shown one second, in all leads.",
            "the same ECG without the second",
            "second",
            True,
            True,
            ablation.by_second,
            resolves_leads=False,
        ),
        "beat_ablation": Method(
            "Ablation by beat",
            "How much the score falls when the model is not shown one beat, in all leads.",
            "the same ECG without the beat",
            "beat",
            True,
            True,
            ablation.by_beat,
            resolves_leads=False,
        ),
        "input_x_gradient": Method(
            "Input x gradient",
            "The gradient of the score at the ECG, times its voltage.",
            "none; a local estimate",
            "sample",
            True,
            True,
            gradients.input_x_gradient,
        ),
        "saliency": Method(
            "Saliency",
            "How strongly the score reacts to a small change of voltage, up or down "
            "(log-odds per mV).",
            "none; a local estimate, without direction",
            "sample",
            False,
            True,
            gradients.saliency,
        ),
        "wave_ablation": Method(
            "Ablation by wave",
            "How much the score falls when P, QRS, ST or T of all beats of a lead is levelled.",
            "the same ECG with the wave levelled",
            "wave",
            True,
            False,
            ablation.by_wave,
        ),
        "integrated_gradients_beat": Method(
            "Integrated gradients from the median beat",
            "Gradients of the score summed on the way from the same ECG with all beats alike: "
            "what differs from beat to beat.",
            "the same ECG with its median beat at each R",
            "sample",
            True,
            False,
            gradients.from_median_beat,
        ),
        "gradient_shap": Method(
            "Gradient SHAP",
            "Gradients of the score on the way from simulated normal ECGs, averaged.",
            "eight simulated normal ECGs",
            "sample",
            True,
            False,
            gradients.gradient_shap,
        ),
        "segment_ablation": Method(
            "Ablation by second of each lead",
            "How much the score falls when the model is not shown one second of a lead.",
            "the same ECG without the segment",
            "second",
            True,
            False,
            ablation.by_segment,
        ),
        "integrated_gradients": Method(
            "Integrated gradients from masked leads",
            "Gradients of the score summed on the way from a lead that the model is not shown "
            "to the lead as it is: ablation by lead, shared out over time.",
            "the same ECG without the lead",
            "sample",
            True,
            False,
            gradients.from_masked_leads,
        ),
    }
)
