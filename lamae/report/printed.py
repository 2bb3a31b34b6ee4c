"""A report on paper: the words beside the signal."""

import textwrap

import lamae
from lamae.ecg import age_in_words
from lamae.ecg.icd10 import not_coded
from lamae.measure import doubt
from lamae.report.contents import OLDEST, Report
from lamae.results.prediction import CodeScore

# Characters on a line of the first and the last column above the printed sheet.
NARROW, BROAD = 44, 88


def pdf(report: Report, *, layout: str = "3x4+II", speed: int = 25, gain: int = 10) -> bytes:
    """The window on paper at true scale, with its measurements and the codes it suggests.

    Args:
        report: What is known of the window.
        layout: As on the screen.
        speed: Paper speed, 25 or 50 mm/s.
        gain: 5, 10 or 20 mm/mV.

    Raises:
        InputError: No such layout, speed or gain.
    """
    # Only this needs what draws; the screen starts without it.
    from lamae.figures.pdf.document import Words, print_pages

    rows = {reading.title: {"device": "", "estimate": ""} for reading in report.readings}
    for reading in report.readings:
        rows[reading.title][reading.by] = reading.words
    foot = f"LAMAE Explorer {lamae.__version__}"
    if report.model:
        foot += f", model {report.model[0]} {report.model[1][:8]}"
    words = Words(
        about=_about(report),
        measured=[(title, row["device"], row["estimate"]) for title, row in rows.items()],
        codes=_codes_in_words(report),
        identity=", ".join(_identity(report)),
        foot=f"{foot}. Codes are suggested by ECG findings, never a diagnosis; a low score rules "
        "nothing out.",
    )
    return print_pages(report.ecg, words, layout=layout, start=report.start, speed=speed, gain=gain)


def _identity(report: Report) -> list[str]:
    """Patient, source and window, as far as they are known and name nobody."""
    ecg, age = report.ecg, report.age
    years = None if age is None else age_in_words(age) + (" or over" if age == OLDEST else "")
    lines = (
        ", ".join(filter(None, (years, ecg.sex))),
        ecg.source[:1].upper() + ecg.source[1:],
        f"{ecg.duration:.1f} s at {ecg.fs:g} Hz, shown from {report.start:g} s",
    )
    return [line for line in lines if line]


def _about(report: Report) -> list[str]:
    ecg = report.ecg
    lines = [
        *_identity(report),
        report.found.rhythm,
        "" if report.prediction else doubt(report.found) or "",
        *ecg.notes,
    ]
    return [part for line in lines for part in textwrap.wrap(line, NARROW)]


def _codes_in_words(report: Report) -> list[str]:
    if report.prediction is None:
        return ["No codes are suggested", *textwrap.wrap(report.refusal or "", BROAD)]
    found = [code for code in report.prediction.codes if code.suggested]
    named = found or report.prediction.codes[:1]
    undecided = "; ".join(
        f"{code.code} {code.title}, {code.probability:.2f}"
        for code in report.prediction.codes
        if code.undecided and code not in named
    )
    absent = not_coded(code.code for code in report.prediction.codes)
    caveats = [*filter(None, [absent]), *report.remarks]
    remarks = [line for remark in caveats for line in textwrap.wrap(remark, BROAD)]
    return [
        "Codes suggested" if found else "No code is suggested. The closest:",
        *(line for code in named for line in _code_in_words(code)),
        *_wrapped(f"Cannot say: {undecided}" if undecided else ""),
        *remarks,
    ]


def _code_in_words(code: CodeScore) -> list[str]:
    measured = ""
    if code.auroc is not None:
        measured = f"; AUROC {code.auroc:.2f}"
        if code.auroc_interval is not None:
            measured += ", {:.2f}–{:.2f}".format(*code.auroc_interval)
    return _wrapped(
        f"{code.code}  {code.title}, {code.verdict}, {code.probability:.2f} "
        f"(threshold {code.threshold:.2f}{measured})"
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, BROAD, subsequent_indent="    ")
