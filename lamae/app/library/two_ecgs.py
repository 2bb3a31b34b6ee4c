"""Two ECGs one above the other: on the same paper, with the same measurements and codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import cache, widgets, window
from lamae.app.record import paper
from lamae.app.session import CurrentECG
from lamae.inference.analysis import Analysis
from lamae.results.measurement import ESTIMATED, NAMES, Measurements
from lamae.results.prediction import Prediction

LETTERS = ("A", "B")
# The best ranked codes of each that are set side by side.
TOP = 5
SPEEDS, GAINS = (25, 50), (5, 10, 20)


@dataclass(frozen=True)
class Scale:
    """How both are printed.

    Attributes:
        layout: One of `lamae.figures.LAYOUTS`.
        speed: Paper speed in mm/s.
        gain: mm per mV.
    """

    layout: str
    speed: int
    gain: int


def ask_scale() -> Scale:
    """Ask how to print; what is chosen here and on the Record page is the same."""
    layouts = list(figures.LAYOUTS)
    layout = st.selectbox(
        "Layout",
        layouts,
        format_func=paper.LAYOUTS.__getitem__,
        key="twelve",
        persist_state="session",
        on_change=_layout_chosen,
        width=205,
    )
    speed = _choice("Speed in mm/s", SPEEDS, 25, "speed")
    gain = _choice("Gain in mm/mV", GAINS, 10, "gain")
    return Scale(layout, speed, gain)


def one(current: CurrentECG, scale: Scale, key: str) -> float:
    """Draw one ECG as received.

    Args:
        current: The ECG.
        scale: How.
        key: Of the chart.

    Returns:
        Start in s of the window that is shown.
    """
    start = window.ask_start(current)
    widgets.sheet(
        figures.paper(
            current.ecg,
            layout=scale.layout,
            start=start,
            speed=scale.speed,
            gain=scale.gain,
            dark=widgets.dark(),
        ),
        key,
    )
    widgets.notes(current.ecg, f"notes_{key}")
    return start


def compare(first: CurrentECG, second: CurrentECG, scale: Scale, known: tuple[str, str]) -> None:
    """Draw two ECGs one above the other, and set what is measured and suggested side by side.

    Args:
        first: Above.
        second: Below; another recording than `first`.
        scale: How both are printed.
        known: Each one's entry in a table, in a line; empty where there is none.
    """
    both = dict(zip(LETTERS, (first, second), strict=True))
    analyses = {}
    for (letter, current), entry in zip(both.items(), known, strict=True):
        name = f"**{letter}** · {widgets.plain(current.name)}"
        st.markdown(f"{name}  \n:small[{widgets.plain(entry)}]" if entry else name)
        start = one(current, scale, f"paper_{letter.lower()}")
        analyses[letter] = cache.analysis(current.ecg, start)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Measurements", anchor=False)
        found = [analyses[letter].measurements for letter in LETTERS]
        stated = {letter: current.ecg.measurements for letter, current in both.items()}
        widgets.table(with_device(measured(*found), stated))
        words = "Estimates are ours. “low”: low confidence; “withheld”: not measurable."
        if first.ecg.measurements or second.ecg.measurements:
            words += " “device”: as the recording device states."
        st.caption(words)
    with right:
        st.subheader("Codes", anchor=False)
        _codes(analyses)


def measured(first: Measurements, second: Measurements) -> pd.DataFrame:
    """The values of two ECGs and what changed from the first to the second."""
    rows = []
    for name in ESTIMATED:
        title, unit = NAMES[name]
        a, b = first[name], second[name]
        change = "–"
        if a.value is not None and b.value is not None:
            off = round(b.value) - round(a.value)
            if unit == "°":
                # The short way round the circle.
                off = (off + 180) % 360 - 180
            change = f"{off:+d}".replace("-", "−") if off else "0"
        rows.append(
            {
                "Measurement": f"{title} ({unit})",
                "A": _value(a.value, a.confidence),
                "B": _value(b.value, b.confidence),
                "B − A": change,
            }
        )
    return pd.DataFrame(rows)


def with_device(table: pd.DataFrame, stated: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """The table of `measured` with the devices' own values beside ours, their QTc in its own row.

    Args:
        table: One row for each of `ESTIMATED`.
        stated: By letter, what each ECG's device states.
    """
    rows: list[dict[Any, str]] = []
    ours = dict(zip(ESTIMATED, table.to_dict("records"), strict=True))
    for name, (title, unit) in NAMES.items():
        devices = {
            letter: f"device {_value(values[name], None)}"
            for letter, values in stated.items()
            if name in values
        }
        if name in ours:
            row = ours[name]
            rows.append(
                {**row, **{letter: f"{row[letter]} ({devices[letter]})" for letter in devices}}
            )
        elif devices:
            own = {"Measurement": f"{title} ({unit})", **devices}
            rows.append({column: own.get(column, "–") for column in table.columns})
    return pd.DataFrame(rows)


def codes(first: Prediction | None, second: Prediction | None) -> pd.DataFrame:
    """The codes that rank highest in either ECG, with both probabilities.

    Args:
        first: None where the first did not pass the input check.
        second: None where the second did not pass the input check.
    """
    given = (first, second)
    named = {code.code: code.title for found in given if found for code in found.codes[:TOP]}
    by_code = [{code.code: code for code in found.codes} if found else {} for found in given]
    rows = []
    for code, title in named.items():
        row = {"Code": f"{code} {figures.short_title(title)}"}
        for letter, scores in zip(LETTERS, by_code, strict=True):
            score = scores.get(code)
            row[letter] = "–" if score is None else f"{score.probability:.2f} {score.verdict}"
        rows.append(row)
    return pd.DataFrame(rows, columns=["Code", *LETTERS])


def _codes(analyses: Mapping[str, Analysis]) -> None:
    given: list[Prediction | None] = []
    for letter, analysis in analyses.items():
        reason = analysis.refusal
        words = " ".join(analysis.remarks) if reason is None else f"no result. {reason}"
        if words:
            st.markdown(f"{letter}: {widgets.plain(words)}")
        given.append(analysis.prediction if reason is None else None)
    if any(given):
        widgets.table(codes(*given))
    st.caption(
        f"Of each, the {TOP} nearest to, or furthest above, their threshold, with their "
        "probability; never a diagnosis. A low score rules nothing out."
    )


def _value(value: float | None, confidence: str | None) -> str:
    if value is None:
        return "withheld"
    number = f"{round(value)}".replace("-", "−")
    return f"{number}, low" if confidence == "low" else number


def _choice(label: str, options: tuple[int, ...], default: int, key: str) -> int:
    return st.segmented_control(
        label,
        list(options),
        default=default,
        required=True,
        key=key,
        persist_state="session",
    )


def _layout_chosen() -> None:
    if st.session_state.get("layout") in figures.LAYOUTS:
        st.session_state.layout = st.session_state.twelve
