"""The Model page from top to bottom: results, benchmark, data, limits and training."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.app.model import comparison, scores
from lamae.app.model.scores import interval
from lamae.errors import DataError, WeightsError
from lamae.results.card import ModelCard, Run, TrainingData
from lamae.results.json import to_json

SQUARES = "Loss: mean square error of what is masked, in units of (0.2 mV)²."
RELATIVE = "Loss: root mean square error of what is masked, divided by linear regression's."
LABELS = "Loss: cross-entropy, mean over the statements."
TRAINING = ("recipe", "epochs", "minutes", "device", "precision", "parameters", "batch", "seed")


def show() -> None:
    """Show the card of the weights from top to bottom."""
    try:
        predictor = cache.predictor()
    except WeightsError as error:
        widgets.trouble(error)
        return
    card = predictor.card
    st.markdown(f"**{widgets.plain(predictor.name)}**, {predictor.description}.")
    st.caption(f"SHA-256 {predictor.sha256}")
    st.subheader("Results on the test fold", anchor=False)
    _results(card)
    _reliability(card)
    _reconstruction(card)
    _benchmark()
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Training data", anchor=False)
        widgets.facts(_data_facts(card.data), "data")
        st.subheader("Licence and citation", anchor=False)
        widgets.facts(
            {
                "Paper": card.paper,
                "Licence": card.licence,
                "Created": card.created,
                "Citation": " ".join(card.citation),
            },
            "origin",
        )
    with right:
        st.subheader("Limits", anchor=False)
        for limit in (*card.limits, card.old_people):
            if limit:
                st.markdown(f"- {widgets.plain(limit)}")
        if card.not_offered:
            with st.expander(f"Codes not offered ({len(card.not_offered)})"):
                widgets.table(
                    pd.DataFrame(
                        [
                            (code, predictor.labels.title(code), widgets.plain(reason))
                            for code, reason in card.not_offered.items()
                        ],
                        columns=["Code", "Title", "Reason"],
                    )
                )
    _training(card)
    with st.expander("Card as it travels with the weights"):
        st.json(to_json(card), expanded=1)


def _in_words(value: object) -> str:
    """A number with its thousands apart; text as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _training(card: ModelCard) -> None:
    """How each stage was trained, side by side."""
    stages: list[tuple[str, Run, str]] = []
    for run in (card.pretraining, *card.continued):
        if run is None:
            continue
        title, loss = (
            ("Whole leads", RELATIVE)
            if run.settings.get("relative_to_linear")
            else ("Pretraining", SQUARES)
        )
        again = title in [before for before, _, _ in stages]
        stages.append((f"{title}, continued" if again else title, run, loss))
    if card.finetuning is not None:
        stages.append(("Fine-tuning", card.finetuning, LABELS))
    if not stages:
        return
    columns = st.columns(len(stages), gap="large")
    for number, (column, (title, run, loss)) in enumerate(zip(columns, stages, strict=True)):
        with column:
            st.subheader(title, anchor=False)
            widgets.facts(
                {name.capitalize(): _in_words(getattr(run, name)) for name in TRAINING},
                f"stage_{number}",
            )
            if len(run.history) > 1:
                widgets.chart(
                    figures.training_curve(run.history, dark=widgets.dark()),
                    f"training_curve_{number}",
                )
                st.caption(loss)


def _results(card: ModelCard) -> None:
    """How well codes and statements are ranked on the test fold."""
    labels = cache.predictor().labels
    test = card.results.test
    if test is None:
        st.markdown("The card holds no test results.")
        return
    icd10 = test.icd10
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            f"{icd10.counted} ICD-10-CM codes, macro AUROC (95% CI)",
            interval(icd10.macro_auroc, icd10.ci),
            width="content",
        )
        if carried := test.statements:
            st.metric(
                f"{carried.counted} SCP statements, 5+ in the test fold",
                interval(carried.macro_auroc, carried.ci),
                width="content",
            )
        if trained := test.statements_trained:
            st.metric(
                f"{trained.counted} SCP statements, 10+ in training",
                interval(trained.macro_auroc, trained.ci),
                width="content",
            )
        if test.ece is not None:
            st.metric("Calibration error (ECE)", interval(test.ece, test.ece_ci), width="content")
    widgets.chart(figures.auroc_intervals(to_json(icd10), dark=widgets.dark()), "auroc_intervals")
    with st.expander("Results as a table"):
        widgets.table(scores.codes_in_words(icd10, card, labels))
        st.caption(
            "AUROC 0.5 and AUPRC equal to the prevalence are what chance reaches. Prevalence, in "
            "brackets, is the share of ECGs that carry the code. Intervals: 1,000 resamples of "
            "patients."
        )
        widgets.download(scores.codes(icd10, card, labels), "results")


def _reliability(card: ModelCard) -> None:
    """Whether probabilities are right, and how well the codes are ranked in whom."""
    test = card.results.test
    if test is None:
        return
    curve, groups = test.calibration, test.subgroups
    columns = iter(st.columns([2, 3], gap="large") if curve and groups else [st.container()])
    if curve:
        with next(columns):
            st.subheader("Calibration on the test fold", anchor=False)
            widgets.chart(figures.calibration(to_json(curve), dark=widgets.dark()), "calibration")
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


def _reconstruction(card: ModelCard) -> None:
    """How well chest leads are reconstructed, one masked at a time and all six together."""
    measured = card.results.test.reconstruction if card.results.test else {}
    together = next((leads for masked, leads in measured.items() if "," in masked), {})
    single = {lead: leads[lead] for lead, leads in measured.items() if lead in leads}
    if not single or not together:
        return
    st.subheader("Reconstructed chest leads on the test fold", anchor=False)
    data = pd.DataFrame({"Lead": list(single)})
    for title, leads in (("alone", single), ("all six", together)):
        errors = [leads[lead] for lead in single]
        data[f"Masked {title}: model (mV)"] = [error.rmse_mv for error in errors]
        data[f"Masked {title}: regression (mV)"] = [error.linear_rmse_mv for error in errors]
        data[f"Masked {title}: correlation"] = [error.pearson_r for error in errors]
    numbers = {
        title: "{:.2f}" if "correlation" in title else "{:.3f}" for title in data.columns[1:]
    }
    widgets.table(data, numbers)
    st.caption(
        "Medians over the test ECGs of the root mean square error. Regression: linear, from the "
        "leads left visible, fitted on the training ECGs."
    )
    widgets.download(data, "reconstruction")


def _data_facts(data: TrainingData | None) -> dict[str, str]:
    """What a model learned from, as lines of a table."""
    if data is None:
        return {}
    return {
        "Name": data.description.title,
        "Records": f"{data.records:,}",
        "Folds": ", ".join(map(str, data.folds)),
        "SHA-256 of the record list": data.ids_sha256,
    }


def _benchmark() -> None:
    """This way of training beside others; nothing where the benchmark was not run."""
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
    for make in (
        comparison.methods,
        comparison.lead_sets,
        comparison.differences,
        comparison.ablations,
    ):
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
