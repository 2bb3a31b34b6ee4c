"""The ECG as one value, its leads, and what is said of it: SCP-ECG statements, ICD-10-CM codes."""

from lamae.ecg.recording import (
    ADULT,
    CHEST_LEADS,
    DOWER,
    ECG,
    INDEPENDENT_LEADS,
    LEADS,
    LIMB_FROM_I_II,
    LIMB_LEADS,
    MAX_HOURS,
    WINDOW,
    age_in_words,
    complete_limb_leads,
    counted,
    determined,
    lead_indices,
    limb_lead_disagreement,
)

__all__ = [
    "ADULT",
    "CHEST_LEADS",
    "DOWER",
    "ECG",
    "INDEPENDENT_LEADS",
    "LEADS",
    "LIMB_FROM_I_II",
    "LIMB_LEADS",
    "MAX_HOURS",
    "WINDOW",
    "age_in_words",
    "complete_limb_leads",
    "counted",
    "determined",
    "lead_indices",
    "limb_lead_disagreement",
]
