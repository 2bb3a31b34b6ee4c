"""Lead attention on the screen: where and when the model looks, beside what it needs."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.reconstruct import exploring
from lamae.ecg import ECG
from lamae.errors import LamaeError
from lamae.inference.ranking import rank_correlation
from lamae.results.attention import LeadAttention
from lamae.signal.waves import wave_shares

CODE = "ablated"


def planes(attention: LeadAttention, model: str) -> None:
    """The leads where they look from, with the weights of this model, "fine-tuned model"."""
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
def over_time(recorded: ECG, ecg: ECG, start: float, attention: LeadAttention, model: str) -> None:
    """Attention to each patch under the traces, and summed over the waves.

    Args:
        recorded: The recording, whose traces are drawn.
        ecg: The same as the model is shown it.
        start: Where the window starts, in s.
        attention: What the model gave.
        model: Which one that is, "fine-tuned model".
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
        figures.attention_over_time(recorded, attention, layout=layout, dark=widgets.dark()),
        "attention_over_time",
    )
    shares = wave_shares(attention, exploring.waves(ecg, start))
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
        "How much of z's attention goes to each patch of 0.2 s of each lead; class tokens are left "
        "out. A patch is longer than most waves, so what lies side by side is blurred."
    )
    patches = pd.DataFrame(attention.over_time.T, columns=list(attention.leads))
    patches.insert(0, "patch_start_s", [start + i * attention.patch_seconds for i in patches.index])
    widgets.download(patches, "attention_over_time")


@st.fragment
def beside_ablation(ecg: ECG, start: float) -> None:
    """Lead weights beside how far a code's score falls without each lead.

    Args:
        ecg: The recording as the model is shown it.
        start: Where the window starts, in s.
    """
    st.subheader("Attention beside lead ablation, fine-tuned model", anchor=False)
    try:
        prediction = cache.prediction(ecg, start)
    except LamaeError as error:
        widgets.trouble(error)
        return
    titles = {score.code: figures.short_title(score.title) for score in prediction.codes}
    key = f"{CODE}_{ecg.digest[:12]}_{start:g}"
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
    try:
        attention = cache.attention(ecg, start, "fine-tuned")
        ablation = cache.attribution(ecg, code, "lead_ablation", start)
    except LamaeError as error:
        widgets.trouble(error)
        return
    agreement = rank_correlation(attention.weights, abs(ablation.per_lead))
    widgets.chart(
        figures.beside_ablation(attention, ablation.per_lead, dark=widgets.dark()),
        "beside_ablation",
    )
    said = (
        "too few leads to compare"
        if agreement is None
        else f"Spearman's rank correlation {agreement:+.2f}".replace("-", "−")
        + f" over {len(attention.leads)} leads"
    )
    st.markdown(
        "Agreement of the fine-tuned model's lead weights with the size of the score's change: "
        f"{said}."
    )
    st.caption(
        "Whichever stage is chosen above, both are the fine-tuned model's; scores in log-odds "
        "before calibration. One attention serves all codes, an ablation one: where they disagree, "
        "trust the ablation about the code. Squares are chest leads."
    )
    data = pd.DataFrame(
        {
            "Lead": attention.leads,
            "Weight": attention.weights,
            "Drop without it (log-odds)": ablation.per_lead,
        }
    )
    widgets.download(data, "attention_and_ablation")
