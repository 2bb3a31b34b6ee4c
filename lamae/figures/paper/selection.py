"""Which segments of which leads a box drawn on a sheet selects."""

from collections.abc import Mapping, Sequence

from lamae.figures.paper.sheet import Sheet
from lamae.results.masking import Segment


def places(sheet: Sheet) -> list[dict[str, float | str]]:
    """Each lead's place on the paper: its edges in s and mV.

    Times are recording times, as on every sheet of twelve leads.
    """
    found: list[dict[str, float | str]] = []
    for cell in sheet.cells:
        left, right = sheet.times(cell)
        low, high = sheet.band(cell.row)
        found.append({"lead": cell.lead, "left": left, "right": right, "low": low, "high": high})
    return found


def selected_segments(
    at: Sequence[Mapping[str, float | str]],
    x: Sequence[float],
    y: Sequence[float],
    *,
    all_leads: bool = False,
) -> tuple[Segment, ...]:
    """The segments of leads that a box overlaps.

    Args:
        at: `layout.meta["places"]` of the sheet.
        x: The two edges of the box in s, in any order.
        y: Its two edges in mV, in any order.
        all_leads: Select every lead for the times of the box, not only the leads in it.
    """
    left, right, low, high = min(x), max(x), min(y), max(y)
    hit = [
        Segment(str(p["lead"]), max(left, float(p["left"])), min(right, float(p["right"])))
        for p in at
        if float(p["left"]) < right
        and float(p["right"]) > left
        and float(p["low"]) < high
        and float(p["high"]) > low
    ]
    if not all_leads:
        return tuple(hit)
    leads = dict.fromkeys(str(p["lead"]) for p in at)
    return tuple(Segment(lead, s.first, s.last) for lead in leads for s in hit)
