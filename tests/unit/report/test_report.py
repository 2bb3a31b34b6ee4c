"""What leaves as a file: complete, readable by others, and silent about who it is."""

import csv
import json
import zipfile
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
import wfdb
from card_builders import scores
from pdf_reading import page_streams, streams, texts

import lamae
from lamae import io
from lamae import report as export
from lamae.ecg import ECG, LEADS
from lamae.ecg.icd10 import not_coded
from lamae.errors import InputError
from lamae.inference.analysis import Analysis
from lamae.inference.input_check import QUANTILES
from lamae.inference.predictor import Predictor
from lamae.results.card import OLD_GROUP, InputReference
from lamae.results.measurement import ESTIMATED
from lamae.results.notice import NOTICE
from lamae.results.scores import GroupMacro, Results, Subgroup
from lamae.simulate import simulate

SAMPLE = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"
SECRETS = ("Quillfeather", "Xanthippe", "PID-4711-X", "19500203", "Wexcombe Infirmary")


@pytest.fixture(scope="module")
def named() -> ECG:
    """The ECG in a DICOM file that names its patient in every way there is."""
    dataset = pydicom.dcmread(SAMPLE)
    dataset.PatientName = "Quillfeather^Xanthippe"
    dataset.PatientID = "PID-4711-X"
    dataset.PatientBirthDate = "19500203"
    dataset.InstitutionName = "Wexcombe Infirmary"
    dataset.PatientComments = "Xanthippe Quillfeather"
    dataset.PatientAge = "094Y"
    file = BytesIO()
    dataset.save_as(file)
    content = file.getvalue()
    assert all(secret.encode() in content for secret in SECRETS)
    return io.read("Quillfeather_Xanthippe_19500203.dcm", content)


@pytest.fixture(scope="module")
def real(tiny: Predictor) -> export.Report:
    return export.report(Analysis(io.read_path(SAMPLE), 0.0, tiny))


def rows(report: export.Report) -> list[dict[str, str]]:
    content = export.results_csv(report)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def everything_in(content: bytes) -> str:
    """A file's bytes, those packed in it, and the text of its pages."""
    parts = [content, *streams(content)]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
            parts += [name.encode() for name in archive.namelist()]
    found = [part.decode("latin-1") for part in parts]
    if content.startswith(b"%PDF"):
        found += [line for page in page_streams(content) for line in texts(page)]
    return "\n".join(found)


def test_no_file_names_the_patient(named: ECG, tiny: Predictor):
    report = export.report(Analysis(named, 0.0, tiny))
    made = {
        "pdf": export.pdf(report),
        "json": export.results_json(report),
        "csv": export.results_csv(report),
        **{form: io.to_bytes(named, form) for form in io.FORMATS},
    }
    for name, content in made.items():
        held = everything_in(content).lower()
        for secret in SECRETS:
            assert secret.lower() not in held, (name, secret)


def test_age_and_sex_are_told_and_a_very_high_age_is_not(named: ECG, tiny: Predictor):
    recording = export.results(export.report(Analysis(named, 0.0, tiny)))["recording"]
    assert (recording["age"], recording["sex"]) == (90.0, "female")
    lines = texts(page_streams(export.pdf(export.report(Analysis(named, 0.0, tiny))))[0])
    assert "90 years or over, female" in lines
    assert not any("94" in line for line in lines[:40] if "years" in line)


@pytest.mark.parametrize(
    ("age", "told", "young"),
    [(0.25, "3 months", True), (215 / 12, "17 years", True), (18.0, "18 years", False)],
)
def test_a_childs_age_is_told_as_usual(
    named: ECG, tiny: Predictor, age: float, told: str, young: bool
):
    report = export.report(Analysis(replace(named, age=age), 0.0, tiny))
    lines = texts(page_streams(export.pdf(report))[0])
    assert f"{told}, female" in lines
    minors = tiny.card.minors
    assert minors
    assert (minors in " ".join(lines)) == young
    assert (minors in export.results(report)["codes_remarks"]) == young
    refused = replace(report, prediction=None, refusal="Poor signal.")
    assert minors not in texts(page_streams(export.pdf(refused))[0])


def test_what_is_known_of_old_people_stands_beside_their_codes(named: ECG, tiny: Predictor):
    def remarks(age: float, old: float | None = None) -> str:
        ages = {"50-64": group(0.9), "65-79": group(0.8), OLD_GROUP: group(old or 0.0)}
        tested = Results(test=scores(subgroups={"age": ages})) if old else Results()
        known = Predictor(replace(tiny.bundle, card=replace(tiny.card, results=tested)))
        return " ".join(
            export.results(export.report(Analysis(replace(named, age=age), 0.0, known)))[
                "codes_remarks"
            ]
        )

    def group(auroc: float) -> Subgroup:
        return Subgroup(44, None, None, 0, GroupMacro(auroc, (auroc - 0.1, auroc + 0.1), 3))

    assert "80 years on is not known" in remarks(80.0)
    assert remarks(79.9) == ""
    assert "0.70 (0.60–0.80) on 44 test ECGs, 0.80 to 0.90 at other ages" in remarks(80.0, 0.7)
    assert remarks(79.9, 0.7) == ""
    assert remarks(94.0, 0.85) == ""


