"""Where each lead lies on a sheet of ECG paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32

from lamae.errors import InputError

SECONDS = 10.0
RHYTHM_LEAD = "II"
# Rows of leads from top to bottom; the leads of a row share its time equally, left to right.
GRIDS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "3x4+II": (
            ("I", "aVR", "V1", "V4"),
            ("II", "aVL", "V2", "V5"),
            ("III", "aVF", "V3", "V6"),
            (RHYTHM_LEAD,),
        ),
        "6x2": (
            ("I", "V1"),
            ("II", "V2"),
            ("III", "V3"),
            ("aVR", "V4"),
            ("aVL", "V5"),
            ("aVF", "V6"),
        ),
        "12x1": tuple(
            (lead,)
            for lead in ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
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
LEAST_SPACING: Mapping[str, float] = MappingProxyType({"3x4+II": 25.0, "6x2": 20.0, "12x1": 15.0})
MOST_SPACING = 50.0
# The pulse before each row: 1 mV for 0.2 s, as corners in s and mV.
PULSE_TIME = (-0.45, -0.4, -0.4, -0.2, -0.2, -0.15)
PULSE_VOLTAGE = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
# How much of the row distance the band behind a trace fills.
BAND = 0.86


@dataclass(frozen=True)
class Cell:
    """The place of one lead on the sheet.

    Attributes:
        lead: Its name.
        row: Row from the top, from 0.
        first: Index of its first sample, counted from the start of the sheet.
        stop: Index after its last sample.
        strip: Whether this is the rhythm strip under a grid of leads.
    """

    lead: str
    row: int
    first: int
    stop: int
    strip: bool


@dataclass(frozen=True, eq=False)
class Sheet:
    """Geometry of one sheet, in recording time (s) and in mV from the lowest baseline up.

    Attributes:
        cells: The place of each lead.
        baselines: Height of each row's baseline in mV, on a 5 mm line of the grid.
        gaps: From each row to the row above it in mV; the first counts to the paper's edge.
        fs: Sampling rate in Hz.
        start: Recording time in s of the first sample.
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
        """Recording time in s at which a cell starts and ends."""
        return self.start + cell.first / self.fs, self.start + cell.stop / self.fs

    def band(self, row: int) -> tuple[float, float]:
        """Lower and upper edge in mV of the band behind a row."""
        half = BAND * min(self.gaps[1:]) / 2
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
    """Place twelve leads on a sheet, with the rows as far apart as their signals need.

    Columns are continuous in time: each shows the stretch of the recording that follows the
    stretch in the column to its left. A recording shorter than 10 s is divided in the same way.

    Args:
        layout: One of `LAYOUTS`.
        signals: Voltage in mV of each lead there is, each of `samples` samples.
        samples: Length of the stretch shown.
        fs: Sampling rate in Hz.
        start: Recording time of the first sample in s.
        speed: One of `SPEEDS`, in mm/s.
        gain: One of `GAINS`, in mm/mV.

    Raises:
        InputError: No such layout, speed or gain.
    """
    for what, value, known in (
        ("layout", layout, LAYOUTS),
        ("paper speed", speed, SPEEDS),
        ("gain", gain, GAINS),
    ):
        if value not in known:
            raise InputError(
                f"There is no {what} {value}; expected one of {', '.join(map(str, known))}."
            )
    grid = GRIDS[layout]
    cells = []
    for row, leads in enumerate(grid):
        edges = [round(i * samples / len(leads)) for i in range(len(leads) + 1)]
        strip = row > 0 and len(leads) < len(grid[0])
        for lead, first, stop in zip(leads, edges[:-1], edges[1:], strict=True):
            # A rhythm strip of another lead says more about rhythm than an empty row.
            shown = next(iter(signals), lead) if strip and lead not in signals else lead
            cells.append(Cell(shown, row, first, stop, strip))

    low, high = _extents(cells, signals, len(grid), samples, round(0.4 * fs))
    square = LARGE_SQUARE / gain
    # Bins rather than extremes: one artefact must not push all rows apart. Rows may touch a little.
    need = 0.9 * np.quantile(high[1:] - low[:-1], 0.95, axis=1)
    room = [
        _squares(float(value), square, least, MOST_SPACING / gain)
        for value, least in (
            (max(high[0].max(), max(PULSE_VOLTAGE)), ABOVE / gain),
            *((value, LEAST_SPACING[layout] / gain) for value in need),
            (-low[-1].min(), BELOW / gain),
        )
    ]
    baselines = tuple(float(sum(room[row + 1 : -1])) for row in range(len(grid)))
    return Sheet(
        cells=tuple(cells),
        baselines=baselines,
        gaps=tuple(room[:-1]),
        fs=fs,
        start=start,
        x_range=(start - LEFT, start + SECONDS + RIGHT),
        y_range=(-room[-1], baselines[0] + room[0]),
        speed=speed,
        gain=gain,
    )


def _squares(voltage: float, square: float, least: float, most: float) -> float:
    """The next multiple of a large square in mV, within bounds."""
    return float(np.ceil(round(min(max(voltage, least), most) / square, 6)) * square)


def _extents(
    cells: Sequence[Cell],
    signals: Mapping[str, Float32[np.ndarray, " time"]],
    rows: int,
    samples: int,
    width: int,
) -> tuple[Float32[np.ndarray, "rows bins"], Float32[np.ndarray, "rows bins"]]:
    """Lowest and highest voltage of each row in bins of `width` samples; 0 without signal."""
    sheet = np.zeros((rows, samples), np.float32)
    for cell in cells:
        if cell.lead in signals:
            sheet[cell.row, cell.first : cell.stop] = signals[cell.lead][cell.first : cell.stop]
    width = min(width, samples)
    bins = sheet[:, : samples // width * width].reshape(rows, -1, width)  # [rows, bins, width]
    return bins.min(axis=2), bins.max(axis=2)
