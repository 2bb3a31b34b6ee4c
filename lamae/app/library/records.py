"""The library on the screen: the table of its records, and stepping through it."""

from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from jaxtyping import Int64

from lamae.app import cache, library, session, widgets
from lamae.app.library import search
from lamae.app.library.catalogue import OLDEST
from lamae.app.session import CurrentECG
from lamae.ecg import age_in_words
from lamae.ecg.statements import ICD10_CODES, STATEMENTS
from lamae.errors import LamaeError, ReadError

# What one table holds: more would be sent to the browser and scrolled past.
PAGE = 500
TABLE_HEIGHT = 282
OPENED = "library_opened"


def browse(root: Path) -> None:
    """Search the library and open its records.

    Args:
        root: The library folder.
    """
    # The whole page is being drawn, with what was opened.
    st.session_state.pop(OPENED, None)
    _browse(root)


@st.fragment
def _browse(root: Path) -> None:
    """A fragment: typing redraws the table and not the paper below it."""
    if st.session_state.pop(OPENED, False):
        st.rerun()
    catalogue = _catalogue(root)
    if catalogue is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = search.ask(catalogue)
        rate = _rate(catalogue)
    rows = library.find(catalogue, wanted)
    if not len(rows):
        _nothing(catalogue)
        return
    page = _step_through(root, catalogue, rows, rate, wanted)
    shown = rows[page * PAGE : (page + 1) * PAGE]
    key = _table_key(wanted, page)
    st.dataframe(
        library.frame(catalogue, shown, rate),
        key=key,
        on_select=partial(_selected, root, catalogue, shown, rate, key),
        selection_mode="single-row",
        hide_index=True,
        height=TABLE_HEIGHT if len(shown) > 6 else "content",
        placeholder="–",
        alt="Records of the library; choose a row to open it",
        column_config={
            "ECG": st.column_config.NumberColumn(format="%d", width=70, pinned=True),
            "Age": st.column_config.NumberColumn(width=60),
            "Sex": st.column_config.TextColumn(width=75),
            "Statements": st.column_config.TextColumn(width=300),
            "ICD-10-CM": st.column_config.TextColumn(width=220),
            "Fold": st.column_config.NumberColumn(width=60),
            "Recording": st.column_config.TextColumn(width=110),
        },
    )
    _legend(catalogue)


def facts(root: Path | None, current: CurrentECG) -> str:
    """An ECG's entry in the library's table, in a line; empty where there is none.

    Args:
        root: The library folder, if there is one.
        current: The ECG.
    """
    key = current.record
    if key is None or root is None or not library.has_table(root):
        return ""
    try:
        catalogue = cache.table(root)
    except LamaeError:
        return ""
    row, details = catalogue.row(key), catalogue.details
    if row is None or details is None:
        return ""
    statements = [STATEMENTS[i].description for i in np.flatnonzero(details.statements[row])]
    codes = [ICD10_CODES[i] for i in np.flatnonzero(details.codes[row])]
    age = details.age[row]
    years = "age unknown" if np.isnan(age) else age_in_words(float(age))
    if age >= OLDEST:
        years = f"{OLDEST} years or more"
    parts = [years, str(details.sex[row]), "; ".join(statements), ", ".join(codes)]
    fold = int(details.fold[row])
    if fold:
        parts.append(f"fold {fold}")
    return " · ".join(part for part in parts if part)


def _catalogue(root: Path) -> library.Catalogue | None:
    """PTB-XL's table, or the names in a folder that is chosen level by level."""
    if library.has_table(root):
        try:
            return cache.table(root)
        except ReadError as error:
            widgets.trouble(error)
            st.caption("The names of the records are listed instead.")
    parts: list[str] = []
    try:
        with st.container(horizontal=True, gap="small"):
            while folders := library.listing(root, parts).folders:
                here = st.selectbox(
                    f"Folder in {widgets.plain(parts[-1])}" if parts else "Folder",
                    folders,
                    index=None,
                    placeholder="All",
                    # Another folder has folders of its own.
                    key=f"library_folder_{'/'.join(parts)}",
                    persist_state="session",
                    width=220,
                )
                if here is None:
                    break
                parts.append(here)
        return cache.names(root, tuple(parts))
    except LamaeError as error:
        widgets.trouble(error)
        return None


