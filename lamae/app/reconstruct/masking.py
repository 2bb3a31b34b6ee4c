"""What is masked: chosen, clicked on the paper, dragged over it, or drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import CHEST_LEADS, ECG, LEADS, LIMB_LEADS
from lamae.errors import InputError
from lamae.figures import Drag
from lamae.results.masking import Masking, Segment, merged

MASK, SHARE, PRESET = "mask", "share", "preset"
MOST = 0.95
# What is masked with one click: leads, and a share of the others.
PRESETS: Mapping[str, tuple[tuple[str, ...], float]] = MappingProxyType(
    {
        "V1–V6": (CHEST_LEADS, 0.0),
        "All but I": (tuple(lead for lead in LEADS if lead != "I"), 0.0),
        "Limb leads": (LIMB_LEADS, 0.0),
        "V2": (("V2",), 0.0),
        "Half of everything": ((), 0.5),
        "None": ((), 0.0),
    }
)
# While a box can be drawn, Streamlit hands over no clicks: one has to choose.
CLICK, DRAG = "Click a lead", "Drag a box"
TOUCHED, ALL = "Leads touched", "All leads"
ALSO = ("Regression", "Residual", "Range")


@dataclass(frozen=True)
class View:
    """How the reconstructed signal is shown.

    Attributes:
        layout: One of `figures.LAYOUTS`.
        also: Some of `ALSO`.
        drag: What dragging over the paper does.
    """

    layout: str
    also: frozenset[str]
    drag: Drag


def follow_link(ecg: ECG, readable: Sequence[str]) -> None:
    """Mask what the address names (?mask=V1,II:2-3.4&share=0.5), once; else the chest leads.

    Args:
        ecg: The recording.
        readable: Its leads that can be read; without a link, no other is masked.
    """
    st.session_state.setdefault(SHARE, 0.0)
    if MASK in st.session_state:
        known = [lead for lead in st.session_state[MASK] if lead in ecg.leads]
        if known != list(st.session_state[MASK]):
            # An ECG with fewer leads was opened since.
            st.session_state[MASK] = known
        return
    asked = Masking(_at_first(readable))
    named = st.query_params.get("mask")
    if named is not None:
        try:
            asked = Masking.parse(named)
        except InputError as error:
            widgets.trouble(error)
    st.session_state[SHARE] = _share(st.query_params.get("share", ""), st.session_state[SHARE])
    missing = {*asked.leads, *(s.lead for s in asked.segments)} - set(ecg.leads)
    if missing and named is not None:
        st.info(
            "The link masks leads that this recording does not have; it has "
            f"{', '.join(ecg.leads)}."
        )
    st.session_state[MASK] = [lead for lead in asked.leads if lead in ecg.leads]
    _keep(ecg, [s for s in asked.segments if s.lead in ecg.leads])


def _at_first(readable: Sequence[str]) -> tuple[str, ...]:
    """The chest leads, as long as any other lead stays; else the last lead of several."""
    chest = tuple(lead for lead in readable if lead in CHEST_LEADS)
    if len(chest) < len(readable):
        return chest
    return tuple(readable[1:][-1:])


def ask(ecg: ECG) -> tuple[Masking, View]:
    """Ask what to mask and how to show it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mask = st.pills(
            "Masked leads (or click, or drag, on the paper)",
            ecg.leads,
            selection_mode="multi",
            key=MASK,
            persist_state="session",
            wrap=True,
        )
        st.segmented_control(
            "Mask at once",
            list(PRESETS),
            key=PRESET,
            on_change=_preset_chosen,
            args=(ecg,),
            help="V1–V6 leaves the limb leads only; all but I leaves what a watch records; V2 "
            "stands for a chest electrode that is misplaced or off.",
        )
    segments = _segments(ecg)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        share = st.slider(
            "Masked share of the other leads",
            0.0,
            MOST,
            step=0.05,
            key=SHARE,
            persist_state="session",
            width=250,
            help="In patches of 0.2 s, drawn at random.",
        )
        also = st.pills(
            "Also show", ALSO, selection_mode="multi", key="also", persist_state="session"
        )
        hand = st.segmented_control(
            "Mouse",
            [CLICK, DRAG],
            default=CLICK,
            required=True,
            key="reconstructed_hand",
            persist_state="session",
            help="A click on the paper masks a lead; a box, patches of the leads that it touches, "
            "or of all where it is flat. The same again shows them.",
        )
        with st.popover("Options", key="masking_options", width="content"):
            layout, seed = _options()
        if segments:
            st.button("Show what boxes hid", on_click=_keep, args=(ecg, ()), type="tertiary")
    drag: dict[str, Drag] = {DRAG: "select", CLICK: False if widgets.on_phone() else "zoom"}
    whole = tuple(lead for lead in ecg.leads if lead in mask)
    left = tuple(segment for segment in segments if segment.lead not in whole)
    return (
        Masking(whole, left, float(share), seed),
        View(layout, frozenset(also), drag[hand]),
    )


def _options() -> tuple[str, int]:
    """Layout, which leads a box masks, and the seed."""
    layout = st.segmented_control(
        "Layout",
        figures.LAYOUTS,
        # One lead a row puts the start of each lead on a narrow screen.
        default="12x1" if widgets.on_phone() else "6x2",
        required=True,
        key="reconstructed_layout",
        persist_state="session",
    )
    st.segmented_control(
        "A box over the paper masks",
        [TOUCHED, ALL],
        default=TOUCHED,
        required=True,
        key="box_masks",
        persist_state="session",
        help="Whole patches of 0.2 s.",
    )
    seed = st.number_input(
        "Seed",
        0,
        9999,
        0,
        key="seed",
        persist_state="session",
        width=130,
        help="Which patches are masked: the same seed masks the same ones.",
    )
    return str(layout), int(seed)


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
        all_leads=st.session_state.get("box_masks") == ALL,
    )
    patch = cache.predictor().patch_seconds
    now = _patches([s for s in wanted if s.lead in ecg.leads], start, patch)
    before = _patches(_segments(ecg), start, patch, inward=True)
    after = before - now if now <= before else before | now
    _keep(
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


def _share(text: str, otherwise: float) -> float:
    """The share that a link names, as the slider can show it; `otherwise` where it names none."""
    try:
        share = float(text)
    except ValueError:
        return otherwise
    return round(share * 20) / 20 if 0 <= share <= MOST else otherwise


def _preset_chosen(ecg: ECG) -> None:
    preset = st.session_state[PRESET]
    if preset is not None:
        leads, share = PRESETS[preset]
        st.session_state[MASK] = [lead for lead in ecg.leads if lead in leads]
        st.session_state[SHARE] = share
        st.session_state[PRESET] = None
        _keep(ecg, ())


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


def _segments(ecg: ECG) -> tuple[Segment, ...]:
    return tuple(st.session_state.get(_key(ecg), ()))


def _keep(ecg: ECG, segments: Sequence[Segment]) -> None:
    st.session_state[_key(ecg)] = merged(segments)


def _key(ecg: ECG) -> str:
    """Another ECG has segments of its own."""
    return f"segments_{ecg.digest[:12]}"
