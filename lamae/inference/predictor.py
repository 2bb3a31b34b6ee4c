"""The trained model applied to ECGs; safe to share between threads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64
from torch import Tensor

from lamae.ecg import ECG, LEADS, lead_indices, shown_leads
from lamae.ecg.statements import ICD10_TITLES, STATEMENTS, statement_indices
from lamae.errors import InputError, WeightsError
from lamae.inference.attention import attention_of
from lamae.inference.bundle import Bundle, load_bundled
from lamae.inference.masking import mask_parts
from lamae.model import Classifier
from lamae.model.classifier import code_logits
from lamae.results.attention import LeadAttention
from lamae.results.masking import Masking, Segment
from lamae.results.prediction import CodeScore, Prediction, StatementScore
from lamae.results.reconstruction import Reconstruction
from lamae.results.verdict import read_cuts, verdict
from lamae.signal.preprocess import InputSpec, Prepared, prepare
from lamae.signal.reconstruction_error import compare

STAGES = ("pretrained", "fine-tuned")


class Predictor:
    """A bundle and what it can say about an ECG.

    Nothing is kept between calls and no hook is ever set, so visitors can share one.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.members = statement_indices([rule.code for rule in bundle.rules])
        known = read_cuts(bundle.card)
        self._cuts = known[1] if known else {}

    @classmethod
    def bundled(cls) -> "Predictor":
        """The predictor with the weights that come with the project.

        Raises:
            WeightsError: They are missing or damaged.
        """
        return cls(load_bundled())

    @property
    def name(self) -> str:
        """Name of the weights."""
        return str(self.card.get("name", "LAMAE"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights file."""
        return self.bundle.sha256

    @property
    def card(self) -> Mapping[str, Any]:
        """Where the weights come from and what they can do."""
        return self.bundle.card

    @property
    def spec(self) -> InputSpec:
        """What the model takes."""
        return self.bundle.input

    @property
    def patch_seconds(self) -> float:
        """Length of a patch in s."""
        return self.bundle.config.patch / self.spec.fs

    @property
    def codes(self) -> tuple[str, ...]:
        """The ICD-10-CM codes that the model may suggest."""
        return tuple(rule.code for rule in self.bundle.rules)

    @property
    def classifier(self) -> Classifier:
        """The fine-tuned classifier.

        Raises:
            WeightsError: The weights were pretrained only.
        """
        if self.bundle.classifier is None:
            raise WeightsError(
                "These weights were pretrained but not fine-tuned, so they suggest no codes; "
                "run `python -m lamae finetune` first."
            )
        return self.bundle.classifier

    def predict(
        self, ecg: ECG, *, start: float = 0.0, leads: Sequence[str] | None = None
    ) -> Prediction:
        """Score every ICD-10-CM code and statement.

        Args:
            ecg: A recording with any of the twelve leads.
            start: Where the ten-second window starts, in s.
            leads: Show the model these leads only.

        Raises:
            InputError: The window or a lead does not exist.
            WeightsError: The weights were pretrained only.
        """
        prepared = prepare(ecg, self.spec, start)
        shown = shown_leads(ecg, leads)
        x, visible = self.model_input(prepared, shown)
        with torch.inference_mode():
            logits = self.classifier(x, visible)
        probabilities = self.probabilities(logits)[0]
        statement_probability = torch.sigmoid(logits[0]).tolist()
        statements = [
            StatementScore(statement.name, statement.description, probability, statement.confidence)
            for statement, probability in zip(STATEMENTS, statement_probability, strict=True)
        ]
        tested = self.card.get("results", {}).get("test", {}).get("icd10", {}).get("codes", {})
        codes = []
        for rule, member, probability, said in zip(
            self.bundle.rules,
            self.members,
            probabilities.tolist(),
            self.verdicts(probabilities),
            strict=True,
        ):
            figures = tested.get(rule.code, {})
            interval = figures.get("ci")
            codes.append(
                CodeScore(
                    code=rule.code,
                    title=ICD10_TITLES[rule.code],
                    probability=probability,
                    threshold=rule.threshold,
                    verdict=said,
                    statements=tuple(sorted((statements[i] for i in member), key=_by_probability)),
                    auroc=figures.get("auroc"),
                    auroc_interval=(interval[0], interval[1]) if interval else None,
                )
            )
        codes.sort(key=lambda code: code.probability / code.threshold, reverse=True)
        return Prediction(
            codes=tuple(codes),
            statements=tuple(sorted(statements, key=_by_probability)),
            start=start,
            seconds=prepared.seconds,
            leads=shown,
        ).as_far_as_tested()

    def probabilities(
        self, logits: Float[Tensor, "B statements"]
    ) -> Float64[np.ndarray, "B codes"]:
        """Calibrated probability of each code, in the order of `codes`."""
        scores = code_logits(logits, self.members).numpy()
        pairs = zip(self.bundle.rules, scores.T, strict=True)
        return np.stack([rule.probability(score) for rule, score in pairs], axis=-1)

    def verdicts(self, probabilities: Float64[np.ndarray, " codes"]) -> list[str]:
        """What is said of each code of one ECG, see `lamae.results.verdict`."""
        return [
            verdict(self._cuts.get(rule.code), probability, rule.threshold)
            for rule, probability in zip(self.bundle.rules, probabilities.tolist(), strict=True)
        ]

    def statement_logits(
        self,
        values: Float32[np.ndarray, "n 12 time"],
        present: Bool[np.ndarray, "n 12"],
    ) -> Float32[np.ndarray, "n 71"]:
        """Log-odds of every statement for ECGs that are prepared already."""
        patches = self.bundle.config.patches
        visible = torch.from_numpy(present)[:, :, None].expand(-1, -1, patches)
        with torch.inference_mode():
            return self.classifier(torch.from_numpy(values), visible).numpy()

    def code_score(
        self, x: Float[Tensor, "B 12 T"], visible: Bool[Tensor, "B 12 N"], code: str
    ) -> Float[Tensor, " B"]:
        """A code's score (log-odds before calibration), differentiable with respect to x.

        Raises:
            InputError: The model does not offer this code.
            WeightsError: The weights were pretrained only.
        """
        classifier, members = self.classifier, (self.members[self.code_index(code)],)
        return code_logits(classifier(x, visible), members)[:, 0]

    def code_index(self, code: str) -> int:
        """Which of `codes` this one is.

        Raises:
            InputError: The model does not offer this code.
        """
        if code not in self.codes:
            raise InputError(
                f"The model does not score the code {code!r}; expected one of "
                f"{', '.join(self.codes)}."
            )
        return self.codes.index(code)

    def reconstruct(
        self,
        ecg: ECG,
        *,
        start: float = 0.0,
        mask: Sequence[str] = (),
        share: float = 0.0,
        seed: int = 0,
        segments: Sequence[Segment] = (),
    ) -> Reconstruction:
        """Mask parts of an ECG and reconstruct them.

        Args:
            ecg: A recording with any of the twelve leads.
            start: Where the ten-second window starts, in s.
            mask: Leads to mask wholly.
            share: Share of the patches to mask in each other lead, 0 to 0.95.
            seed: Of the patches drawn.
            segments: Also mask the patches whose middle lies in these.

        Raises:
            InputError: A lead is unknown or not in the recording, nothing is masked, nothing
                stays visible or the share is out of range.
        """
        masking = Masking(tuple(mask), tuple(segments), share, seed)
        lead_indices(mask)
        absent = [lead for lead in mask if lead not in ecg.leads]
        if absent:
            raise InputError(
                f"Lead {', '.join(absent)} is not in this recording, so there is no truth to "
                "compare with; mask another lead."
            )
        prepared = prepare(ecg, self.spec, start)
        x, available = self.model_input(prepared, ecg.leads)
        visible = mask_parts(available, masking, start, self.patch_seconds)
        each = self.bundle.config.patch
        seen = visible[0].numpy().repeat(each, axis=1)
        masked = (available & ~visible)[0].numpy().repeat(each, axis=1) & prepared.present
        if not masked.any():
            raise InputError("Nothing is masked; choose leads or a larger share to mask.")
        with torch.inference_mode():
            reconstructed = self.bundle.mae(x, visible)[0].numpy()
        scale = np.float32(self.spec.scale)
        return compare(
            prepared.values * scale,
            reconstructed * scale,
            seen,
            masked,
            prepared.present,
            self.bundle.moments,
            fs=self.spec.fs,
            start=start,
        )

    def attention(
        self, ecg: ECG, *, start: float = 0.0, stage: str = "pretrained"
    ) -> LeadAttention:
        """How z weighs the leads, and how leads attend to each other.

        Args:
            ecg: A recording with any of the twelve leads.
            start: Where the ten-second window starts, in s.
            stage: One of `STAGES`: the masked autoencoder's attention or the classifier's.

        Raises:
            InputError: The stage is unknown.
            WeightsError: The stage, or attention across leads, is not in these weights.
        """
        if stage not in STAGES:
            raise InputError(f"The stage is {stage!r}; expected 'pretrained' or 'fine-tuned'.")
        if not self.bundle.config.latent_depth:
            raise WeightsError("These weights keep leads apart: they have no lead attention.")
        model = self.bundle.mae if stage == "pretrained" else self.classifier
        x, visible = self.model_input(prepare(ecg, self.spec, start), ecg.leads)
        with torch.inference_mode():
            latent = model.backbone(x, visible, want_attention=True)
        return attention_of(
            latent, ecg.leads, self.bundle.config.patches, start, self.patch_seconds
        )

    def model_input(
        self, prepared: Prepared, leads: Sequence[str]
    ) -> tuple[Float[Tensor, "1 12 T"], Bool[Tensor, "1 12 N"]]:
        """Tensors for the model: the signal, and the patches that hold it.

        A patch counts where at least half of its samples were recorded.
        """
        share = prepared.present.reshape(len(LEADS), -1, self.bundle.config.patch).mean(axis=-1)
        available = share >= 0.5
        available[[row for row, lead in enumerate(LEADS) if lead not in leads]] = False
        return torch.from_numpy(prepared.values)[None], torch.from_numpy(available)[None]


def _by_probability(statement: StatementScore) -> float:
    return -statement.probability
