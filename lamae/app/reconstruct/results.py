"""The reconstructed signal on the screen: the sheet, errors by wave, and the curve over shares."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.reconstruct import exploring
from lamae.app.reconstruct.masking import SHARE, View
from lamae.ecg import ECG, LEADS
from lamae.measure.quality import READABLE
from lamae.results.masking import Masking
from lamae.results.quality import LeadQuality
from lamae.results.reconstruction import LeadError, Reconstruction
from lamae.signal.reconstruction_error import wave_errors

FORMATS = {
    "Masked": "{:.0%}",
    "Model (mV)": "{:.3f}",
    "Regression (mV)": "{:.3f}",
    "Algebra (mV)": "{:.3f}",
    "Reach": "{:.0%}",
    "Model there (mV)": "{:.3f}",
    "Correlation": "{:.2f}",
}


def sheet(
    ecg: ECG,
    start: float,
    unread: Sequence[LeadQuality],
    masked: Masking,
    view: View,
    found: Reconstruction | None,
    key: str,
    touched: Callable[[], None],
) -> None:
    """Draw what was reconstructed over what is true, and note where each lead stands for the boxes.

    Args:
        ecg: The recording as the model is shown it, and what is masked.
        start: Where the window starts, in s.
        unread: Leads of the recording that cannot be read.
        masked: What is masked.
        view: How to show it.
        found: What was reconstructed; None where nothing is masked.
        key: Of the chart.
        touched: Called after a click or a box.
    """
    band = None
    if found is None:
        found = exploring.untouched(ecg, start)
    elif "Range" in view.also:
        band = exploring.band(ecg, start, masked)
    figure = figures.reconstruction(
        found,
        layout=view.layout,
        show_linear="Regression" in view.also,
        show_residual="Residual" in view.also,
        band=band,
        play=not masked.nothing,
        drag=view.drag,
        unread={lead.lead: lead.verdict for lead in unread},
        dark=widgets.dark(),
    )
    st.session_state.reconstructed_places = figure.layout.meta["places"]
    widgets.sheet(figure, key, on_select=touched, boxes=view.drag == "select")
    if band is not None:
        st.caption(
            f"Range: 10th to 90th percentile of {band.draws} reconstructions, each from a random "
            f"{band.shown:.0%} of what is visible. It says how much the reconstruction hangs "
            "on what "
            "was seen and is no confidence interval: the true signal lies within it at "
            f"{band.coverage:.0%} of the masked samples."
        )


def doubts(ecg: ECG, start: float, found: Reconstruction) -> str:
    """A sentence on masked leads whose truth is none, empty where there are none."""
    verdicts = {lead.lead: lead.verdict for lead in cache.quality(ecg, start)}
    poor = [
        f"{error.lead} is {verdicts[error.lead]}"
        for error in found.errors
        if verdicts[error.lead] not in READABLE
    ]
    if not poor:
        return ""
    return f"{', '.join(poor)} in this recording: an error against it means little."


def errors(ecg: ECG, start: float, found: Reconstruction) -> None:
    """The errors by lead and by wave, as tables and files."""
    st.subheader("Error on masked samples", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    table = _table(found.errors)
    with left:
        widgets.table(table, {name: FORMATS[name] for name in table.columns if name in FORMATS})
        st.caption(
            "Root mean square error after the model's own 0.5–40 Hz filter. Regression: linear, "
            "from the leads visible at the same moment, fitted on the training ECGs. Algebra: "
            "Einthoven's and Goldberger's relations; a dash where they do not reach."
            + (
                " Reach: the share of what is masked that they determine; their error is that of "
                "this share, as is the model's there."
                if "Model there (mV)" in table.columns
                else ""
            )
        )
    with right:
        waves = by_wave(ecg, start, found)
    with st.container(horizontal=True):
        widgets.download(table, "reconstruction_errors", "Errors as CSV")
        widgets.download(waves, "reconstruction_errors_by_wave", "Errors by wave as CSV")
        widgets.download(signals_of(found, ecg.leads), "reconstructed_signals", "Signals as CSV")


def _table(errors: Sequence[LeadError]) -> pd.DataFrame:
    partly = {
        "Reach": [error.algebra_reach for error in errors],
        "Model there (mV)": [error.rmse_in_reach for error in errors],
    }
    if all(error.algebra_reach in (0, 1) for error in errors):
        partly = {}
    return pd.DataFrame(
        {
            "Lead": [error.lead for error in errors],
            "Masked": [error.masked_share for error in errors],
            "Model (mV)": [error.rmse for error in errors],
            "Regression (mV)": [error.linear_rmse for error in errors],
            "Algebra (mV)": [error.algebra_rmse for error in errors],
            **partly,
            "Correlation": [error.pearson_r for error in errors],
        }
    )


def by_wave(ecg: ECG, start: float, found: Reconstruction) -> pd.DataFrame:
    """Draw the errors by lead and wave.

    Returns:
        Them as a table.
    """
    errors = wave_errors(found, exploring.waves(ecg, start))
    widgets.chart(figures.wave_errors(errors, dark=widgets.dark()), "wave_errors")
    named = {error.wave for error in errors} - {"QRS", "rest"}
    st.caption(
        "The model's error in mV by wave; shaded by its ratio to regression, teal where the model "
        "is better, brown where regression is. "
        + (
            "Waves as marked on the median beat, at every beat."
            if named
            else "No median beat could be marked: QRS within 60 ms of R, and the rest."
        )
    )
    return pd.DataFrame(
        [
            {
                "Lead": error.lead,
                "Wave": error.wave,
                "Masked (s)": error.seconds,
                "Model (mV)": error.rmse,
                "Regression (mV)": error.linear_rmse,
                "Algebra (mV)": error.algebra_rmse,
            }
            for error in errors
        ]
    )


def signals_of(found: Reconstruction, leads: Sequence[str]) -> pd.DataFrame:
    """Truth, reconstructed signal and what was masked, one row a sample."""
    columns = {"time_s": [found.start + i / found.fs for i in range(found.target.shape[1])]}
    for lead in leads:
        row = LEADS.index(lead)
        columns[f"{lead}_mV"] = found.target[row]
        columns[f"{lead}_reconstructed_mV"] = found.output[row]
        columns[f"{lead}_masked"] = found.masked[row]
    return pd.DataFrame(columns)


@st.fragment
def curve(ecg: ECG, start: float) -> None:
    """Error against the share masked of every lead, computed when it is asked for."""
    st.subheader("Error against masked share", anchor=False)
    wanted = f"curve_{ecg.digest[:12]}_{start:g}"
    if not st.session_state.get(wanted):
        st.caption("Patches of every lead masked at random, 5 to 95 %, and reconstructed.")
        exploring.on_demand("Compute the curve", "compute_curve", wanted)
        return
    found = exploring.masking_curve(ecg, start)
    share = float(st.session_state.get(SHARE, 0.0))
    widgets.chart(
        figures.masking_curve(found, share=share or None, dark=widgets.dark()), "masking_curve"
    )
    st.caption(
        f"Root mean square over all masked samples, mean of {found.draws} draws. Regression looks "
        "at the same moment only, and says 0 mV where no lead is visible; the model sees other "
        "moments, too."
    )
    widgets.download(
        pd.DataFrame(
            {
                "Masked share": found.shares,
                "Model (mV)": found.model,
                "Regression (mV)": found.linear,
            }
        ),
        "masking_curve",
    )
