"""What is masked: leads chosen or clicked on the paper, boxes over it, patches at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from lamae import figures
from lamae.app import cache, widgets
from lamae.ecg import CHEST_LEADS, ECG, LEADS, LIMB_LEADS
from lamae.errors import InputError
from lamae.figures.paper.frame import Drag
from lamae.results.masking import Masking, Segment, merged

MASK, RATIO, PRESET = "mask", "ratio", "preset"
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
TOUCHED, ALL = "Leads touched", "All leads"
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
    _keep(ecg, [s for s in wanted.segments if s.lead in ecg.leads])


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
    segments = _segments(ecg)
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
            st.button(UNMASK_BOXES, on_click=_keep, args=(ecg, ()), type="tertiary")
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
        help="The same seed masks the same patches.",
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
    wanted = figures.touched(
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
