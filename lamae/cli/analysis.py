"""Commands about one ECG, and about the weights."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import lamae
from lamae.cli import Answer, number, predictor_of
from lamae.errors import InputError, ReadError, SignalError
from lamae.results.prediction import NOTICE

if TYPE_CHECKING:
    from lamae.results.quality import LeadQuality


def predict(args: argparse.Namespace) -> Answer:
    """Codes that the ECG suggests."""
    from lamae.ecg import shown_leads
    from lamae.inference.input_check import check_input
    from lamae.measure import electrodes
    from lamae.report import code_values, model_values

    ecg, predictor = _ecg(args), predictor_of(args)
    asked = shown_leads(ecg, args.leads)
    doubt = electrodes(ecg.window(args.start, predictor.spec.seconds))
    fit = check_input(predictor, ecg, _quality(ecg, predictor, args.start), args.start, doubt)
    if not fit.passed:
        raise SignalError(f"No codes are suggested: {fit.reason}")
    leads = tuple(lead for lead in asked if lead in fit.leads)
    if not leads:
        raise SignalError(f"No codes are suggested from {', '.join(asked)}: {fit.reason}")
    prediction = predictor.predict(ecg, start=args.start, leads=leads)
    remarks = fit.remarks(prediction)
    values = {
        "codes": [code_values(score) for score in prediction.codes],
        "leads": leads,
        "remarks": remarks,
        "model": model_values(predictor.name, predictor.sha256),
    }
    lines = [
        f"{score.verdict:13}  {score.code:7} {score.probability:6.3f}"
        f"  (threshold {score.threshold:.3f})  {score.title}"
        for score in prediction.codes
    ]
    lines += [*remarks, *ecg.notes, f"A low score rules nothing out. {NOTICE}."]
    return values, "\n".join(lines)


def reconstruct(args: argparse.Namespace) -> Answer:
    """Mask leads or segments and measure how well they are reconstructed."""
    predictor = predictor_of(args)
    ecg, remarks = _readable(_ecg(args), predictor, args.start, also=args.mask)
    result = predictor.reconstruct(
        ecg, start=args.start, mask=args.mask, ratio=args.share, seed=args.seed
    )
    names = {"rmse_mv": "rmse", "pearson_r": "pearson_r", "linear_rmse_mv": "linear_rmse"}
    per_lead = {
        error.lead: {key: getattr(error, name) for key, name in names.items()}
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


def attention(args: argparse.Namespace) -> Answer:
    """How the model weighs and connects the leads."""
    predictor = predictor_of(args)
    ecg, remarks = _readable(_ecg(args), predictor, args.start)
    result = predictor.attention(ecg, start=args.start, stage=args.stage)
    weights = dict(zip(result.leads, result.weights, strict=True))
    values = {
        "weights": weights,
        "leads": result.leads,
        "matrix": result.matrix,
        "remarks": remarks,
    }
    even = 1 / len(weights)
    lines = [f"lead  weight  against an even share of {even:.3f}"]
    lines += [f"{lead:4}  {weight:6.3f}  {weight / even:.2f} x" for lead, weight in weights.items()]
    return values, "\n".join([*lines, *remarks, f"{NOTICE}."])


def explain(args: argparse.Namespace) -> Answer:
    """What in the ECG raises or lowers the score of a code."""
    predictor = predictor_of(args)
    ecg, remarks = _readable(_ecg(args), predictor, args.start)
    with _progress("explaining") as progress:
        result = lamae.explain(
            predictor,
            ecg,
            args.code,
            method=args.method,
            start=args.start,
            against=args.against,
            progress=progress,
        )
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
    lines = [
        f"{result.code}{' rather than ' + result.against if result.against else ''}: "
        f"log-odds {result.score:.3f}",
        f"Compared with: {result.baseline}.",
        *(f"{lead:4}  {value:+.3f}" for lead, value in per_lead.items()),
    ]
    lines.append(f"Completeness error {number(result.completeness_error)}.")
    lines += [*remarks, f"Attribution maps are of limited reliability. {NOTICE}."]
    return values, "\n".join(lines)


def export(args: argparse.Namespace) -> Answer:
    """Write the ECG, its printed sheet or its results to a file."""
    from lamae import io
    from lamae import report as export
    from lamae.inference.analysis import Analysis

    suffix = args.out.suffix.lower()
    if suffix not in (".pdf", ".json", ".csv", ".npz", ".hea"):
        raise InputError(
            "The suffix chooses the format; expected .pdf (the sheet), .json (the results), "
            ".csv, .npz or .hea (the ECG)."
        )
    ecg = _ecg(args)
    if suffix in (".csv", ".npz", ".hea"):
        io.write(ecg, args.out)
    else:
        report = export.report(Analysis(ecg, args.start, predictor_of(args)))
        args.out.write_bytes(
            export.results_json(report)
            if suffix == ".json"
            else export.pdf(report, layout=args.layout, speed=args.speed, gain=args.gain)
        )
    return {"file": args.out}, f"Wrote {args.out}."


def simulate(args: argparse.Namespace) -> Answer:
    """Write a simulated ECG and say what is true of it."""
    import numpy as np

    from lamae.io import write
    from lamae.simulate import simulate as make

    rng = np.random.default_rng(args.seed)
    made = make(args.rhythm, seconds=args.seconds, fs=args.fs, noise=args.noise, rng=rng)
    write(made.ecg, args.out)
    values = {"file": args.out, "rhythm": args.rhythm, "truth": asdict(made.truth)}
    return values, f"Wrote {args.out}: {made.ecg.source}, {made.ecg.duration:g} s."


def verify(args: argparse.Namespace) -> Answer:
    """Check that the weights are whole and the ones the manifest names."""
    predictor = predictor_of(args)
    values = {"name": predictor.name, "sha256": predictor.sha256, "codes": predictor.codes}
    against = "read without damage" if args.weights else "as the manifest says"
    return values, f"{predictor.name}: {against}, SHA-256 {predictor.sha256}."


def _ecg(args: argparse.Namespace) -> "lamae.ECG":
    if not args.file.is_file():
        raise ReadError(f"There is no file {args.file}; give the path of an ECG.")
    return lamae.read_path(args.file, fs=args.fs, unit=args.unit)


def _quality(
    ecg: "lamae.ECG", predictor: "lamae.Predictor", start: float
) -> "tuple[LeadQuality, ...]":
    """Signal quality of the window; InputError where it does not exist."""
    from lamae.measure import signal_quality

    lamae.prepare(ecg, predictor.spec, start)
    return signal_quality(ecg.window(start, predictor.spec.seconds))


def _readable(
    ecg: "lamae.ECG", predictor: "lamae.Predictor", start: float, also: Sequence[str] = ()
) -> "tuple[lamae.ECG, tuple[str, ...]]":
    """The ECG without the leads that cannot be read, and a sentence that names these.

    `also` are leads to keep in any case.
    """
    from lamae.inference.input_check import check_input

    fit = check_input(None, ecg, _quality(ecg, predictor, start), start)
    return ecg.only((*fit.leads, *also)), (fit.masked,) if fit.masked else ()


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, where that is a terminal; the callback takes the share done."""
    from tqdm import tqdm

    with tqdm(total=100, desc=title, unit="%", leave=False, disable=None) as bar:

        def show(share: float) -> None:
            bar.update(100 * share - bar.n)

        yield show
