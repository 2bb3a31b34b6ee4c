"""Sums and checks of maps, computed once for one visitor.

As in `lamae.app.cache`, which has the maps themselves.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from lamae.app import cache
from lamae.app.cache import ABOUT_AN_ECG
from lamae.ecg import ECG, WINDOW
from lamae.errors import SignalError
from lamae.results.attribution import Attribution, BeatMap, Check, Curves, TimeSums, WaveSums
from lamae.results.measurement import MedianBeat

# What a map is compared with: one method that masks, two that follow gradients.
COMPARED = ("input_x_gradient", "gradient_shap", "segment_ablation")


def completeness(own: Attribution) -> Check | None:
    """Whether the parts add up; None for methods that promise no sum."""
    from lamae.inference.attribution.checks import completeness_check

    return completeness_check(own)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def sums(
    ecg: ECG, code: str, method: str, start: float, against: str | None, _own: Attribution
) -> tuple[WaveSums, BeatMap | None, MedianBeat | None] | None:
    """A map summed over waves and averaged over beats; None where waves cannot be told."""
    from lamae.inference.attribution import beat_map, find_waves, wave_sums

    try:
        beats = find_waves(ecg.window(start, WINDOW))
    except SignalError:
        return None
    return (
        wave_sums(_own, beats, ecg.fs, start),
        beat_map(_own, beats, ecg.fs, start),
        beats.median,
    )


def over_time(ecg: ECG, own: Attribution, by: str, start: float) -> TimeSums:
    """A map summed over all leads, by "second" or by "beat"."""
    from lamae.inference.attribution import time_sums

    bundle = cache.predictor().bundle
    patch = bundle.config.patch / bundle.input.fs
    window = ecg.window(start, WINDOW)
    return time_sums(own, window, by=by, patch=patch, fs=ecg.fs, start=start)


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def faithfulness(
    ecg: ECG, code: str, method: str, start: float, against: str | None, _own: Attribution
) -> tuple[Curves, tuple[Check, ...]]:
    """Whether the score follows the map, and whether other methods agree with it."""
    from lamae.inference.attribution.checks import agreement_check
    from lamae.inference.attribution.curves import curves, deletion_check, insertion_check

    bar = _Bar("Masking the ECG in the map's order, and in others")
    predictor = cache.predictor()
    found = curves(predictor, ecg, _own, start=start, progress=bar.advance)
    bar.remove()
    others = {
        cache.methods()[name].title: cache.attribution(ecg, code, name, start, against)
        for name in COMPARED
        if name != method
    }
    return found, (
        deletion_check(found),
        insertion_check(found),
        agreement_check(_own, others, ecg, predictor, start),
    )


@st.cache_data(show_spinner=False, **ABOUT_AN_ECG)
def robustness(
    ecg: ECG, code: str, method: str, start: float, against: str | None, _own: Attribution
) -> tuple[Check, ...]:
    """Whether the map changes with the weights, and stays under noise."""
    from lamae.inference.attribution import explain
    from lamae.inference.attribution.checks import randomisation_check, stability_check

    predictor = cache.predictor()
    bar = _Bar("Making the map of shuffled weights")

    def make(model: Any, of: ECG) -> Attribution:
        return explain(
            model,
            of,
            code,
            method=method,
            start=start,
            against=against,
            progress=bar.breathe,
        )

    changed = randomisation_check(
        _own, lambda model: make(model, ecg), ecg, predictor, start, progress=bar.advance
    )
    bar.remove()
    bar = _Bar("Making the map of noisy copies")
    stable = stability_check(
        _own, lambda noisy: make(predictor, noisy), ecg, predictor, start, progress=bar.advance
    )
    bar.remove()
    return changed, stable


class _Bar:
    """A progress bar with its words."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.share = 0.0
        self.bar = st.progress(0.0, words)
        self.remove: Callable[[], Any] = self.bar.empty

    def advance(self, share: float) -> None:
        """Show how much is done; here a click elsewhere interrupts."""
        self.share = min(max(share, 0.0), 1.0)
        self.bar.progress(self.share, self.words)

    def breathe(self, share: float) -> None:
        """The same, from a part of the work: the bar stays where it is."""
        self.advance(self.share)
