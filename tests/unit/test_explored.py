"""What is hidden, as links write it."""

import pytest

from lamae.errors import InputError
from lamae.explored import Hiding, Stretch, merged


def test_links_say_what_is_hidden_and_are_read_back():
    hiding = Hiding(("I", "V2"), (Stretch("II", 2.0, 3.4), Stretch("V1", 0.2, 0.4)))
    assert hiding.text == "I,V2,II:2-3.4,V1:0.2-0.4"
    assert Hiding.parse(hiding.text) == hiding
    assert Hiding.parse("V2, I ,") == Hiding(("I", "V2"))
    assert Hiding.parse("").nothing
    assert Hiding.parse("none").nothing
    assert not hiding.nothing


@pytest.mark.parametrize("text", ["V9", "II:2", "II:2-", "II:a-b", "<b>", "II:1e9-2", "V1;V2"])
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="no lead"):
        Hiding.parse(text)


def test_stretches_that_touch_are_one():
    given = [Stretch("V1", 1, 2), Stretch("I", 0, 1), Stretch("I", 1, 1.4), Stretch("I", 2, 3)]
    assert merged(given) == (Stretch("I", 0, 1.4), Stretch("I", 2, 3), Stretch("V1", 1, 2))
