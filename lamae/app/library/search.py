"""What narrows the library's list: words, statements, codes, age and sex."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lamae.app import library
from lamae.app.library.catalogue import OLDEST
from lamae.ecg.statements import ICD10_CODES, ICD10_TITLES, STATEMENT_NAMES, STATEMENTS

ALL_AGES = (0, OLDEST)
# Each widget's value when it narrows nothing.
CLEARED: Mapping[str, Any] = {
    "library_text": "",
    "library_statements": [],
    "library_codes": [],
    "library_ages": ALL_AGES,
    "library_sex": None,
}


def ask(catalogue: library.Catalogue) -> library.Wanted:
    """Ask for search words and filters; they stay from page to page.

    Args:
        catalogue: Decides which filters there are.
    """
    st.text_input(
        "Search",
        type="search",
        live="300ms",
        key="library_text",
        persist_state="session",
        max_chars=100,
        placeholder="Number, finding or code" if catalogue.details else "Name or folder",
    )
    if catalogue.details is not None:
        _filters(catalogue.details)
    wanted = _asked(catalogue)
    if wanted != library.Wanted():
        st.button("Clear", on_click=_clear)
    return wanted


def _filters(details: library.Details) -> None:
    statements = dict(zip(STATEMENT_NAMES, details.statements.sum(axis=0).tolist(), strict=True))
    codes = dict(zip(ICD10_CODES, details.codes.sum(axis=0).tolist(), strict=True))
    words = {s.name: s.description for s in STATEMENTS}
    state = st.session_state
    active = sum(
        state.get(key, nothing) != nothing
        for key, nothing in CLEARED.items()
        if key != "library_text"
    )
    with st.popover(f"Filter ({active})" if active else "Filter", key="library_filter"):
        st.multiselect(
            "Statements, all of them",
            [name for name, count in statements.items() if count],
            format_func=lambda name: f"{name}  {words[name]} ({statements[name]:,})",
            key="library_statements",
            persist_state="session",
            placeholder="Any",
        )
        st.multiselect(
            "ICD-10-CM codes, all of them",
            [code for code, count in codes.items() if count],
            format_func=lambda code: f"{code}  {ICD10_TITLES[code]} ({codes[code]:,})",
            key="library_codes",
            persist_state="session",
            placeholder="Any",
        )
        st.slider(
            "Age in years",
            0,
            OLDEST,
            ALL_AGES,
            key="library_ages",
            persist_state="session",
            help=f"{OLDEST} stands for {OLDEST} and all above. A narrower range leaves out ECGs "
            "without an age.",
        )
        st.segmented_control(
            "Sex",
            ["female", "male"],
            format_func=str.capitalize,
            key="library_sex",
            persist_state="session",
        )


def _asked(catalogue: library.Catalogue) -> library.Wanted:
    state = st.session_state
    text = str(state.library_text or "")
    if catalogue.details is None:
        return library.Wanted(text)
    low, high = state.library_ages
    return library.Wanted(
        text=text,
        statements=tuple(state.library_statements),
        codes=tuple(state.library_codes),
        ages=None if (low, high) == ALL_AGES else (low, high),
        sex=state.library_sex,
    )


def _clear() -> None:
    for key, nothing in CLEARED.items():
        if key in st.session_state:
            st.session_state[key] = nothing
