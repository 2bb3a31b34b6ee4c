from collections.abc import Callable

import pytest
from app_views import ROOT, checked
from streamlit.testing.v1 import AppTest

from lamae.inference.predictor import Predictor


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.bundled()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Arrive at a page as a new visitor, with nothing clicked before."""
    monkeypatch.chdir(ROOT)

    def arrive(view: str | None = None, **query: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in query.items():
            at.query_params[name] = value
        if view is not None:
            at.switch_page(view)
        return checked(at.run())

    return arrive
