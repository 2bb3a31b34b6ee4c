"""The parts that pages are made of: header, sidebar, charts with their data, tables, refusals."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, session, window
from lamae.app.session import CurrentECG
from lamae.ecg import ECG
from lamae.errors import LamaeError, WeightsError
from lamae.inference.analysis import Analysis
from lamae.results.notice import NOTICE
from lamae.results.quality import LeadQuality

REFUSED = "No result for this ECG"


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
    """Show once, on any page, why a link or a file could not be opened."""
    state = session.state()
    if state.problem is not None:
        st.error(plain(state.problem))
        state.problem = None


def ecg_in_sidebar(current: CurrentECG) -> None:
    """The current ECG; with the model, all that the sidebar holds.

    On a narrow screen the sidebar is closed, and a line above the page shows it.
    """
    ecg = current.ecg
    start = window.chosen_start(ecg)
    quality = quality_in_words(cache.analysis(ecg, start).quality)
    count = "1 lead" if len(ecg.leads) == 1 else f"{len(ecg.leads)} leads"
    with st.sidebar:
        st.markdown(
            f":small[Current ECG]  \n**{plain(current.name)}**  \n"
            f"{window.length(ecg)}, {count}, {ecg.fs:g} Hz  \n"
            f"{quality}"
        )
    with st.container(key="current"):
        st.caption(f"{plain(current.name)}, {window.length(ecg)}. {quality}.")


def model_in_sidebar() -> None:
    """The model and its short hash."""
    with st.sidebar:
        try:
            predictor = cache.predictor()
        except WeightsError as error:
            st.markdown(plain(error))
        else:
            st.markdown(f":small[Model]  \n**{plain(predictor.name)}**  \n`{predictor.sha256[:8]}`")


def notes(ecg: ECG, key: str = "notes") -> None:
    """What reading the file had to change, derive or doubt.

    Args:
        ecg: The ECG.
        key: Begins with "notes"; another one for each ECG on a page.
    """
    if ecg.notes:
        with st.container(key=key):
            st.markdown("  \n".join(f":small[{plain(note)}]" for note in ecg.notes))


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
        label: Of the button.
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
    """Show that there are no results, and why."""
    with st.container(border=True, key="refusal"):
        st.markdown(f"**{REFUSED}**")
        st.markdown(plain(reason))
        st.caption(
            "A score computed from such a signal would mislead. Look at the ECG itself first; "
            "if it is poorly recorded, choose another window or record it again."
        )


def remarks(analysis: Analysis) -> None:
    """The caveats that belong beside the codes, where there are any."""
    if analysis.remarks:
        st.info(plain(" ".join(analysis.remarks)))


def trouble(error: LamaeError) -> None:
    """Show why something could not be done."""
    st.error(plain(error))


def dark() -> bool:
    """Whether the visitor's theme is dark."""
    return bool(st.context.theme.type == "dark")


def on_phone() -> bool:
    """Whether the visitor's browser is a phone's."""
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
