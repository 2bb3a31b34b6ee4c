"""The model card as a document: MODEL_CARD.md."""

from collections.abc import Iterable, Sequence

from lamae.inference.bundle import Bundle
from lamae.model.families import FAMILIES
from lamae.results.card import ModelCard, Run, TrainingData
from lamae.results.scores import Interval, Scores


def model_card(bundle: Bundle) -> str:
    """A bundle's card in Markdown.

    Everything in it comes from the bundle, so the same weights give the same text.
    """
    card = bundle.card
    parts = [
        f"# {card.name}",
        f"{_capital(FAMILIES[bundle.family].description)}.",
        _lines(("Weights, SHA-256", f"`{bundle.sha256}`"), ("Paper", card.paper),
               ("Created", card.created), ("Licence", card.licence)),
        "## Limits",
        _bullets((*card.limits, card.minors, card.old_people)),
        "## Training data",
        _data(card),
        "## Training",
        _runs(card),
        *(_results(bundle, card.results.test) if card.results.test else []),
        *(
            ["## Codes not offered", _table(("Code", "Title", "Reason"), (
                (code, bundle.labels.title(code), reason)
                for code, reason in card.not_offered.items()
            ))]
            if card.not_offered
            else []
        ),
        "## Citation",
        _bullets(card.citation),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _results(bundle: Bundle, test: Scores) -> list[str]:
    trained = bundle.card.codes
    macros = [
        ("ICD-10-CM codes", test.icd10.counted, _interval(test.icd10.macro_auroc, test.icd10.ci))
    ]
    if test.statements:
        part = test.statements
        macros.append(("Statements", part.counted, _interval(part.macro_auroc, part.ci)))
    codes = sorted(test.icd10.codes.items(), key=lambda item: -(item[1].auroc or 0))
    parts = [
        "## Results on the test fold",
        f"{test.ecgs} ECGs of {test.patients} patients; 95 % bootstrap intervals over patients.",
        _table(("Macro AUROC over", "Counted", "AUROC"), macros),
        f"Expected calibration error: {_interval(test.ece, test.ece_ci)}."
        if test.ece is not None
        else "",
        _table(
            ("Code", "Title", "AUROC", "Average precision", "Positives", "In training"),
            (
                (
                    code,
                    bundle.labels.title(code),
                    _interval(score.auroc, score.ci),
                    _interval(score.auprc, score.auprc_ci),
                    score.positives,
                    trained[code].positives_train if code in trained else "–",
                )
                for code, score in codes
            ),
        ),
        _subgroups(test),
        _reconstruction(test),
    ]
    return [part for part in parts if part]


def _subgroups(test: Scores) -> str:
    rows = [
        (_capital(name), group.ecgs, _interval(group.shared.macro_auroc, group.shared.ci))
        for groups in test.subgroups.values()
        for name, group in groups.items()
    ]
    heads = ("Group", "ECGs", "Macro AUROC over shared codes")
    return "### By sex and age\n\n" + _table(heads, rows) if rows else ""


def _reconstruction(test: Scores) -> str:
    rows = [
        (masked.replace(",", ", "), lead, f"{error.rmse_mv:.3f}", f"{error.linear_rmse_mv:.3f}",
         f"{error.pearson_r:.2f}")
        for masked, leads in test.reconstruction.items()
        for lead, error in leads.items()
    ]  # fmt: skip
    heads = ("Masked", "Lead", "RMSE (mV)", "Linear regression (mV)", "Correlation")
    return "### Reconstruction, medians over ECGs\n\n" + _table(heads, rows) if rows else ""


def _data(card: ModelCard) -> str:
    used = [("Pretraining", card.data), ("Fine-tuning", card.labelled_data)]
    rows: list[tuple[object, ...]] = [
        (
            stage,
            data.description.title,
            data.description.population,
            f"{data.records:,}",
            _folds(data),
            data.description.licence,
        )
        for stage, data in used
        if data is not None
    ]
    return _table(("Stage", "Data set", "Population", "ECGs", "Folds", "Licence"), rows)


def _folds(data: TrainingData) -> str:
    return ", ".join(map(str, data.folds))


def _runs(card: ModelCard) -> str:
    stages: list[tuple[str, Run | None]] = [
        ("Pretraining", card.pretraining),
        *(("Pretraining, continued", run) for run in card.continued),
        ("Fine-tuning", card.finetuning),
    ]
    rows = [
        (name, run.recipe, run.epochs, run.batch, run.minutes, run.device, f"{run.parameters:,}")
        for name, run in stages
        if run is not None
    ]
    heads = ("Stage", "Recipe", "Epochs", "Batch", "Minutes", "Device", "Parameters")
    return _table(heads, rows)


def _interval(value: float | None, bounds: Interval | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" + ("" if bounds is None else " [{:.3f}, {:.3f}]".format(*bounds))


def _lines(*entries: tuple[str, str]) -> str:
    return "  \n".join(f"{name}: {value}" for name, value in entries if value)


def _bullets(sentences: Iterable[str | None]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences if sentence)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
