"""The ECG on paper: how it is shown, calipers, one lead enlarged, and filters for the display."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.app.session import CurrentECG
from lamae.ecg import ECG, WINDOW
from lamae.errors import InputError
from lamae.signal.filters import HIGH_PASS, LOW_PASS, NOTCH, FilterSettings, display_filter, segment

RHYTHM, ONE_LEAD = "rhythm", "lead"
LAYOUTS: Mapping[str, str] = MappingProxyType(
    {
        "3x4+II": "3 × 4 + II",
        "3x4+3": "3 × 4 + II, V1, V5",
        "6x2": "6 × 2",
        "12x1": "12 × 1",
        "Cabrera": "Cabrera, 6 × 2",
        RHYTHM: f"Rhythm strip, {figures.STRIP_SECONDS:g} s",
        ONE_LEAD: "One lead, enlarged",
    }
)
TWELVE = figures.LAYOUTS
# Half the time in a row shows its squares twice as large.
ENLARGED_ROW = WINDOW / 2
OFF = "Off"
MEASURE, ZOOM, SCROLL = "Measure", "Zoom", "Scroll"
HINTS: Mapping[str, str] = MappingProxyType(
    {
        MEASURE: "Drag a box on the paper to measure time and voltage",
        ZOOM: "Drag to zoom, double-click for the whole sheet",
        SCROLL: "Swipe sideways",
    }
)
CHART = "paper"


@dataclass(frozen=True)
class View:
    """How the visitor wants the ECG shown.

    Attributes:
        layout: One of `LAYOUTS`.
        lead: The lead of a sheet that shows one.
        speed: Paper speed in mm/s.
        gain: mm per mV.
        filters: For the display only.
        twelve: The layout of twelve leads that is shown, or was before one lead.
    """

    layout: str
    lead: str
    speed: int
    gain: int
    filters: FilterSettings
    twelve: str


def controls(ecg: ECG) -> View:
    """Ask how to show an ECG."""
    layout = st.selectbox(
        "Layout",
        list(LAYOUTS),
        format_func=LAYOUTS.__getitem__,
        key="layout",
        persist_state="session",
        width=205,
    )
    if layout in TWELVE:
        st.session_state.twelve = layout
    lead = _lead(ecg, choose=layout not in TWELVE)
    speed, gain = st.session_state.get("speed", 25), st.session_state.get("gain", 10)
    filtered = "filtered" if _filters() else "no filter"
    with st.popover(f"{speed} mm/s, {gain} mm/mV, {filtered}", key="scale", width="content"):
        speed = _choice("Speed in mm/s", [25, 50], 25, "speed")
        gain = _choice("Gain in mm/mV", [5, 10, 20], 10, "gain")
        for label, edges, key in (
            ("High-pass in Hz", HIGH_PASS, "high_pass"),
            ("Low-pass in Hz", LOW_PASS, "low_pass"),
            ("Notch in Hz", NOTCH, "notch"),
        ):
            _choice(label, [OFF, *edges], OFF, key)
        # Otherwise its one line would make the popover as wide as the paper.
        with st.container(width=300):
            st.caption(
                "Filters are zero-phase and change this page's paper only: the model and the "
                "measurements read the ECG as received."
            )
    return View(layout, lead, speed, gain, _filters(), _twelve())


def show(current: CurrentECG, start: float, view: View) -> None:
    """Draw the paper, and above it what its calipers measure.

    Args:
        current: The ECG.
        start: Recording time in s from which to show.
        view: How.
    """
    with st.container(key="reading", horizontal=True, vertical_alignment="center", gap="small"):
        if view.layout == ONE_LEAD:
            st.button("All leads", icon=":material/arrow_back:", on_click=_all_leads)
        line = st.container(key="calipers")
        mouse = st.segmented_control(
            "Mouse",
            [SCROLL, MEASURE] if widgets.on_phone() else [MEASURE, ZOOM],
            default=SCROLL if widgets.on_phone() else MEASURE,
            required=True,
            key="mouse",
            persist_state="session",
            label_visibility="collapsed",
            width="content",
        )
    selected = widgets.sheet(
        _figure(current.ecg, start, view, mouse),
        CHART,
        on_select=None if mouse == SCROLL else _touched,
        boxes=True,
    )
    boxes = selected["selection"]["box"] if mouse != SCROLL else []
    with line:
        hint = HINTS[mouse]
        if mouse == ZOOM and view.layout in TWELVE:
            hint += "; click a lead to enlarge it"
        st.markdown(_reading(boxes[-1]) if boxes else f":small[{hint}]")


def _figure(ecg: ECG, start: float, view: View, mouse: str) -> Any:
    shown, begins, words = ecg, 0.0, ""
    if view.filters:
        try:
            part, begins = segment(ecg, start, figures.STRIP_SECONDS)
            shown, words = display_filter(part, view.filters), str(view.filters)
        except InputError as error:
            widgets.trouble(error)
            shown, begins = ecg, 0.0
    common: dict[str, Any] = {
        "start": start,
        "speed": view.speed,
        "gain": view.gain,
        "begins": begins,
        "filters": words,
        "drag": {MEASURE: "select", ZOOM: "zoom", SCROLL: False}[mouse],
        "dark": widgets.dark(),
    }
    if view.layout == RHYTHM:
        return figures.lead_rows(shown, view.lead, **common)
    if view.layout == ONE_LEAD:
        return figures.lead_rows(
            shown, view.lead, seconds=WINDOW, row_seconds=ENLARGED_ROW, **common
        )
    return figures.paper(shown, layout=view.layout, **common)


def _reading(box: Mapping[str, Any]) -> str:
    """What a box measures, in words that can be read from a distance."""
    measured = figures.calipers(box["x"], box["y"])
    words = [f"{measured.seconds * 1000:.0f} ms"]
    if measured.rate is not None:
        words.append(f"{measured.rate:.0f} bpm")
    words.append(f"{measured.voltage:.2f} mV")
    return " · ".join(f"**{word}**" for word in words)


def _lead(ecg: ECG, *, choose: bool) -> str:
    usual = "II" if "II" in ecg.leads else ecg.leads[0]
    if st.session_state.get("lead") not in ecg.leads:
        st.session_state.lead = usual
    if not choose:
        return usual
    return str(st.selectbox("Lead", list(ecg.leads), key="lead", persist_state="session", width=90))


def _choice(label: str, options: list[Any], default: Any, key: str) -> Any:
    return st.segmented_control(
        label,
        options,
        default=default,
        required=True,
        key=key,
        persist_state="session",
        format_func=lambda option: option if option == OFF else f"{option:g}",
    )


def _filters() -> FilterSettings:
    chosen = [st.session_state.get(key, OFF) for key in ("high_pass", "low_pass", "notch")]
    return FilterSettings(*(None if edge == OFF else edge for edge in chosen))


def _touched() -> None:
    """Enlarge the lead that was clicked; a box is read where it is drawn."""
    if st.session_state[CHART]["selection"]["box"] or st.session_state.layout not in TWELVE:
        return
    for lead in widgets.clicked(CHART):
        st.session_state.lead, st.session_state.layout = lead, ONE_LEAD


def _all_leads() -> None:
    st.session_state.layout = _twelve()


def _twelve() -> str:
    return str(st.session_state.get("twelve", TWELVE[0]))
