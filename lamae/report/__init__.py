"""What leaves the program as a file: an ECG on paper, and the results about it.

Nothing here names a person: of the patient, age and sex only, and of the file, nothing. The
signal itself is written by `lamae.io`.
"""

from lamae.report.contents import Reading, Report, report
from lamae.report.data import code_values, model_values, results, results_csv, results_json
from lamae.report.printed import pdf

__all__ = [
    "Reading",
    "Report",
    "code_values",
    "model_values",
    "pdf",
    "report",
    "results",
    "results_csv",
    "results_json",
]
