"""The ECGs that open without a file: one real recording, and simulated rhythms that say so."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np
import streamlit as st

from lamae import io, simulate
from lamae.ecg import ECG
from lamae.errors import InputError, ReadError

RECORDING = "recording"
# Names as they stand in a link (?demo=...), titles as they stand on the screen.
DEMOS: Mapping[str, str] = MappingProxyType(
    {RECORDING: "Real recording, 12 leads (DICOM)"}
    | {
        name: f"Simulated: {title if title[:2].isupper() else title[0].lower() + title[1:]}"
        for name, title in simulate.RHYTHMS.items()
    }
)
# One seed, so that a presenter meets the same ECG every time.
SEED = 12


@st.cache_resource(show_spinner=False, max_entries=len(DEMOS))
def load(name: str) -> ECG:
    """The demo ECG of this name; the same one for every visitor.

    Raises:
        InputError: There is no such demo.
        ReadError: The pydicom package lacks its recording.
    """
    if name not in DEMOS:
        raise InputError(f"There is no demo {name!r}; expected one of {', '.join(DEMOS)}.")
    if name == RECORDING:
        return io.read("waveform_ecg.dcm", _recording())
    return simulate.simulate(name, rng=np.random.default_rng(SEED)).ecg


def _recording() -> bytes:
    # Found, not imported: format libraries stay behind lamae.io.
    spec = find_spec("pydicom")
    if spec is None or spec.origin is None:
        raise ReadError("The pydicom package is not installed; run make install.")
    path = Path(spec.origin).parent / "data" / "test_files" / "waveform_ecg.dcm"
    if not path.is_file():
        raise ReadError(
            "This pydicom package has no waveform_ecg.dcm; expected the pinned version. "
            "Run make install."
        )
    return path.read_bytes()
