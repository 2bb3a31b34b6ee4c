"""A machine that only trains can make the comparison."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NOT_NEEDED = ("beartype", "captum", "plotly", "pydicom", "sklearn", "streamlit", "wfdb")
SCRIPT = """
import sys
import lamae.benchmark.run
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_making_rows_imports_no_library_of_formats_or_screens():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(NOT_NEEDED) & set(done.stdout.split())