def test_results_as_json(real: export.Report, tiny: Predictor):
    values = json.loads(export.results_json(real))
    assert values["notice"] == f"{NOTICE}."
    assert values["version"] == lamae.__version__
    assert values["model"] == {"name": "tiny", "sha256": "0" * 64}
    assert values["window"] == {"start": 0.0, "seconds": 10.0}
    assert [lead["lead"] for lead in values["signal_quality"]] == list(LEADS)
    assert values["no_codes_because"] is None
    prediction = tiny.predict(real.ecg)
    assert [code["code"] for code in values["codes"]] == [c.code for c in prediction.codes]
    for code, score in zip(values["codes"], prediction.codes, strict=True):
        assert code["probability"] == score.probability
        assert code["threshold"] == score.threshold
        assert code["verdict"] == score.verdict
        assert code["suggested"] is (score.verdict == "suggested")
        assert [s["name"] for s in code["statements"]] == [s.name for s in score.statements]
        assert {"title", "auroc", "auroc_interval"} < set(code)


def test_measurements_tell_the_devices_values_from_ours(real: export.Report):
    entries = export.results(real)["measurements"]
    device = {e["name"]: e["value"] for e in entries if e["by"] == "device"}
    assert device == dict(real.ecg.measurements)
    ours = {e["name"]: e for e in entries if e["by"] == "estimate"}
    assert set(ours) == set(ESTIMATED)
    assert ours["heart_rate"]["value"] == pytest.approx(61, abs=1)
    assert ours["qt"]["confidence"] in ("high", "moderate", "low")
    titles = {e["title"]: e["by"] for e in entries if e["name"].startswith("qtc")}
    assert titles == {
        "QTc (device's formula)": "device",
        "QTc (Fridericia)": "estimate",
        "QTc (Bazett)": "estimate",
    }


def test_results_as_csv_hold_what_the_json_holds(real: export.Report):
    values, table = export.results(real), rows(real)
    assert list(table[0]) == ["section", "name", "quantity", "value", "unit"]

    def cell(section: str, name: str, quantity: str) -> str:
        [row] = [
            row
            for row in table
            if (row["section"], row["name"], row["quantity"]) == (section, name, quantity)
        ]
        return row["value"]

    assert cell("about", "", "notice") == f"{NOTICE}."
    assert cell("model", "", "sha256") == "0" * 64
    assert cell("window", "", "start") == "0.0"
    assert cell("measurement, device", "QT", "value") == "368.0"
    assert cell("signal quality", "V6", "verdict") == "good"
    for code in values["codes"]:
        assert float(cell("code", code["code"], "probability")) == code["probability"]
        assert code["statements"][0]["name"] in cell("code", code["code"], "statements")


def test_the_page_prints_measurements_and_the_codes_suggested(real: export.Report):
    lines = texts(page_streams(export.pdf(real))[0])
    assert {"42 years, female", "161 ms", "368 ms", "QTc (Fridericia)"} <= set(lines)
    assert {reading.words for reading in real.readings} <= set(lines)
    for code in real.prediction.codes:
        printed = any(line.startswith(f"{code.code}  ") for line in lines)
        assert printed == code.suggested
    assert any(code.suggested for code in real.prediction.codes)
    assert any(f"{NOTICE}. LAMAE Explorer" in line for line in lines)
    assert any("model tiny 00000000" in line for line in lines)


def test_the_page_says_which_urgent_conditions_have_no_code(real: export.Report, tiny: Predictor):
    said = not_coded(tiny.codes)
    printed = " ".join(texts(page_streams(export.pdf(real))[0]))
    assert said is not None
    assert said in printed


def test_every_page_says_whose_ecg_it_is(named: ECG, tiny: Predictor):
    pages = page_streams(
        export.pdf(export.report(Analysis(named, 0.0, tiny)), layout="12x1", gain=20)
    )
    assert len(pages) > 1
    for page in pages:
        [line] = [one for one in texts(page) if one.startswith("90 years or over, female, ")]
        assert f"{named.source[1:]}, 10.0 s at 1000 Hz, shown from 0 s" in line


def test_the_page_lists_the_codes_of_which_nothing_can_be_said(real: export.Report):
    codes = [replace(code, verdict="cannot say") for code in real.prediction.codes]
    codes[0] = replace(codes[0], verdict="suggested")
    report = replace(real, prediction=replace(real.prediction, codes=tuple(codes)))
    printed = " ".join(line.strip() for line in texts(page_streams(export.pdf(report))[0]))
    told = "; ".join(f"{code.code} {code.title}, {code.probability:.2f}" for code in codes[1:])
    assert f"Cannot say: {told}" in printed
    assert "Cannot say" not in " ".join(
        texts(
            page_streams(
                export.pdf(
                    replace(report, prediction=replace(report.prediction, codes=(codes[0],)))
                )
            )[0]
        )
    )


