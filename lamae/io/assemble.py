"""Turns the named channels that a format module found into a correct ECG."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Float64, Num

from lamae.ecg import (
    ECG,
    LEADS,
    complete_limb_leads,
)
from lamae.errors import AnswerNeeded, ReadError
from lamae.io.checks import check_amplitude, limb_fault
from lamae.io.names import given_unit, standard_lead

MAX_BYTES = 200_000_000
LONGEST_GAP = 0.2
# In mV; beyond it a value is damage, whatever the unit.
IMPOSSIBLE = 1e9


@dataclass(frozen=True)
class Channel:
    """One channel of a file.

    Attributes:
        name: As the file has it.
        values: Voltage in mV; NaN where the file has no value.
    """

    name: str
    values: Float[np.ndarray, " time"]


@dataclass(frozen=True)
class Recording:
    """What a format module found; fields as in `lamae.ecg.ECG` where they share a name.

    Attributes:
        channels: Every channel that may be a lead.
        named: False where the order of the columns stands for the leads.
    """

    channels: tuple[Channel, ...]
    fs: float
    source: str
    age: float | None = None
    sex: str | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    filters: str | None = None
    notes: tuple[str, ...] = ()
    named: bool = True


def check_size(channels: int, samples: int) -> None:
    """Refuse a recording before decoding it, if it would take too much memory.

    Raises:
        ReadError: It has no samples, or more than `MAX_BYTES` as float64.
    """
    if channels < 1 or samples < 1:
        raise ReadError("The file holds no samples; expected an ECG of at least 1 s.")
    if channels * samples * 8 > MAX_BYTES:
        raise ReadError(
            f"The recording would take {channels * samples * 8 / 1e6:,.0f} MB in memory; at most "
            f"{MAX_BYTES / 1e6:.0f} MB can be read. Export a shorter segment of it."
        )


def scaled(values: Num[np.ndarray, " time"], factor: float) -> Float64[np.ndarray, " time"]:
    """Values times a factor; what overflows becomes infinite and later counts as missing."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float64) * factor


def settle(
    stated_fs: float | None,
    stated_unit: float | None,
    fs: float | None,
    unit: str | None,
    hint: str = "",
) -> tuple[float, float]:
    """The sampling rate and unit to use, from what the file states and what a person gave.

    Args:
        stated_fs: The file's own rate in Hz; None where it has none.
        stated_unit: The file's own unit in mV; None where it has none.
        fs: The rate given by a person, in Hz.
        unit: The unit given by a person.
        hint: A sentence that helps to answer.

    Returns:
        Rate in Hz, and mV per unit.

    Raises:
        AnswerNeeded: Neither gives one of them.
        ReadError: They contradict each other, or the rate is out of range.
    """
    if fs is not None and stated_fs is not None and not abs(fs / stated_fs - 1) < 1e-3:
        raise ReadError(
            f"The file states a sampling rate of {stated_fs:g} Hz, but {fs:g} Hz was given. "
            "Leave the rate out to use the file's own."
        )
    scale = None if unit is None else given_unit(unit)
    if scale is not None and stated_unit is not None and not abs(scale / stated_unit - 1) < 1e-6:
        raise ReadError(
            f"The file states that one unit is {stated_unit:g} mV, but {scale:g} mV was given. "
            "Leave the unit out to use the file's own."
        )
    rate = fs if stated_fs is None else stated_fs
    factor = scale if stated_unit is None else stated_unit
    if rate is None or factor is None:
        missing = tuple(name for name, value in (("fs", rate), ("unit", factor)) if value is None)
        words = {"fs": "the sampling rate in Hz", "unit": "the unit (mV, uV or V)"}
        raise AnswerNeeded(
            f"The file does not state {' and '.join(words[name] for name in missing)}; "
            f"please say. {hint}".rstrip(),
            missing,
        )
    if not 50 <= rate <= 20_000:
        raise ReadError(
            f"The sampling rate is {rate:g} Hz; expected 50 to 20,000 Hz. "
            "Check the rate given in the file or by you."
        )
    return float(rate), factor


