"""The ECG as one value, the twelve standard leads, and the algebra that ties the limb leads."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Float32

from lamae.errors import InputError, ReadError

LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")
CHEST_LEADS = ("V1", "V2", "V3", "V4", "V5", "V6")
LEADS = LIMB_LEADS + CHEST_LEADS
INDEPENDENT_LEADS = ("I", "II", *CHEST_LEADS)

# Rows: LIMB_LEADS as combinations of I and II (Einthoven 1912; Goldberger 1942).
LIMB_FROM_I_II = np.array(
    [[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]], dtype=np.float64
)
# Rows: INDEPENDENT_LEADS, as they see a dipole along left (x), foot (y) and back (z).
# Source: Dower, Machado, Osborne, Clin Cardiol 3:87-97, 1980.
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],  # I
        [0.235, 1.066, -0.132],  # II
        [-0.515, 0.157, -0.917],  # V1
        [0.044, 0.164, -1.387],  # V2
        [0.882, 0.098, -1.277],  # V3
        [1.213, 0.127, -0.601],  # V4
        [1.125, 0.127, -0.086],  # V5
        [0.831, 0.076, 0.230],  # V6
    ]
)
MAX_HOURS = 24.0
# What the model reads at once, and what a sheet of paper shows, in s.
WINDOW = 10.0
ADULT = 18


@dataclass(frozen=True, eq=False)
class ECG:
    """One recording, as received.

    Attributes:
        signal: Voltage in mV, one row a lead, finite and read-only.
        fs: Sampling rate in Hz; always stated by the source, never assumed.
        leads: Name of each row: a subset of `LEADS`, in their order.
        source: Where it came from in our own words ("DICOM waveform"), never a file name.
        age: Years, where the file says so.
        sex: "female" or "male", where the file says so.
        measurements: The recording device's own values: "heart_rate" in bpm; "p", "pr",
            "qrs", "qt" and "qtc" in ms, the last as "qtc_fridericia" or "qtc_bazett" where it
            is named as such; "p_axis", "qrs_axis", "t_axis" in degrees.
        filters: The recording device's filters in our own words, where the file says so.
        notes: What reading had to change or derive, one sentence each.
    """

    signal: Float32[np.ndarray, "leads time"]
    fs: float
    leads: tuple[str, ...]
    source: str
    age: float | None = None
    sex: str | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    filters: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        signal = np.ascontiguousarray(self.signal, dtype=np.float32)
        if signal is self.signal and signal.flags.writeable:
            signal = signal.copy()
        if signal.ndim != 2 or signal.shape[0] != len(self.leads):
            raise ReadError(
                f"The signal has shape {signal.shape}; expected one row for each of the "
                f"{len(self.leads)} leads."
            )
        if not self.leads or tuple(lead for lead in LEADS if lead in self.leads) != self.leads:
            raise ReadError(
                f"The leads are {', '.join(self.leads) or 'none'}; expected some of "
                f"{', '.join(LEADS)}, each once and in this order."
            )
        if not np.isfinite(self.fs) or not 50 <= self.fs <= 20_000:
            raise ReadError(
                f"The sampling rate is {self.fs:g} Hz; expected 50 to 20,000 Hz. "
                "Check the rate given in the file."
            )
        if not 1 <= signal.shape[1] / self.fs <= MAX_HOURS * 3600:
            raise ReadError(
                f"The recording lasts {signal.shape[1] / self.fs:.2f} s; expected at least 1 s "
                f"and at most {MAX_HOURS:g} hours."
            )
        if not np.isfinite(signal).all():
            raise ReadError("The signal holds values that are not numbers.")
        signal.flags.writeable = False
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "fs", float(self.fs))
        object.__setattr__(self, "measurements", MappingProxyType(dict(self.measurements)))

    @property
    def duration(self) -> float:
        """Length in s."""
        return self.signal.shape[1] / self.fs

    @cached_property
    def digest(self) -> str:
        """SHA-256 of signal, sampling rate and leads: two ECGs are the same if theirs are."""
        head = f"{self.fs!r} {' '.join(self.leads)} {self.signal.shape}".encode()
        return hashlib.sha256(head + self.signal.tobytes()).hexdigest()

    def lead(self, name: str) -> Float32[np.ndarray, " time"]:
        """One lead's voltage in mV.

        Raises:
            InputError: The recording has no such lead.
        """
        if name not in self.leads:
            raise InputError(f"This recording has no lead {name}; it has {', '.join(self.leads)}.")
        return self.signal[self.leads.index(name)]

    @property
    def minor(self) -> bool:
        """Whether the file says that it is of someone under 18."""
        return self.age is not None and self.age < ADULT

    def only(self, leads: Sequence[str]) -> "ECG":
        """The recording with these of its leads alone; itself where it has no other.

        Raises:
            ReadError: It has none of them.
        """
        kept = tuple(lead for lead in self.leads if lead in leads)
        if kept == self.leads:
            return self
        rows = [self.leads.index(lead) for lead in kept]
        return replace(self, signal=self.signal[rows], leads=kept)

    def window(self, start: float, seconds: float) -> "ECG":
        """The segment of `seconds` s from `start` s, cut short where the recording ends.

        Raises:
            InputError: `start` lies outside the recording.
        """
        if not 0 <= start < self.duration:
            raise InputError(
                f"The window starts at {start:g} s; the recording lasts {self.duration:g} s."
            )
        first = round(start * self.fs)
        return replace(self, signal=self.signal[:, first : first + round(seconds * self.fs)])


def age_in_words(years: float) -> str:
    """An age as it is told: in completed years, below two in months, below one month in days.

    Exactly 0 or 1 is told in years, for most formats hold nothing finer.
    """
    # A year of 365 days, or a month of 30, is a whole one.
    months = int(years * 12 + 1 / 30)
    if years == 0:
        return "under 1 year"
    if months >= 24 or years == 1:
        return counted(months // 12, "year")
    if months:
        return counted(months, "month")
    days = int(years * 365.25 + 0.01)
    return counted(days, "day") if days else "under 1 day"


def counted(number: int, thing: str) -> str:
    """A number of things, in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def complete_limb_leads(
    signals: Mapping[str, Float[np.ndarray, " time"]],
) -> dict[str, Float[np.ndarray, " time"]]:
    """Derive the limb leads that are missing, where any two independent ones are present.

    Args:
        signals: Voltage in mV of each lead present, all of one length.

    Returns:
        The leads given and those derived, in the order of `LEADS`.

    Source: Einthoven's III = II - I; Goldberger's aVR = -(I + II)/2, aVL = I - II/2,
        aVF = II - I/2.
    """
    given = [lead for lead in LIMB_LEADS if lead in signals]
    rows = LIMB_FROM_I_II[[LIMB_LEADS.index(lead) for lead in given]]
    complete = dict(signals)
    if len(given) < len(LIMB_LEADS) and np.linalg.matrix_rank(rows) == 2:
        stacked = np.stack([signals[lead] for lead in given]).astype(np.float64)
        i_and_ii = np.linalg.lstsq(rows, stacked, rcond=None)[0]
        for lead, row in zip(LIMB_LEADS, LIMB_FROM_I_II, strict=True):
            complete.setdefault(lead, (row @ i_and_ii).astype(np.float32))
    return {lead: complete[lead] for lead in LEADS if lead in complete}


