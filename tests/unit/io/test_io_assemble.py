"""From named channels to a correct ECG: duplicates, relations, amplitudes, gaps."""

import numpy as np
import pytest
from io_builders import lively_ecg

from lamae.ecg import LEADS
from lamae.errors import ReadError
from lamae.io.assemble import Channel, Recording, assemble, check_size, settle

LIVELY = lively_ecg()
ROWS = dict(zip(LEADS, LIVELY.signal.astype(np.float64), strict=True))


def build(rows, **more):
    channels = tuple(Channel(name, values) for name, values in rows.items())
    return assemble(Recording(channels=channels, fs=500.0, source="test", **more))


def fault(ecg):
    return next((note for note in ecg.notes if "contradict" in note), None)


def test_correct_labels_raise_no_note():
    assert build(ROWS).notes == ()


def test_two_channels_of_one_lead_are_refused():
    with pytest.raises(ReadError, match="Lead I is in the file more than once"):
        build({**ROWS, "DI": ROWS["I"]})
    with pytest.raises(ReadError, match="Lead aVR is in the file more than once"):
        build({**ROWS, "-aVR": -ROWS["aVR"]})


def test_no_standard_lead_is_refused_without_repeating_names():
    with pytest.raises(ReadError, match="None of the 1 channels") as caught:
        build({"<script>": ROWS["I"]})
    assert "script" not in str(caught.value)


@pytest.mark.parametrize(
    ("a", "b"), [("aVL", "aVF"), ("aVR", "aVL"), ("III", "aVF"), ("II", "III"), ("I", "III")]
)
def test_exchanged_limb_leads_are_noticed(a, b):
    rows = {**ROWS, a: ROWS[b], b: ROWS[a]}
    assert fault(build(rows)) is not None


def test_an_exchange_that_alone_explains_it_is_named():
    note = fault(build({**ROWS, "aVL": ROWS["aVF"], "aVF": ROWS["aVL"]}))
    assert note.endswith("aVL and aVF look exchanged.")


def test_an_inverted_limb_lead_is_named():
    assert fault(build({**ROWS, "aVF": -ROWS["aVF"]})).endswith("aVF looks inverted.")


def test_one_limb_lead_in_another_unit_is_noticed():
    assert fault(build({**ROWS, "II": ROWS["II"] * 10})) is not None


def test_offsets_between_leads_are_no_fault():
    assert fault(build({**ROWS, "I": ROWS["I"] + 3.0, "aVF": ROWS["aVF"] - 2.0})) is None


def test_a_large_electrode_offset_is_no_wrong_unit():
    assert build({lead: row + 300 for lead, row in ROWS.items()}).leads == LEADS


@pytest.mark.parametrize("factor", [1e3, 1e-4, 1e6])
def test_amplitudes_that_no_heart_makes_are_refused(factor):
    with pytest.raises(ReadError, match="unit is probably wrong"):
        build({lead: row * factor for lead, row in ROWS.items()})


def test_one_wild_lead_is_noted_and_a_flat_record_too():
    assert any("V3" in note for note in build({**ROWS, "V3": ROWS["V3"] * 100}).notes)
    flat = build({lead: np.zeros(1000) for lead in LEADS})
    assert "Every lead is a flat line." in flat.notes


def test_a_lead_without_values_is_missing():
    ecg = build({**ROWS, "V6": np.full(1000, np.nan)})
    assert ecg.leads == LEADS[:-1]
    assert any("holds no values: V6" in note for note in ecg.notes)


def test_gaps_in_every_lead_are_refused():
    broken = {lead: row.copy() for lead, row in ROWS.items()}
    for row in broken.values():
        row[300:600] = np.nan
    with pytest.raises(ReadError, match="without gaps"):
        build(broken)


def test_many_short_gaps_cost_the_lead():
    row = ROWS["V4"].copy()
    row[::5] = np.nan
    assert "V4" not in build({**ROWS, "V4": row}).leads


def test_infinite_values_count_as_missing():
    row = ROWS["V4"].copy()
    row[10] = np.inf
    assert np.isfinite(build({**ROWS, "V4": row}).signal).all()


def test_a_single_limb_lead_derives_nothing():
    assert build({"I": ROWS["I"], "V1": ROWS["V1"]}).leads == ("I", "V1")


@pytest.mark.parametrize("fs", [0.0, -100.0, 1.0, 1e6, float("nan"), float("inf")])
def test_rates_out_of_range_are_refused(fs):
    with pytest.raises(ReadError):
        settle(None, 1.0, fs, None)


def test_a_unit_that_contradicts_the_file_is_refused():
    with pytest.raises(ReadError, match=r"one unit is 0\.001 mV, but 1 mV was given"):
        settle(500.0, 1e-3, None, "mV")
    assert settle(500.0, 1e-3, 500.0, "uV") == (500.0, 1e-3)


def test_size_limits():
    with pytest.raises(ReadError, match="no samples"):
        check_size(12, 0)
    with pytest.raises(ReadError, match="in memory"):
        check_size(12, 10_000_000)
    check_size(12, 24 * 3600)
