"""Filling a lead that is flat, noisy or missing, for people to look at and never for the model."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.reconstruct import exploring
from lamae.ecg import ECG, LEADS
from lamae.errors import LamaeError
from lamae.measure.quality import READABLE
from lamae.results.reconstruction import Imputation


@st.fragment
def show(ecg: ECG, start: float) -> None:
    """Ask which leads to fill, show the sheet with them, and offer it.

    Args:
        ecg: The recording.
        start: Where the window starts, in s.
    """
    st.subheader("Fill a lead", anchor=False)
    verdicts = {lead.lead: lead.verdict for lead in cache.quality(ecg, start)}
    poor = [lead for lead in LEADS if verdicts[lead] not in (*READABLE, "missing")]
    missing = [lead for lead in LEADS if lead not in ecg.leads]
    st.markdown(_found(poor, missing, verdicts))
    leads = st.pills(
        "Leads to fill from the others",
        LEADS,
        selection_mode="multi",
        default=poor,
        format_func=lambda lead: lead if lead in ecg.leads else f"{lead} (missing)",
        key=f"fill_{ecg.digest[:12]}_{start:g}",
        persist_state="session",
        wrap=True,
    )
    if not leads:
        return
    chosen = tuple(lead for lead in LEADS if lead in leads)
    try:
        filled = exploring.impute(ecg, start, chosen, tuple(poor))
    except LamaeError as error:
        widgets.trouble(error)
        return
    st.warning(
        f"**{', '.join(filled.leads)} reconstructed by the model from "
        f"{', '.join(filled.shown)}, not recorded.** {_expected(filled.leads)} "
        "The current ECG stays as it was received: codes, "
        "measurements and attention never read a reconstructed lead."
    )
    widgets.sheet(
        figures.imputed(
            filled.reconstruction,
            filled.leads,
            layout="12x1" if widgets.on_phone() else "6x2",
            dark=widgets.dark(),
        ),
        "filled",
    )
    widgets.download(table(filled), f"ecg_{'_'.join(filled.leads)}_reconstructed", "Sheet as CSV")


def table(filled: Imputation) -> pd.DataFrame:
    """The ECG with imputed leads, a row a sample; their columns' headings say so.

    No reader of ours takes such a column for a recorded lead.
    """
    ecg = filled.ecg
    columns = {"time_s": [i / ecg.fs for i in range(ecg.signal.shape[1])]}
    for lead in ecg.leads:
        name = f"{lead} reconstructed by the model" if lead in filled.leads else f"{lead}_mV"
        columns[name] = ecg.lead(lead).tolist()
    return pd.DataFrame(columns)


def _found(poor: list[str], missing: list[str], verdicts: dict[str, str]) -> str:
    said = [f"{lead} is {verdicts[lead]}" for lead in poor]
    if missing:
        said.append(f"{', '.join(missing)} {'was' if len(missing) == 1 else 'were'} not recorded")
    if not said:
        return "Every lead of this recording can be read. Any can still be filled, to compare."
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def _expected(leads: tuple[str, ...]) -> str:
    """What the test ECGs say of the error, where the weights' card holds it."""
    test = cache.predictor().card.results.test
    tested = test.reconstruction if test else {}
    together = tested.get(",".join(leads), {})
    parts = []
    for lead in leads:
        entry = together.get(lead) or tested.get(lead, {}).get(lead)
        if entry is not None:
            parts.append(f"{lead} by {entry.rmse_mv:.3f} mV")
    if not parts:
        return ""
    alone = "" if together else ", each reconstructed alone"
    return f"On test ECGs the model was off in {', '.join(parts)} in the median{alone}."
