"""An ECG printed true to scale: A4 pages as PDF, in vectors, with text that can be selected.

All drawing is in mm from the page's lower left corner. Figures are made without pyplot, whose
state all threads share.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from lamae.ecg import ECG, WINDOW
from lamae.figures.palette import LIGHT
from lamae.figures.paper.sheet import GAINS, Sheet, lay_out
from lamae.figures.paper.signals import centred
from lamae.figures.pdf.drawing import (
    RIGHT,
    Place,
    draw_paper,
    draw_signals,
    room_before,
    write_text,
)
from lamae.figures.pdf.pages import ALONG, HEIGHT, WIDTH, paginate
from lamae.results.notice import NOTICE

TITLE = "12-lead ECG"
INCH = 25.4
MARGIN = 5.0
# From one line of text to the next, above the paper and below it.
LINE, FOOT_LINE = 3.5, 3.0
# Where the columns of words start, and the two values after a measurement's name.
COLUMNS = (0.0, 64.0, 140.0)
VALUES = (34.0, 50.0)
FOOT_CHARACTERS = 185


@dataclass(frozen=True)
class Words:
    """The text printed beside the signal, line by line.

    Attributes:
        about: The recording and the patient.
        measured: A name, the device's value and ours.
        codes: Codes and their verdicts; the first line is bold.
        identity: Which ECG it is, in a line that every page carries; never a file's name.
        foot: Printed on every page, under speed, gain and filters.
    """

    about: Sequence[str]
    measured: Sequence[tuple[str, str, str]]
    codes: Sequence[str]
    identity: str
    foot: str

    @property
    def height(self) -> float:
        """What they take above the paper, in mm."""
        return (max(len(self.about), len(self.measured), len(self.codes) - 1) + 2) * LINE


def print_pages(
    ecg: ECG,
    words: Words,
    *,
    layout: str = "3x4+II",
    start: float = 0.0,
    speed: int = 25,
    gain: int = 10,
) -> bytes:
    """Print ten seconds of an ECG as PDF; the same bytes for the same arguments.

    At 50 mm/s a page holds 5 s. Rows that do not fit on a page go on the next one, and words that
    do not fit above the paper on a page of their own. Where one row is taller than a page, all
    are printed at a smaller gain, and the page notes it.

    Args:
        ecg: The recording, of any length; leads it lacks are named in grey.
        words: What to print beside it.
        layout: One of `LAYOUTS`.
        start: Recording time in s from which to print up to 10 s.
        speed: Paper speed, 25 or 50 mm/s.
        gain: 5, 10 or 20 mm/mV.

    Raises:
        InputError: No such layout, speed or gain; `start` lies outside the recording.
    """
    window = ecg.window(start, WINDOW)
    signals, moved = centred(dict(zip(window.leads, window.signal, strict=True)))
    for used in (gain, *sorted((g for g in GAINS if g < gain), reverse=True)):
        sheet = lay_out(
            layout,
            signals,
            window.signal.shape[1],
            ecg.fs,
            start=round(start * ecg.fs) / ecg.fs,
            speed=speed,
            gain=used,
        )
        foot = _foot(ecg, words, sheet, moved, gain)
        room = HEIGHT - 2 * MARGIN - (len(foot) + 0.5) * FOOT_LINE
        pages = paginate(sheet, signals, room)
        if not any(page.cut for page in pages):
            break
    first = (pages[0].high - pages[0].low) * sheet.gain
    above = first + words.height <= room
    figures = []
    for number, page in enumerate(pages):
        top = HEIGHT - MARGIN - (words.height if above and not number else 0.0)
        left = (WIDTH - room_before(sheet) - ALONG - RIGHT) / 2 + room_before(sheet)
        place = Place(sheet, page, left, top - (page.high - page.low) * sheet.gain)
        figure, axes = _blank()
        draw_paper(axes, place)
        draw_signals(axes, place, signals)
        if above and not number:
            _write(axes, words, place.edges[0])
        figures.append(figure)
    if not above:
        figure, axes = _blank()
        _write(axes, words, (WIDTH - ALONG) / 2)
        figures.append(figure)
    for number, figure in enumerate(figures):
        cut = pages[number].cut if number < len(pages) else ()
        _write_foot(figure.axes[0], foot, cut, f"Page {number + 1} of {len(figures)}")
    return _bound(figures)


def _blank() -> tuple[Figure, Axes]:
    """A page whose data coordinates are mm."""
    figure = Figure(figsize=(WIDTH / INCH, HEIGHT / INCH))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
    axes.set_axis_off()
    return figure, axes


def _bound(figures: Sequence[Figure]) -> bytes:
    """The pages as one PDF, without a date or the name of anything but the program."""
    content = BytesIO()
    about = {"Title": TITLE, "Creator": "LAMAE Explorer", "Producer": None, "CreationDate": None}
    with PdfPages(content, metadata=about) as pdf:
        for figure in figures:
            pdf.savefig(figure)
    return content.getvalue()


def _write(axes: Axes, words: Words, left: float) -> None:
    """Three columns of words from the top of the page."""
    about, measured, codes = (left + column for column in COLUMNS)
    top = HEIGHT - MARGIN - 0.8 * LINE
    write_text(axes, about, top, TITLE, 9.0, bold=True)
    for line, text in enumerate(words.about, start=1):
        write_text(axes, about, top - line * LINE, text, 7.0)
    for offset, text in zip((0.0, *VALUES), ("", "device", "estimate"), strict=True):
        write_text(axes, measured + offset, top, text, 7.0, colour=LIGHT.faint_print)
    for line, row in enumerate(words.measured, start=1):
        for offset, text in zip((0.0, *VALUES), row, strict=True):
            write_text(axes, measured + offset, top - line * LINE, text, 7.0)
    for line, text in enumerate(words.codes):
        write_text(axes, codes, top - line * LINE, text, 7.0, bold=not line)


def _foot(ecg: ECG, words: Words, sheet: Sheet, moved: Mapping[str, float], gain: int) -> list[str]:
    filters = f"device filters: {ecg.filters}" if ecg.filters else "filters: as received"
    remarks = []
    if sheet.gain != gain:
        remarks.append(
            f"Printed at {sheet.gain} instead of {gain} mm/mV: a wave is taller than the page."
        )
    if moved:
        shifts = ", ".join(f"{lead} by {-off:+.1f} mV" for lead, off in moved.items())
        remarks.append(f"Moved to the baseline: {shifts}.".replace("-", "−"))
    return [
        f"{sheet.speed} mm/s   {sheet.gain} mm/mV   {filters}",
        words.identity,
        f"{NOTICE}. {words.foot}",
        *(line for remark in remarks for line in textwrap.wrap(remark, FOOT_CHARACTERS)),
    ]


def _write_foot(axes: Axes, lines: Sequence[str], cut: Sequence[str], number: str) -> None:
    left, right = (WIDTH - ALONG) / 2 - 10, (WIDTH + ALONG) / 2 + 10
    first, *others = lines
    if cut:
        first += f"   Taller than the page and cut at its edge: {', '.join(cut)}"
    top = MARGIN + len(others) * FOOT_LINE
    for line, text in enumerate((first, *others)):
        write_text(axes, left, top - line * FOOT_LINE, text, 6.5)
    write_text(axes, right, top, number, 6.5, align="right")
