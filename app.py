"""LAMAE Explorer's router and frame: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from lamae.app import session, widgets

ICON = str(Path(__file__).parent / "assets" / "theme" / "icon.svg")


def home() -> None:
    """Lead from the root to Record, which has an address of its own."""
    st.switch_page("pages/analyse/record.py", query_params=st.query_params.to_dict())


st.set_page_config(page_title="LAMAE Explorer", page_icon=ICON, layout="wide")
widgets.frame()
session.follow_link()

page = st.navigation(
    {
        "Analyse": [
            # Streamlit knows its default page by the root alone: /record would not be found.
            st.Page(home, title="Record", url_path="home", default=True, visibility="hidden"),
            st.Page(
                "pages/analyse/record.py",
                title="Record",
                icon=":material/ecg:",
                url_path="record",
            ),
            st.Page(
                "pages/analyse/codes.py",
                title="Codes",
                icon=":material/clinical_notes:",
                url_path="codes",
            ),
            st.Page(
                "pages/analyse/library.py",
                title="Library",
                icon=":material/folder_open:",
                url_path="library",
            ),
        ],
        "Explore": [
            st.Page(
                "pages/explore/reconstruct.py",
                title="Reconstruct",
                icon=":material/healing:",
                url_path="reconstruct",
            ),
            st.Page(
                "pages/explore/attention.py",
                title="Attention",
                icon=":material/hub:",
                url_path="attention",
            ),
            st.Page(
                "pages/explore/leads.py",
                title="Leads",
                icon=":material/cardiology:",
                url_path="leads",
            ),
        ],
        "About": [
            st.Page(
                "pages/about/model.py",
                title="Model",
                icon=":material/description:",
                url_path="model",
            )
        ],
    }
)
widgets.header(page.title)
widgets.problem()
widgets.ecg_in_sidebar(session.state().current)
page.run()
# After the page, so that the paper is drawn before the model is loaded.
widgets.model_in_sidebar()
