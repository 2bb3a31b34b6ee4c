"""The parts that pages are made of: header, charts with their data, refusals, and words."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, session
from lamae.app.session import CurrentECG
from lamae.ecg import ECG, WINDOW
from lamae.errors import LamaeError, WeightsError
from lamae.results.prediction import NOTICE
from lamae.results.quality import LeadQuality

# Beyond this length a window is typed rather than slid to, in s.
SLIDER_SECONDS = 120.0
# Places at most that a slider over a long recording stops at, about.
SLIDER_STEPS = 720


def frame() -> None:
    """What surrounds every page: the style sheet."""
    st.html(Path(__file__).with_name("style.css"))


def header(title: str) -> None:
    """The page's title, and beside it that this is no medical device."""
    name, notice = st.columns([2, 3], vertical_alignment="center", gap="small")
    name.title(title, anchor=False)
    with notice.container(key="notice"):
        st.caption(NOTICE)


def problem() -> None:
    """Say once, on whichever page it is, why a link or a file could not be opened."""
    state = session.state()
    if state.problem is not None:
        st.error(plain(state.problem))
        state.problem = None


def ecg_in_sidebar(current: CurrentECG) -> None:
    """The current ECG; with the model, all that the sidebar holds.

    Where the sidebar is closed for want of width, a line above the page says it.
    """
    ecg = current.ecg
    start = chosen_start(ecg)
    quality = quality_in_words(cache.quality(ecg, start))
    count = "1 lead" if len(ecg.leads) == 1 else f"{len(ecg.leads)} leads"
    with st.sidebar:
        st.markdown(
            f":small[current ECG]  \n**{plain(current.name)}**  \n"
            f"{length(ecg)}, {count}, {ecg.fs:g} Hz  \n"
            f"{quality}"
        )
    with st.container(key="current"):
        st.caption(f"{plain(current.name)}, {length(ecg)}. {quality}.")


def model_in_sidebar() -> None:
    """The model and its short hash."""
    with st.sidebar:
        try:
            predictor = cache.predictor()
        except WeightsError as error:
            st.markdown(plain(error))
        else:
            st.markdown(f":small[Model]  \n**{plain(predictor.name)}**  \n`{predictor.sha256[:8]}`")


def chosen_start(ecg: ECG) -> float:
    """Start in s of the window chosen for this recording."""
    return float(st.session_state.get(_start_key(ecg), 0.0))


def ask_start(current: CurrentECG) -> float:
    """Ask which window of a long recording to read; say so where a recording is short.

    Returns:
        Start of the window in s.
    """
    ecg = current.ecg
    if ecg.duration <= WINDOW:
        if ecg.duration < WINDOW - 0.5 / ecg.fs:
            st.caption(
                f"The recording lasts {ecg.duration:.1f} s; the model reads {WINDOW:g} s, "
                "and the rest is treated as missing."
            )
        return 0.0
    label = f"Window of {WINDOW:g} s, start in s (recording: {length(ecg)})"
    last = float(int((ecg.duration - WINDOW) * 2)) / 2 or 0.5
    if ecg.duration > SLIDER_SECONDS:
        # A slider cannot be set to the second on so long a recording: it finds the place, and the
        # box beside it the second.
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            _slide(ecg, last)
            return st.number_input(
                label,
                min_value=0.0,
                max_value=last,
                step=WINDOW,
                format="%.1f",
                key=_start_key(ecg),
                persist_state="session",
                width=340,
            )
    return st.slider(
        label,
        min_value=0.0,
        max_value=last,
        step=0.5,
        format="%.1f",
        key=_start_key(ecg),
        persist_state="session",
        width=480,
    )


def _slide(ecg: ECG, last: float) -> None:
    """A slider over the whole of a long recording, in steps of whole windows."""
    step = WINDOW * max(1, round(last / WINDOW / SLIDER_STEPS))
    places = [i * step for i in range(int(last / step) + 1)]
    start, key = chosen_start(ecg), f"place_{ecg.digest[:12]}"
    st.session_state[key] = min(places, key=lambda place: abs(place - start))

    def slid() -> None:
        st.session_state[_start_key(ecg)] = st.session_state[key]

    st.select_slider(
        "Place in the recording",
        places,
        format_func=figures.clock,
        key=key,
        on_change=slid,
        label_visibility="collapsed",
    )


def notes(ecg: ECG, key: str = "notes") -> None:
    """What reading the file had to change, derive or doubt, beside the ECG it is about.

    Args:
        ecg: The ECG.
        key: Begins with "notes", and tells one ECG's notes from another's on the same page.
    """
    if ecg.notes:
        with st.container(key=key):
            st.markdown("  \n".join(f":small[{plain(note)}]" for note in ecg.notes))


