"""Clicks and boxes on the paper, which mask leads and patches or show them again."""

from collections.abc import Sequence

import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import ECG
from lamae.results.masking import Segment, merged

# Keys in the session's state: leads masked wholly, and which leads a box masks.
MASK, BOX_MASKS = "mask", "box_masks"
TOUCHED, ALL = "Leads touched", "All leads"


def chart_key() -> str:
    """Key of the chart: another one after each touch, since Plotly keeps what was selected.

    A box would stay outlined, and a second click on a lead would change nothing.
    """
    touches = st.session_state.get("touches", 0)
    return f"reconstructed_{touches}" if touches else "reconstructed"


def touched(ecg: ECG, start: float, key: str) -> None:
    """Mask, or show again, what was clicked or dragged over on the paper.

    Args:
        ecg: The recording.
        start: Where the window starts, in s.
        key: Of the chart.
    """
    boxes = st.session_state[key]["selection"]["box"]
    st.session_state.touches = st.session_state.get("touches", 0) + 1
    if not boxes:
        _lead_clicked(ecg, key)
        return
    x, y = (tuple(float(edge) for edge in boxes[-1][axis]) for axis in ("x", "y"))
    wanted = figures.selected_segments(
        st.session_state.get("reconstructed_places", ()),
        x,
        y,
        all_leads=st.session_state.get(BOX_MASKS) == ALL,
    )
    patch = cache.predictor().patch_seconds
    now = _patches([s for s in wanted if s.lead in ecg.leads], start, patch)
    before = _patches(segments_of(ecg), start, patch, inward=True)
    after = before - now if now <= before else before | now
    keep(
        ecg,
        [
            Segment(lead, round(start + n * patch, 3), round(start + (n + 1) * patch, 3))
            for lead, n in after
        ],
    )


def _lead_clicked(ecg: ECG, key: str) -> None:
    """Mask the lead that was clicked on the paper, or show it again."""
    masked = set(st.session_state[MASK]) ^ widgets.clicked(key)
    st.session_state[MASK] = [lead for lead in ecg.leads if lead in masked]


def _patches(
    segments: Sequence[Segment], start: float, patch: float, *, inward: bool = False
) -> set[tuple[str, int]]:
    """Lead and number of the patches that segments touch, or `inward`, whose middle they hold."""
    found = set()
    slack = patch / 2 if inward else 1e-6
    for lead, first, last in segments:
        lowest = max(0, int((first - start + slack) // patch))
        number = lowest
        while start + number * patch < last - slack + 1e-9:
            found.add((lead, number))
            number += 1
    return found


def segments_of(ecg: ECG) -> tuple[Segment, ...]:
    """The segments that are masked of an ECG."""
    return tuple(st.session_state.get(_key(ecg), ()))


def keep(ecg: ECG, segments: Sequence[Segment]) -> None:
    """Mask these segments of an ECG, and no others."""
    st.session_state[_key(ecg)] = merged(segments)


def _key(ecg: ECG) -> str:
    """Another ECG has segments of its own."""
    return f"segments_{ecg.digest[:12]}"
