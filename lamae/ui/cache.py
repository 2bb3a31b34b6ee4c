"""What is computed once: the model for everyone, results about an ECG for one visitor only.

Results are kept in the visitor's own session, few of them, and not for long. They are keyed
by `ECG.digest`: Streamlit samples large arrays when it hashes them, so two long ECGs could
be taken for one another.
"""

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from lamae import measure
from lamae.ecg import ECG
from lamae.results import Attribution, LeadAttention, Prediction, Reconstruction
from lamae.ui.session import WINDOW

if TYPE_CHECKING:
    from lamae.predict import Predictor


def _digest(ecg: ECG) -> str:
    return ecg.digest


_about_an_ecg: dict[str, Any] = {
    "scope": "session",
    "max_entries": 16,
    "ttl": "30m",
    "hash_funcs": {ECG: _digest},
}


@st.cache_resource(show_spinner="Loading the model")
def predictor() -> "Predictor":
    """The bundled model, shared by all visitors.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    # torch takes seconds to import: the paper is drawn before the model is wanted.
    from lamae.predict import Predictor

    return Predictor.bundled()


@st.cache_data(show_spinner=False, **_about_an_ecg)
def heart_rate(ecg: ECG, start: float) -> measure.HeartRate:
    """Our estimate of the heart rate in the window from `start` s."""
    return measure.heart_rate(ecg.window(start, WINDOW))


@st.cache_data(show_spinner=False, **_about_an_ecg)
def quality(ecg: ECG, start: float) -> tuple[measure.LeadQuality, ...]:
    """Signal quality of the twelve leads in the window from `start` s."""
    return measure.signal_quality(ecg.window(start, WINDOW))


def usable(ecg: ECG, start: float) -> tuple[bool, str]:
    """Whether the window from `start` s is fit for the model, and why not."""
    return measure.usable(quality(ecg, start))


@st.cache_data(show_spinner="Reading the codes", **_about_an_ecg)
def prediction(ecg: ECG, start: float) -> Prediction:
    """The codes that the window from `start` s suggests."""
    return predictor().predict(ecg, start=start)


@st.cache_data(show_spinner="Restoring the signal", **_about_an_ecg)
def reconstruction(
    ecg: ECG, start: float, hide: tuple[str, ...], share: float, seed: int
) -> Reconstruction:
    """The window from `start` s with leads and patches hidden, and restored."""
    return predictor().reconstruct(ecg, start=start, hide=hide, share=share, seed=seed)


@st.cache_data(show_spinner="Reading the attention", **_about_an_ecg)
def attention(ecg: ECG, start: float, stage: Literal["pretrained", "fine-tuned"]) -> LeadAttention:
    """How the model weighs and connects the leads of the window from `start` s."""
    return predictor().attention(ecg, start=start, stage=stage)


def methods() -> dict[str, Any]:
    """The attribution methods, the quickest first."""
    from lamae.attribute import METHODS

    return dict(METHODS)


@st.cache_data(show_spinner=False, **_about_an_ecg)
def attribution(ecg: ECG, code: str, method: str, start: float) -> Attribution:
    """What raised and lowered a code's score, with a progress bar while it is computed."""
    from lamae.attribute import explain

    # The bar is made and removed in here: Streamlit cannot replay a cached function that
    # writes to an element from outside.
    words = "Computing the attribution"
    bar = st.progress(0.0, words)

    def advance(share: float) -> None:
        bar.progress(min(max(share, 0.0), 1.0), words)

    found = explain(predictor(), ecg, code, method=method, start=start, progress=advance)
    bar.empty()
    return found
