"""Serve the app: `python -m lamae.app`, with any of Streamlit's options behind it."""

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

# Where a folder called pages lies beside the app, Streamlit takes the first visit after its start
# for one to an app of its first multipage kind, and answers a deep link with "Page not found".
# Calling st.navigation settles it for every later visit; this settles it for the first.
PagesManager.uses_pages_directory = False

app = Path(__file__).parents[2] / "app.py"
cli.main(["run", str(app), *sys.argv[1:]], prog_name="streamlit")