def determined(leads: Sequence[str]) -> tuple[str, ...]:
    """The limb leads that these determine by the same relations, those among them left out."""
    given = [lead for lead in LIMB_LEADS if lead in leads]
    # No two of the six are multiples of each other: any two determine the rest.
    if len(given) < 2:
        return ()
    return tuple(lead for lead in LIMB_LEADS if lead not in given)


def limb_lead_disagreement(ecg: ECG) -> float | None:
    """How far the limb leads are from Einthoven's and Goldberger's relations.

    Returns:
        Root mean square in mV of the worst limb lead against its value computed from I and
        II; None where I, II or every other limb lead is missing.
    """
    others = [lead for lead in LIMB_LEADS[2:] if lead in ecg.leads]
    if not {"I", "II"} <= set(ecg.leads) or not others:
        return None
    i_and_ii = np.stack([ecg.lead("I"), ecg.lead("II")]).astype(np.float64)
    worst = 0.0
    for lead in others:
        off = ecg.lead(lead) - LIMB_FROM_I_II[LIMB_LEADS.index(lead)] @ i_and_ii
        worst = max(worst, float(np.sqrt(np.mean(off**2))))
    return worst


def lead_indices(leads: Sequence[str]) -> list[int]:
    """Position of each lead among the standard twelve.

    Raises:
        InputError: A name is not a standard lead.
    """
    unknown = [lead for lead in leads if lead not in LEADS]
    if unknown:
        kind = "is not a lead" if len(unknown) == 1 else "are not leads"
        raise InputError(
            f"{', '.join(map(repr, unknown))} {kind}; expected some of {', '.join(LEADS)}."
        )
    return [LEADS.index(lead) for lead in leads]


def shown_leads(ecg: ECG, leads: Sequence[str] | None) -> tuple[str, ...]:
    """The recording's leads among those asked for, in standard order; None asks for all.

    Raises:
        InputError: A name is not a lead, or the recording has none of them.
    """
    if leads is None:
        return ecg.leads
    lead_indices(leads)
    shown = tuple(lead for lead in ecg.leads if lead in leads)
    if not shown:
        raise InputError(
            f"The recording has none of the leads asked for; it has {', '.join(ecg.leads)}."
        )
    return shown
