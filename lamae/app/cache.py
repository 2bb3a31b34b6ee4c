"""What is computed once: the model for all visitors, an ECG's analysis for one visitor only.

Analyses are kept in the visitor's own session, few of them, and not for long. They are keyed
by `ECG.digest`: Streamlit samples large arrays when it hashes them, so two long ECGs could
be confused.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from lamae.app import library
from lamae.ecg import ECG
from lamae.inference.analysis import Analysis

if TYPE_CHECKING:
    from lamae.inference.predictor import Predictor

# How long a folder's list of names is used before it is read again.
LISTED = "10m"
# Analyses kept for a visitor; each holds on to its recording.
MOST_ANALYSES = 4


def _digest(ecg: ECG) -> str:
    return ecg.digest


@st.cache_resource(show_spinner="Loading the model")
def predictor() -> "Predictor":
    """The bundled model, shared by all visitors.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    # torch takes seconds to import: the paper is drawn before the model is loaded.
    from lamae.inference.predictor import Predictor

    return Predictor.bundled()


@st.cache_resource(
    show_spinner=False,
    scope="session",
    max_entries=MOST_ANALYSES,
    ttl="30m",
    hash_funcs={ECG: _digest},
)
def analysis(ecg: ECG, start: float) -> Analysis:
    """What is computed of the window from `start` s; the model is loaded when it is needed."""
    return Analysis(ecg, start, predictor)


def methods() -> dict[str, Any]:
    """The attribution methods, the quickest first."""
    from lamae.inference.attribution import METHODS

    return dict(METHODS)


def table(root: Path) -> library.Catalogue:
    """PTB-XL's table in the library, read once for all visitors until it changes.

    Raises:
        ReadError: It is not PTB-XL's table, or its recordings are not there.
    """
    return _table(root, library.stamp(root))


@st.cache_resource(show_spinner="Reading the library's table", max_entries=2)
def _table(root: Path, stamp: tuple[int, int]) -> library.Catalogue:
    return library.read_table(root)


@st.cache_resource(show_spinner="Listing the library", max_entries=8, ttl=LISTED)
def names(root: Path, parts: tuple[str, ...]) -> library.Catalogue:
    """Names of the records in a folder of the library, listed once for all visitors for a while.

    Raises:
        InputError: A part is not the name of a folder there.
        ReadError: The folder cannot be read.
    """
    return library.read_names(root, parts)
