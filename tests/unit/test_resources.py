"""Where the files of a checkout are found; tests/package looks into a wheel."""

from pathlib import Path

import pytest

from lamae.resources import in_checkout, resource

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["app.py", "pages/analyse/record.py", "assets/weights", ".streamlit/config.toml"]
)
def test_a_checkout_holds_them_at_its_top(name: str):
    assert in_checkout()
    assert resource(name) == ROOT / name
    assert resource(name).exists()
