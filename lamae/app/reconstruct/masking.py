"""What is masked: leads chosen or clicked on the paper, boxes over it, patches at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.app.reconstruct.boxes import ALL, BOX_MASKS, MASK, TOUCHED, keep, segments_of
from lamae.ecg import CHEST_LEADS, ECG, LEADS, LIMB_LEADS
from lamae.errors import InputError
from lamae.figures import Drag
from lamae.results.masking import Masking

RATIO, PRESET = "ratio", "preset"
# Names that older links give the same two choices.
OLDER = {MASK: "hide", RATIO: "share"}
MOST = 0.95
# Masked with one click: leads, and the masking ratio of the others.
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
# While a box can be drawn, Streamlit reports no clicks: one has to choose.
CLICK, DRAG = "Click a lead", "Drag a box"
ALSO = ("Regression", "Residual", "Range")
UNMASK_BOXES = "Show the boxes' patches"
FOREIGN = "The link masks leads that this recording does not have; it has {}."


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
    """Mask what the address names (?mask=V1,II:2-3.4&ratio=0.5), once; else the chest leads.

    Args:
        ecg: The recording.
        readable: Its leads that can be read; without a link, no other is masked.
    """
    st.session_state.setdefault(RATIO, 0.0)
    if MASK in st.session_state:
        known = [lead for lead in st.session_state[MASK] if lead in ecg.leads]
        if known != list(st.session_state[MASK]):
            # An ECG with fewer leads was opened since.
            st.session_state[MASK] = known
        return
    wanted = Masking(_at_first(readable))
    named = _named(MASK)
    if named is not None:
        try:
            wanted = Masking.parse(named)
        except InputError as error:
            widgets.trouble(error)
    st.session_state[RATIO] = _ratio(_named(RATIO) or "", st.session_state[RATIO])
    missing = {*wanted.leads, *(s.lead for s in wanted.segments)} - set(ecg.leads)
    if missing and named is not None:
        st.info(FOREIGN.format(", ".join(ecg.leads)))
    st.session_state[MASK] = [lead for lead in wanted.leads if lead in ecg.leads]
    keep(ecg, [s for s in wanted.segments if s.lead in ecg.leads])


def _named(name: str) -> str | None:
    """What the address says under this name, or under the one that older links use."""
    return st.query_params.get(name, st.query_params.get(OLDER[name]))


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
            "Masked leads (or click or drag on the paper)",
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
            help="V1–V6 leaves the limb leads; all but I leaves what a watch records; V2 alone is "
            "a misplaced chest electrode.",
        )
    segments = segments_of(ecg)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ratio = st.slider(
            "Masking ratio of the other leads",
            0.0,
            MOST,
            step=0.05,
            key=RATIO,
            persist_state="session",
            width=250,
            help="Patches of 0.2 s, drawn at random.",
        )
        also = st.pills(
            "Also show", ALSO, selection_mode="multi", key="also", persist_state="session"
        )
        mouse = st.segmented_control(
            "Mouse",
            [CLICK, DRAG],
            default=CLICK,
            required=True,
            key="reconstructed_mouse",
            persist_state="session",
            help="A click on the paper masks a lead; a box masks patches of the leads it touches. "
            "The same again shows them.",
        )
        with st.popover("Options", key="masking_options", width="content"):
            layout, seed = _options()
        if segments:
            st.button(UNMASK_BOXES, on_click=keep, args=(ecg, ()), type="tertiary")
    drag: dict[str, Drag] = {DRAG: "select", CLICK: False if widgets.on_phone() else "zoom"}
    whole = tuple(lead for lead in ecg.leads if lead in mask)
    left = tuple(segment for segment in segments if segment.lead not in whole)
    return (
        Masking(whole, left, float(ratio), seed),
        View(layout, frozenset(also), drag[mouse]),
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
        key=BOX_MASKS,
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
        help="The same seed masks the same patches.",
    )
    return str(layout), int(seed)


def _ratio(text: str, otherwise: float) -> float:
    """The ratio that a link names, as the slider can show it; `otherwise` where it names none."""
    try:
        ratio = float(text)
    except ValueError:
        return otherwise
    return round(ratio * 20) / 20 if 0 <= ratio <= MOST else otherwise


def _preset_chosen(ecg: ECG) -> None:
    preset = st.session_state[PRESET]
    if preset is not None:
        leads, ratio = PRESETS[preset]
        st.session_state[MASK] = [lead for lead in ecg.leads if lead in leads]
        st.session_state[RATIO] = ratio
        st.session_state[PRESET] = None
        keep(ecg, ())
