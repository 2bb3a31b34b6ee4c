"""Why a code: the map on the paper, its sums, and whether it can be believed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.codes import maps
from lamae.ecg import ECG
from lamae.errors import LamaeError
from lamae.results.attribution import EXPECTED, PARTS, Attribution, Check
from lamae.results.prediction import Prediction

FIRST_METHOD = "lead_ablation"
CAUTION = (
    "Read attributions with care. In a comparison of 12 methods on 873,710 ECGs, attribution maps "
    "were of limited reliability (Arends et al., European Heart Journal – Digital Health 2026). "
    "Sensible methods have to be told from others by sanity checks, and maps read over many "
    "beats and ECGs rather than one (Wagner et al., Explaining deep learning for ECG analysis, "
    "Computers in Biology and Medicine 2024). "
    "They show what moved this model's score, not what is wrong with the heart. The model "
    "learned from PTB-XL (Wagner et al. 2020): one database, almost wholly adults, resting ECGs "
    "of 10 s."
)


def why(recorded: ECG, ecg: ECG, prediction: Prediction, choice: str, start: float) -> None:
    """Ask for code and method, and show the map with its sums and checks.

    Args:
        recorded: The current ECG, which the map is painted on.
        ecg: The same as the model is shown it.
        prediction: Its codes.
        choice: Key of the chosen code in the session's state.
        start: Where the window starts, in s.
    """
    st.subheader("Why", anchor=False)
    code, against, method = _ask(prediction, choice)
    chosen = cache.methods()[method]
    st.caption(chosen.description)
    try:
        with _cancel("cancel_map", _back_to_first, shown=not chosen.quick):
            found = cache.attribution(ecg, code, method, start, against)
    except LamaeError as error:
        widgets.trouble(error)
        return
    widgets.sheet(
        figures.paper(
            recorded, start=start, attribution=found, signed=chosen.signed, dark=widgets.dark()
        ),
        "attribution",
    )
    if not chosen.signed:
        st.caption(
            "This method has no direction: the stronger the colour, the stronger the effect."
        )
    _summed(ecg, found, chosen, start)
    if chosen.resolves_waves:
        _by_wave(ecg, found, chosen, start)
    _checks(ecg, found, start)
    st.caption(CAUTION)


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


def _summed(ecg: ECG, found: Attribution, chosen: Any, start: float) -> None:
    """The map summed lead by lead, or over time where it tells no lead from another."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        if chosen.resolves_leads:
            by, places = "lead", pd.DataFrame({"Lead": found.leads})
            values = found.per_lead
            figure = figures.attribution_by_lead(found, signed=chosen.signed, dark=widgets.dark())
        else:
            by, summed = chosen.finest, maps.over_time(ecg, found, chosen.finest, start)
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
            st.markdown("This method does not promise that its parts add up to the score.")
        else:
            st.markdown(
                f"Completeness error: {error:.1%}. The parts should add up to the difference "
                "from the score of what the ECG is compared with; this is how far they are "
                f"off. Expected: {EXPECTED['completeness']}."
            )
        data = places.assign(**{"Attribution (log-odds)": values})
        digits = figures.digits_of(float(abs(values).max()))
        numbers = {str(title): "{:.1f}" for title in places if title != "Lead"}
        with st.expander(f"Values by {by}"):
            widgets.table(data, {**numbers, "Attribution (log-odds)": f"{{:+.{digits}f}}"})
            widgets.download(data, "attribution")


def _by_wave(ecg: ECG, found: Attribution, chosen: Any, start: float) -> None:
    summed = maps.sums(ecg, found.code, found.method, start, found.against, found)
    if summed is None:
        st.caption("P, QRS and T cannot be told apart in this ECG: no sums over waves.")
        return
    waves, average, beat = summed
    with st.expander("By wave, and averaged over beats", expanded=True):
        widgets.chart(
            figures.attribution_by_wave(
                waves, found.code, signed=chosen.signed, dark=widgets.dark()
            ),
            "attribution_by_wave",
        )
        if average is not None and beat is not None:
            widgets.sheet(
                figures.attribution_on_beat(
                    beat, average, found.code, signed=chosen.signed, dark=widgets.dark()
                ),
                "attribution_on_beat",
            )
        data = pd.DataFrame(waves.values, columns=list(PARTS))
        data.insert(0, "Lead", list(waves.leads))
        widgets.download(data, "attribution_by_wave")


def _checks(ecg: ECG, found: Attribution, start: float) -> None:
    """The checks of this map, the expensive ones when they are asked for."""
    st.subheader("Can this map be believed?", anchor=False)
    about = (ecg, found.code, found.method, start, found.against)
    key = f"{ecg.digest[:12]}_{start:g}_{found.code}_{found.method}_{found.against}"
    asked: set[str] = st.session_state.setdefault("checks_asked", set())
    complete = maps.completeness(found)
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
        with _cancel("cancel_faithful", lambda: asked.discard(f"faithful_{key}")):
            curves, faithful = maps.faithfulness(*about, found)
        done += faithful
    if f"robust_{key}" in asked:
        with _cancel("cancel_robust", lambda: asked.discard(f"robust_{key}")):
            done += maps.robustness(*about, found)
    if not done:
        st.caption(
            "Not checked yet. The first checks look at the ECG some 200 times; those with "
            "shuffled weights and noise take as long as six such maps."
        )
        return
    _tell(done)
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


def _tell(checks: list[Check]) -> None:
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


@contextmanager
def _cancel(key: str, back: Callable[[], Any], *, shown: bool = True) -> Iterator[None]:
    """Offer to cancel while something is computed: any click interrupts, `back` undoes the wish."""
    place = st.empty()
    if shown:
        place.button("Cancel", key=key, on_click=back)
    try:
        yield
    except LamaeError:
        place.empty()
        raise
    place.empty()


def _back_to_first() -> None:
    st.session_state["method"] = FIRST_METHOD
