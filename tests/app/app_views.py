"""What tests of the pages share: where the pages lie, how they are read, how files are given."""

import base64
import io as bytes_io
import json
import re
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from lamae.app import demos, widgets
from lamae.ecg import LEADS

ROOT = Path(__file__).parents[2]
RECORD, CODES = "pages/analyse/record.py", "pages/analyse/codes.py"
RECONSTRUCT, ATTENTION = "pages/explore/reconstruct.py", "pages/explore/attention.py"
LEADS_PAGE = "pages/explore/leads.py"
MODEL = "pages/about/model.py"
LIBRARY = "pages/analyse/library.py"
VIEWS = (RECORD, CODES, LIBRARY, RECONSTRUCT, ATTENTION, LEADS_PAGE, MODEL)
REAL = demos.load(demos.RECORDING)


def checked(at: AppTest) -> AppTest:
    assert not at.exception, [e.value for e in at.exception]
    return at


def words(at: AppTest) -> str:
    """All text of the page and the sidebar, without Markdown's escapes."""
    kinds = (
        at.title,
        at.subheader,
        at.markdown,
        at.caption,
        at.error,
        at.info,
        at.sidebar.markdown,
    )
    return re.sub(r"\\(.)", r"\1", "\n".join(str(e.value) for kind in kinds for e in kind))


def charts(at: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def traces(at: AppTest, chart: int = 0) -> dict[str, dict]:
    return {trace.get("name", ""): trace for trace in charts(at)[chart]["data"]}


def numbers(values: object) -> np.ndarray:
    """Values of a trace, written out or as Plotly's binary."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return np.asarray(values, dtype=float)


def refused(at: AppTest) -> bool:
    """Whether the page shows a refusal instead of results."""
    return widgets.REFUSED in words(at) and not charts(at)


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in at.metric}


def csv_of(signal: np.ndarray) -> bytes:
    file = bytes_io.StringIO()
    np.savetxt(file, signal.T, delimiter=",", header=",".join(LEADS), comments="", fmt="%.4f")
    return file.getvalue().encode()


def upload(at: AppTest, name: str, content: bytes) -> AppTest:
    at.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return checked(at.run())


def upload_csv(at: AppTest, signal: np.ndarray, fs: float = 500.0, unit: str = "mV") -> AppTest:
    upload(at, "ecg.csv", csv_of(signal))
    at.number_input(key="answer_fs").set_value(fs)
    at.selectbox(key="answer_unit").set_value(unit)
    at.button[0].click()
    return checked(at.run())
