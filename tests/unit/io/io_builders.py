"""Files of every format, built from known signals."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import wfdb
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from lamae.ecg import ECG, LEADS, LIMB_FROM_I_II

FS = 500.0


def pulse_ecg(seconds: float = 2.0, fs: float = FS) -> ECG:
    """Pulses of exactly 1 mV in I, II and V1-V6, once a second; limb leads in agreement."""
    pulse = np.zeros(round(seconds * fs))
    for beat in range(int(seconds)):
        start = round((beat + 0.4) * fs)
        pulse[start : start + round(0.1 * fs)] = 1.0
    limb = LIMB_FROM_I_II @ np.stack([pulse, pulse])
    signal = np.concatenate([limb, np.tile(pulse, (6, 1))]).astype(np.float32)
    return ECG(signal, fs, LEADS, "test")


def lively_ecg(seconds: float = 2.0, fs: float = FS, seed: int = 1) -> ECG:
    """Eight unlike leads of about 1 mV, the other four in agreement."""
    rng = np.random.default_rng(seed)
    free = np.cumsum(rng.normal(size=(8, round(seconds * fs))), axis=1)
    free = free - free.mean(axis=1, keepdims=True)
    free /= free.std(axis=1, keepdims=True)
    signal = np.concatenate([LIMB_FROM_I_II @ free[:2], free[2:]])
    return ECG(np.round(signal, 3).astype(np.float32), fs, LEADS, "test")


def wfdb_files(
    ecg: ECG,
    folder: Path,
    fmt: str = "16",
    unit: str = "mV",
    names: tuple[str, ...] | None = None,
    gain: float = 1000.0,
) -> dict[str, bytes]:
    scale = {"mV": 1.0, "uV": 1e3, "V": 1e-3}[unit]
    wfdb.wrsamp(
        "rec",
        fs=ecg.fs,
        units=[unit] * len(ecg.leads),
        sig_name=list(names or ecg.leads),
        p_signal=ecg.signal.T.astype(np.float64) * scale,
        fmt=[fmt] * len(ecg.leads),
        adc_gain=[gain / scale] * len(ecg.leads),
        baseline=[0] * len(ecg.leads),
        write_dir=str(folder),
    )
    return {name: (folder / name).read_bytes() for name in ("rec.hea", "rec.dat")}


def header_text(lines: list[str], samples: int, fs: str = "500") -> bytes:
    return "\n".join([f"rec {len(lines)} {fs} {samples}", *lines, ""]).encode()


def mat_files(ecg: ECG) -> dict[str, bytes]:
    """As in the PhysioNet challenges: MATLAB 4 with a 24-byte header before the samples."""
    counts = np.round(ecg.signal.T * 1000).astype("<i2")
    head = np.array([30, *ecg.signal.shape, 0, 4], "<u4").tobytes() + b"val\0"
    lines = [f"rec.mat 16+24 1000/mV 16 0 0 0 0 {lead}" for lead in ecg.leads]
    header = header_text(lines, ecg.signal.shape[1], f"{ecg.fs:g}") + b"#Age: 61\n#Sex: Female\n"
    return {"rec.hea": header, "rec.mat": head + counts.tobytes()}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def group(
    ecg: ECG,
    unit: str | None = "uV",
    sensitivity: str | None = None,
    names: tuple[str, ...] | None = None,
    label: str = "RHYTHM",
    originality: str = "ORIGINAL",
) -> Dataset:
    """One multiplex group whose steps are 1 uV, in whichever unit."""
    item = Dataset()
    item.MultiplexGroupLabel = label
    item.WaveformOriginality = originality
    item.NumberOfWaveformChannels = len(ecg.leads)
    item.NumberOfWaveformSamples = ecg.signal.shape[1]
    item.SamplingFrequency = f"{ecg.fs:g}"
    item.WaveformBitsAllocated = 16
    item.WaveformSampleInterpretation = "SS"
    definitions = []
    for lead in names or ecg.leads:
        channel = Dataset()
        source = Dataset()
        source.CodeValue = "unknown"
        source.CodingSchemeDesignator = "LOCAL"
        source.CodeMeaning = lead
        channel.ChannelSourceSequence = Sequence([source])
        if sensitivity != "":
            steps = {"uV": "1", "mV": "0.001", "V": "0.000001"}.get(unit or "uV", "1")
            channel.ChannelSensitivity = sensitivity or steps
            channel.ChannelBaseline = "0"
            channel.ChannelSensitivityCorrectionFactor = "1"
        if unit:
            units = Dataset()
            units.CodeValue = unit
            units.CodingSchemeDesignator = "UCUM"
            channel.ChannelSensitivityUnitsSequence = Sequence([units])
        channel.WaveformBitsStored = 16
        definitions.append(channel)
    item.ChannelDefinitionSequence = Sequence(definitions)
    item.WaveformData = np.round(ecg.signal.T * 1000).astype("<i2").tobytes()
    return item


def dicom_bytes(*groups: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.PatientName = "Doe^Jane"
    dataset.PatientID = "4711"
    dataset.PatientAge = "018M"
    dataset.PatientSex = "M"
    dataset.WaveformSequence = Sequence(list(groups))
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def npy_bytes(array: np.ndarray, **options: bool) -> bytes:
    written = BytesIO()
    np.save(written, array, **options)
    return written.getvalue()


def csv_bytes(
    ecg: ECG, scale: float = 1.0, separator: str = ",", decimal: str = ".", head: bool = True
) -> bytes:
    rows = [separator.join(ecg.leads)] if head else []
    for sample in ecg.signal.T * scale:
        rows.append(separator.join(f"{value:.3f}".replace(".", decimal) for value in sample))
    return ("\n".join(rows) + "\n").encode()