def test_where_no_code_is_suggested_the_closest_is_named(real: export.Report):
    codes = tuple(replace(code, verdict="cannot say") for code in real.prediction.codes)
    report = replace(real, prediction=replace(real.prediction, codes=codes))
    lines = texts(page_streams(export.pdf(report))[0])
    assert "No code is suggested. The closest:" in lines
    assert sum(line.startswith(tuple(code.code for code in codes)) for line in lines) == 1


def test_a_poor_signal_and_a_missing_model_give_reasons_instead_of_codes(tiny: Predictor):
    flat = ECG(np.zeros((12, 5000), np.float32), 500.0, LEADS, "CSV table")
    for report, reason in (
        (export.report(Analysis(flat, 0.0, tiny)), "No lead can be read"),
        (
            export.report(Analysis(io.read_path(SAMPLE), 0.0, None)),
            "The model could not be loaded.",
        ),
    ):
        assert report.prediction is None
        assert reason in export.results(report)["no_codes_because"]
        assert export.results(report)["codes"] is None
        assert reason in next(r["value"] for r in rows(report) if r["section"] == "code")
        lines = texts(page_streams(export.pdf(report))[0])
        assert "No codes are suggested" in lines
        assert any(line.startswith(reason) for line in lines)


def test_an_ecg_unlike_the_known_ones_gets_no_codes(tiny: Predictor):
    strict = InputReference(tuple((q, 1e-6) for q in QUANTILES), 100)
    card = replace(tiny.card, input_check=strict)
    predictor = Predictor(replace(tiny.bundle, card=card))
    report = export.report(Analysis(io.read_path(SAMPLE), 0.0, predictor))
    assert report.prediction is None
    assert "unlike the ECGs" in export.results(report)["no_codes_because"]


def test_the_window_decides_what_is_told(tiny: Predictor):
    long = simulate("atrial_fibrillation", seconds=30.0, rng=np.random.default_rng(2)).ecg
    early, late = (export.results(export.report(Analysis(long, s, tiny))) for s in (0.0, 15.0))
    assert late["window"] == {"start": 15.0, "seconds": 10.0}
    assert early["codes"] != late["codes"]
    assert early["measurements"] != late["measurements"]
    with pytest.raises(InputError):
        export.report(Analysis(long, 40.0, tiny))


def test_nothing_but_plain_numbers_goes_into_json(real: export.Report):
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(export.results_json(real), parse_constant=refuse)


def test_wfdb_is_exact_to_the_step_its_header_states(tmp_path: Path):
    ecg = io.read_path(SAMPLE)
    with zipfile.ZipFile(BytesIO(io.to_bytes(ecg, "wfdb"))) as archive:
        assert archive.namelist() == ["ecg.hea", "ecg.dat"]
        archive.extractall(tmp_path)
    record = wfdb.rdrecord(str(tmp_path / "ecg"))
    assert record.sig_name == list(LEADS)
    assert (record.fs, record.sig_len, record.fmt) == (1000, 10_000, ["16"] * 12)
    assert record.units == ["mV"] * 12
    counted = wfdb.rdrecord(str(tmp_path / "ecg"), physical=False).calc_checksum()
    assert [stated % 65536 for stated in record.checksum] == [found % 65536 for found in counted]
    step = 1 / record.adc_gain[0]
    assert step <= 1e-3
    assert np.abs(record.p_signal.T - ecg.signal).max() <= 0.5 * step + 1e-7


@pytest.mark.parametrize("form", io.FORMATS)
def test_what_is_written_reads_back(form: str):
    ecg = replace(io.read_path(SAMPLE), age=None, sex=None)
    answers = {"fs": 1000.0, "unit": "mV"} if form == "csv" else {}
    again = io.read("x", io.to_bytes(ecg, form), **answers)
    assert (again.leads, again.fs) == (ecg.leads, ecg.fs)
    np.testing.assert_allclose(again.signal, ecg.signal, atol=6e-4)
    assert (again.age, again.sex, dict(again.measurements)) == (None, None, {})
    assert io.to_bytes(ecg, form) == io.to_bytes(ecg, form)


def test_voltages_that_no_wfdb_record_holds_are_refused():
    ecg = io.read_path(SAMPLE)
    with pytest.raises(InputError, match="NPZ"):
        io.to_bytes(replace(ecg, signal=ecg.signal + np.float32(9000)), "wfdb")


def test_an_unknown_format_is_refused():
    with pytest.raises(InputError, match="wfdb, csv, npz"):
        io.to_bytes(io.read_path(SAMPLE), "edf")
