"""The attribution of a code: on the paper, summed, and its quality checks."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.progress import cancelling, progress
from lamae.errors import LamaeError
from lamae.inference.analysis import Analysis
from lamae.results.attribution import EXPECTED, NO_SUM, PARTS, Attribution, Check
from lamae.results.prediction import Prediction

if TYPE_CHECKING:
    from lamae.inference.explanation import Explanation

FIRST_METHOD = "lead_ablation"
NOT_CHECKED = (
    "Not checked yet. The first checks score the ECG some 200 times; those with shuffled weights "
    "and noise take as long as six such maps."
)
CAUTION = (
    "Read attributions with care. In a comparison of 12 methods on 873,710 ECGs, attribution maps "
    "were of limited reliability (Arends et al., European Heart Journal – Digital Health 2026). "
    "Methods need sanity checks, and maps should be read over many "
    "beats and ECGs rather than one (Wagner et al., Explaining deep learning for ECG analysis, "
    "Computers in Biology and Medicine 2024). "
    "They show what moved this model's score, not what is wrong with the heart."
)


def show(analysis: Analysis, choice: str) -> None:
    """Ask for code and method, and show the attribution with its sums and checks.

    Args:
        analysis: Of the current ECG.
        choice: Key of the chosen code in the session's state.
    """
    st.subheader("Why", anchor=False)
    code, against, method = _ask(analysis.prediction, choice)
    # Captum comes with it, after the paper is drawn.
    from lamae.inference.explanation import Explanation

    explanation = Explanation(analysis, code, method, against)
    chosen = explanation.chosen
    st.caption(chosen.description)
    try:
        with (
            cancelling("cancel_map", _back_to_first, offered=not chosen.quick),
            progress(f"Computing: {chosen.title}") as report,
        ):
            found = explanation.attribution(report)
    except LamaeError as error:
        widgets.trouble(error)
        return
    widgets.sheet(
        figures.paper(
            analysis.ecg,
            start=analysis.start,
            attribution=found,
            signed=chosen.signed,
            dark=widgets.dark(),
        ),
        "attribution",
    )
    if not chosen.signed:
        st.caption(
            "This method has no direction: the stronger the colour, the stronger the effect."
        )
    _summed(explanation, found)
    if chosen.resolves_waves:
        _by_wave(explanation)
    _checks(explanation)
    st.caption(f"{CAUTION} {_learned_from()}".strip())


def _ask(prediction: Prediction, choice: str) -> tuple[str, str | None, str]:
    by_code = {code.code: code for code in prediction.codes}
    methods = cache.methods()

    def named(code: str | None) -> str:
        return "–" if code is None else f"{code}  {figures.short_title(by_code[code].title)}"

    with st.container(horizontal=True, vertical_alignment="bottom"):
        code = st.selectbox(
            "Code to explain",
            list(by_code),
            format_func=named,
            key=choice,
            persist_state="session",
            width=360,
        )
        against = st.selectbox(
            "Rather than",
            [None, *(other for other in by_code if other != code)],
            format_func=named,
            key=f"against_{code}",
            help="Explains by how much the score of the first code exceeds that of this one.",
            width=300,
        )
        method = st.selectbox(
            "Method",
            list(methods),
            format_func=lambda name: methods[name].title,
            key="method",
            persist_state="session",
            width=330,
        )
    return code, against, method


def _summed(explanation: "Explanation", found: Attribution) -> None:
    """Sums by lead, or over time where the method does not tell leads apart."""
    chosen = explanation.chosen
    left, right = st.columns([3, 2], gap="large")
    with left:
        if chosen.resolves_leads:
            by, places = "lead", pd.DataFrame({"Lead": found.leads})
            values = found.per_lead
            figure = figures.attribution_by_lead(found, signed=chosen.signed, dark=widgets.dark())
        else:
            by, summed = chosen.finest, explanation.over_time()
            places = pd.DataFrame({"From (s)": summed.starts, "To (s)": summed.ends})
            values = summed.values
            figure = figures.attribution_by_time(summed, found.code, dark=widgets.dark())
        widgets.chart(figure, f"attribution_by_{by}")
    with right:
        what = "Score of this ECG"
        if found.against is not None:
            what = f"Score of {found.code} minus that of {found.against} on this ECG"
        st.markdown(f"{what}: {found.score:+.2f} log-odds, before calibration.")
        if found.baseline:
            st.markdown(f"Compared with: {widgets.plain(found.baseline)}.")
        error = found.completeness_error
        if error is None:
            st.markdown(NO_SUM)
        else:
            st.markdown(
                f"Completeness error: {error:.1%}, by which the parts miss the difference of the "
                f"score from the baseline's. Expected: {EXPECTED['completeness']}."
            )
        data = places.assign(**{"Attribution (log-odds)": values})
        digits = figures.digits_of(float(abs(values).max()))
        numbers = {str(title): "{:.1f}" for title in places if title != "Lead"}
        with st.expander(f"Values by {by}"):
            widgets.table(data, {**numbers, "Attribution (log-odds)": f"{{:+.{digits}f}}"})
            widgets.download(data, "attribution")


def _by_wave(explanation: "Explanation") -> None:
    code, chosen, summed = explanation.code, explanation.chosen, explanation.sums()
    if summed is None:
        st.caption("P, QRS and T could not be delineated in this ECG: no sums over waves.")
        return
    waves, average, beat = summed
    with st.expander("By wave, and averaged over beats", expanded=True):
        widgets.chart(
            figures.attribution_by_wave(waves, code, signed=chosen.signed, dark=widgets.dark()),
            "attribution_by_wave",
        )
        if average is not None and beat is not None:
            widgets.sheet(
                figures.attribution_on_beat(
                    beat, average, code, signed=chosen.signed, dark=widgets.dark()
                ),
                "attribution_on_beat",
            )
        data = pd.DataFrame(waves.values, columns=list(PARTS))
        data.insert(0, "Lead", list(waves.leads))
        widgets.download(data, "attribution_by_wave")


def _checks(explanation: "Explanation") -> None:
    """The quality checks of this attribution, the expensive ones on request."""
    st.subheader("Can this map be believed?", anchor=False)
    analysis = explanation.analysis
    about = (explanation.code, explanation.method, explanation.against)
    key = "_".join(map(str, (analysis.ecg.digest[:12], f"{analysis.start:g}", *about)))
    asked: set[str] = st.session_state.setdefault("checks_asked", set())
    complete = explanation.completeness
    done = [] if complete is None else [complete]
    with st.container(horizontal=True):
        for name, words in (
            ("faithful", "Check against the score and other methods"),
            ("robust", "Check with shuffled weights and noise"),
        ):
            if f"{name}_{key}" not in asked:
                st.button(words, key=f"ask_{name}", on_click=asked.add, args=(f"{name}_{key}",))
    curves = None
    if f"faithful_{key}" in asked:
        with cancelling("cancel_faithful", lambda: asked.discard(f"faithful_{key}")):
            with progress("Masking the ECG in the map's order, and in others") as report:
                curves = explanation.curves(report)
            with progress("Computing other methods") as report:
                done += explanation.faithfulness(report)
    if f"robust_{key}" in asked:
        with cancelling("cancel_robust", lambda: asked.discard(f"robust_{key}")):
            with progress("Attributing with shuffled weights") as report:
                done.append(explanation.randomisation(report))
            with progress("Attributing noisy copies") as report:
                done.append(explanation.stability(report))
    if not done:
        st.caption(NOT_CHECKED)
        return
    _results(done)
    if curves is not None:
        left, right = st.columns(2, gap="large")
        with left:
            widgets.chart(
                figures.score_curve(curves, "deletion", dark=widgets.dark()), "deletion_curve"
            )
        with right:
            widgets.chart(
                figures.score_curve(curves, "insertion", dark=widgets.dark()), "insertion_curve"
            )


def _results(checks: list[Check]) -> None:
    passed = sum(check.passed for check in checks)
    st.markdown(f"{passed} of {len(checks)} checks are as expected.")
    for check in checks:
        verdict = "as expected" if check.passed else "not as expected"
        st.markdown(
            f"**{check.title}: {verdict}.** Found {_found(check)}; "
            f"expected {EXPECTED[check.name]}.  \n"
            f":gray[:small[{widgets.plain(check.meaning)}]]"
        )
    table = pd.DataFrame(
        {
            "Check": [check.title for check in checks],
            "As expected": ["yes" if check.passed else "no" for check in checks],
            "Found": [_found(check) for check in checks],
            "Value": [check.value for check in checks],
            "Expected": [EXPECTED[check.name] for check in checks],
            "What was done": [check.meaning for check in checks],
        }
    )
    widgets.download(table, "checks")


def _found(check: Check) -> str:
    if check.found is not None:
        return check.found
    return "none" if check.value is None else f"{check.value:.2f}"


def _back_to_first() -> None:
    st.session_state["method"] = FIRST_METHOD


def _learned_from() -> str:
    data = cache.predictor().card.labelled_data
    if data is None:
        return ""
    return f"The model learned from {data.description.title}: {data.description.population}."
