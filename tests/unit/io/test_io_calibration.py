"""A 1 mV pulse reads as 1.000 mV from every format, by name whatever the order."""

from io import BytesIO

import numpy as np
import pytest
from io_builders import (
    csv_bytes,
    dicom_bytes,
    group,
    lively_ecg,
    mat_files,
    npy_bytes,
    pulse_ecg,
    wfdb_files,
    zipped,
)

from lamae.ecg import ECG, LEADS
from lamae.errors import ReadError
from lamae.io import read

PULSE = pulse_ecg()
LIVELY = lively_ecg()


def _npz(ecg, scale=1.0, **more):
    packed = BytesIO()
    np.savez_compressed(packed, signal=ecg.signal * scale, leads=np.array(ecg.leads), **more)
    return packed.getvalue()


def _permuted(ecg):
    order = [11, 3, 5, 4, 0, 9, 1, 10, 2, 8, 6, 7]
    return [LEADS[at] for at in order], ecg.signal[order]


FORMATS = {
    "wfdb 16": lambda ecg, tmp: (wfdb_files(ecg, tmp), {}),
    "wfdb 212": lambda ecg, tmp: (wfdb_files(ecg, tmp, fmt="212", gain=200.0), {}),
    "wfdb 24 uV": lambda ecg, tmp: (wfdb_files(ecg, tmp, fmt="24", unit="uV"), {}),
    "wfdb V": lambda ecg, tmp: (wfdb_files(ecg, tmp, unit="V"), {}),
    "wfdb mat": lambda ecg, tmp: (mat_files(ecg), {}),
    "wfdb zip": lambda ecg, tmp: (zipped(wfdb_files(ecg, tmp)), {}),
    "dicom zip": lambda ecg, tmp: (zipped({"a.dcm": dicom_bytes(group(ecg))}), {}),
    "dicom uV": lambda ecg, tmp: (dicom_bytes(group(ecg, "uV")), {}),
    "dicom mV": lambda ecg, tmp: (dicom_bytes(group(ecg, "mV")), {}),
    "dicom V": lambda ecg, tmp: (dicom_bytes(group(ecg, "V")), {}),
    "csv mV": lambda ecg, tmp: (csv_bytes(ecg), {"fs": ecg.fs, "unit": "mV"}),
    "csv uV": lambda ecg, tmp: (csv_bytes(ecg, 1e3), {"fs": ecg.fs, "unit": "uV"}),
    "csv µV": lambda ecg, tmp: (csv_bytes(ecg, 1e3), {"fs": ecg.fs, "unit": "µV"}),
    "csv steps": lambda ecg, tmp: (csv_bytes(ecg, 200), {"fs": ecg.fs, "unit": "5 uV"}),
    "csv ; ,": lambda ecg, tmp: (csv_bytes(ecg, 1, ";", ","), {"fs": ecg.fs, "unit": "mV"}),
    "tsv": lambda ecg, tmp: (csv_bytes(ecg, 1, "\t"), {"fs": ecg.fs, "unit": "mV"}),
    "tsv ,": lambda ecg, tmp: (csv_bytes(ecg, 1, "\t", ","), {"fs": ecg.fs, "unit": "mV"}),
    "spaces": lambda ecg, tmp: (csv_bytes(ecg, 1, "  "), {"fs": ecg.fs, "unit": "mV"}),
    "csv bare": lambda ecg, tmp: (csv_bytes(ecg, head=False), {"fs": ecg.fs, "unit": "mV"}),
    "npy": lambda ecg, tmp: (npy_bytes(ecg.signal), {"fs": ecg.fs, "unit": "mV"}),
    "npy T": lambda ecg, tmp: (npy_bytes(ecg.signal.T), {"fs": ecg.fs, "unit": "mV"}),
    "npy int": lambda ecg, tmp: (
        npy_bytes(np.round(ecg.signal * 1e3).astype("<i2")),
        {"fs": ecg.fs, "unit": "uV"},
    ),
    "npz": lambda ecg, tmp: (_npz(ecg, 1e3, fs=ecg.fs, unit="uV"), {}),
    "npz asked": lambda ecg, tmp: (_npz(ecg), {"fs": ecg.fs, "unit": "mV"}),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_one_millivolt_is_one_millivolt(kind, tmp_path):
    content, answers = FORMATS[kind](PULSE, tmp_path)
    ecg = read("upload", content, **answers)
    assert ecg.leads == LEADS
    assert ecg.fs == PULSE.fs
    assert ecg.lead("I").max() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(ecg.signal, PULSE.signal, atol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "wfdb 212"])
def test_every_lead_lands_in_its_row(kind, tmp_path):
    content, answers = FORMATS[kind](LIVELY, tmp_path)
    ecg = read("upload", content, **answers)
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=6e-4)
    assert not any("contradict" in note for note in ecg.notes)


class _Shuffled(ECG):
    """An ECG whose rows are out of order, for building files only."""

    def __post_init__(self):
        pass


def _shuffled(ecg):
    names, signal = _permuted(ecg)
    return _Shuffled(signal, ecg.fs, tuple(names), "test")


@pytest.mark.parametrize(
    "kind",
    ["wfdb 16", "wfdb 24 uV", "wfdb mat", "wfdb zip", "dicom uV", "csv mV", "tsv", "npz"],
)
def test_leads_are_mapped_by_name_not_position(kind, tmp_path):
    content, answers = FORMATS[kind](_shuffled(LIVELY), tmp_path)
    ecg = read("upload", content, **answers)
    assert ecg.leads == LEADS
    np.testing.assert_allclose(ecg.signal, LIVELY.signal, atol=6e-4)
    assert not any("contradict" in note for note in ecg.notes)


@pytest.mark.parametrize("kind", ["csv bare", "npy", "npy T"])
def test_nameless_leads_in_another_order_are_refused(kind, tmp_path):
    swapped = LIVELY.signal.copy()
    swapped[[4, 5]] = swapped[[5, 4]]
    ecg = ECG(swapped, LIVELY.fs, LEADS, "test")
    content, answers = FORMATS[kind](ecg, tmp_path)
    with pytest.raises(ReadError, match="no lead names"):
        read("upload", content, **answers)
