"""Sets of leads on the screen: which are chosen, and how the codes change with them."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.app.progress import on_request, progress
from lamae.ecg import CHEST_LEADS, ECG, LEADS, LIMB_LEADS
from lamae.inference.analysis import Analysis
from lamae.results.lead_subsets import SubsetScores
from lamae.results.prediction import Prediction

CHOSEN, PRESET = "leads", "leads_preset"
# True subsets of the twelve leads, each named by who records it.
PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Watch: I": ("I",),
        "Two limb leads: I, II": ("I", "II"),
        "Limb leads": LIMB_LEADS,
        "Five electrodes: limb leads, V1": (*LIMB_LEADS, "V1"),
        "Stress test: II, V5": ("II", "V5"),
        "Reduced: I, II, V2, V5": ("I", "II", "V2", "V5"),
        "Chest leads": CHEST_LEADS,
        "All": LEADS,
    }
)
ABOUT_PRESETS = (
    "Presets are true subsets of the twelve leads. Holter leads such as CM5 or modified CL1, EASI, "
    "Frank's X, Y, Z and posterior or right-sided chest leads have other electrode positions and "
    "cannot be derived from these twelve; a watch's lead is close to I, with dry electrodes and "
    "more noise. I and II determine the other four limb leads, which add no information to them."
)
FOREIGN = "The link names leads that this recording does not have; it has {}."
ALL_CHOSEN = "All leads of the recording are chosen."
NOTHING_NEW = "Every other lead follows from those chosen: none holds anything new."
FIRST, LAST, OWN = "Least informative first", "Most informative first", "Own order"
SHOWN, CURVES = 8, 5


def follow_link(ecg: ECG) -> None:
    """Choose the leads that the address names (?leads=I,II), once; else lead I and II."""
    if CHOSEN in st.session_state:
        known = [lead for lead in st.session_state[CHOSEN] if lead in ecg.leads]
        if known != list(st.session_state[CHOSEN]):
            st.session_state[CHOSEN] = known
        return
    named = st.query_params.get("leads")
    wanted = ["I", "II"] if named is None else [x.strip() for x in named.split(",") if x.strip()]
    if named is not None and not set(wanted) <= set(ecg.leads):
        st.info(FOREIGN.format(", ".join(ecg.leads)))
    st.session_state[CHOSEN] = [lead for lead in ecg.leads if lead in wanted]


def ask(ecg: ECG) -> tuple[str, ...]:
    """Ask which leads were recorded."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Leads recorded",
            ecg.leads,
            selection_mode="multi",
            key=CHOSEN,
            persist_state="session",
            wrap=True,
        )
        st.selectbox(
            "Choose a set",
            list(PRESETS),
            index=None,
            placeholder="Choose a set",
            key=PRESET,
            on_change=_preset_chosen,
            args=(ecg,),
            width=300,
        )
    st.caption(ABOUT_PRESETS)
    return tuple(lead for lead in ecg.leads if lead in chosen)


def compared(prediction: Prediction, scores: SubsetScores) -> None:
    """The codes with the leads chosen beside those with all of them.

    Args:
        prediction: With all leads.
        scores: The first subset is the leads chosen.
    """
    shown = prediction.codes[:SHOWN]
    now = dict(zip(scores.codes, scores.probability[0].tolist(), strict=True))
    st.markdown(_reading(prediction, now, float(scores.change[0])))
    widgets.chart(
        figures.lead_subset_scores(
            scores,
            [code.code for code in shown],
            [figures.short_title(code.title) for code in shown],
            [code.threshold for code in shown],
            dark=widgets.dark(),
        ),
        "with_some_leads",
    )
    data = pd.DataFrame(
        [
            {
                "Code": code.code,
                "Title": code.title,
                "All leads": code.probability,
                "Leads chosen": now[code.code],
                "Threshold": code.threshold,
            }
            for code in prediction.codes
        ]
    )
    widgets.download(data, "codes_with_some_leads")


def one_more(scores: SubsetScores) -> None:
    """Which further lead brings the codes closest to those of all leads."""
    st.subheader("Most informative next lead", anchor=False)
    if len(scores.subsets) == 1:
        st.markdown(ALL_CHOSEN)
        return
    st.markdown(_best_next(scores))
    known = sorted((more.lead for more in scores.next_leads if not more.new), key=LEADS.index)
    if known:
        st.markdown(
            f"Hatched: {', '.join(known)}, no new information: the leads chosen determine "
            f"{'them' if len(known) > 1 else 'it'}."
        )
    widgets.chart(figures.next_leads(scores, dark=widgets.dark()), "next_leads")
    st.caption(
        "One step of a greedy search: mean absolute difference of all codes' calibrated "
        "probabilities from those with all leads. It measures how the model's output changes, not "
        "whether it is right."
    )