def _rate(catalogue: library.Catalogue) -> str:
    rates = list(catalogue.files)
    if len(rates) == 1:
        return rates[0]
    return st.segmented_control(
        "Sampling rate",
        rates,
        default=rates[0],
        required=True,
        key="library_rate",
        persist_state="session",
    )


def _step_through(
    root: Path,
    catalogue: library.Catalogue,
    rows: Int64[np.ndarray, " found"],
    rate: str,
    wanted: library.Wanted,
) -> int:
    """Show how many match and where we are, and step on; returns the page to show."""
    row = catalogue.row(session.state().current.record)
    at = None
    if row is not None and row in rows:
        at = int(np.searchsorted(rows, row))
    pages = -(-len(rows) // PAGE)
    key = _page_key(wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        go = partial(_go, root, catalogue, rows, rate, wanted)
        st.button(
            "Previous",
            on_click=go,
            args=((at or 0) - 1,),
            disabled=at is None or at == 0,
            shortcut="P",
        )
        st.button(
            "Next" if at is not None else "Open first",
            on_click=go,
            args=(0 if at is None else at + 1,),
            disabled=at == len(rows) - 1,
            shortcut="N",
        )
        page = 0
        if pages > 1:
            if key not in st.session_state:
                st.session_state[key] = (at or 0) // PAGE
            page = st.selectbox(
                "Rows",
                range(pages),
                format_func=lambda page: _span(page, len(rows)),
                key=key,
                label_visibility="collapsed",
                width=170,
            )
        st.markdown(_count(catalogue, len(rows), page, at), width="stretch")
    return page


def _count(catalogue: library.Catalogue, found: int, page: int, at: int | None) -> str:
    if found < len(catalogue):
        words = f"**{found:,}** of {len(catalogue):,} records match"
    else:
        words = f"**{found:,}** records"
    if found > PAGE:
        words += f", showing {_span(page, found)}"
    if at is not None:
        words += f"; current: number {at + 1:,} of these"
    return words


def _span(page: int, found: int) -> str:
    return f"{page * PAGE + 1:,}–{min((page + 1) * PAGE, found):,}"


def _legend(catalogue: library.Catalogue) -> None:
    words = []
    if catalogue.details is not None:
        words.append(
            "PTB-XL, Wagner et al. 2020, CC BY 4.0. Codes are those that the statements suggest, "
            f"by our own map. Age {OLDEST} stands for {OLDEST} and above. The model learned from "
            "folds 1 to 8, was calibrated on 9 and tested on 10."
        )
    if catalogue.left_out:
        words.append(f"{catalogue.left_out:,} ECGs are left out: their amplitudes are lost.")
    if catalogue.cut:
        words.append(
            f"Only the first {len(catalogue):,} records are listed; choose a folder to see others."
        )
    if words:
        st.caption(" ".join(words))


def _nothing(catalogue: library.Catalogue) -> None:
    if len(catalogue):
        st.markdown("No record matches. Try fewer words or filters.")
    else:
        st.markdown("This folder holds no WFDB records.")


def _selected(
    root: Path,
    catalogue: library.Catalogue,
    shown: Int64[np.ndarray, " shown"],
    rate: str,
    key: str,
) -> None:
    chosen = st.session_state[key]["selection"]["rows"]
    if chosen and chosen[0] < len(shown):
        _open(root, catalogue, int(shown[chosen[0]]), rate)


def _go(
    root: Path,
    catalogue: library.Catalogue,
    rows: Int64[np.ndarray, " found"],
    rate: str,
    wanted: library.Wanted,
    at: int,
) -> None:
    """Open the record at this place of the list, and show it in the table."""
    _open(root, catalogue, int(rows[at]), rate)
    page = at // PAGE
    if len(rows) > PAGE:
        st.session_state[_page_key(wanted)] = page
    st.session_state[_table_key(wanted, page)] = {"selection": {"rows": [at % PAGE]}}


def _open(root: Path, catalogue: library.Catalogue, row: int, rate: str) -> None:
    session.open_record(
        lambda: catalogue.read(root, row, rate), catalogue.title(row), str(catalogue.keys[row])
    )
    st.session_state[OPENED] = True


def _page_key(wanted: library.Wanted) -> str:
    return f"library_page_{hash(wanted)}"


def _table_key(wanted: library.Wanted, page: int) -> str:
    # Another list, another table: a selection of rows does not carry over.
    return f"library_table_{hash(wanted)}_{page}"
