"""The codes of an ECG in words and tables: verdict, evidence, place in ICD-10-CM, doubts."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import counted
from lamae.ecg.icd10 import BLOCKS, DOUBTS, block_of, chapter_of, not_coded
from lamae.results.prediction import CodeScore, Prediction
from lamae.results.verdict import read_cuts

# Codes drawn as bars and told at once; the tables hold all.
SHOWN = 8
OPERATING_POINT = (
    "A code is suggested where its calibrated probability reaches the threshold with the best F1 "
    "(the balance of positive predictive value and sensitivity) on PTB-XL's validation fold, 9."
)
UNTESTED = (
    "A code is suggested where its probability reaches a threshold that was chosen on ECGs of "
    "twelve leads over 10 s."
)
UNDECIDED = (
    "“Cannot say”: the ECG lies where both ECGs with the code and ECGs without it are found, or "
    "where neither are, or on the other side of the threshold."
)


SCORES = "Statement scores, not calibrated"


def meaning(prediction: Prediction) -> str:
    """What the verdicts mean, in words, and how often they err where that is known."""
    known = read_cuts(cache.predictor().card)
    point = OPERATING_POINT if prediction.as_tested else UNTESTED
    if known is None:
        return point
    if not prediction.as_tested:
        return f"{point} {UNDECIDED}"
    level = known[0]
    return (
        f"{point} {UNDECIDED} Among ECGs like those of that fold, at most {1 - level:.0%} of those "
        f"with a code are “not suggested”, and at most {1 - level:.0%} of those without it "
        "“suggested” (class-conditional conformal prediction)."
    )


def sentence(code: CodeScore, test_ecgs: int | None) -> str:
    """A code's verdict, probability and evidence."""
    measured = ""
    if code.auroc is not None:
        measured = f"; AUROC {code.auroc:.2f}"
        if code.auroc_interval is not None:
            measured += f", {_interval(code)}"
        if test_ecgs is not None:
            measured += f" on {test_ecgs} test ECGs"
    return (
        f"**{figures.short_title(code.title)}** {code.verdict}, {code.probability:.2f} "
        f"(threshold {code.threshold:.2f}{measured})"
    )


def named_behind(code: CodeScore, count: int = 3) -> str:
    """The statements that suggest a code, the highest first.

    Their scores are not calibrated: beside the code's probability they would not compare.
    """
    return ", ".join(statement.description for statement in code.statements[:count])


def scored_behind(code: CodeScore, count: int = 3) -> str:
    """The same with the model's score of each, which is not calibrated."""
    return ", ".join(
        f"{statement.description} {statement.probability:.2f}"
        for statement in code.statements[:count]
    )


def doubts(code: CodeScore) -> str:
    """What is doubtful about the map to a code."""
    found = {
        DOUBTS[statement.name]: statement.confidence
        for statement in code.statements
        if statement.name in DOUBTS
    }
    return "; ".join(f"{doubt} ({confidence} confidence)" for doubt, confidence in found.items())


def absent(prediction: Prediction) -> None:
    """Write which urgent conditions are not among the codes."""
    if said := not_coded(code.code for code in prediction.codes):
        st.caption(said)


def many(number: int, thing: str = "code") -> str:
    """A number of codes, in words."""
    return counted(number, thing)


def tell(code: CodeScore, test_ecgs: int | None) -> None:
    """Write a code with what is behind it."""
    names = widgets.plain(named_behind(code))
    st.markdown(f"{sentence(code, test_ecgs)}  \n:gray[:small[{code.code} · {names}]]")


def tables(prediction: Prediction) -> None:
    """All codes, by chapter and block of ICD-10-CM."""
    for block in BLOCKS:
        codes = sorted(
            (code for code in prediction.codes if block.holds(code.code)), key=lambda c: c.code
        )
        if not codes:
            continue
        chapter = chapter_of(codes[0].code)
        st.markdown(
            f"**{block.title}** ({block.codes})  \n:gray[:small[{chapter.title} ({chapter.codes})]]"
        )
        st.dataframe(
            _table(codes, prediction),
            hide_index=True,
            height="content",
            alt=f"Codes {block.codes} with probability, threshold, verdict and evidence",
            column_config={
                "Code": st.column_config.TextColumn(width=70, pinned=True),
                "Title": st.column_config.TextColumn(width=220),
                "Probability": st.column_config.NumberColumn(format="%.2f", width=80),
                "Threshold": st.column_config.NumberColumn(format="%.2f", width=80),
                "Verdict": st.column_config.TextColumn(width=110),
                "AUROC (95% CI)": st.column_config.TextColumn(width=130),
                "In training": st.column_config.NumberColumn(format="percent", width=90),
                SCORES: st.column_config.TextColumn(width=380),
                "Doubts in the map": st.column_config.TextColumn(width=380),
            },
        )
    whole = _table(prediction.codes, prediction)
    whole.insert(0, "Block", [block_of(code.code).codes for code in prediction.codes])
    whole.insert(0, "Chapter", [chapter_of(code.code).codes for code in prediction.codes])
    widgets.download(whole, "codes")


def about(code: CodeScore) -> None:
    """All that is known of one code on this ECG."""
    chapter, block = chapter_of(code.code), block_of(code.code)
    trained = cache.predictor().card.get("codes", {}).get(code.code, {})
    counted = None
    if "prevalence" in trained:
        counted = f"{trained['prevalence']:.1%} ({trained['positives_train']} ECGs)"
    widgets.facts(
        {
            "Code": f"{code.code} {code.title}",
            "Chapter": f"{chapter.title} ({chapter.codes})",
            "Block": f"{block.title} ({block.codes})",
            "Verdict": f"{code.verdict}, {code.probability:.2f} (threshold {code.threshold:.2f})",
            "AUROC on the test fold (95% CI)": _auroc(code),
            "Prevalence in training": counted,
            SCORES: scored_behind(code, len(code.statements)),
            "Doubts in the map": doubts(code) or "none noted",
        },
        "code",
    )


def _table(codes: Sequence[CodeScore], prediction: Prediction) -> pd.DataFrame:
    trained: dict[str, Any] = cache.predictor().card.get("codes", {})
    table = pd.DataFrame(
        {
            "Code": [code.code for code in codes],
            "Title": [code.title for code in codes],
            "Probability": [code.probability for code in codes],
            "Threshold": [code.threshold for code in codes],
            "Verdict": [code.verdict for code in codes],
            "AUROC (95% CI)": [_auroc(code) or "not measured" for code in codes],
            "In training": [trained.get(code.code, {}).get("prevalence") for code in codes],
            SCORES: [scored_behind(code) for code in codes],
            "Doubts in the map": [doubts(code) for code in codes],
        }
    )
    return table if prediction.as_tested else table.drop(columns="AUROC (95% CI)")


def _auroc(code: CodeScore) -> str | None:
    if code.auroc is None:
        return None
    return f"{code.auroc:.2f}" + (f" ({_interval(code)})" if code.auroc_interval else "")


def _interval(code: CodeScore) -> str:
    if code.auroc_interval is None:
        return ""
    low, high = code.auroc_interval
    return f"{low:.2f}–{high:.2f}"