@st.fragment
def one_by_one(analysis: Analysis) -> None:
    """The codes while leads are removed one after the other."""
    ecg = analysis.shown
    st.subheader("Leads removed one by one", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            "Order",
            [FIRST, LAST, OWN],
            default=FIRST,
            required=True,
            key="removal_order",
            persist_state="session",
        )
        if by == OWN:
            order = tuple(
                st.multiselect(
                    "Remove in this order",
                    ecg.leads,
                    key=f"own_order_{'_'.join(ecg.leads)}",
                    width=420,
                    help="The others are removed last.",
                )
            )
        else:
            order = importance(analysis)
            order = order if by == FIRST else order[::-1]
    with progress("Removing leads") as report:
        scores = analysis.removal(order, report)
    codes = [code.code for code in analysis.prediction.codes[:CURVES]]
    widgets.chart(figures.removal_curves(scores, codes, dark=widgets.dark()), "removal_curves")
    st.caption(
        "The first codes of this ECG. A lead is informative if the codes' probabilities change "
        "much without it, all others shown. Of redundant leads, as the limb leads are, any one can "
        "be spared, but not all."
    )
    data = pd.DataFrame(scores.probability, columns=list(scores.codes))
    data.insert(0, "Leads", [" ".join(leads) for leads in scores.subsets])
    widgets.download(data, "leads_removed")


@st.fragment
def robust(analysis: Analysis) -> None:
    """How far the codes change with fewer leads drawn at random, computed on request."""
    st.subheader("Robustness", anchor=False)
    wanted = f"robust_{analysis.shown.digest[:12]}_{analysis.start:g}"
    if not st.session_state.get(wanted):
        st.caption("Random sets of one lead to all but one, up to eight of each size.")
        on_request("Compute the curve", "compute_robustness", wanted)
        return
    with progress("Scoring sets of leads") as report:
        found = analysis.robustness(report)
    widgets.chart(figures.robustness(found, dark=widgets.dark()), "robustness")
    st.caption(
        "Mean absolute difference of all codes' calibrated probabilities from those with all "
        f"leads; mean and 10th to 90th percentile over {sum(found.subsets)} sets."
    )
    widgets.download(
        pd.DataFrame(
            {
                "Leads left": found.counts,
                "Sets": found.subsets,
                "Mean change": found.mean,
                "10th percentile": found.low,
                "90th percentile": found.high,
            }
        ),
        "robustness",
    )


def importance(analysis: Analysis) -> tuple[str, ...]:
    """The leads, the least informative first: without it the codes change least."""
    with progress("Leaving out each lead") as report:
        without = analysis.without_each_lead(report)
    leads = analysis.shown.leads
    change = dict(zip(leads, without.change.tolist(), strict=True))
    return tuple(sorted(leads, key=change.__getitem__))


def _best_next(scores: SubsetScores) -> str:
    """The lead to add next, in one sentence; never one that the leads chosen determine."""
    new = [more for more in scores.next_leads if more.new]
    if not new:
        return NOTHING_NEW
    if new[0].change >= scores.change[0]:
        return "No single lead with new information brings the codes closer to those of all leads."
    return (
        f"**{new[0].lead}**: with it the codes are off by {new[0].change:.3f} on average, without "
        f"it by {scores.change[0]:.3f}."
    )


def _reading(prediction: Prediction, now: Mapping[str, float], change: float) -> str:
    """How the codes change with the leads chosen, in a few sentences."""
    lost = [c.code for c in prediction.codes if now[c.code] < c.threshold <= c.probability]
    gained = [c.code for c in prediction.codes if c.probability < c.threshold <= now[c.code]]
    parts = [f"All codes' probabilities change by {change:.3f} on average."]
    if lost:
        parts.append(f"No longer at their threshold: **{', '.join(lost)}**.")
    if gained:
        parts.append(f"Now at their threshold: **{', '.join(gained)}**.")
    if not lost and not gained:
        parts.append("The same codes reach their thresholds.")
    return " ".join(parts)


def _preset_chosen(ecg: ECG) -> None:
    preset = st.session_state[PRESET]
    if preset is not None:
        st.session_state[CHOSEN] = [lead for lead in ecg.leads if lead in PRESETS[preset]]
        st.session_state[PRESET] = None
