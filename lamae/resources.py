"""Where the files lie that come with the package but are no code of it.

In a checkout they are at the top of the repository; a wheel carries them beside the code.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_BUNDLED = _PACKAGE / "_bundle"


def in_checkout() -> bool:
    """Whether the package runs from a checkout of the repository rather than from a wheel."""
    return not _BUNDLED.is_dir()


def resource(name: str) -> Path:
    """Path of a file or folder that comes with the package.

    Args:
        name: Relative to the top of the repository, such as "assets/weights".
    """
    return (_PACKAGE.parent if in_checkout() else _BUNDLED) / name
