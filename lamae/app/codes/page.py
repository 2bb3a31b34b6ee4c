"""The Codes page from top to bottom: input check, codes, and the attribution of one of them."""

from collections.abc import Sequence

import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.codes import attribution, scores
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.results.input_check import InputCheck
from lamae.results.prediction import ORDER, CodeScore, Prediction

UNKNOWN_CODE = (
    "The link names a code that this model cannot suggest; the first one is shown instead."
)
NOT_FIT = "These numbers come from a signal that did not pass the input check."
NEVER_A_DIAGNOSIS = (
    "Codes suggested by ECG findings, never a diagnosis. A low score rules nothing out."
)


def show(analysis: Analysis) -> None:
    """Show the codes that an ECG suggests, and why, where it passes the input check.

    Args:
        analysis: Of the current ECG.
    """
    about = f"{analysis.ecg.digest[:12]}_{analysis.start:g}"
    try:
        if not _accepted(analysis.input_check, f"anyway_{about}"):
            return
        with st.spinner("Reading the codes"):
            prediction = analysis.prediction
    except LamaeError as error:
        widgets.refusal(str(error))
        return
    widgets.remarks(analysis)
    # Another ECG starts with a first code of its own.
    choice = f"code_{about}"
    if choice not in st.session_state:
        st.session_state[choice] = _first_choice(prediction.codes)
    _summary(prediction, choice)
    attribution.show(analysis, choice)


def passed(check: InputCheck) -> str:
    """How an ECG that passed the input check compares with known ones; empty where unknown."""
    known = check.reconstruction
    if known is None:
        return ""
    return (
        f"Signal usable. Of the masked signal, the model reconstructed all but {known.error:.0%}; "
        f"known ECGs: {known.typical:.0%}, at most {known.limit:.0%}."
    )


def _accepted(check: InputCheck, anyway: str) -> bool:
    """Whether numbers are shown: the input check passed, or someone asks nevertheless."""
    if check.passed:
        if words := passed(check):
            st.caption(words)
        return True
    widgets.refusal(check.reason)
    wanted = st.toggle("Show the numbers anyway", key=anyway, persist_state="session")
    if wanted:
        st.warning(NOT_FIT)
    return wanted


def _first_choice(found: Sequence[CodeScore]) -> str:
    """The code that the address names (?code=I48.91), else the first."""
    named = st.query_params.get("code")
    names = [code.code for code in found]
    card = cache.predictor().card
    if named is not None and named not in names:
        known = named in card.not_offered
        said = f"{card.without_code(named)}; the first one is shown instead."
        # Nothing of an address is shown that the card does not know.
        st.info(said if known else UNKNOWN_CODE)
    return named if named in names else names[0]


def _summary(prediction: Prediction, choice: str) -> None:
    """The codes suggested, their probabilities, and tables of all.

    Args:
        prediction: The codes.
        choice: Key of the chosen code in the session's state.
    """
    named = st.session_state[choice]
    by_code = {code.code: code for code in prediction.codes}

    def bar_clicked() -> None:
        for code in widgets.clicked("code_bars") & set(by_code):
            st.session_state[choice] = code

    left, right = st.columns([2, 3], gap="large")
    with left:
        _suggested(prediction)
    with right:
        st.subheader("Probability and threshold", anchor=False)
        widgets.chart(
            figures.code_bars(prediction, selected=named, limit=scores.SHOWN, dark=widgets.dark()),
            "code_bars",
            on_select=bar_clicked,
        )
        st.caption(ORDER)
    with st.expander(f"About {named} on this ECG"):
        scores.about(by_code[named])
    with st.expander(
        f"All {scores.many(len(prediction.codes))}, by chapter and block of ICD-10-CM"
    ):
        scores.tables(prediction)
    st.caption(scores.meaning(prediction, cache.predictor().card))


def _suggested(prediction: Prediction) -> None:
    test = cache.predictor().card.results.test
    test_ecgs = test.ecgs if test else None
    suggested = [code for code in prediction.codes if code.suggested]
    undecided = [code for code in prediction.codes if code.undecided]
    st.subheader("Suggested by this ECG", anchor=False)
    for code in suggested[: scores.SHOWN]:
        scores.tell(code, test_ecgs)
    if further := suggested[scores.SHOWN :]:
        with st.expander(f"{scores.many(len(further), 'further code')} suggested"):
            for code in further:
                scores.tell(code, test_ecgs)
    if not suggested:
        st.markdown("No code is suggested.")
        st.caption("Closest: " + scores.sentence(prediction.codes[0], test_ecgs))
    scores.absent(prediction)
    if undecided:
        with st.expander(f"Cannot say: {scores.many(len(undecided))}"):
            for code in undecided:
                scores.tell(code, test_ecgs)
    st.caption(NEVER_A_DIAGNOSIS)
