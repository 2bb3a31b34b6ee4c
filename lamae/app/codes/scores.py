"""The codes of an ECG in words and tables: verdict, evidence, place in ICD-10-CM, doubts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import counted
from lamae.ecg.icd10 import not_coded
from lamae.ecg.labels import Code, LabelSet, Span
from lamae.results.card import ModelCard
from lamae.results.prediction import CodeScore, Prediction
from lamae.results.verdict import NOT_SUGGESTED, SUGGESTED, UNDECIDED

if TYPE_CHECKING:
    from lamae.inference.predictor import Predictor

# Codes shown as bars and in words at once; the tables hold all.
SHOWN = 8
UNTESTED = (
    "A code is suggested where its probability reaches a threshold that was chosen on ECGs of "
    "twelve leads over 10 s."
)
SCORES = "Statement scores, not calibrated"


def operating_point(card: ModelCard) -> str:
    """How the thresholds were chosen, in words."""
    data = card.labelled_data
    whose = f"{data.description.name}'s" if data else "the"
    return (
        "A code is suggested where its calibrated probability reaches the threshold with the best "
        "F1 (the balance of positive predictive value and sensitivity) on "
        f"{whose} validation fold."
    )


def meaning(prediction: Prediction, card: ModelCard) -> str:
    """What the verdicts mean, in words, and how often they may err where that is known."""
    point = operating_point(card) if prediction.as_tested else UNTESTED
    if card.conformal is None:
        return point
    if not prediction.as_tested:
        return f"{point} {UNDECIDED}"
    most = f"at most {1 - card.conformal.level:.0%}"
    promised = (
        "Class-conditional conformal prediction promises, on average over ECGs like those of that "
        f"fold, that {most} of those with a code are “not suggested” and {most} of those without "
        "it “suggested”."
    )
    return " ".join(filter(None, (point, UNDECIDED, promised, tested_errors(card))))


def tested_errors(card: ModelCard) -> str:
    """How often the verdicts erred on the test fold; empty where that is unknown."""
    counts = card.results.test.verdicts if card.results.test else None
    if counts is None:
        return ""
    kinds = (
        (counts.carried, NOT_SUGGESTED, "codes carried"),
        (counts.not_carried, SUGGESTED, "codes not carried"),
    )
    erred = [
        f"{verdicts.get(wrong, 0) / pairs:.1%} of {pairs:,} {where} “{wrong}”"
        for verdicts, wrong, where in kinds
        if (pairs := sum(verdicts.values()))
    ]
    return f"On the test fold: {', '.join(erred)}." if erred else ""


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


def doubts(code: CodeScore, labels: LabelSet) -> str:
    """What is doubtful about the map to a code."""
    why = labels.doubts(statement.name for statement in code.statements)
    found = {
        why[statement.name]: statement.confidence
        for statement in code.statements
        if statement.name in why
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
    behind = f"{code.code} · {names}" if names else code.code
    st.markdown(f"{sentence(code, test_ecgs)}  \n:gray[:small[{behind}]]")


def by_parents(prediction: Prediction, labels: LabelSet) -> list[tuple[Code, list[CodeScore]]]:
    """The codes grouped by their parents, in the order of the codes.

    Returns:
        For each group one of its codes as the label set has it, and all its scores.
    """
    scores = sorted(prediction.codes, key=lambda score: score.code)
    groups: dict[tuple[str, ...], tuple[Code, list[CodeScore]]] = {}
    for score in scores:
        code = labels.code(score.code)
        key = tuple(parent.codes for parent in code.parents)
        groups.setdefault(key, (code, []))[1].append(score)
    return list(groups.values())


def heading(code: Code) -> str:
    """The parents of a code in words, the nearest first; empty where they are unknown."""
    if not code.parents:
        return ""
    *wider, block = code.parents
    text = f"**{block.title}** ({block.codes})"
    if wider:
        text += f"  \n:gray[:small[{wider[0].title} ({wider[0].codes})]]"
    return text


def tables(prediction: Prediction) -> None:
    """All codes, by chapter and block of ICD-10-CM where the label set knows them."""
    predictor = cache.predictor()
    for code, scores in by_parents(prediction, predictor.labels):
        if words := heading(code):
            st.markdown(words)
        span = code.parents[-1].codes if code.parents else "all"
        st.dataframe(
            table(scores, prediction, predictor),
            hide_index=True,
            height="content",
            alt=f"Codes {span} with probability, threshold, verdict and evidence",
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
    widgets.download(whole_table(prediction, predictor), "codes")


def about(code: CodeScore) -> None:
    """Everything known of one code on this ECG."""
    predictor = cache.predictor()
    trained = predictor.card.codes.get(code.code)
    widgets.facts(
        {
            "Code": f"{code.code} {code.title}",
            **{
                name: f"{parent.title} ({parent.codes})"
                for name, parent in _parents(code.code, predictor.labels).items()
            },
            "Verdict": f"{code.verdict}, {code.probability:.2f} (threshold {code.threshold:.2f})",
            "AUROC on the test fold (95% CI)": _auroc(code),
            "Prevalence in training": None
            if trained is None
            else f"{trained.prevalence:.1%} ({trained.positives_train} ECGs)",
            SCORES: scored_behind(code, len(code.statements)) or None,
            "Doubts in the map": doubts(code, predictor.labels) or "none noted",
        },
        "code",
    )


def whole_table(prediction: Prediction, predictor: "Predictor") -> pd.DataFrame:
    """Every code with its chapter and block, for a file."""
    whole = table(prediction.codes, prediction, predictor)
    places = [_parents(code.code, predictor.labels) for code in prediction.codes]
    for name in ("Block", "Chapter"):
        if any(name in place for place in places):
            spans = [place[name].codes if name in place else "" for place in places]
            whole.insert(0, name, spans)
    return whole


def table(
    codes: Sequence[CodeScore], prediction: Prediction, predictor: "Predictor"
) -> pd.DataFrame:
    """One row a code."""
    trained = predictor.card.codes
    shares = [trained[code.code].prevalence if code.code in trained else None for code in codes]
    columns: dict[str, Sequence[object]] = {
        "Code": [code.code for code in codes],
        "Title": [code.title for code in codes],
        "Probability": [code.probability for code in codes],
        "Threshold": [code.threshold for code in codes],
        "Verdict": [code.verdict for code in codes],
        "AUROC (95% CI)": [_auroc(code) or "not measured" for code in codes],
        "In training": shares,
        SCORES: [scored_behind(code) for code in codes],
        "Doubts in the map": [doubts(code, predictor.labels) for code in codes],
    }
    absent = [] if prediction.as_tested else ["AUROC (95% CI)"]
    if not predictor.labels.statements:
        absent += [SCORES, "Doubts in the map"]
    return pd.DataFrame(columns).drop(columns=absent)


def _parents(code: str, labels: LabelSet) -> dict[str, Span]:
    """Chapter and block of a code, where they are known."""
    parents = labels.code(code).parents[-2:]
    # A code with one known parent has its block alone.
    names = ("Chapter", "Block")[2 - len(parents) :]
    return dict(zip(names, parents, strict=True))


def _auroc(code: CodeScore) -> str | None:
    if code.auroc is None:
        return None
    return f"{code.auroc:.2f}" + (f" ({_interval(code)})" if code.auroc_interval else "")


def _interval(code: CodeScore) -> str:
    if code.auroc_interval is None:
        return ""
    low, high = code.auroc_interval
    return f"{low:.2f}–{high:.2f}"
