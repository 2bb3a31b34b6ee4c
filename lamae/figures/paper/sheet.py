"""The geometry of a sheet of ECG paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32

from lamae.ecg import CHEST_LEADS, LEADS, LIMB_LEADS, WINDOW
from lamae.errors import InputError


@dataclass(frozen=True)
class Layout:
    """The arrangement of leads on a sheet.

    Attributes:
        rows: Leads of each row, from top to bottom; they share its time equally, left to right.
        strips: Leads repeated over the whole width under the rows, for the rhythm.
        inverted: Leads drawn upside down, and named with a minus.
        spacing: Least distance of two rows in mm.
    """

    rows: tuple[tuple[str, ...], ...]
    strips: tuple[str, ...] = ()
    inverted: tuple[str, ...] = ()
    spacing: float = 20.0


_THREE_ROWS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
# Cabrera's order follows the frontal plane from aVL at -30 to III at 120 degrees, which -aVR fits.
GRIDS: Mapping[str, Layout] = MappingProxyType(
    {
        "3x4+II": Layout(_THREE_ROWS, strips=("II",), spacing=25.0),
        "3x4+3": Layout(_THREE_ROWS, strips=("II", "V1", "V5")),
        "6x2": Layout(tuple(zip(LIMB_LEADS, CHEST_LEADS, strict=True))),
        "12x1": Layout(tuple((lead,) for lead in LEADS), spacing=15.0),
        "Cabrera": Layout(
            tuple(zip(("aVL", "I", "aVR", "II", "aVF", "III"), CHEST_LEADS, strict=True)),
            inverted=("aVR",),
        ),
    }
)
LAYOUTS = tuple(GRIDS)
SPEEDS = (25, 50)
GAINS = (5, 10, 20)

# s before and after the signal; the former holds the pulse.
LEFT, RIGHT = 0.6, 0.2
# mm on the paper.
LARGE_SQUARE = 5.0
ABOVE, BELOW = 15.0, 10.0
STRIP_SPACING = 25.0
MOST_SPACING = 50.0
# The pulse before each row: 1 mV for 0.2 s, as corners in s and mV.
PULSE_TIME = (-0.45, -0.4, -0.4, -0.2, -0.2, -0.15)
PULSE_VOLTAGE = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
# How much of the row distance the band behind a trace fills.
BAND = 0.86


@dataclass(frozen=True)
class Cell:
    """The place of one segment of one lead on the sheet.

    Attributes:
        lead: Its name.
        row: Row from the top, from 0.
        first: Index of its first sample, counted from the start of the segment shown.
        stop: Index after its last sample.
        strip: Whether this is a rhythm strip under a grid of leads.
        inverted: Whether it is drawn upside down.
        row_first: Index of the sample with which its row starts.
    """

    lead: str
    row: int
    first: int
    stop: int
    strip: bool = False
    inverted: bool = False
    row_first: int = 0

    @property
    def left(self) -> int:
        """Where it starts, in samples from the start of its row."""
        return self.first - self.row_first

    @property
    def right(self) -> int:
        """Where it ends, in samples from the start of its row."""
        return self.stop - self.row_first

    @property
    def label(self) -> str:
        """The name printed beside it: "−aVR" for aVR upside down."""
        return f"−{self.lead}" if self.inverted else self.lead

    def of(self, signal: Float32[np.ndarray, " time"]) -> Float32[np.ndarray, " segment"]:
        """Its segment of the lead's signal, upside down where it is drawn so."""
        segment = signal[self.first : self.stop]
        return -segment if self.inverted else segment


@dataclass(frozen=True, eq=False)
class Sheet:
    """Geometry of one sheet, in s along the paper and in mV from the lowest baseline up.

    Attributes:
        cells: The place of each lead.
        baselines: Height of each row's baseline in mV, on a 5 mm line of the grid.
        gaps: From each row to the row above it in mV; the first counts to the paper's edge.
        fs: Sampling rate in Hz.
        start: Time in s along the paper at which every row starts.
        x_range: From the left to the right edge of the paper, in s.
        y_range: From its lower to its upper edge, in mV.
        speed: Paper speed in mm/s.
        gain: mm per mV.
    """

    cells: tuple[Cell, ...]
    baselines: tuple[float, ...]
    gaps: tuple[float, ...]
    fs: float
    start: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    speed: int
    gain: int

    def times(self, cell: Cell) -> tuple[float, float]:
        """Where a cell starts and ends along the paper, in s."""
        return self.start + cell.left / self.fs, self.start + cell.right / self.fs

    def band(self, row: int) -> tuple[float, float]:
        """Lower and upper edge in mV of the band behind a row."""
        half = BAND * min(self.gaps[1:] or self.gaps) / 2
        return self.baselines[row] - half, self.baselines[row] + half


