"""How tests of the commands run them and read what they print."""

import json
from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]


def answer_of(result: tuple[int, str, str]) -> dict:
    status, out, err = result
    assert (status, err) == (0, "")
    return json.loads(out)


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith(".\n")
    assert "Traceback" not in err
    for word in words:
        assert word in err
