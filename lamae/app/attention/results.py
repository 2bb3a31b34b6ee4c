"""Lead attention on the screen: in space, over time, from lead to lead, and beside ablation."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.app.progress import progress
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.inference.rank_correlation import rank_correlation
from lamae.results.attention import LeadAttention
from lamae.signal.waves import wave_shares

CODE, ALL = "ablated", "mean"


def planes(attention: LeadAttention, model: str) -> None:
    """The leads at their angles, with the weights of this model, "fine-tuned model"."""
    frontal, horizontal = st.columns(2, gap="large")
    with frontal:
        st.markdown(f"**Frontal plane, limb leads, {model}**")
        widgets.chart(figures.frontal_plane(attention, dark=widgets.dark()), "frontal_plane")
    with horizontal:
        st.markdown(f"**Horizontal plane, chest leads, {model}**")
        widgets.chart(figures.horizontal_plane(attention, dark=widgets.dark()), "horizontal_plane")
    st.caption(
        "A disc's area is the lead's share of attention; the ring is an even share. The chest is "
        "seen from below, as on a CT; the angles of the chest leads are the usual scheme, not "
        "this patient's."
    )


@st.fragment
def over_time(analysis: Analysis, attention: LeadAttention, model: str) -> None:
    """Attention to each patch under the traces, and summed over the waves.

    Args:
        analysis: Of the window.
        attention: In this window.
        model: Whose attention it is, "fine-tuned model".
    """
    st.subheader(f"Over time, {model}", anchor=False)
    layout = st.segmented_control(
        "Layout",
        figures.LAYOUTS,
        default="12x1" if widgets.on_phone() else "6x2",
        required=True,
        key="attention_layout",
        persist_state="session",
    )
    widgets.sheet(
        figures.attention_over_time(analysis.ecg, attention, layout=layout, dark=widgets.dark()),
        "attention_over_time",
    )
    shares = wave_shares(attention, analysis.waves())
    data = pd.DataFrame(
        {
            "Wave": [share.wave for share in shares],
            "Share of time": [share.time for share in shares],
            "Share of attention": [share.attention for share in shares],
            "Times an even share": [
                share.attention / share.time if share.time else None for share in shares
            ],
        }
    )
    widgets.table(
        data,
        {
            "Share of time": "{:.1%}",
            "Share of attention": "{:.1%}",
            "Times an even share": "{:.2f}",
        },
    )
    st.caption(
        "Share of z's attention that each patch of 0.2 s of each lead receives; class tokens are "
        "left out. A patch is longer than most waves, so neighbouring waves blur."
    )
    patches = pd.DataFrame(attention.over_time.T, columns=list(attention.leads))
    starts = [analysis.start + i * attention.patch_seconds for i in patches.index]
    patches.insert(0, "patch_start_s", starts)
    widgets.download(patches, "attention_over_time")


@st.fragment
def matrix(attention: LeadAttention, model: str) -> None:
    """Attention from lead to lead, of all blocks and heads or one of them."""
    layers, heads = attention.layer_weights.shape[:2]
    st.subheader(f"From lead to lead, {model}", anchor=False)
    with st.container(horizontal=True):
        layer = _one_or_all("Block", layers, "layer")
        head = _one_or_all("Head", heads, "head")
    left, right = st.columns([3, 2], gap="large")
    with left:
        widgets.chart(
            figures.lead_matrix(
                attention,
                layer=None if isinstance(layer, str) else layer,
                head=None if isinstance(head, str) else head,
                dark=widgets.dark(),
            ),
            "lead_matrix",
        )
    with right:
        widgets.chart(figures.layer_weights(attention, dark=widgets.dark()), "layer_weights")
    data = pd.DataFrame(attention.matrix, columns=list(attention.leads))
    data.insert(0, "From", attention.leads)
    widgets.download(data, "lead_matrix")


@st.fragment
def beside_ablation(analysis: Analysis) -> None:
    """Lead weights beside how far a code's score falls without each lead."""
    st.subheader("Attention beside lead ablation, fine-tuned model", anchor=False)
    try:
        prediction = analysis.prediction
    except LamaeError as error:
        widgets.trouble(error)
        return
    titles = {score.code: figures.short_title(score.title) for score in prediction.codes}
    key = f"{CODE}_{analysis.shown.digest[:12]}_{analysis.start:g}"
    if key not in st.session_state:
        named = st.query_params.get("code")
        st.session_state[key] = named if named in titles else next(iter(titles))
    code = st.selectbox(
        "Code",
        list(titles),
        format_func=lambda code: f"{code}  {titles[code]}",
        key=key,
        persist_state="session",
        width=360,
    )
    # Captum comes with it, which only this section needs.
    from lamae.inference.explanation import Explanation

    try:
        attention = analysis.attention("fine-tuned")
        with progress("Leaving out each lead") as report:
            ablation = Explanation(analysis, code).attribution(report)
    except LamaeError as error:
        widgets.trouble(error)
        return
    agreement = rank_correlation(attention.weights, abs(ablation.per_lead))
    widgets.chart(
        figures.weights_against_ablation(attention, ablation.per_lead, dark=widgets.dark()),
        "beside_ablation",
    )
    compared = (
        "too few leads to compare"
        if agreement is None
        else f"Spearman's rank correlation {agreement:+.2f}".replace("-", "−")
        + f" over {len(attention.leads)} leads"
    )
    st.markdown(
        "Agreement of the fine-tuned model's lead weights with the size of the score's change: "
        f"{compared}."
    )
    st.caption(
        "Whichever stage is chosen above, both are the fine-tuned model's; scores in log-odds "
        "before calibration. Attention is the same for all codes, ablation is of one: where they "
        "disagree, trust the ablation. Squares are chest leads."
    )
    data = pd.DataFrame(
        {
            "Lead": attention.leads,
            "Weight": attention.weights,
            "Drop without it (log-odds)": ablation.per_lead,
        }
    )
    widgets.download(data, "attention_and_ablation")


def _one_or_all(label: str, count: int, key: str) -> str | int:
    """Ask for one of several, counted from 1 on the screen, or the mean of all."""
    chosen: str | int = st.segmented_control(
        label,
        [ALL, *range(count)],
        format_func=lambda x: x if x == ALL else str(x + 1),
        default=ALL,
        required=True,
        key=key,
        persist_state="session",
    )
    return chosen
