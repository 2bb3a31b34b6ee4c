"""The leads of an ECG in a table: amplitudes and signal quality."""

import pandas as pd
import streamlit as st

from lamae.app import widgets
from lamae.inference.analysis import Analysis

MILLIVOLTS = ("Lowest (mV)", "Highest (mV)", "QRS (mV)")


def show(analysis: Analysis) -> None:
    """Show the amplitudes and the signal quality of the twelve leads."""
    st.subheader("Leads and signal quality", anchor=False)
    st.markdown(widgets.quality_in_words(analysis.quality))
    widgets.table(_table(analysis), dict.fromkeys(MILLIVOLTS, "{:.2f}"))


def _table(analysis: Analysis) -> pd.DataFrame:
    found = {size.lead: size for size in analysis.amplitudes}
    rows = []
    for lead in analysis.quality:
        size = found.get(lead.lead)
        values = (None,) * 3 if size is None else (size.lowest, size.highest, size.qrs)
        rows.append(
            {
                "Lead": lead.lead,
                **dict(zip(MILLIVOLTS, values, strict=True)),
                "Quality": lead.verdict,
                "Reason": lead.reason,
            }
        )
    return pd.DataFrame(rows)
