"""A machine that only trains needs neither format libraries nor those of the screen."""

import json
import subprocess
import sys
from pathlib import Path

from data_builders import SPEC, make_records

from lamae.data import write_cache

ROOT = Path(__file__).parents[3]
NOT_NEEDED = ("beartype", "captum", "plotly", "pydicom", "sklearn", "streamlit", "wfdb")
SCRIPT = """
import json, sys
from pathlib import Path
from lamae.data import load_records
from lamae.signal.preprocess import InputSpec
records = load_records(Path(sys.argv[1]), InputSpec(), zscored=True)
print(json.dumps([len(records), sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def test_reading_a_cache_imports_no_library_of_formats_or_screens(tmp_path):
    write_cache(make_records(), SPEC, tmp_path / "c")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "c")],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, loaded = json.loads(done.stdout)
    assert count == len(make_records())
    assert not set(NOT_NEEDED) & set(loaded)
