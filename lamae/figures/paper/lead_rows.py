"""One lead on paper, row under row: a long rhythm strip, or ten seconds enlarged."""

import plotly.graph_objects as go

from lamae.ecg import ECG, WINDOW
from lamae.figures.palette import palette
from lamae.figures.paper.drawing import Drag, add_click_targets, add_pulses, print_sheet
from lamae.figures.paper.lead_names import add_names
from lamae.figures.paper.paper import add_traces, footer
from lamae.figures.paper.sheet import lay_out_rows
from lamae.figures.paper.signals import centred, cut

# Length of one sheet of a long strip, in s.
STRIP_SECONDS = 60.0


def lead_rows(
    ecg: ECG,
    lead: str,
    *,
    start: float = 0.0,
    seconds: float = STRIP_SECONDS,
    row_seconds: float = WINDOW,
    speed: int = 25,
    gain: int = 10,
    begins: float = 0.0,
    filters: str = "",
    drag: Drag = "zoom",
    dark: bool = False,
    width: int = 1100,
) -> go.Figure:
    """Print one lead in rows that follow each other in time.

    The time axis counts from the start of each row, in s; the recording time at which the row
    starts is printed beside the lead's name. The squares of rows of 5 s are twice as large as
    those of rows of 10 s. Traces are those of `paper`.

    Args:
        ecg: The recording.
        lead: One of its leads.
        start: Recording time in s from which to show.
        seconds: How much to show at most, in s.
        row_seconds: How much a row shows, in s.
        speed: Paper speed, 25 or 50 mm/s.
        gain: 5, 10 or 20 mm/mV.
        begins: Recording time in s of the first sample, where `ecg` is part of a recording.
        filters: Filters used for the display, in words; printed in the footer.
        drag: The effect of dragging over the paper.
        dark: Dim the paper.
        width: Width in px that the paper fills; the figure's height follows from it.

    Raises:
        InputError: No such lead, speed or gain; `start` lies outside the recording.
    """
    whole = ecg.lead(lead)
    first, shown = cut(ecg, start - begins, seconds)
    signals, moved = centred({lead: whole[first : first + shown.shape[1]]})
    sheet = lay_out_rows(
        lead, signals[lead], ecg.fs, row_seconds=row_seconds, speed=speed, gain=gain
    )
    colours = palette(dark)
    begin = begins + first / ecg.fs
    figure = print_sheet(
        sheet,
        colours,
        footer=footer(ecg, moved, filters),
        alt=f"ECG paper, lead {lead}, {shown.shape[1] / ecg.fs:.3g} s from {begin:g} s in "
        f"{len(sheet.cells)} rows of {row_seconds:g} s"
        + (f"; filtered for the display: {filters}." if filters else "."),
        revision=f"{ecg.digest} {lead} {start} {seconds} {row_seconds} {speed} {gain}",
        width=width,
        drag=drag,
    )
    add_pulses(figure, sheet, colours)
    add_traces(figure, sheet, signals, moved, colours)
    times = [clock(begin + cell.first / ecg.fs) for cell in sheet.cells]
    add_names(figure, sheet, signals, (), colours, beside=times)
    add_click_targets(figure, sheet)
    return figure


def clock(seconds: float) -> str:
    """Recording time as it is read: "7.5 s", "12:30", "1:02:30.5"."""
    tenths = round(seconds * 10)
    if tenths < 600:
        return f"{tenths / 10:g} s"
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    ending = f"{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")
    return f"{hours}:{minutes:02d}:{ending}" if hours else f"{minutes}:{ending}"
