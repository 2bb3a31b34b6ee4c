"""PhysioNet's format: a header (.hea) that describes signal files (.dat or .mat).

The header is parsed by us and written anew for the `wfdb` library, so that none of its file names
is ever used as a path.

Source: WFDB Applications Guide, header(5) and signal(5).
"""

import math
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import wfdb as library

from lamae.ecg import ECG
from lamae.errors import InputError, ReadError
from lamae.io.assemble import Channel, Recording, check_size, scaled, settle
from lamae.io.file import File
from lamae.io.names import mv_per_unit, refuse_counted, standard_lead
from lamae.io.wfdb_header import BYTES_PER_SAMPLE, FLAC, Header, Signal, bare_name, parse

LIBRARY_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NameError, OSError,
    RuntimeError, TypeError, ValueError,
)  # fmt: skip
# Format 61 is 16 with the bytes of a sample exchanged; the library stumbles over it.
_SAME = {"61": "16"}
# Steps per mV that a record may be written in, the finest first.
GAINS = (10_000, 5_000, 2_000, 1_000)


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read one WFDB record.

    Args:
        file: The .hea file, with the signal files beside it.
        fs: Rate in Hz, used only where the header has none.
        unit: Unit of the leads, which the header always states; checked against it.

    Raises:
        AnswerNeeded: The header has no sampling rate.
        ReadError: The header is faulty, or a signal file is missing or too short.
    """
    parsed = _without_files_of_other_signals(parse(file.content), file.beside)
    contents = _signal_contents(parsed, file.beside)
    refuse_counted(signal.name for signal in parsed.signals)
    leads = [signal for signal in parsed.signals if standard_lead(signal.name)]
    for signal in leads:
        _check_calibration(signal)
    samples = _check_lengths(parsed, contents)
    per_frame = {signal.per_frame for signal in leads}
    if len(per_frame) > 1:
        raise ReadError(
            "The leads are sampled at different rates; expected one rate for all. "
            "Export them at one rate."
        )
    # The standard assumes 250 Hz where the rate is absent or 0; we ask.
    stated = (parsed.fs or 0.0) * (per_frame or {1}).pop()
    lead_unit = mv_per_unit(leads[0].unit) if leads else None
    rate, _ = settle(stated or None, lead_unit or 1.0, fs, unit)
    record = _decode(parsed, contents, samples)
    channels, suspect = [], []
    for signal, digital, values in zip(
        parsed.signals, record.checksums, record.values, strict=True
    ):
        scale = mv_per_unit(signal.unit) or math.nan
        channels.append(Channel(signal.name, scaled(values, scale)))
        lead = standard_lead(signal.name)
        if lead and signal.checksum is not None and (signal.checksum - digital) % 65536:
            suspect.append(lead[0])
    notes = []
    if suspect:
        notes.append(
            "The header's checksum does not fit the signal, so the files may be damaged or may "
            f"not belong together: {', '.join(suspect)}."
        )
    return Recording(
        channels=tuple(channels),
        fs=rate,
        source="WFDB record",
        age=parsed.age,
        sex=parsed.sex,
        notes=tuple(notes),
    )


def files(ecg: ECG, name: str) -> dict[str, bytes]:
    """A record's header and its signal file, by file name; nothing in them names a person.

    The signal is in format 16 with the finest of a few round gains that fit, whose step is at
    most 0.001 mV; where 16 bits are too narrow for that, in format 24.

    Args:
        ecg: What to write.
        name: Name of the record: letters, digits, - and _.

    Raises:
        InputError: The name or the voltages do not serve.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise InputError(
            "A WFDB record's name may have letters, digits, - and _ only; choose another name."
        )
    peak = float(np.abs(ecg.signal).max())
    if peak * GAINS[-1] >= 2**23:
        raise InputError(
            f"The signal reaches {peak:g} mV, which a WFDB record in steps of 0.001 mV cannot "
            "hold. Export it as NPZ."
        )
    gain = next((gain for gain in GAINS if peak * gain < 2**15 - 1), None)
    width, gain = (16, gain) if gain else (24, GAINS[-1])
    steps = np.rint(ecg.signal.astype(np.float64) * gain).astype("<i4")  # [leads, time]
    fs = int(ecg.fs) if ecg.fs.is_integer() else ecg.fs
    lines = [f"{name} {len(ecg.leads)} {fs} {steps.shape[1]}"]
    for lead, row in zip(ecg.leads, steps, strict=True):
        checksum = (int(row.sum(dtype=np.int64)) + 2**15) % 2**16 - 2**15
        lines.append(f"{name}.dat {width} {gain}/mV {width} 0 {row[0]} {checksum} 0 {lead}")
    frames = np.ascontiguousarray(steps.T)[..., None].view(np.uint8)[..., : width // 8]
    return {f"{name}.hea": ("\n".join(lines) + "\n").encode(), f"{name}.dat": frames.tobytes()}


def _check_calibration(signal: Signal) -> None:
    lead = (standard_lead(signal.name) or ("?", 1))[0]
    if not signal.gain or not math.isfinite(1 / signal.gain):
        raise ReadError(
            f"Lead {lead} has no gain in the WFDB header, so its voltage is unknown; expected "
            "steps per mV, such as 1000/mV. Export the record with its calibration."
        )
    if mv_per_unit(signal.unit) is None:
        raise ReadError(
            f"Lead {lead} is in a unit that is not a voltage; expected mV, uV or V. "
            "Export the record with its calibration."
        )


def _without_files_of_other_signals(parsed: Header, files: Mapping[str, bytes]) -> Header:
    """The header without the files that did not come and that hold no standard lead.

    The PTB Diagnostic ECG Database keeps vx, vy and vz in an .xyz file, for example.
    """
    given = {bare_name(name).lower() for name in files}
    needed = {signal.file for signal in parsed.signals if standard_lead(signal.name)}
    if not needed:
        return parsed
    kept = tuple(
        signal for signal in parsed.signals if signal.file in needed or signal.file.lower() in given
    )
    return replace(parsed, signals=kept)


def _signal_contents(parsed: Header, files: Mapping[str, bytes]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(signal.file for signal in parsed.signals))
    by_name = {bare_name(name).lower(): content for name, content in files.items()}
    candidates = [
        content
        for name, content in by_name.items()
        if name.endswith((".dat", ".mat", ".bin", ".flac"))
    ]
    contents = {name: by_name[name.lower()] for name in wanted if name.lower() in by_name}
    # A renamed upload: one signal file wanted, one given. The checksum tells if it is another's.
    if not contents and len(wanted) == len(candidates) == 1:
        contents[wanted[0]] = candidates[0]
    if len(contents) < len(wanted):
        raise ReadError(
            f"The WFDB header refers to {len(wanted)} signal file"
            f"{'s' if len(wanted) > 1 else ''}, of which {len(contents)} came with it. "
            "Choose the .hea file together with its .dat or .mat file."
        )
    return contents


def _check_lengths(parsed: Header, contents: Mapping[str, bytes]) -> int:
    """Samples a frame-rate channel has; every file is long enough for them."""
    samples = parsed.samples
    order = [signal.file for signal in parsed.signals]
    for name, content in contents.items():
        group = [signal for signal in parsed.signals if signal.file == name]
        at = order.index(name)
        if order[at : at + len(group)] != [name] * len(group):
            raise ReadError("The WFDB header lists the signals of one file apart from another.")
        if len({(signal.format, signal.offset) for signal in group}) > 1:
            raise ReadError("The WFDB header gives one signal file several formats.")
        if group[0].format in FLAC:
            samples = _flac_frames(content, group, samples)
            continue
        frame = sum(signal.per_frame for signal in group)
        width = BYTES_PER_SAMPLE[group[0].format]
        room = len(content) - group[0].offset
        if samples is None:
            samples = math.floor(room / width / frame + 1e-9)
        check_size(frame, samples)
        if room < math.ceil(samples * frame * width - 1e-6):
            raise ReadError(
                f"The signal file has {max(room, 0):,} bytes of signal where its header announces "
                f"{math.ceil(samples * frame * width - 1e-6):,}; it may be cut short. "
                "Copy the record again."
            )
        if any(signal.skew > samples // 10 for signal in group):
            raise ReadError("The WFDB header shifts a signal by more than a tenth of its length.")
    total = samples or 0
    check_size(sum(signal.per_frame for signal in parsed.signals), total)
    return total


def _flac_frames(content: bytes, group: Sequence[Signal], frames: int | None) -> int:
    """Frames in a FLAC file, as its own header states them, checked against the record's.

    Source: RFC 9639, 8.2 (streaminfo).
    """
    per_frame = {signal.per_frame for signal in group}
    # Rate, channels - 1, bits - 1, samples: 20, 3, 5 and 36 bits.
    packed = int.from_bytes(content[18:26], "big")
    channels, total = (packed >> 41 & 7) + 1, packed & ((1 << 36) - 1)
    if (
        content[:4] != b"fLaC"
        or len(content) < 42
        or channels != len(group)
        or len(per_frame) > 1
        or group[0].offset
    ):
        raise ReadError(
            "The WFDB header says that its signal file is in FLAC format, but the file is not, or "
            "of other channels. Choose the signal file that belongs to the header."
        )
    stated = total // group[0].per_frame
    wanted = stated if frames is None else frames
    check_size(len(group) * group[0].per_frame, wanted)
    if stated < wanted:
        raise ReadError(
            f"The FLAC signal file has {stated:,} samples of each lead where its header announces "
            f"{wanted:,}; it may be cut short. Copy the record again."
        )
    if any(signal.skew > wanted // 10 for signal in group):
        raise ReadError("The WFDB header shifts a signal by more than a tenth of its length.")
    return wanted


@dataclass(frozen=True)
class _Decoded:
    values: list[np.ndarray]
    checksums: list[int]


def _bytes_exchanged(content: bytes, offset: int) -> bytes:
    end = len(content) - (len(content) - offset) % 2
    return content[:offset] + np.frombuffer(content[offset:end], "<u2").byteswap().tobytes()


def _decode(parsed: Header, contents: Mapping[str, bytes], samples: int) -> _Decoded:
    ours = {name: f"s{number}.dat" for number, name in enumerate(contents)}
    lines = [f"r {len(parsed.signals)} 100 {samples}"]
    for number, signal in enumerate(parsed.signals):
        lines.append(
            f"{ours[signal.file]} {_SAME.get(signal.format, signal.format)}x{signal.per_frame}"
            f":{signal.skew}"
            f"+{signal.offset} {signal.gain or 1.0!r}({signal.baseline})/mV 0 0 "
            f"{signal.first} 0 0 c{number}"
        )
    with tempfile.TemporaryDirectory(prefix="lamae-") as folder:
        try:
            for name, content in contents.items():
                first = next(signal for signal in parsed.signals if signal.file == name)
                if first.format in _SAME:
                    content = _bytes_exchanged(content, first.offset)
                Path(folder, ours[name]).write_bytes(content)
            Path(folder, "r.hea").write_text("\n".join(lines) + "\n", encoding="ascii")
            record = library.rdrecord(str(Path(folder, "r")), physical=False, smooth_frames=False)
            checksums = record.calc_checksum(expanded=True)
            values = record.dac(expanded=True)
        except LIBRARY_ERRORS as error:
            raise ReadError(
                "The WFDB signal file cannot be decoded as its header describes it. "
                "Copy the record again."
            ) from error
    return _Decoded(values, checksums)
