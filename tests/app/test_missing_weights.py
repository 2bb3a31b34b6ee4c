"""Without weights, pages show what needs none and say once why the rest is missing."""

import pytest
import streamlit as st
from app_views import ATTENTION, CODES, LEADS_PAGE, MODEL, RECONSTRUCT, RECORD, charts, words

from lamae.errors import WeightsError
from lamae.inference.predictor import Predictor

REASON = "The weights are missing."


@pytest.fixture
def no_weights(monkeypatch):
    def missing(cls):
        raise WeightsError(REASON)

    monkeypatch.setattr(Predictor, "bundled", classmethod(missing))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def test_the_paper_and_its_measurements_need_no_weights(visit, no_weights):
    at = visit(RECORD)
    assert len(charts(at)) == 2
    assert REASON in words(at)


@pytest.mark.parametrize("view", [CODES, RECONSTRUCT, ATTENTION, LEADS_PAGE, MODEL])
def test_a_page_that_needs_weights_says_why_it_is_empty(visit, no_weights, view):
    at = visit(view)
    assert not charts(at)
    main = [element.value for kind in (at.main.error, at.main.markdown) for element in kind]
    assert main.count(REASON) == 1
