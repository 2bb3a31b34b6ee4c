"""A report as data: JSON, and CSV with one value a row."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

import lamae
from lamae.ecg import WINDOW
from lamae.measure import doubt
from lamae.report.contents import Report
from lamae.results.json import to_json
from lamae.results.measurement import NAMES
from lamae.results.notice import NOTICE
from lamae.results.prediction import CodeScore

CODE_KEYS = ("code", "title", "probability", "threshold", "verdict", "suggested")


def code_values(code: CodeScore) -> dict[str, Any]:
    """The values of a code, wherever codes are listed as data."""
    return {key: getattr(code, key) for key in CODE_KEYS}


def model_values(name: str, sha256: str) -> dict[str, str]:
    """Which weights results come from."""
    return {"name": name, "sha256": sha256}


def results(report: Report) -> dict[str, Any]:
    """Everything a report holds, in JSON's own types."""
    ecg, found, prediction = report.ecg, report.found, report.prediction
    return to_json(
        {
            "notice": f"{NOTICE}.",
            "version": lamae.__version__,
            "model": model_values(*report.model) if report.model else None,
            "recording": {
                "source": ecg.source,
                "seconds": ecg.duration,
                "fs": ecg.fs,
                "leads": ecg.leads,
                "age": report.age,
                "sex": ecg.sex,
                "device_filters": ecg.filters,
                "notes": ecg.notes,
            },
            "window": {
                "start": report.start,
                "seconds": ecg.window(report.start, WINDOW).duration,
            },
            "measurements": [
                {
                    "name": reading.name,
                    "title": reading.title,
                    "value": reading.value,
                    "unit": NAMES[reading.name][1],
                    "by": reading.by,
                    "confidence": reading.confidence,
                    "reason": reading.reason,
                }
                for reading in report.readings
            ],
            "rhythm": {
                "words": found.rhythm,
                "regular": found.regular,
                "premature": [
                    {"time": report.start + beat.time, "origin": beat.origin, "reason": beat.reason}
                    for beat in found.premature
                ],
                "premature_withheld": found.premature_withheld,
            },
            "electrodes_doubt": doubt(found),
            "signal_quality": [
                {"lead": lead.lead, "verdict": lead.verdict, "reason": lead.reason}
                for lead in report.quality
            ],
            "read_by_model": None
            if prediction is None
            else {"leads": prediction.leads, "seconds": prediction.seconds},
            "codes": None if prediction is None else [_code(code) for code in prediction.codes],
            "codes_remarks": report.remarks,
            "no_codes_because": report.refusal,
        }
    )


def results_json(report: Report) -> bytes:
    """A report as a JSON file."""
    text = json.dumps(results(report), indent=2, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()


def results_csv(report: Report) -> bytes:
    """A report as a CSV file with one value a row: section, name, quantity, value, unit."""
    values = results(report)
    rows: list[Sequence[Any]] = [("section", "name", "quantity", "value", "unit")]
    rows += [("about", "", key, values[key], "") for key in ("notice", "version")]
    rows += [("model", "", key, value, "") for key, value in (values["model"] or {}).items()]
    units = {"seconds": "s", "start": "s", "fs": "Hz", "age": "years"}
    for section in ("recording", "window"):
        rows += [
            (section, "", key, _cell(value), units.get(key, ""))
            for key, value in values[section].items()
        ]
    rows += [
        (f"measurement, {entry['by']}", entry["title"], key, entry[key], unit)
        for entry in values["measurements"]
        for key, unit in (("value", entry["unit"]), ("confidence", ""), ("reason", ""))
        if key == "value" or entry[key] is not None
    ]
    rows += [("rhythm", "", key, _cell(value), "") for key, value in values["rhythm"].items()]
    rows.append(("electrodes", "", "doubt", values["electrodes_doubt"], ""))
    rows += [
        ("signal quality", entry["lead"], key, entry[key], "")
        for entry in values["signal_quality"]
        for key in ("verdict", "reason")
    ]
    rows += [
        ("read by model", "", key, _cell(value), units.get(key, ""))
        for key, value in (values["read_by_model"] or {}).items()
    ]
    rows += [("code", "", "remark", remark, "") for remark in values["codes_remarks"]]
    for entry in values["codes"] or ():
        name, *others = entry.items()
        rows += [("code", name[1], key, _cell(value), "") for key, value in others]
    if values["no_codes_because"]:
        rows.append(("code", "", "none because", values["no_codes_because"], ""))
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    # Spreadsheets take text without a mark for their own code page and spoil "°" and "µ".
    return file.getvalue().encode("utf-8-sig")


def _code(code: CodeScore) -> dict[str, Any]:
    return {
        **code_values(code),
        "auroc": code.auroc,
        "auroc_interval": code.auroc_interval,
        "statements": [
            {
                "name": statement.name,
                "description": statement.description,
                "probability": statement.probability,
                "confidence": statement.confidence,
            }
            for statement in code.statements
        ],
    }


def _cell(value: Any) -> Any:
    """A list as text in one cell."""
    if not isinstance(value, list):
        return value
    return "; ".join(
        " ".join(f"{part:.3f}" if isinstance(part, float) else str(part) for part in item.values())
        if isinstance(item, dict)
        else str(item)
        for item in value
    )
