"""The Attention page from top to bottom: lead attention of one ECG, then over many."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, links, widgets
from lamae.app.attention import cohort, results
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.results.attention import LeadAttention

STAGES = {"pretrained": "Pretrained", "fine-tuned": "Fine-tuned"}
NOT_WHY = (
    "Attention shows where the model looks, not why. III, aVR, aVL and aVF are linear combinations "
    "of I and II: the model may read the same information from any of them, so a limb lead with "
    "little weight may still matter."
)


def show(analysis: Analysis) -> None:
    """Show how the model weighs and connects the leads.

    Args:
        analysis: Of the current ECG.
    """
    if analysis.readable.usable:
        _of_this_ecg(analysis)
        links.offer("attention")
    else:
        widgets.refusal(analysis.readable.reason)
    cohort.show()


def reading(found: LeadAttention, model: str) -> str:
    """Which leads this model, "fine-tuned model", weighs most and least, in a sentence or two."""
    if len(found.leads) == 1:
        return f"**{found.leads[0]}** is the only lead that the {model} reads."
    order = sorted(zip(found.weights.tolist(), found.leads, strict=True), reverse=True)
    (most, most_lead), (least, least_lead) = order[0], order[-1]
    return (
        f"In the {model} **{most_lead}** receives most attention, {most:.2%}, and "
        f"**{least_lead}** least, {least:.2%}; an even share is {1 / len(found.leads):.2%}."
    )


def _of_this_ecg(analysis: Analysis) -> None:
    if masked := analysis.readable.masked:
        st.info(widgets.plain(masked))
    try:
        finetuned = cache.predictor().bundle.classifier is not None
    except LamaeError as error:
        widgets.trouble(error)
        return
    stage = st.segmented_control(
        "Stage",
        list(STAGES),
        format_func=STAGES.__getitem__,
        # The codes, and the ablation below, are the fine-tuned model's.
        default="fine-tuned" if finetuned else "pretrained",
        required=True,
        key="stage",
        persist_state="session",
        help="Before or after fine-tuning on the ICD-10-CM codes.",
    )
    try:
        with st.spinner("Reading the attention"):
            found = analysis.attention(stage)
    except LamaeError as error:
        widgets.trouble(error)
        return
    model = f"{stage} model"
    st.subheader(f"Lead weights, {model}", anchor=False)
    st.markdown(reading(found, model))
    widgets.chart(figures.lead_weights(found, dark=widgets.dark()), "lead_weights")
    weights = pd.DataFrame({"Lead": found.leads, "Weight": found.weights})
    weights["Times an even share"] = weights["Weight"] * len(found.leads)
    with st.expander("Weights as a table"):
        widgets.table(weights, {"Weight": "{:.2%}", "Times an even share": "{:.3f}"})
        widgets.download(weights, "lead_weights")
    results.planes(found, model)
    st.caption(NOT_WHY)
    results.over_time(analysis, found, model)
    results.matrix(found, model)
    results.beside_ablation(analysis)
