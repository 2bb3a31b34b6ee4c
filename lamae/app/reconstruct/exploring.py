"""What is computed once about an ECG that is explored: reconstructions, and sets of leads.

Kept as `lamae.app.cache` keeps its results: in the visitor's own session, few, not for long.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import streamlit as st
from jaxtyping import Bool

from lamae.app.cache import ABOUT_AN_ECG, heart_rate, measurements, predictor
from lamae.ecg import ECG
from lamae.results.lead_subsets import Robustness, SubsetScores
from lamae.results.masking import Masking
from lamae.results.reconstruction import Band, Imputation, MaskingCurve, Reconstruction
from lamae.signal.waves import wave_samples


@st.cache_data(show_spinner="Reconstructing the signal", **ABOUT_AN_ECG)
def reconstruction(ecg: ECG, start: float, masking: Masking) -> Reconstruction:
    """The window from `start` s with parts masked, and reconstructed."""
    return predictor().reconstruct(
        ecg,
        start=start,
        mask=masking.leads,
        share=masking.share,
        seed=masking.seed,
        segments=masking.segments,
    )


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def untouched(ecg: ECG, start: float) -> Reconstruction:
    """The window from `start` s as the model takes it, with nothing masked."""
    from lamae.signal.preprocess import prepare
    from lamae.signal.reconstruction_error import compare

    spec = predictor().spec
    found = prepare(ecg, spec, start)
    signal = found.values * np.float32(spec.scale)
    nowhere = np.zeros_like(found.present)
    moments = predictor().bundle.moments
    return compare(
        signal, signal, found.present, nowhere, found.present, moments, fs=spec.fs, start=start
    )


@st.cache_data(show_spinner="Reconstructing it again", **ABOUT_AN_ECG)
def band(ecg: ECG, start: float, masking: Masking) -> Band:
    """How far reconstructions of the same window differ."""
    from lamae.inference import reconstruction as inference

    found = reconstruction(ecg, start, masking)
    return inference.band(predictor(), ecg, found, masking)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def masking_curve(ecg: ECG, start: float) -> MaskingCurve:
    """Error against masked share, with a progress bar while it is computed."""
    from lamae.inference import reconstruction

    with progress("Reconstructing at ten shares") as advance:
        return reconstruction.masking_curve(predictor(), ecg, start=start, progress=advance)


def impute(
    ecg: ECG, start: float, leads: tuple[str, ...], unreadable: tuple[str, ...]
) -> Imputation:
    """The window with some leads filled by the model, which sees neither these nor `unreadable`.

    Not kept: it takes one forward pass, and an ECG cannot be pickled.
    """
    from lamae.inference import reconstruction

    return reconstruction.impute(predictor(), ecg, leads, unreadable=unreadable, start=start)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def waves(ecg: ECG, start: float) -> dict[str, Bool[np.ndarray, " time"]]:
    """Samples of each wave, at the model's rate."""
    spec = predictor().spec
    beat = measurements(ecg, start).beat
    return wave_samples(heart_rate(ecg, start).r_times, beat, spec.samples, spec.fs)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def without_each(ecg: ECG, start: float) -> SubsetScores:
    """The codes without each lead in turn."""
    from lamae.inference import lead_subsets

    with progress("Leaving out each lead") as advance:
        return lead_subsets.without_each(predictor(), ecg, start=start, progress=advance)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def removal(ecg: ECG, start: float, order: tuple[str, ...]) -> SubsetScores:
    """The codes as leads go one by one."""
    from lamae.inference import lead_subsets

    with progress("Removing leads") as advance:
        return lead_subsets.removal(predictor(), ecg, order, start=start, progress=advance)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def with_each(ecg: ECG, start: float, leads: tuple[str, ...]) -> SubsetScores:
    """The codes with some leads, and with each other one added."""
    from lamae.inference import lead_subsets

    with progress("Adding each lead") as advance:
        return lead_subsets.with_each(predictor(), ecg, leads, start=start, progress=advance)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def robustness(ecg: ECG, start: float) -> Robustness:
    """How far the codes move with fewer leads, with a progress bar while it is computed."""
    from lamae.inference import lead_subsets

    with progress("Trying sets of leads") as advance:
        return lead_subsets.robustness(predictor(), ecg, start=start, progress=advance)


def on_demand(label: str, key: str, wanted: str) -> None:
    """A button after which `wanted` stands in the session, so that what takes long is computed."""

    def want() -> None:
        st.session_state[wanted] = True

    st.button(label, key=key, on_click=want)


@contextmanager
def progress(words: str) -> Iterator[Callable[[float], None]]:
    """A bar that fills with the share done and goes when all is done."""
    bar = st.progress(0.0, words)

    def advance(share: float) -> None:
        bar.progress(min(max(share, 0.0), 1.0), words)

    try:
        yield advance
    finally:
        bar.empty()
