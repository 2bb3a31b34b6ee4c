"""Values computed once each, also with several threads, and the oldest dropped."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest

from lamae.inference.memo import Memo, part


def test_a_value_is_computed_once():
    memo, calls = Memo(), []
    for _ in range(2):
        assert memo.get("a", lambda: calls.append(1) or len(calls)) == 1
    assert memo.get("b", lambda: 5) == 5
    assert calls == [1]


def test_threads_that_ask_at_once_get_one_value():
    memo, calls, start = Memo(), [], Barrier(8)

    def ask(_: int) -> object:
        start.wait()
        return memo.get("a", lambda: calls.append(1) or object())

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(8)))
    assert len(calls) == 1
    assert all(value is found[0] for value in found)


def test_what_failed_is_computed_again():
    memo = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.get("a", lambda: 1 // 0)
    assert memo.get("a", lambda: 2) == 2


def test_the_value_asked_for_longest_ago_is_dropped():
    memo = Memo(most=2)
    for key in ("a", "b", "a", "c"):
        memo.get(key, lambda key=key: key)
    assert memo.get("a", lambda: "again") == "a"
    assert memo.get("c", lambda: "again") == "c"
    assert memo.get("b", lambda: "again") == "again"


@dataclass
class Owner:
    parts: Memo = field(default_factory=Memo)
    computed: int = 0

    @part
    def value(self) -> int:
        """A part."""
        self.computed += 1
        return 7


def test_a_part_belongs_to_its_owner_and_is_computed_once():
    first, second = Owner(), Owner()
    assert (first.value, first.value) == (7, 7)
    assert (first.computed, second.computed) == (1, 0)
    assert Owner.value.__doc__ == "A part."