def lay_out(
    layout: str,
    signals: Mapping[str, Float32[np.ndarray, " time"]],
    samples: int,
    fs: float,
    *,
    start: float = 0.0,
    speed: int = 25,
    gain: int = 10,
) -> Sheet:
    """Place twelve leads on a sheet, with rows as far apart as their signals require.

    Columns are continuous in time: each shows the segment of the recording that follows the
    segment in the column to its left. A recording shorter than 10 s is divided in the same way.
    A rhythm strip whose lead is missing shows another lead.

    Args:
        layout: One of `LAYOUTS`.
        signals: Voltage in mV of each recorded lead, each of `samples` samples.
        samples: Length of the segment shown.
        fs: Sampling rate in Hz.
        start: Recording time of the first sample in s.
        speed: One of `SPEEDS`, in mm/s.
        gain: One of `GAINS`, in mm/mV.

    Raises:
        InputError: No such layout, speed or gain.
    """
    _check(("layout", layout, LAYOUTS), ("paper speed", speed, SPEEDS), ("gain", gain, GAINS))
    grid = GRIDS[layout]
    cells = []
    for row, leads in enumerate(grid.rows):
        edges = [round(i * samples / len(leads)) for i in range(len(leads) + 1)]
        for lead, first, stop in zip(leads, edges[:-1], edges[1:], strict=True):
            cells.append(Cell(lead, row, first, stop, inverted=lead in grid.inverted))
    for row, lead in enumerate(_strips(grid, signals), start=len(grid.rows)):
        cells.append(Cell(lead, row, 0, samples, strip=True))
    return _place(cells, signals, fs, start, WINDOW, spacing=grid.spacing, speed=speed, gain=gain)


def lay_out_rows(
    lead: str,
    signal: Float32[np.ndarray, " time"],
    fs: float,
    *,
    row_seconds: float = WINDOW,
    speed: int = 25,
    gain: int = 10,
) -> Sheet:
    """Place one lead in rows that follow each other in time, each starting at 0 s on the paper.

    Args:
        lead: Its name.
        signal: Its voltage in mV.
        fs: Sampling rate in Hz.
        row_seconds: How much of it a row shows.
        speed: One of `SPEEDS`, in mm/s.
        gain: One of `GAINS`, in mm/mV.

    Raises:
        InputError: No such speed or gain.
    """
    _check(("paper speed", speed, SPEEDS), ("gain", gain, GAINS))
    across = round(row_seconds * fs)
    cells = [
        Cell(lead, row, first, min(first + across, len(signal)), row_first=first)
        for row, first in enumerate(range(0, len(signal), across))
    ]
    return _place(
        cells, {lead: signal}, fs, 0.0, row_seconds, spacing=STRIP_SPACING, speed=speed, gain=gain
    )


def _check(*settings: tuple[str, str | int, Sequence[str | int]]) -> None:
    for what, value, known in settings:
        if value not in known:
            raise InputError(
                f"There is no {what} {value}; expected one of {', '.join(map(str, known))}."
            )


def _strips(layout: Layout, signals: Mapping[str, Float32[np.ndarray, " time"]]) -> list[str]:
    """The layout's rhythm strips, with others in place of leads that were not recorded."""
    # A rhythm strip of another lead is better than an empty row.
    recorded = [lead for lead in dict.fromkeys((*layout.strips, *signals)) if lead in signals]
    return recorded[: len(layout.strips)] or list(layout.strips)


def _place(
    cells: Sequence[Cell],
    signals: Mapping[str, Float32[np.ndarray, " time"]],
    fs: float,
    start: float,
    seconds: float,
    *,
    spacing: float,
    speed: int,
    gain: int,
) -> Sheet:
    """Find the height of each row; `spacing` in mm is the least between two."""
    low, high = _extents(cells, signals, round(0.4 * fs))
    square = LARGE_SQUARE / gain
    # Bins rather than extremes: one artefact must not push all rows apart. Rows may touch a little.
    need = 0.9 * np.quantile(high[1:] - low[:-1], 0.95, axis=1)
    room = [
        _squares(float(value), square, least, MOST_SPACING / gain)
        for value, least in (
            (max(high[0].max(), max(PULSE_VOLTAGE)), ABOVE / gain),
            *((value, spacing / gain) for value in need),
            (-low[-1].min(), BELOW / gain),
        )
    ]
    rows = len(low)
    baselines = tuple(float(sum(room[row + 1 : -1])) for row in range(rows))
    return Sheet(
        cells=tuple(cells),
        baselines=baselines,
        gaps=tuple(room[:-1]),
        fs=fs,
        start=start,
        x_range=(start - LEFT, start + seconds + RIGHT),
        y_range=(-room[-1], baselines[0] + room[0]),
        speed=speed,
        gain=gain,
    )


def _squares(voltage: float, square: float, least: float, most: float) -> float:
    """The next multiple of a large square in mV, within bounds."""
    return float(np.ceil(round(min(max(voltage, least), most) / square, 6)) * square)


def _extents(
    cells: Sequence[Cell], signals: Mapping[str, Float32[np.ndarray, " time"]], width: int
) -> tuple[Float32[np.ndarray, "rows bins"], Float32[np.ndarray, "rows bins"]]:
    """Lowest and highest voltage of each row in bins of `width` samples; 0 without signal."""
    rows, samples = max(cell.row for cell in cells) + 1, max(cell.right for cell in cells)
    sheet = np.zeros((rows, samples), np.float32)
    for cell in cells:
        if cell.lead in signals:
            sheet[cell.row, cell.left : cell.right] = cell.of(signals[cell.lead])
    width = min(width, samples)
    bins = sheet[:, : samples // width * width].reshape(rows, -1, width)  # [rows, bins, width]
    return bins.min(axis=2), bins.max(axis=2)
