"""Values computed once each, also where several threads ask for them."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar, overload, runtime_checkable

T = TypeVar("T")


@dataclass(eq=False)
class _Entry:
    lock: Lock = field(default_factory=Lock)
    computed: bool = False
    value: Any = None


class Memo:
    """Values by key; a second thread that asks for one waits for the first."""

    def __init__(self, most: int | None = None) -> None:
        """Keep at most this many values, those asked for last; all of them where None."""
        self._most = most
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value of this key, computed where there is none yet.

        Where `compute` raises, nothing is kept and the next call computes again. It may ask for
        other keys, but not for its own.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if self._most is not None and len(self._entries) > self._most:
                self._entries.popitem(last=False)
        with entry.lock:
            if not entry.computed:
                entry.value = compute()
                entry.computed = True
            value: T = entry.value
            return value


@runtime_checkable
class HasParts(Protocol):
    """What can have a `part`."""

    @property
    def parts(self) -> Memo:
        """Where its parts are kept."""
        ...


class part(Generic[T]):  # noqa: N801 (a decorator, as property is)
    """A property that is computed once and kept in its owner's `parts`."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "part[T]": ...
    @overload
    def __get__(self, owner: HasParts, kind: type) -> T: ...
    def __get__(self, owner: HasParts | None, kind: type) -> "T | part[T]":
        """Compute the value, or give the one that is kept."""
        if owner is None:
            return self
        return owner.parts.get(self.compute.__name__, lambda: self.compute(owner))
