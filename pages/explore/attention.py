"""How the latent attention weighs and connects the leads."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, links, session, widgets
from lamae.app.attention import attention as attending
from lamae.app.attention import cohort
from lamae.errors import LamaeError
from lamae.results.attention import LeadAttention

STAGES = {"pretrained": "Pretrained", "fine-tuned": "Fine-tuned"}
ALL = "mean"


def reading(attention: LeadAttention, model: str) -> str:
    """What the weights of this model, "fine-tuned model", say in one or two sentences."""
    if len(attention.leads) == 1:
        only = attention.leads[0]
        return f"**{only}** is the only lead that the {model} reads: it receives all attention."
    order = sorted(zip(attention.weights.tolist(), attention.leads, strict=True), reverse=True)
    uniform = 1 / len(attention.leads)
    (most, most_lead), (least, least_lead) = order[0], order[-1]
    return (
        f"In the {model} **{most_lead}** receives most attention, {most:.2%}, and "
        f"**{least_lead}** least, {least:.2%}. If all leads weighed the same, each would "
        f"receive {uniform:.2%}."
    )


def one_or_all(label: str, count: int, key: str) -> str | int:
    """Ask for one of several, counted from 1 on the screen, or the mean of all."""
    return st.segmented_control(
        label,
        [ALL, *range(count)],
        format_func=lambda x: x if x == ALL else str(x + 1),
        default=ALL,
        required=True,
        key=key,
        persist_state="session",
    )


@st.fragment
def matrix(attention: LeadAttention, model: str) -> None:
    layers, heads = attention.layer_weights.shape[:2]
    st.subheader(f"From lead to lead, {model}", anchor=False)
    with st.container(horizontal=True):
        layer = one_or_all("Block", layers, "layer")
        head = one_or_all("Head", heads, "head")
    left, right = st.columns([3, 2], gap="large")
    with left:
        widgets.chart(
            figures.lead_matrix(
                attention,
                layer=None if layer == ALL else layer,
                head=None if head == ALL else head,
                dark=widgets.dark(),
            ),
            "lead_matrix",
        )
    with right:
        widgets.chart(figures.layer_weights(attention, dark=widgets.dark()), "layer_weights")
    data = pd.DataFrame(attention.matrix, columns=list(attention.leads))
    data.insert(0, "From", attention.leads)
    widgets.download(data, "lead_matrix")


def show(start: float) -> None:
    recorded = session.state().current.ecg
    ecg = cache.shown(recorded, start)
    masked = cache.readable(recorded, start).masked
    if masked:
        st.info(widgets.plain(masked))
    stage = st.segmented_control(
        "Stage",
        list(STAGES),
        format_func=STAGES.__getitem__,
        # The codes, and what they are compared with below, are the fine-tuned model's.
        default="pretrained" if cache.predictor().bundle.classifier is None else "fine-tuned",
        required=True,
        key="stage",
        persist_state="session",
        help="Before or after the model learned the ICD-10-CM codes.",
    )
    try:
        attention = cache.attention(ecg, start, stage)
    except LamaeError as error:
        widgets.trouble(error)
        return
    model = f"{stage} model"
    st.subheader(f"Lead weights, {model}", anchor=False)
    st.markdown(reading(attention, model))
    widgets.chart(figures.lead_weights(attention, dark=widgets.dark()), "lead_weights")
    weights = pd.DataFrame({"Lead": attention.leads, "Weight": attention.weights})
    weights["Times an even share"] = weights["Weight"] * len(attention.leads)
    with st.expander("Weights as a table"):
        widgets.table(weights, {"Weight": "{:.2%}", "Times an even share": "{:.3f}"})
        widgets.download(weights, "lead_weights")
    attending.planes(attention, model)
    st.caption(
        "Attention shows where the model looks, not why. III, aVR, aVL and aVF are linear "
        "combinations of I and II: the model may read the same information from any of them, so "
        "a limb lead with little weight is not one without meaning."
    )
    attending.over_time(recorded, ecg, start, attention, model)
    matrix(attention, model)
    attending.beside_ablation(ecg, start)


current = session.state().current
widgets.notes(current.ecg)
start = widgets.ask_start(current)
readable = cache.readable(current.ecg, start)
if not readable.usable:
    widgets.refusal(readable.reason)
else:
    show(start)
    links.offer("attention")
cohort.show()
