"""The model card: what it is, what it learned from, how good it is, where it ends."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.model import comparison, scores
from lamae.app.model.scores import interval
from lamae.ecg.statements import ICD10_TITLES
from lamae.errors import DataError, WeightsError
from lamae.results.prediction import of_old_people

ORIGIN = ("paper", "license", "version", "created", "citation")
SQUARES = "Loss: mean square error of what is masked, in units of (0.2 mV)²."
RELATIVE = "Loss: root mean square error of what is masked, divided by linear regression's."
LABELS = "Loss: cross-entropy, mean over the statements."
TRAINING = ("recipe", "epochs", "minutes", "device", "precision", "parameters", "batch", "seed")
NAMES = {"license": "Licence", "ids_sha256": "SHA-256 of the record list"}


def simple(card: Mapping[str, Any]) -> dict[str, str]:
    """The entries that fit a line of a table; the others stand in the card itself."""
    lines = {}
    for key, value in card.items():
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
            value = (" " if key == "citation" else ", ").join(map(str, value))
        if isinstance(value, int) and not isinstance(value, bool):
            value = f"{value:,}"
        if isinstance(value, str | float):
            lines[NAMES.get(key, key.replace("_", " ").capitalize())] = str(value)
    return lines


def training(card: Mapping[str, Any]) -> None:
    """How each stage was trained, side by side."""
    reconstructing = [run for run in [card.get("pretraining"), *card.get("continued", [])] if run]
    stages: list[tuple[str, Mapping[str, Any], str]] = []
    for run in reconstructing:
        title, loss = ("Whole leads", RELATIVE) if run.get("relative") else ("Pretraining", SQUARES)
        again = title in [before for before, _, _ in stages]
        stages.append((f"{title}, continued" if again else title, run, loss))
    if run := card.get("finetuning"):
        stages.append(("Fine-tuning", run, LABELS))
    if not stages:
        return
    columns = st.columns(len(stages), gap="large")
    for number, (column, (title, run, loss)) in enumerate(zip(columns, stages, strict=True)):
        with column:
            st.subheader(title, anchor=False)
            widgets.facts(
                simple({key: run[key] for key in TRAINING if key in run}), f"stage_{number}"
            )
            if len(run.get("history", [])) > 1:
                widgets.chart(
                    figures.training_curve(run["history"], dark=widgets.dark()),
                    f"training_curve_{number}",
                )
                st.caption(loss)


def _counted(part: Mapping[str, Any]) -> str:
    """How many codes or statements a macro is over; older cards do not say."""
    return f"{part['counted']} " if "counted" in part else ""


def results(card: Mapping[str, Any]) -> None:
    test = card.get("results", {}).get("test", {})
    icd10 = test.get("icd10", {})
    if not icd10:
        st.markdown("The card holds no test results.")
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            f"{_counted(icd10)}ICD-10-CM codes, macro AUROC (95% CI)",
            interval(icd10, "macro_auroc"),
            width="content",
        )
        if carried := test.get("statements"):
            st.metric(
                f"{_counted(carried)}SCP statements, 5+ in the test fold",
                interval(carried, "macro_auroc"),
                width="content",
            )
        if trained := test.get("statements_trained"):
            st.metric(
                f"{trained['counted']} SCP statements, 10+ in training",
                interval(trained, "macro_auroc"),
                width="content",
            )
        if isinstance(test.get("ece"), float):
            st.metric("Calibration error (ECE)", interval(test, "ece", "ece_ci"), width="content")
    widgets.chart(figures.auroc_intervals(icd10, dark=widgets.dark()), "auroc_intervals")
    with st.expander("Results as a table"):
        widgets.table(scores.codes_in_words(icd10, card))
        st.caption(
            "AUROC 0.5 and AUPRC equal to the prevalence are what chance reaches. Prevalence, in "
            "brackets, is the share of ECGs that carry the code. Intervals: 1,000 resamples of "
            "patients."
        )
        widgets.download(scores.codes(icd10, card), "results")


def reliability(card: Mapping[str, Any]) -> None:
    """Whether probabilities mean what they say, and for whom the codes are ranked how well."""
    test = card.get("results", {}).get("test", {})
    curve, groups = test.get("calibration"), test.get("subgroups")
    columns = iter(st.columns([2, 3], gap="large") if curve and groups else [st.container()])
    if curve:
        with next(columns):
            st.subheader("Calibration on the test fold", anchor=False)
            widgets.chart(figures.calibration(curve, dark=widgets.dark()), "calibration")
            st.caption(
                "Of the ECGs given a probability near 0.3 for a code, about 30% should carry it: "
                "points on the dashed line. All codes offered, pooled; lines are 95% intervals, "
                "bars the number of predictions in each bin."
            )
            widgets.download(scores.calibration(curve), "calibration")
    if groups:
        with next(columns):
            st.subheader("By sex and age on the test fold", anchor=False)
            widgets.table(scores.subgroups_in_words(groups))
            st.caption(
                "Own codes are those with enough positives in the group, and differ from group to "
                "group. Shared codes are those that both sexes, or all age groups, can measure: "
                f"compare groups by these alone. {scores.apart(groups)}"
            )
            widgets.download(scores.subgroups(groups), "subgroups")


def reconstruction(card: Mapping[str, Any]) -> None:
    """How well chest leads are reconstructed, one masked at a time and all six together."""
    measured = card.get("results", {}).get("test", {}).get("restoration", {})
    together: Mapping[str, Any] = next(
        (leads for masked, leads in measured.items() if "," in masked), {}
    )
    single = {lead: leads[lead] for lead, leads in measured.items() if lead in leads}
    if not single or not together:
        return
    st.subheader("Reconstructed chest leads on the test fold", anchor=False)
    data = pd.DataFrame({"Lead": list(single)})
    for title, leads in (("alone", single), ("all six", together)):
        for name, key in (("model", "rmse_mv"), ("regression", "linear_rmse_mv")):
            data[f"Masked {title}: {name} (mV)"] = [leads[lead][key] for lead in single]
        data[f"Masked {title}: correlation"] = [leads[lead]["pearson_r"] for lead in single]
    numbers = {
        title: "{:.2f}" if "correlation" in title else "{:.3f}" for title in data.columns[1:]
    }
    widgets.table(data, numbers)
    st.caption(
        "Medians over the test ECGs of the root mean square error. Regression: linear, from the "
        "leads left visible, fitted on the training ECGs."
    )
    widgets.download(data, "restoration")


def compared() -> None:
    """How this way of training does beside others; nothing where no comparison was made."""
    try:
        found = comparison.load_results()
    except DataError as error:
        widgets.trouble(error)
        return
    points = comparison.points(found) if found else []
    if not found or not points:
        return
    st.subheader("Comparison", anchor=False)
    st.markdown(widgets.plain(comparison.sentence(found)))
    widgets.chart(figures.comparison(points, dark=widgets.dark()), "comparison")
    makers = (comparison.methods, comparison.lead_sets, comparison.claims, comparison.ablations)
    for make in makers:
        if len(data := make(found)):
            widgets.table(data)
            widgets.download(data, f"comparison_{make.__name__}")
    st.caption(
        "Macro AUROC over ICD-10-CM codes with at least 5 positives in the test fold, and over "
        "SCP statements with at least 10 in training. Fewer leads: the others are masked, nothing "
        "is trained again. Differences are paired: both rows on the same resamples of patients. "
        "Pretraining with one choice changed: one seed, validation fold; the errors are medians "
        "over its ECGs."
    )


def show() -> None:
    try:
        predictor = cache.predictor()
    except WeightsError as error:
        widgets.trouble(error)
        return
    card = predictor.card
    st.markdown(
        f"**{widgets.plain(predictor.name)}**, a latent-attention masked autoencoder for 12-lead "
        "ECGs: pretrained to reconstruct masked signal, then fine-tuned to suggest ICD-10-CM codes."
    )
    st.caption(f"SHA-256 {predictor.sha256}")
    st.subheader("Results on the test fold", anchor=False)
    results(card)
    reliability(card)
    reconstruction(card)
    compared()
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Training data", anchor=False)
        widgets.facts(simple(card.get("data", {})), "data")
        st.subheader("Licence and citation", anchor=False)
        widgets.facts(simple({key: card[key] for key in ORIGIN if key in card}), "origin")
    with right:
        st.subheader("Limits", anchor=False)
        for limit in card.get("limits", []):
            st.markdown(f"- {widgets.plain(limit)}")
        if said := of_old_people(card):
            st.markdown(f"- {widgets.plain(said)}")
        if card.get("not_offered"):
            with st.expander(f"Codes not offered ({len(card['not_offered'])})"):
                widgets.table(
                    pd.DataFrame(
                        [
                            (code, ICD10_TITLES.get(code, ""), widgets.plain(reason))
                            for code, reason in card["not_offered"].items()
                        ],
                        columns=["Code", "Title", "Reason"],
                    )
                )
    training(card)
    with st.expander("Card as it travels with the weights"):
        st.json(card, expanded=1)


show()
