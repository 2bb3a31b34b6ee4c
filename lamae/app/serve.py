"""Serve the app: `lamae app`."""

import signal
from collections.abc import Sequence

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from lamae.resources import resource


def serve(options: Sequence[str] = ()) -> None:
    """Serve the app until it is stopped, in the folder that the command was given in.

    Streamlit itself reads .streamlit/config.toml beside app.py; options and environment win.

    Args:
        options: Of `streamlit run`, such as "--server.port", "8600".
    """
    # Where a folder called pages lies beside the app, Streamlit takes the first visit after its
    # start for one to an app of its first multipage kind, and answers a deep link with "Page not
    # found". st.navigation settles it for every later visit; this settles it for the first.
    PagesManager.uses_pages_directory = False
    # Commands end where the reader of their output goes; a server must outlive every visitor.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    cli.main(["run", str(resource("app.py")), *options], prog_name="streamlit")
