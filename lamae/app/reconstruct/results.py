"""The reconstructed signal on the screen: sheet, errors by lead and wave, and masking curve."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.app.progress import on_request, progress
from lamae.app.reconstruct.masking import RATIO, View
from lamae.ecg import LEADS
from lamae.inference.analysis import Analysis
from lamae.measure.quality import READABLE
from lamae.results.masking import Masking
from lamae.results.reconstruction import Band, LeadError, Reconstruction
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
MEANS_LITTLE = "an error against it means little"


def sheet(
    analysis: Analysis, masking: Masking, view: View, key: str, touched: Callable[[], None]
) -> None:
    """Draw the reconstruction over the truth, and note where each lead lies for the boxes.

    Args:
        analysis: Of the window.
        masking: What is masked; nothing draws the signal alone.
        view: How to show it.
        key: Of the chart.
        touched: Called after a click or a box.
    """
    band = None
    if not masking.nothing and "Range" in view.also:
        with st.spinner("Reconstructing it again"):
            band = analysis.band(masking)
    figure = figures.reconstruction(
        analysis.unmasked if masking.nothing else analysis.reconstruction(masking),
        layout=view.layout,
        show_linear="Regression" in view.also,
        show_residual="Residual" in view.also,
        band=band,
        play=not masking.nothing,
        drag=view.drag,
        unread={lead.lead: lead.verdict for lead in analysis.readable.left_out},
        dark=widgets.dark(),
    )
    st.session_state.reconstructed_places = figure.layout.meta["places"]
    widgets.sheet(figure, key, on_select=touched, boxes=view.drag == "select")
    if band is not None:
        st.caption(about_band(band))


def about_band(band: Band) -> str:
    """What the range between reconstructions is, and what it is not."""
    return (
        f"Range: 10th to 90th percentile of {band.draws} reconstructions, each from a random "
        f"{band.shown:.0%} of what is visible. It is no confidence interval: it holds the true "
        f"signal at {band.coverage:.0%} of the masked samples."
    )


def doubts(analysis: Analysis, found: Reconstruction) -> str:
    """A sentence on masked leads that cannot be read; empty where there are none."""
    verdicts = {lead.lead: lead.verdict for lead in analysis.quality}
    poor = [
        f"{error.lead} is {verdicts[error.lead]}"
        for error in found.errors
        if verdicts[error.lead] not in READABLE
    ]
    if not poor:
        return ""
    return f"{', '.join(poor)} in this recording: {MEANS_LITTLE}."


def errors(analysis: Analysis, masking: Masking) -> None:
    """The errors by lead and by wave, as tables and files."""
    found = analysis.reconstruction(masking)
    st.subheader("Error on masked samples", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    table = _table(found.errors)
    with left:
        widgets.table(table, {name: FORMATS[name] for name in table.columns if name in FORMATS})
        st.caption(
            "Root mean square error after the model's 0.5–40 Hz filter. Regression: linear, from "
            "the leads visible at the same moment, fitted on the training ECGs. Algebra: "
            "Einthoven's and Goldberger's relations; a dash where they determine nothing."
            + (
                " Reach: the share of the masked signal that they determine; their error, and the "
                "model's there, are over this share."
                if "Model there (mV)" in table.columns
                else ""
            )
        )
    with right:
        waves = by_wave(analysis, masking)
    with st.container(horizontal=True):
        widgets.download(table, "reconstruction_errors", "Errors as CSV")
        widgets.download(waves, "reconstruction_errors_by_wave", "Errors by wave as CSV")
        widgets.download(
            signals_of(found, analysis.shown_with(masking.leads).leads),
            "reconstructed_signals",
            "Signals as CSV",
        )


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


def by_wave(analysis: Analysis, masking: Masking) -> pd.DataFrame:
    """Draw the errors by lead and wave, and give them as a table."""
    errors = wave_errors(analysis.reconstruction(masking), analysis.waves(masking.leads))
    widgets.chart(figures.wave_errors(errors, dark=widgets.dark()), "wave_errors")
    named = {error.wave for error in errors} - {"QRS", "rest"}
    st.caption(
        "The model's error in mV by wave, shaded by its ratio to regression: teal where the model "
        "is better, brown where regression is. "
        + (
            "Waves as delineated on the median beat."
            if named
            else "No median beat could be delineated: QRS within 60 ms of R, and the rest."
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
def curve(analysis: Analysis) -> None:
    """Error against the masking ratio of every lead, computed on request."""
    st.subheader("Error against masking ratio", anchor=False)
    wanted = f"curve_{analysis.shown.digest[:12]}_{analysis.start:g}"
    if not st.session_state.get(wanted):
        st.caption("Patches of every lead masked at random, 5 to 95 %, and reconstructed.")
        on_request("Compute the curve", "compute_curve", wanted)
        return
    with progress("Reconstructing at ten masking ratios") as report:
        found = analysis.masking_curve(report)
    ratio = float(st.session_state.get(RATIO, 0.0))
    widgets.chart(
        figures.masking_curve(found, ratio=ratio or None, dark=widgets.dark()), "masking_curve"
    )
    st.caption(
        f"Root mean square error on masked samples, mean of {found.draws} draws. Regression uses "
        "the same moment only, and gives 0 mV where no lead is visible; the model uses other "
        "moments, too."
    )
    widgets.download(
        pd.DataFrame(
            {
                "Masking ratio": found.ratios,
                "Model (mV)": found.model,
                "Regression (mV)": found.linear,
            }
        ),
        "masking_curve",
    )
