"""Lead names and units as devices write them."""

import pytest

from lamae.ecg import LEADS
from lamae.errors import ReadError
from lamae.io.names import count_channels, mv_per_unit, refuse_counted, standard_lead


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize(
    "form",
    ["{}", "Lead {}", "lead_{}", "MDC_ECG_LEAD_{}", "MDC_ECG_ELEC_POTL_{}", "ECG {}", "EKG-{}",
     "ECG_Lead_{}", "Lead {} (Einthoven)", "{} (mV)", "  {} ", "LEAD{}"],
)  # fmt: skip
def test_every_lead_in_every_dress(lead, form):
    assert standard_lead(form.format(lead)) == (lead, 1)
    assert standard_lead(form.format(lead.upper())) == (lead, 1)
    assert standard_lead(form.format(lead.lower())) == (lead, 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DI", ("I", 1)),
        ("DIII", ("III", 1)),
        ("D2", ("II", 1)),
        ("Lead 2", ("II", 1)),
        ("a V R", ("aVR", 1)),
        ("V 6", ("V6", 1)),
        ("-aVR", ("aVR", -1)),
        ("−aVR", ("aVR", -1)),
        ("Lead -aVR", ("aVR", -1)),
        ("aVR inverted", ("aVR", -1)),
        ("Lead-aVR", ("aVR", 1)),
    ],
)
def test_other_spellings(name, expected):
    assert standard_lead(name) == expected


@pytest.mark.parametrize(
    "name",
    ["", "I-II", "V1-V2", "MLII", "V3R", "V7", "V10", "C1", "1", "12", "ECG", "Resp", "ABP", "time",
     "X", "aV", "IV", "V", "VI", "index", "Lead", "I raw", "\0", "I" * 500,
     "ECG1", "ECG 2", "EKG3", "ecg_1"],
)  # fmt: skip
def test_what_is_not_surely_a_lead_is_none(name):
    assert standard_lead(name) is None


@pytest.mark.parametrize(
    ("names", "counted"),
    [
        (["Lead 1", "Lead 2", "Lead 3"], False),
        (["lead1", "lead_2", "LEAD-03", "Lead 4"], True),
        (["Lead0", "Lead1"], True),
        (["Lead 1 (mV)", "Lead 12 (mV)"], True),
        (["time", "Lead I", "V1", "V6", "12"], False),
    ],
)
def test_numbers_beyond_three_count_channels(names, counted):
    assert count_channels(names) is counted
    if counted:
        with pytest.raises(ReadError, match="numbered, not named"):
            refuse_counted(names)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("mV", 1), ("MV", 1), ("uV", 1e-3), ("µV", 1e-3), ("μV", 1e-3), ("microvolt", 1e-3),
     ("V", 1e3), ("4.88 uV", 4.88e-3), ("5uV", 5e-3), ("0.001 mV", 1e-3)],
)  # fmt: skip
def test_units(unit, scale):
    assert mv_per_unit(unit) == pytest.approx(scale)


@pytest.mark.parametrize("unit", ["", "mmHg", "NU", "5", "0 mV", "-1 mV", "nan mV", "mV; rm"])
def test_unknown_units(unit):
    assert mv_per_unit(unit) is None
