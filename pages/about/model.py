"""The model card: what it is, what it learned from, how good it is, where it ends."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.errors import WeightsError
from lamae.labels import ICD10_TITLES
from lamae.ui import cache, widgets

ORIGIN = ("paper", "license", "version", "created", "citation")
STAGES = {"pretraining": "Pretraining", "finetuning": "Fine-tuning"}
TRAINING = ("recipe", "epochs", "minutes", "device", "precision", "parameters", "batch", "seed")
NAMES = {"license": "Licence", "ids_sha256": "SHA-256 of the record list"}


def interval(entry: Mapping[str, Any], value: str = "auroc") -> str:
    """A figure with its 95% interval, in words."""
    if entry.get(value) is None:
        return "too few positives"
    low, high = entry["ci"]
    return f"{entry[value]:.3f} ({low:.3f}–{high:.3f})"


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
    """How both stages were trained, side by side."""
    columns = st.columns(2, gap="large")
    for column, (stage, title) in zip(columns, STAGES.items(), strict=True):
        run = card.get(stage, {})
        if not run:
            continue
        with column:
            st.subheader(title, anchor=False)
            widgets.facts(simple({key: run[key] for key in TRAINING if key in run}), stage)
            if len(run.get("history", [])) > 1:
                widgets.chart(
                    figures.training_curve(run["history"], dark=widgets.dark()), f"{stage}_curve"
                )


def codes_of(report: Mapping[str, Any], card: Mapping[str, Any]) -> pd.DataFrame:
    trained = card.get("codes", {})
    codes = report.get("codes", {})
    return pd.DataFrame(
        {
            "Code": list(codes),
            "Title": [ICD10_TITLES.get(code, "") for code in codes],
            "AUROC": [entry.get("auroc") for entry in codes.values()],
            "low": [(entry.get("ci") or (None, None))[0] for entry in codes.values()],
            "high": [(entry.get("ci") or (None, None))[1] for entry in codes.values()],
            "AUPRC": [entry.get("auprc") for entry in codes.values()],
            "Test positives": [entry.get("positives") for entry in codes.values()],
            "Training positives": [trained.get(code, {}).get("positives_train") for code in codes],
        }
    ).sort_values("AUROC", ascending=False, na_position="last")


def results(card: Mapping[str, Any]) -> None:
    test = card.get("results", {}).get("test", {})
    icd10 = test.get("icd10", {})
    if not icd10:
        st.markdown("The card holds no test results.")
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "ICD-10-CM codes, macro AUROC (95% CI)",
            interval(icd10, "macro_auroc"),
            width="content",
        )
        if test.get("statements"):
            st.metric(
                "SCP statements, macro AUROC (95% CI)",
                interval(test["statements"], "macro_auroc"),
                width="content",
            )
        if isinstance(test.get("ece"), float):
            st.metric("Calibration error (ECE)", f"{test['ece']:.3f}", width="content")
    data = codes_of(icd10, card)
    widgets.chart(figures.auroc_intervals(icd10, dark=widgets.dark()), "auroc_intervals")
    with st.expander("Results as a table"):
        widgets.table(
            data,
            {
                "AUROC": "{:.3f}",
                "low": "{:.3f}",
                "high": "{:.3f}",
                "AUPRC": "{:.3f}",
                "Training positives": "{:.0f}",
                "Test positives": "{:.0f}",
            },
        )
        widgets.download(data, "results")


def restoration(card: Mapping[str, Any]) -> None:
    """How well chest leads are restored, one hidden at a time and all six together."""
    measured = card.get("results", {}).get("test", {}).get("restoration", {})
    together = next((leads for hidden, leads in measured.items() if "," in hidden), {})
    single = {lead: leads[lead] for lead, leads in measured.items() if lead in leads}
    if not single or not together:
        return
    st.subheader("Restored chest leads on the test fold", anchor=False)
    data = pd.DataFrame({"Lead": list(single)})
    for title, leads in (("alone", single), ("all six", together)):
        for name, key in (("model", "rmse_mv"), ("regression", "linear_rmse_mv")):
            data[f"Hidden {title}: {name} (mV)"] = [leads[lead][key] for lead in single]
        data[f"Hidden {title}: correlation"] = [leads[lead]["pearson_r"] for lead in single]
    numbers = {
        title: "{:.2f}" if "correlation" in title else "{:.3f}" for title in data.columns[1:]
    }
    widgets.table(data, numbers)
    st.caption(
        "Medians over the test ECGs of the root mean square error. Regression: linear, from the "
        "leads left visible, fitted on the training ECGs."
    )
    widgets.download(data, "restoration")


def show() -> None:
    try:
        predictor = cache.predictor()
    except WeightsError as error:
        widgets.trouble(error)
        return
    card = predictor.card
    st.markdown(
        f"**{widgets.plain(predictor.name)}**, a latent-attention masked autoencoder for 12-lead "
        "ECGs: pretrained to restore hidden signal, then fine-tuned to suggest ICD-10-CM codes."
    )
    st.caption(f"SHA-256 {predictor.sha256}")
    st.subheader("Results on the test fold", anchor=False)
    results(card)
    restoration(card)
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
