"""What is computed once: the model for everyone, results about an ECG for one visitor only.

Results are kept in the visitor's own session, few of them, and not for long. They are keyed
by `ECG.digest`: Streamlit samples large arrays when it hashes them, so two long ECGs could
be taken for one another.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st

from lamae import measure
from lamae.app import library
from lamae.ecg import ECG, WINDOW
from lamae.measure.amplitude import Amplitude
from lamae.measure.amplitude import amplitudes as measure_amplitudes
from lamae.results.attention import LeadAttention
from lamae.results.attribution import Attribution
from lamae.results.measurement import Measurements
from lamae.results.prediction import Prediction

if TYPE_CHECKING:
    from lamae.inference.predictor import Predictor
    from lamae.results.input_check import InputCheck


# How long the names in a folder stand before it is listed again: nothing tells when one changed.
LISTED = "10m"


def _digest(ecg: ECG) -> str:
    return ecg.digest


ABOUT_AN_ECG: dict[str, Any] = {
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
    from lamae.inference.predictor import Predictor

    return Predictor.bundled()


def table(root: Path) -> library.Catalogue:
    """PTB-XL's table in the library, read once for all visitors until it changes.

    Raises:
        ReadError: It is not PTB-XL's table, or its recordings are not there.
    """
    return _table(root, library.stamp(root))


@st.cache_resource(show_spinner="Reading the library's table", max_entries=2)
def _table(root: Path, stamp: tuple[int, int]) -> library.Catalogue:
    return library.read_table(root)


@st.cache_resource(show_spinner="Listing the library", max_entries=8, ttl=LISTED)
def names(root: Path, parts: tuple[str, ...]) -> library.Catalogue:
    """Names of the records in a folder of the library, listed once for all visitors for a while.

    Raises:
        InputError: A part is not the name of a folder there.
        ReadError: The folder cannot be read.
    """
    return library.read_names(root, parts)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def heart_rate(ecg: ECG, start: float) -> measure.HeartRate:
    """Our estimate of the heart rate in the window from `start` s."""
    return measure.heart_rate(ecg.window(start, WINDOW))


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def quality(ecg: ECG, start: float) -> tuple[measure.LeadQuality, ...]:
    """Signal quality of the twelve leads in the window from `start` s."""
    return measure.signal_quality(ecg.window(start, WINDOW))


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def measurements(ecg: ECG, start: float) -> Measurements:
    """Our measurements in the window from `start` s."""
    return measure.measurements(ecg.window(start, WINDOW))


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def amplitudes(ecg: ECG, start: float) -> tuple[Amplitude, ...]:
    """How far each recorded lead swings in the window from `start` s."""
    return measure_amplitudes(ecg.window(start, WINDOW))


def readable(ecg: ECG, start: float) -> "InputCheck":
    """Which leads of the window from `start` s can be read; known ECGs are not asked."""
    from lamae.inference import input_check

    return input_check.check_input(None, ecg, quality(ecg, start), start)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def fitness(ecg: ECG, start: float) -> "InputCheck":
    """Whether the window from `start` s may be given codes, and from which leads.

    Raises:
        LamaeError: The model cannot be loaded.
    """
    from lamae.inference import input_check

    found = readable(ecg, start)
    said = measure.doubt(measurements(ecg, start))
    if not found.usable:
        return replace(found, electrodes=said)
    return input_check.check_input(predictor(), ecg, quality(ecg, start), start, said)


def shown(ecg: ECG, start: float, also: Sequence[str] = ()) -> ECG:
    """The ECG as the model is shown it: without leads that the window from `start` s has spoilt.

    Codes, attention and maps are asked of this one: of the whole ECG the model would read a flat
    or noisy lead as if it were the heart's. `also` are leads to keep in any case.
    """
    kept = (*readable(ecg, start).leads, *also)
    return ecg if set(ecg.leads) <= set(kept) else _only(ecg, kept)


# An ECG cannot be pickled, so the very same one is kept; it is as large as the recording.
@st.cache_resource(
    show_spinner=False, scope="session", max_entries=2, ttl="30m", hash_funcs={ECG: _digest}
)
def _only(ecg: ECG, leads: tuple[str, ...]) -> ECG:
    return ecg.only(leads)


@st.cache_data(show_spinner="Reading the codes", **ABOUT_AN_ECG)
def prediction(ecg: ECG, start: float) -> Prediction:
    """The codes that the window from `start` s suggests."""
    return predictor().predict(ecg, start=start)


@st.cache_data(show_spinner="Reading the attention", **ABOUT_AN_ECG)
def attention(ecg: ECG, start: float, stage: Literal["pretrained", "fine-tuned"]) -> LeadAttention:
    """How the model weighs and connects the leads of the window from `start` s."""
    return predictor().attention(ecg, start=start, stage=stage)


def methods() -> dict[str, Any]:
    """The attribution methods, the quickest first."""
    from lamae.inference.attribution import METHODS

    return dict(METHODS)


def attribution(
    ecg: ECG, code: str, method: str, start: float, against: str | None = None
) -> Attribution:
    """What raised and lowered a code's score, with a progress bar while it is computed.

    Raises:
        LamaeError: The method cannot explain this window.
    """
    found = _attribution(ecg, code, method, start, against)
    values = np.zeros(ecg.signal.shape, dtype=np.float32)
    values[:, _inside(ecg, start)] = found.values
    return replace(found, values=values)


def _inside(ecg: ECG, start: float) -> slice:
    """The samples of the window from `start` s, where alone an attribution has values."""
    first = round(start * ecg.fs)
    return slice(max(0, first - 1), first + round(WINDOW * ecg.fs) + 1)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def _attribution(
    ecg: ECG, code: str, method: str, start: float, against: str | None
) -> Attribution:
    """The attribution, cut to its window: of a long recording nearly all of it is zero."""
    from lamae.inference.attribution import explain

    # The bar is made and removed in here: Streamlit cannot replay a cached function that
    # writes to an element from outside. A click anywhere interrupts at its next step.
    words = f"Computing: {methods()[method].title}"
    bar = st.progress(0.0, words)

    def advance(share: float) -> None:
        bar.progress(min(max(share, 0.0), 1.0), words)

    found = explain(
        predictor(), ecg, code, method=method, start=start, against=against, progress=advance
    )
    bar.empty()
    return replace(found, values=found.values[:, _inside(ecg, start)].copy())
