"""The command that serves the app."""

from typing import Annotated

from typer import Argument


def app(
    options: Annotated[
        list[str] | None,
        Argument(
            metavar="OPTIONS", help="Of streamlit run: --server.port 8600.", show_default=False
        ),
    ] = None,
) -> None:
    """Serve the app; Streamlit's options may follow."""
    from lamae.app.serve import serve

    serve(options or ())
