"""Commands about one ECG, and about the weights."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

import lamae
from lamae.cli.answer import Answer, number
from lamae.cli.options import (
    File,
    Rate,
    Seed,
    Start,
    Unit,
    Weights,
    ecg_of,
    leads_in,
    predictor_of,
    standard,
)
from lamae.errors import InputError, SignalError
from lamae.results.notice import NOTICE

if TYPE_CHECKING:
    from lamae.inference.analysis import Analysis


def predict(
    file: File,
    fs: Rate = None,
    unit: Unit = None,
    start: Start = 0.0,
    weights: Weights = None,
    leads: Annotated[str | None, Option(help="Show the model these leads only: I,II.")] = None,
) -> Answer:
    """Codes that the ECG suggests."""
    from lamae.ecg import shown_leads
    from lamae.report import code_values, model_values
    from lamae.results.prediction import ORDER
    from lamae.results.verdict import UNDECIDED

    analysis = _analysis(file, fs, unit, start, weights)
    ecg, predictor, check = analysis.ecg, analysis.model, analysis.input_check
    asked = shown_leads(ecg, None if leads is None else leads_in(leads))
    if not check.passed:
        raise SignalError(f"No codes are suggested: {check.reason}")
    shown = tuple(lead for lead in asked if lead in check.leads)
    if not shown:
        raise SignalError(f"No codes are suggested from {', '.join(asked)}: {check.reason}")
    prediction = (
        analysis.prediction
        if shown == analysis.shown.leads
        else predictor.predict(ecg, start=start, leads=shown)
    )
    remarks = check.remarks(prediction)
    values = {
        "codes": [code_values(score) for score in prediction.codes],
        "leads": shown,
        "remarks": remarks,
        "model": model_values(predictor.name, predictor.sha256),
    }
    lines = [
        f"{score.verdict:13}  {score.code:7} {score.probability:6.3f}"
        f"  (threshold {score.threshold:.3f})  {score.title}"
        for score in prediction.codes
    ]
    lines.append(ORDER)
    if any(score.undecided for score in prediction.codes):
        lines.append(UNDECIDED)
    lines += [*remarks, *ecg.notes, f"A low score rules nothing out. {NOTICE}."]
    return values, "\n".join(lines)


def reconstruct(
    file: File,
    fs: Rate = None,
    unit: Unit = None,
    start: Start = 0.0,
    weights: Weights = None,
    mask: Annotated[str, Option(metavar="LEADS", help="Leads to mask: V1,V2.")] = "",
    ratio: Annotated[float, Option(help="Share of the other leads to mask, 0 to 0.95.")] = 0.0,
    seed: Seed = 0,
) -> Answer:
    """Mask leads or segments and measure their reconstruction."""
    from lamae.results.masking import Masking

    analysis = _analysis(file, fs, unit, start, weights)
    result = analysis.reconstruction(Masking(leads_in(mask), ratio=ratio, seed=seed))
    remarks = _masked(analysis)
    keys = {"rmse_mv": "rmse", "pearson_r": "pearson_r", "linear_rmse_mv": "linear_rmse"}
    per_lead = {
        error.lead: {key: getattr(error, name) for key, name in keys.items()}
        for error in result.errors
    }
    lines = ["lead  masked  model mV  correlation  regression mV  algebra mV  algebra reaches"]
    lines += [
        f"{error.lead:4}  {error.masked_share:5.0%}   {error.rmse:8.3f}  "
        f"{number(error.pearson_r, 11)}  {number(error.linear_rmse, 13)}  "
        f"{number(error.algebra_rmse, 10)}  {error.algebra_reach:15.0%}"
        for error in result.errors
    ]
    values = {"per_lead": per_lead, "remarks": remarks}
    return values, "\n".join([*lines, *remarks, f"{NOTICE}."])


def attention(
    file: File,
    fs: Rate = None,
    unit: Unit = None,
    start: Start = 0.0,
    weights: Weights = None,
    stage: Annotated[str, Option(help="Of the model: pretrained or fine-tuned.")] = "pretrained",
) -> Answer:
    """How the model weighs and connects the leads."""
    analysis = _analysis(file, fs, unit, start, weights)
    result, remarks = analysis.attention(stage), _masked(analysis)
    per_lead = dict(zip(result.leads, result.weights, strict=True))
    values = {
        "stage": stage,
        "weights": per_lead,
        "leads": result.leads,
        "matrix": result.matrix,
        "remarks": remarks,
    }
    even = 1 / len(per_lead)
    lines = [f"lead  weight  against an even share of {even:.3f}, {stage} model"]
    lines += [
        f"{lead:4}  {weight:6.3f}  {weight / even:.2f} x" for lead, weight in per_lead.items()
    ]
    return values, "\n".join([*lines, *remarks, f"{NOTICE}."])


def explain(
    file: File,
    code: Annotated[str, Option(help="ICD-10-CM code, such as I48.91.")],
    fs: Rate = None,
    unit: Unit = None,
    start: Start = 0.0,
    weights: Weights = None,
    against: Annotated[
        str | None, Option(metavar="CODE", help="Why the first code rather than this one.")
    ] = None,
    method: Annotated[
        str,
        Option(
            help="lead_ablation, second_ablation, beat_ablation, input_x_gradient, saliency, "
            "wave_ablation, integrated_gradients_beat, gradient_shap, segment_ablation or "
            "integrated_gradients."
        ),
    ] = "lead_ablation",
) -> Answer:
    """What in the ECG raises or lowers the score of a code."""
    from lamae.inference.explanation import Explanation
    from lamae.results.attribution import NO_SUM

    analysis = _analysis(file, fs, unit, start, weights)
    remarks = _masked(analysis)
    codes = (*analysis.model.codes, *analysis.model.card.not_offered)
    explained, *others = standard((code,) if against is None else (code, against), codes)
    explanation = Explanation(analysis, explained, method, others[0] if others else None)
    with _progress("explaining") as progress:
        result = explanation.attribution(progress)
    keys = (
        "code",
        "against",
        "method",
        "baseline",
        "score",
        "baseline_score",
        "completeness_error",
    )
    per_lead = dict(zip(result.leads, result.per_lead, strict=True))
    values = {**{key: getattr(result, key) for key in keys}, "per_lead": per_lead}
    values["remarks"] = remarks
    sign = "+" if explanation.chosen.signed else ""
    lines = [
        f"{result.code}{' rather than ' + result.against if result.against else ''}: "
        f"log-odds {result.score:.3f}, before calibration",
        f"Compared with: {result.baseline}.",
        *(f"{lead:4}  {value:{sign}.3f}" for lead, value in per_lead.items()),
    ]
    error = result.completeness_error
    lines.append(NO_SUM if error is None else f"Completeness error {error:.3f}.")
    lines += [*remarks, f"Attribution maps are of limited reliability. {NOTICE}."]
    return values, "\n".join(lines)


def export(
    file: File,
    out: Annotated[Path, Option(help="A .pdf, .json, .csv, .npz or .hea file.")],
    fs: Rate = None,
    unit: Unit = None,
    start: Start = 0.0,
    weights: Weights = None,
    layout: Annotated[str, Option(help="Of the .pdf, such as 6x2.")] = "3x4+II",
    speed: Annotated[int, Option(help="Of the .pdf, 25 or 50 mm/s.")] = 25,
    gain: Annotated[int, Option(help="Of the .pdf, 5, 10 or 20 mm/mV.")] = 10,
) -> Answer:
    """Write the ECG, its printed sheet or its results to a file."""
    from lamae import io
    from lamae import report as export

    suffix = out.suffix.lower()
    if suffix not in (".pdf", ".json", ".csv", ".npz", ".hea"):
        raise InputError(
            "The suffix chooses the format; expected .pdf (the sheet), .json (the results), "
            ".csv, .npz or .hea (the ECG)."
        )
    if suffix in (".csv", ".npz", ".hea"):
        written = io.write(ecg_of(file, fs, unit), out)
    else:
        written = (out,)
        report = export.report(_analysis(file, fs, unit, start, weights))
        out.write_bytes(
            export.results_json(report)
            if suffix == ".json"
            else export.pdf(report, layout=layout, speed=speed, gain=gain)
        )
    return {"file": out}, f"Wrote {_listed(written)}."


def simulate(
    rhythm: Annotated[str, Option(help="Such as atrial_fibrillation.")],
    out: Annotated[Path, Option(help="A .csv, .npz or .hea file.")],
    seconds: Annotated[float, Option(help="Length.")] = 10.0,
    fs: Annotated[float, Option(help="Sampling rate in Hz.")] = 500.0,
    noise: Annotated[float, Option(help="In mV.")] = 0.01,
    seed: Seed = 0,
) -> Answer:
    """Write a simulated ECG and say what is true of it."""
    import numpy as np

    from lamae.io import write
    from lamae.simulate import simulate as make

    rng = np.random.default_rng(seed)
    made = make(rhythm, seconds=seconds, fs=fs, noise=noise, rng=rng)
    written = write(made.ecg, out)
    values = {"file": out, "rhythm": rhythm, "truth": asdict(made.truth)}
    return values, f"Wrote {_listed(written)}: {made.ecg.source}, {made.ecg.duration:g} s."


def verify(weights: Weights = None) -> Answer:
    """Check the weights against the manifest."""
    predictor = predictor_of(weights)
    values = {"name": predictor.name, "sha256": predictor.sha256, "codes": predictor.codes}
    against = "read without damage" if weights else "as the manifest says"
    return values, f"{predictor.name}: {against}, SHA-256 {predictor.sha256}."


def _analysis(
    file: Path, fs: float | None, unit: str | None, start: float, weights: Path | None
) -> "Analysis":
    """What is computed of the window from `start` s of the ECG in a file.

    Raises:
        InputError: The window does not exist.
    """
    from lamae.inference.analysis import Analysis

    ecg, predictor = ecg_of(file, fs, unit), predictor_of(weights)
    # A window of less than one second is refused before anything is measured in it.
    lamae.prepare(ecg, predictor.spec, start)
    return Analysis(ecg, start, predictor)


def _masked(analysis: "Analysis") -> tuple[str, ...]:
    """A sentence that names the leads that cannot be read; none where all can."""
    masked = analysis.readable.masked
    return (masked,) if masked else ()


def _listed(paths: Iterable[Path]) -> str:
    return " and ".join(map(str, paths))


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, where that is a terminal; the callback takes the share done."""
    from tqdm import tqdm

    with tqdm(total=100, desc=title, unit="%", leave=False, disable=None) as bar:

        def show(share: float) -> None:
            bar.update(100 * share - bar.n)

        yield show
