"""The trained model applied to ECGs; safe to share between threads."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64
from torch import Tensor

from lamae.ecg import ECG, LEADS, lead_indices, shown_leads
from lamae.ecg.labels import LabelSet
from lamae.errors import InputError, WeightsError
from lamae.inference.attention import attention_of
from lamae.inference.bundle import Bundle, load_bundled
from lamae.inference.masking import mask_parts
from lamae.inference.scores import by_probability, offered_codes, statement_scores
from lamae.model.classifier import code_logits
from lamae.model.families import FAMILIES, Classifies, Reconstructs
from lamae.results.attention import LeadAttention
from lamae.results.card import ModelCard
from lamae.results.masking import Masking, Segment
from lamae.results.prediction import Prediction
from lamae.results.reconstruction import Reconstruction
from lamae.results.verdict import verdict
from lamae.signal.preprocess import InputSpec, Prepared, prepare
from lamae.signal.reconstruction_error import compare

STAGES = ("pretrained", "fine-tuned")


class Predictor:
    """A bundle applied to ECGs.

    Nothing is kept between calls and no hook is ever set, so visitors can share one.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.members = bundle.labels.members(each.code for each in bundle.calibration)
        self._cuts = bundle.card.conformal.codes if bundle.card.conformal else {}

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
        return self.card.name

    @property
    def description(self) -> str:
        """What the model is, as the end of a sentence."""
        return FAMILIES[self.bundle.family].description

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights file."""
        return self.bundle.sha256

    @property
    def card(self) -> ModelCard:
        """Where the weights come from and what they can do."""
        return self.bundle.card

    @property
    def labels(self) -> LabelSet:
        """What the classifier's outputs stand for."""
        return self.bundle.labels

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
        """The codes that the model may suggest."""
        return tuple(each.code for each in self.bundle.calibration)

    @property
    def classifier(self) -> Classifies:
        """The fine-tuned classifier.

        Raises:
            WeightsError: The weights were pretrained only.
        """
        if self.bundle.classifier is None:
            raise WeightsError(
                "These weights were pretrained but not fine-tuned, so they suggest no codes; "
                "run `lamae finetune` first."
            )
        return self.bundle.classifier

    @property
    def reconstructor(self) -> Reconstructs:
        """What reconstructs masked signal.

        Raises:
            WeightsError: The weights have no such part.
        """
        if self.bundle.reconstructor is None:
            raise WeightsError(
                f"These weights are of the family {self.bundle.family!r}, without a "
                "reconstructor, so they cannot reconstruct masked signal; use others, such as "
                "the bundled ones."
            )
        return self.bundle.reconstructor

    @property
    def moments(self) -> Float64[np.ndarray, "12 12"]:
        """Mean products of the leads, in squared model units, over the training ECGs.

        They give the linear regression between any leads.

        Raises:
            WeightsError: The weights have no reconstructor.
        """
        return self.reconstructor.moments.numpy()

    def predict(
        self, ecg: ECG, *, start: float = 0.0, leads: Sequence[str] | None = None
    ) -> Prediction:
        """Score every code that the model offers, and every statement.

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
        statements = statement_scores(self.labels, torch.sigmoid(logits[0]).tolist())
        found = self.verdicts(probabilities)
        return Prediction(
            codes=offered_codes(self.bundle, statements, probabilities.tolist(), found),
            statements=tuple(sorted(statements, key=by_probability)),
            start=start,
            seconds=prepared.seconds,
            leads=shown,
        ).as_far_as_tested()

    def probabilities(self, logits: Float[Tensor, "B outputs"]) -> Float64[np.ndarray, "B codes"]:
        """Calibrated probability of each code, in the order of `codes`."""
        scores = code_logits(logits, self.members).numpy()
        pairs = zip(self.bundle.calibration, scores.T, strict=True)
        return np.stack([each.probability(score) for each, score in pairs], axis=-1)

    def verdicts(self, probabilities: Float64[np.ndarray, " codes"]) -> list[str]:
        """The verdict on each code of one ECG, see `lamae.results.verdict`."""
        pairs = zip(self.bundle.calibration, probabilities.tolist(), strict=True)
        return [verdict(self._cuts.get(each.code), p, each.threshold) for each, p in pairs]

    def output_logits(
        self,
        values: Float32[np.ndarray, "n 12 time"],
        present: Bool[np.ndarray, "n 12"],
    ) -> Float32[np.ndarray, "n outputs"]:
        """Log-odds of every output of the label set for ECGs that are prepared already."""
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
                f"{self.card.without_code(code)}; expected one of {', '.join(self.codes)}."
            )
        return self.codes.index(code)

    def reconstruct(
        self,
        ecg: ECG,
        *,
        start: float = 0.0,
        mask: Sequence[str] = (),
        ratio: float = 0.0,
        seed: int = 0,
        segments: Sequence[Segment] = (),
    ) -> Reconstruction:
        """Mask parts of an ECG and reconstruct them.

        Args:
            ecg: A recording with any of the twelve leads.
            start: Where the ten-second window starts, in s.
            mask: Leads to mask wholly.
            ratio: Masking ratio of each other lead's patches, 0 to 0.95.
            seed: Of the patches drawn.
            segments: Also mask the patches whose middle lies in these.

        Raises:
            InputError: A lead is unknown or not in the recording, nothing is masked, nothing
                stays visible or the ratio is out of range.
            WeightsError: The weights have no reconstructor.
        """
        masking = Masking(tuple(mask), tuple(segments), ratio, seed)
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
            raise InputError("Nothing is masked; choose leads or a larger masking ratio.")
        with torch.inference_mode():
            reconstructed = self.reconstructor(x, visible)[0].numpy()
        scale = np.float32(self.spec.scale)
        return compare(
            prepared.values * scale,
            reconstructed * scale,
            seen,
            masked,
            prepared.present,
            self.moments,
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
            stage: One of `STAGES`: the pretrained backbone's attention or the classifier's.

        Raises:
            InputError: The stage is unknown.
            WeightsError: The stage, or attention across leads, is not in these weights.
        """
        if stage not in STAGES:
            raise InputError(f"The stage is {stage!r}; expected 'pretrained' or 'fine-tuned'.")
        if not self.bundle.config.latent_depth:
            raise WeightsError("These weights keep leads apart: they have no lead attention.")
        backbone = self.bundle.backbone if stage == "pretrained" else self.classifier.backbone
        x, visible = self.model_input(prepare(ecg, self.spec, start), ecg.leads)
        with torch.inference_mode():
            latent = backbone(x, visible, want_attention=True)
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
