"""The ICD-10-CM codes that the ECG suggests, and why."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.errors import LamaeError
from lamae.results import Attribution, CodeScore, Prediction
from lamae.ui import cache, session, widgets

# Codes drawn as bars and told at once; the table holds all.
SHOWN = 8
CAUTION = (
    "Read attributions with care. In a comparison of 12 methods on 873,710 ECGs, attribution maps "
    "were of limited reliability (Arends et al., European Heart Journal – Digital Health 2026). "
    "They show what moved this model's score, not what is wrong with the heart. The model "
    "learned from PTB-XL (Wagner et al. 2020): one database, almost wholly adults, resting ECGs "
    "of 10 s."
)


def sentence(code: CodeScore, test_ecgs: int | None) -> str:
    measured = ""
    if code.auroc is not None:
        measured = f"; AUROC {code.auroc:.2f}"
        if code.auroc_interval is not None:
            low, high = code.auroc_interval
            measured += f", {low:.2f}–{high:.2f}"
        if test_ecgs is not None:
            measured += f" on {test_ecgs} test ECGs"
    verdict = "suggested" if code.suggested else "not suggested"
    return (
        f"**{figures.short_title(code.title)}** {verdict}, {code.probability:.2f} "
        f"(threshold {code.threshold:.2f}{measured})"
    )


def behind(code: CodeScore, count: int = 3) -> str:
    return ", ".join(
        f"{statement.description} {statement.probability:.2f}"
        for statement in code.statements[:count]
    )


def tell(code: CodeScore, test_ecgs: int | None) -> None:
    st.markdown(
        f"{sentence(code, test_ecgs)}  \n:gray[:small[{code.code} · {widgets.plain(behind(code))}]]"
    )


def table_of(codes: Sequence[CodeScore]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Code": [code.code for code in codes],
            "Title": [code.title for code in codes],
            "Probability": [code.probability for code in codes],
            "Threshold": [code.threshold for code in codes],
            "Suggested": ["yes" if code.suggested else "" for code in codes],
            "AUROC": [code.auroc for code in codes],
            "Statements behind it": [behind(code) for code in codes],
        }
    )


def first_choice(codes: Sequence[CodeScore]) -> str:
    """The code that the address names (?code=I48.91), else the first."""
    named = st.query_params.get("code")
    names = [code.code for code in codes]
    if named is not None and named not in names:
        st.info(
            "The link names a code that this model cannot suggest; the first one is shown instead."
        )
    return named if named in names else names[0]


def summary(prediction: Prediction, choice: str, named: str) -> None:
    test_ecgs = cache.predictor().card.get("results", {}).get("test", {}).get("ecgs")
    suggested = [code for code in prediction.codes if code.suggested]

    def bar_clicked() -> None:
        for code in widgets.clicked("code_bars") & {code.code for code in prediction.codes}:
            st.session_state[choice] = code

    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Suggested by this ECG", anchor=False)
        for code in suggested[:SHOWN]:
            tell(code, test_ecgs)
        if len(suggested) > SHOWN:
            with st.expander(f"{len(suggested) - SHOWN} further codes suggested"):
                for code in suggested[SHOWN:]:
                    tell(code, test_ecgs)
        if not suggested:
            st.markdown("No code reaches its threshold.")
            st.caption("Closest: " + sentence(prediction.codes[0], test_ecgs))
        st.caption(
            "Codes suggested by ECG findings, never a diagnosis. A low score rules nothing out."
        )
    with right:
        st.subheader("Probability and threshold", anchor=False)
        widgets.chart(
            figures.code_bars(prediction, selected=named, limit=SHOWN, dark=widgets.dark()),
            "code_bars",
            on_select=bar_clicked,
        )
        data = table_of(prediction.codes)
        with st.expander(f"All {len(prediction.codes)} codes, with the statements behind each"):
            st.dataframe(
                data,
                hide_index=True,
                height="content",
                alt="All codes with calibrated probability, threshold and statements",
                column_config={
                    "Code": st.column_config.TextColumn(width=70, pinned=True),
                    "Title": st.column_config.TextColumn(width=220),
                    "Probability": st.column_config.NumberColumn(format="%.2f", width=80),
                    "Threshold": st.column_config.NumberColumn(format="%.2f", width=80),
                    "Suggested": st.column_config.TextColumn(width=80),
                    "AUROC": st.column_config.NumberColumn(format="%.2f", width=70),
                    "Statements behind it": st.column_config.TextColumn(width=420),
                },
            )
            widgets.download(data, "codes")


def explain(prediction: Prediction, choice: str, start: float) -> None:
    ecg = session.current().in_hand.ecg
    by_code = {code.code: code for code in prediction.codes}
    methods = cache.methods()
    st.subheader("Why", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        named = st.selectbox(
            "Code to explain",
            list(by_code),
            format_func=lambda code: f"{code}  {figures.short_title(by_code[code].title)}",
            key=choice,
            persist_state="session",
            width=360,
        )
        method = st.selectbox(
            "Method",
            list(methods),
            format_func=lambda name: methods[name].title,
            key="method",
            persist_state="session",
            width=260,
        )
    st.caption(methods[method].description)
    try:
        attribution = cache.attribution(ecg, named, method, start)
    except LamaeError as error:
        widgets.trouble(error)
        return
    widgets.sheet(
        figures.paper(ecg, start=start, attribution=attribution, dark=widgets.dark()),
        "attribution",
    )
    by_lead(attribution)
    st.caption(CAUTION)


def by_lead(attribution: Attribution) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        widgets.chart(
            figures.attribution_by_lead(attribution, dark=widgets.dark()), "attribution_by_lead"
        )
    with right:
        st.markdown(f"Score of this ECG: {attribution.score:+.2f} log-odds, before calibration.")
        if attribution.baseline:
            st.markdown(f"Compared with: {widgets.plain(attribution.baseline)}.")
        error = attribution.completeness_error
        if error is None:
            st.markdown("This method does not promise that its parts add up to the score.")
        else:
            st.markdown(
                f"Completeness error: {error:.1%}. The parts should add up to the difference "
                f"from the score of a flat line, {attribution.baseline_score:+.2f}; this is how "
                "far they are off. The smaller, the better."
            )
        data = pd.DataFrame(
            {"Lead": attribution.leads, "Attribution (log-odds)": attribution.per_lead}
        )
        with st.expander("Values by lead"):
            widgets.table(data, {"Attribution (log-odds)": "{:+.3g}"})
            widgets.download(data, "attribution")


in_hand = session.current().in_hand
widgets.notes(in_hand.ecg)
start = widgets.ask_start(in_hand)
fit, reason = cache.usable(in_hand.ecg, start)
if not fit:
    widgets.refusal(reason)
else:
    try:
        prediction = cache.prediction(in_hand.ecg, start)
    except LamaeError as error:
        widgets.refusal(str(error))
    else:
        # A new ECG starts with its own first code.
        choice = f"code_{in_hand.ecg.digest[:12]}_{start:g}"
        if choice not in st.session_state:
            st.session_state[choice] = first_choice(prediction.codes)
        summary(prediction, choice, st.session_state[choice])
        explain(prediction, choice, start)
