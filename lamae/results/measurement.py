"""What is measured in an ECG without a model, as plain values: intervals, axes, the median beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32

# What each value is called, and its unit, in the order in which they are read aloud. A value
# that devices state, too, has its name in `ECG.measurements`. Devices seldom say by which
# formula they correct QT: such a value stands for itself, beside none of ours.
NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "heart_rate": ("Heart rate", "bpm"),
        "rr_shortest": ("Shortest RR", "ms"),
        "rr_longest": ("Longest RR", "ms"),
        "p": ("P duration", "ms"),
        "pr": ("PR", "ms"),
        "qrs": ("QRS", "ms"),
        "qt": ("QT", "ms"),
        "qtc": ("QTc (device's formula)", "ms"),
        "qtc_fridericia": ("QTc (Fridericia)", "ms"),
        "qtc_bazett": ("QTc (Bazett)", "ms"),
        "p_axis": ("P axis", "°"),
        "qrs_axis": ("QRS axis", "°"),
        "t_axis": ("T axis", "°"),
    }
)
ESTIMATED = tuple(name for name in NAMES if name != "qtc")
# What a confidence means: how far the value moves when any one lead is left out, an axis when
# any one area is changed by twice its standard error.
CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "high": "no one lead's absence or noise changes it by more than 8 ms or 8°",
        "moderate": "by 20 ms or 20°",
        "low": "by more, or it rests on fewer than 5 beats",
    }
)
WAVES = ("P", "QRS", "T")
# The same with the segment between QRS and T, in order of time.
BEAT_PARTS = ("P", "QRS", "ST", "T")


@dataclass(frozen=True)
class Measured:
    """One value, or why there is none.

    Attributes:
        name: One of `ESTIMATED`; `NAMES` gives its unit.
        value: None where it is withheld.
        confidence: One of `CONFIDENCE`; None where the value is withheld.
        reason: What the value rests on, or why it is withheld, in a few words.
    """

    name: str
    value: float | None
    confidence: str | None
    reason: str


@dataclass(frozen=True)
class Premature:
    """A beat that comes early.

    Attributes:
        time: Of its R, in s from the start of what was measured.
        origin: "atrial" (its QRS is that of the other beats) or "ventricular" (it is not).
        reason: How early and how different, in a few words.
    """

    time: float
    origin: str
    reason: str


@dataclass(frozen=True, eq=False)
class MedianBeat:
    """The median of the beats of the commonest shape, aligned at their R.

    Attributes:
        signal: Voltage in mV above the level just before QRS, one row a lead.
        leads: Name of each row.
        fs: Sampling rate in Hz.
        r: Where R lies in the signal, in s from its start.
        marks: Onset and offset in s from R of each of `WAVES` that was found.
        used: How many beats the median was taken over.
        found: How many beats the recording has.
    """

    signal: Float32[np.ndarray, "leads time"]
    leads: tuple[str, ...]
    fs: float
    r: float
    marks: Mapping[str, tuple[float, float]]
    used: int
    found: int

    def lead(self, name: str) -> Float32[np.ndarray, " time"]:
        """One lead's voltage in mV."""
        return self.signal[self.leads.index(name)]


@dataclass(frozen=True, eq=False)
class Measurements:
    """All that was measured in one recording; estimates of ours.

    Attributes:
        values: Each of `ESTIMATED`, in their order.
        regular: Whether the RR intervals between beats that are not premature are alike;
            None where that cannot be told.
        rhythm: The same in a sentence, with the numbers.
        premature: Beats that come early, in order.
        premature_withheld: Why early beats were not looked for; None where they were.
        beat: The median beat; None where there is none, which every value's reason explains.
    """

    values: Mapping[str, Measured]
    regular: bool | None
    rhythm: str
    premature: tuple[Premature, ...]
    premature_withheld: str | None
    beat: MedianBeat | None

    @property
    def withheld(self) -> str | None:
        """Why nothing at all was measured; None where anything was."""
        reasons = {value.reason for value in self.values.values()}
        nothing = all(value.value is None for value in self.values.values())
        return reasons.pop() if nothing and len(reasons) == 1 else None

    def __getitem__(self, name: str) -> Measured:
        return self.values[name]