def assemble(found: Recording) -> ECG:
    """Make the ECG: leads by name, gaps closed, missing limb leads derived, relations checked.

    Raises:
        ReadError: No channel is a standard lead, a lead comes twice, or the values cannot be
            an ECG in mV.
    """
    leads, notes = _by_name(found.channels)
    check_size(len(leads), len(next(iter(leads.values()))))
    leads, gap_notes = _close_gaps(leads, found.fs)
    notes += gap_notes + check_amplitude(leads)
    complete = complete_limb_leads(leads)
    derived = [lead for lead in complete if lead not in leads]
    if derived:
        notes.append(f"Derived from the other limb leads: {', '.join(derived)}.")
    ecg = ECG(
        signal=np.stack([values.astype(np.float32) for values in complete.values()]),
        fs=found.fs,
        leads=tuple(complete),
        source=found.source,
        age=found.age if found.age is not None and 0 <= found.age <= 120 else None,
        sex=found.sex,
        measurements=found.measurements,
        filters=found.filters,
        notes=(*found.notes, *notes),
    )
    fault = limb_fault(ecg, may_name=not derived)
    if fault and not found.named:
        raise ReadError(
            "The columns have no lead names, and their order is not I, II, III, aVR, aVL, aVF, "
            "V1-V6: the limb leads contradict each other. Add a first row with the lead names."
        )
    return replace(ecg, notes=(*ecg.notes, fault)) if fault else ecg


def _by_name(
    channels: tuple[Channel, ...],
) -> tuple[dict[str, Float64[np.ndarray, " time"]], list[str]]:
    leads: dict[str, Float64[np.ndarray, " time"]] = {}
    inverted = []
    for channel in channels:
        found = standard_lead(channel.name)
        if found is None:
            continue
        lead, sign = found
        if lead in leads:
            raise ReadError(
                f"Lead {lead} is in the file more than once; expected each lead once. "
                "Export the recording again with one channel a lead."
            )
        leads[lead] = sign * np.asarray(channel.values, dtype=np.float64)
        if sign < 0:
            inverted.append(lead)
    if not leads:
        raise ReadError(
            f"None of the {len(channels)} channels is named after a standard lead; expected some "
            f"of {', '.join(LEADS)}. Name the channels after their leads."
        )
    notes = []
    others = len(channels) - len(leads)
    if others:
        notes.append(
            f"{others} channel{'s that are' if others > 1 else ' that is'} not one of the twelve "
            "standard leads left out."
        )
    if inverted:
        notes.append(f"Stored inverted, and turned upright: {', '.join(inverted)}.")
    return {lead: leads[lead] for lead in LEADS if lead in leads}, notes


def _close_gaps(
    leads: Mapping[str, Float64[np.ndarray, " time"]], fs: float
) -> tuple[dict[str, Float64[np.ndarray, " time"]], list[str]]:
    whole: dict[str, Float64[np.ndarray, " time"]] = {}
    filled, empty, broken = [], [], []
    for lead, values in leads.items():
        valid = np.abs(values) < IMPOSSIBLE
        if valid.all():
            whole[lead] = values
            continue
        # A gap runs between two valid samples; the ends count as such.
        edges = np.concatenate([[-1], np.flatnonzero(valid), [len(values)]])
        longest = int(np.diff(edges).max()) - 1
        if not valid.any():
            empty.append(lead)
        elif longest > LONGEST_GAP * fs or valid.mean() < 0.9:
            broken.append(lead)
        else:
            at = np.arange(len(values))
            whole[lead] = np.interp(at, at[valid], values[valid])
            filled.append(lead)
    if not whole:
        raise ReadError(
            f"No lead holds a signal without gaps of more than {LONGEST_GAP:g} s; expected at "
            "least one. Export a segment without missing values."
        )
    notes = []
    if filled:
        notes.append(
            f"Gaps of at most {LONGEST_GAP:g} s filled by straight lines: {', '.join(filled)}."
        )
    if empty:
        notes.append(f"Missing, for the file holds no values: {', '.join(empty)}.")
    if broken:
        notes.append(
            f"Left out, with a gap of more than {LONGEST_GAP:g} s or a tenth of the values "
            f"missing: {', '.join(broken)}."
        )
    return whole, notes
