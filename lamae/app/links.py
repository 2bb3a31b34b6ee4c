"""Links that open a page as it is shown, for demonstrations; of demo ECGs only."""

from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from lamae.app import session

DEMOS_ONLY = "Links are made for demo ECGs only: nothing of another ECG stands in an address."


def offer(page: str, **chosen: str) -> None:
    """Offer the address of this view, where the current ECG is a demo.

    An uploaded ECG, or one of a library, leaves no trace in an address.

    Args:
        page: The page's path.
        chosen: What else the page takes from its address; empty values are left out.
    """
    demo = session.state().current.demo
    with st.popover("Link to this view", width="content", key=f"link_{page}"):
        if demo is None:
            st.caption(DEMOS_ONLY)
            return
        st.code(address(page, demo, chosen), language=None, wrap_lines=True)


def address(page: str, demo: str, chosen: dict[str, str]) -> str:
    """The address of a page with a demo as the current ECG."""
    query = {"demo": demo} | {key: value for key, value in chosen.items() if value}
    here = urlsplit(st.context.url or "")
    root = here.path.rsplit("/", 1)[0]
    base = f"{here.scheme}://{here.netloc}{root}" if here.netloc else ""
    return f"{base}/{page}?{urlencode(query, quote_via=quote, safe=',:')}"
