"""The current ECG and its results as files, each made on request."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lamae import io
from lamae import report as export
from lamae.inference.analysis import Analysis
from lamae.results.notice import NOTICE


@dataclass(frozen=True)
class File:
    """A file that can be downloaded.

    Attributes:
        label: Of its button.
        name: Its name, given by us.
        mime: Its media type.
        make: Makes its content.
    """

    label: str
    name: str
    mime: str
    make: Callable[[], bytes]


def offer(analysis: Analysis, *, layout: str, speed: int, gain: int) -> None:
    """A popover with everything that can be downloaded about the current ECG.

    Args:
        analysis: Of the ECG.
        layout: Of the printed sheet.
        speed: Its paper speed in mm/s.
        gain: Its gain in mm/mV.
    """
    with (
        st.popover("Export", key="export", width="content"),
        st.container(width=290, gap=None),
    ):
        for file in files(analysis, layout=layout, speed=speed, gain=gain):
            st.download_button(
                file.label,
                data=file.make,
                file_name=file.name,
                mime=file.mime,
                on_click="ignore",
                type="tertiary",
                key=f"export_{file.name}",
            )
        st.caption(
            "PDF and results: the window shown, without display filters. ECG files: the whole "
            f"recording. Of the patient, age and sex at most. {NOTICE}."
        )


def files(analysis: Analysis, *, layout: str, speed: int, gain: int) -> tuple[File, ...]:
    """Everything that can be downloaded about an ECG; arguments as of `offer`."""
    ecg = analysis.ecg

    def report() -> export.Report:
        return export.report(analysis)

    return (
        File(
            "PDF, true to scale",
            "ecg.pdf",
            "application/pdf",
            lambda: export.pdf(report(), layout=layout, speed=speed, gain=gain),
        ),
        File("ECG, WFDB", "ecg.zip", "application/zip", lambda: io.to_bytes(ecg, "wfdb")),
        File("ECG, CSV", "ecg.csv", "text/csv", lambda: io.to_bytes(ecg, "csv")),
        File("ECG, NumPy", "ecg.npz", "application/octet-stream", lambda: io.to_bytes(ecg, "npz")),
        File(
            "Results, JSON",
            "ecg_results.json",
            "application/json",
            lambda: export.results_json(report()),
        ),
        File("Results, CSV", "ecg_results.csv", "text/csv", lambda: export.results_csv(report())),
    )
