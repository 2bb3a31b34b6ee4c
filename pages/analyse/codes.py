"""The ICD-10-CM codes that the ECG suggests, and why."""

from collections.abc import Sequence

import streamlit as st

from lamae import figures
from lamae.app import cache, session, widgets
from lamae.app.codes import codes
from lamae.app.codes.attribution import why
from lamae.app.session import CurrentECG
from lamae.errors import LamaeError
from lamae.results.prediction import CodeScore, Prediction


def first_choice(found: Sequence[CodeScore]) -> str:
    """The code that the address names (?code=I48.91), else the first."""
    named = st.query_params.get("code")
    names = [code.code for code in found]
    if named is not None and named not in names:
        st.info(
            "The link names a code that this model cannot suggest; the first one is shown instead."
        )
    return named if named in names else names[0]


def open_gate(current: CurrentECG, start: float) -> bool:
    """Whether numbers are shown: the ECG is fit for the model, or someone asks nevertheless."""
    ecg = current.ecg
    fitness = cache.fitness(ecg, start)
    gate = fitness.reconstruction
    if fitness.passed:
        if gate is not None:
            st.caption(
                f"Signal usable. Of what was masked, the model reconstructed all but "
                f"{gate.error:.0%}; known ECGs: {gate.typical:.0%}, at most {gate.limit:.0%}."
            )
        return True
    widgets.refusal(fitness.reason)
    anyway = st.toggle(
        "Show the numbers anyway",
        key=f"anyway_{ecg.digest[:12]}_{start:g}",
        persist_state="session",
    )
    if anyway:
        st.warning("These numbers come from a signal that the model should not be asked about.")
    return anyway


def summary(prediction: Prediction, choice: str, named: str) -> None:
    test_ecgs = cache.predictor().card.get("results", {}).get("test", {}).get("ecgs")
    suggested = [code for code in prediction.codes if code.suggested]
    open_ones = [code for code in prediction.codes if code.undecided]

    def bar_clicked() -> None:
        for code in widgets.clicked("code_bars") & {code.code for code in prediction.codes}:
            st.session_state[choice] = code

    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Suggested by this ECG", anchor=False)
        for code in suggested[: codes.SHOWN]:
            codes.tell(code, test_ecgs)
        if len(suggested) > codes.SHOWN:
            with st.expander(
                f"{codes.many(len(suggested) - codes.SHOWN, 'further code')} suggested"
            ):
                for code in suggested[codes.SHOWN :]:
                    codes.tell(code, test_ecgs)
        if not suggested:
            st.markdown("No code is suggested.")
            first = prediction.codes[0]
            st.caption("Closest: " + codes.sentence(first, test_ecgs))
        codes.absent(prediction)
        if open_ones:
            with st.expander(f"Cannot say: {codes.many(len(open_ones))}"):
                for code in open_ones:
                    codes.tell(code, test_ecgs)
        st.caption(
            "Codes suggested by ECG findings, never a diagnosis. A low score rules nothing out."
        )
    with right:
        st.subheader("Probability and threshold", anchor=False)
        widgets.chart(
            figures.code_bars(prediction, selected=named, limit=codes.SHOWN, dark=widgets.dark()),
            "code_bars",
            on_select=bar_clicked,
        )
        st.caption(
            "Ordered by probability divided by threshold: furthest above its threshold first."
        )
    by_code = {code.code: code for code in prediction.codes}
    with st.expander(f"About {named} on this ECG"):
        codes.about(by_code[named])
    with st.expander(f"All {codes.many(len(prediction.codes))}, by chapter and block of ICD-10-CM"):
        codes.tables(prediction)
    st.caption(codes.meaning(prediction))


def show(current: CurrentECG, start: float) -> None:
    recorded = current.ecg
    try:
        if not open_gate(current, start):
            return
        ecg = cache.shown(recorded, start)
        prediction = cache.prediction(ecg, start)
    except LamaeError as error:
        widgets.refusal(str(error))
        return
    remarks = cache.fitness(recorded, start).remarks(prediction)
    if remarks:
        st.info(widgets.plain(" ".join(remarks)))
    # A new ECG starts with its own first code.
    choice = f"code_{recorded.digest[:12]}_{start:g}"
    if choice not in st.session_state:
        st.session_state[choice] = first_choice(prediction.codes)
    summary(prediction, choice, st.session_state[choice])
    why(recorded, ecg, prediction, choice, start)


current = session.state().current
widgets.notes(current.ecg)
show(current, widgets.ask_start(current))