def length(ecg: ECG) -> str:
    """How long a recording is, in words."""
    if ecg.duration < 120:
        return f"{ecg.duration:.1f} s"
    minutes, seconds = divmod(round(ecg.duration), 60)
    return f"{minutes} min" + (f" {seconds} s" if seconds else "")


def chart(
    figure: Any,
    key: str,
    *,
    on_select: Callable[[], None] | None = None,
    modebar: bool = False,
    boxes: bool = False,
) -> Any:
    """Draw a figure in its own colours, described for screen readers by its own sentence.

    Args:
        figure: Of `lamae.figures`.
        key: Keeps zoom and selection from one run to the next; names the PNG.
        on_select: Called after a click on a point or bar.
        modebar: Offer zoom and PNG, which ECG paper needs and a small bar chart does not.
        boxes: Let a box be drawn, too.

    Returns:
        What is selected, where `on_select` is given.
    """
    unwanted = ["lasso2d", "autoScale2d"] if boxes else ["lasso2d", "select2d", "autoScale2d"]
    return st.plotly_chart(
        figure,
        key=key,
        alt=figure.layout.meta["alt"],
        theme=None,
        width="stretch",
        on_select=on_select or "ignore",
        selection_mode=("points", "box") if boxes else "points",
        config={
            **figures.CONFIG,
            "displayModeBar": "hover" if modebar else False,
            "modeBarButtonsToRemove": unwanted,
            "toImageButtonOptions": {"filename": key, "scale": 3},
        },
    )


def sheet(
    figure: Any, key: str, *, on_select: Callable[[], None] | None = None, boxes: bool = False
) -> Any:
    """Draw ECG paper, which scrolls sideways where the screen is too narrow to read it.

    Arguments and result are those of `chart`.
    """
    with st.container(key=f"sheet_{key}"):
        return chart(figure, key, on_select=on_select, modebar=True, boxes=boxes)


def clicked(key: str) -> set[str]:
    """What the points selected in a chart stand for: their `customdata`."""
    names = set()
    for point in st.session_state[key]["selection"]["points"]:
        # Streamlit hands over a name as it stands or as the only item of a list.
        name = point.get("customdata")
        names.add(str(name[0] if isinstance(name, list | tuple) else name))
    return names - {"None"}


def download(table: pd.DataFrame, name: str, label: str = "Data as CSV") -> None:
    """Offer a figure's data as a CSV file, marked as research data.

    Args:
        table: The data.
        name: Name of the file, without the suffix.
        label: What the button says.
    """
    st.download_button(
        label,
        data=lambda: f"# {NOTICE}\n{table.to_csv(index=False)}",
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        type="tertiary",
        key=f"download_{name}",
    )


def table(data: pd.DataFrame, formats: dict[str, str] | None = None) -> None:
    """A small table as real HTML: read aloud, printed and copied as it stands."""
    shown = data.copy()
    for column, style in (formats or {}).items():
        shown[column] = [
            "–" if value is None or pd.isna(value) else style.format(value)
            for value in shown[column]
        ]
    st.table(shown, border="horizontal", hide_index=True)


def facts(named: Mapping[str, Any], key: str) -> None:
    """A table of names and what they stand for; what is None is left out."""
    rows = [(name, plain(fact)) for name, fact in named.items() if fact is not None]
    with st.container(key=f"facts_{key}"):
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, hide_header=True)


def refusal(reason: str) -> None:
    """Say that no number is given, and why."""
    with st.container(border=True, key="refusal"):
        st.markdown("**No result for this ECG**")
        st.markdown(plain(reason))
        st.caption(
            "A score computed from such a signal would mislead. Look at the ECG itself first; "
            "if it is only poorly recorded, choose another window or record it again."
        )


def trouble(error: LamaeError) -> None:
    """Show why something could not be done."""
    st.error(plain(error))


def dark() -> bool:
    """Whether the visitor's theme is dark."""
    return bool(st.context.theme.type == "dark")


def on_phone() -> bool:
    """Whether the visitor's browser says that it is a phone's."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def quality_in_words(quality: Sequence[LeadQuality]) -> str:
    """One line on the quality of all leads."""
    by_verdict: dict[str, list[str]] = {}
    for lead in quality:
        if lead.verdict != "good":
            by_verdict.setdefault(lead.verdict, []).append(lead.lead)
    if not by_verdict:
        return "Signal good in all leads"
    words = "; ".join(f"{verdict}: {', '.join(leads)}" for verdict, leads in by_verdict.items())
    return words[:1].upper() + words[1:]


def plain(text: Any) -> str:
    """Text from elsewhere, with everything escaped that Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]<>~|#$:])", r"\\\1", str(text))


def _start_key(ecg: ECG) -> str:
    return f"start_{ecg.digest[:12]}"
