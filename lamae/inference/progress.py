"""How long computations report how far they are."""

from collections.abc import Callable

# Called with the share done, 0 to 1; may raise to cancel.
Progress = Callable[[float], None]


def silent(share: float) -> None:
    """Report nothing."""
