"""Imputing a lead that is flat, noisy or missing: shown to people, never to the model."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import LEADS
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.results.reconstruction import Imputation

ALL_READABLE = "Every lead of this recording can be read. Any can be imputed, to compare."


@st.fragment
def show(analysis: Analysis) -> None:
    """Ask which leads to impute, show the sheet with them, and offer it.

    Args:
        analysis: Of the current ECG.
    """
    ecg = analysis.ecg
    st.subheader("Impute a lead", anchor=False)
    st.markdown(_found(analysis))
    leads = st.pills(
        "Leads to impute from the others",
        LEADS,
        selection_mode="multi",
        default=[lead.lead for lead in analysis.readable.left_out],
        format_func=lambda lead: lead if lead in ecg.leads else f"{lead} (missing)",
        key=f"impute_{ecg.digest[:12]}_{analysis.start:g}",
        persist_state="session",
        wrap=True,
    )
    if not leads:
        return
    chosen = tuple(lead for lead in LEADS if lead in leads)
    try:
        imputed = analysis.imputation(chosen)
    except LamaeError as error:
        widgets.trouble(error)
        return
    st.warning(
        f"**{', '.join(imputed.leads)} reconstructed by the model from "
        f"{', '.join(imputed.shown)}, not recorded.** {_expected(imputed.leads)} "
        "Codes, measurements and attention never read a reconstructed lead."
    )
    widgets.sheet(
        figures.imputed(
            imputed.reconstruction,
            imputed.leads,
            layout="12x1" if widgets.on_phone() else "6x2",
            dark=widgets.dark(),
        ),
        "imputed",
    )
    widgets.download(table(imputed), f"ecg_{'_'.join(imputed.leads)}_reconstructed", "Sheet as CSV")


def table(imputed: Imputation) -> pd.DataFrame:
    """The ECG with imputed leads, a row a sample; the heading of an imputed column names it.

    No reader of ours takes such a column for a recorded lead.
    """
    ecg = imputed.ecg
    columns = {"time_s": [i / ecg.fs for i in range(ecg.signal.shape[1])]}
    for lead in ecg.leads:
        name = f"{lead} reconstructed by the model" if lead in imputed.leads else f"{lead}_mV"
        columns[name] = ecg.lead(lead).tolist()
    return pd.DataFrame(columns)


def _found(analysis: Analysis) -> str:
    """Which leads cannot be read or were not recorded, in a sentence."""
    parts = [f"{lead.lead} is {lead.verdict}" for lead in analysis.readable.left_out]
    missing = [lead for lead in LEADS if lead not in analysis.ecg.leads]
    if missing:
        parts.append(f"{', '.join(missing)} {'was' if len(missing) == 1 else 'were'} not recorded")
    if not parts:
        return ALL_READABLE
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _expected(leads: tuple[str, ...]) -> str:
    """The errors on test ECGs, where the weights' card holds them."""
    test = cache.predictor().card.results.test
    tested = test.reconstruction if test else {}
    together = tested.get(",".join(leads), {})
    parts = []
    for lead in leads:
        entry = together.get(lead) or tested.get(lead, {}).get(lead)
        if entry is not None:
            parts.append(f"{lead} {entry.rmse_mv:.3f} mV")
    if not parts:
        return ""
    alone = "" if together else ", each reconstructed alone"
    return f"Median error on test ECGs: {', '.join(parts)}{alone}."
