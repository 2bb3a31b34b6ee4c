"""The measurements of an ECG on a page: the device's own first, ours beside them as estimates."""

import pandas as pd
import streamlit as st

from lamae import figures
from lamae.app import widgets
from lamae.ecg import ECG
from lamae.inference.analysis import Analysis
from lamae.results.measurement import (
    CONFIDENCE,
    ESTIMATED,
    NAMES,
    Measured,
    Measurements,
    MedianBeat,
)

# What stands large above the table, where the device or we have it.
HEADLINES = ("heart_rate", "pr", "qrs", "qt", "qtc", "qtc_fridericia")
SHORTER = {"qtc": "QTc"}
UNKNOWN_FORMULA = "The formula of the device's own QTc is not known."
NO_PREMATURE = "Premature beats: none found."


def show(analysis: Analysis) -> None:
    """Show what was measured in the window, and the median beat it was measured on."""
    ecg, found = analysis.ecg, analysis.measurements
    st.subheader("Measurements", anchor=False)
    _headlines(ecg, found)
    st.markdown(widgets.plain(found.rhythm))
    # Where one reason withholds everything, it stands in the sentence on the rhythm.
    if found.withheld is None:
        st.markdown(widgets.plain(_premature(found, analysis.start)))
    elif not ecg.measurements:
        return
    with st.expander("All measurements, with their confidence", expanded=True, key="measurements"):
        widgets.table(_table(ecg, found))
        st.caption(_notes(ecg))
        widgets.download(_table(ecg, found), "measurements")
    if found.beat is not None:
        with st.expander("Median beat, delineated", key="median_beat"):
            widgets.sheet(
                figures.median_beats(found.beat, dark=widgets.dark()), "median_beat_sheet"
            )
            widgets.download(_samples(found.beat), "median_beat")


def warn(analysis: Analysis) -> None:
    """Warn where the limb electrodes may have been swapped."""
    if analysis.electrodes:
        st.warning(widgets.plain(analysis.electrodes))


def _headlines(ecg: ECG, found: Measurements) -> None:
    """The device's values, then ours for what the device does not state, and our rate always."""
    with st.container(horizontal=True, gap="medium"):
        for name in (*HEADLINES, "qtc_bazett"):
            if name in ecg.measurements:
                title = SHORTER.get(name, NAMES[name][0])
                value = _with_unit(name, ecg.measurements[name])
                st.metric(f"{title}, device", value, width="content")
        stated = set(ecg.measurements) - {"heart_rate"}
        if "qtc" in stated:
            stated.add("qtc_fridericia")
        for name in HEADLINES:
            if name in ESTIMATED and name not in stated:
                st.metric(f"{NAMES[name][0]}, estimate", _estimate(found[name]), width="content")


def _premature(found: Measurements, start: float) -> str:
    if found.premature_withheld and not found.premature:
        return f"Premature beats: not judged, {found.premature_withheld}."
    if not found.premature:
        return NO_PREMATURE
    words = []
    for origin in ("ventricular", "atrial"):
        times = [f"{start + beat.time:.1f}" for beat in found.premature if beat.origin == origin]
        if times:
            words.append(f"{len(times)} {origin}, at {', '.join(times)} s")
    return f"Premature beats, estimate: {'; '.join(words)}."


def _table(ecg: ECG, found: Measurements) -> pd.DataFrame:
    """One row a value; the device's column only where it states any."""
    rows = []
    for name in NAMES:
        value, stated = found.values.get(name), ecg.measurements.get(name)
        if value is None and stated is None:
            continue
        row = {"Measurement": NAMES[name][0]}
        if ecg.measurements:
            row["Device"] = "–" if stated is None else _with_unit(name, stated)
        ours = dict.fromkeys(("Estimate", "Confidence", "Why"), "–")
        if value is not None:
            ours = {
                "Estimate": _estimate(value),
                "Confidence": value.confidence or "–",
                "Why": "See above" if found.withheld else _why(value),
            }
        row |= ours
        rows.append(row)
    return pd.DataFrame(rows)


def _estimate(value: Measured) -> str:
    return "withheld" if value.value is None else _with_unit(value.name, value.value)


def _why(value: Measured) -> str:
    return value.reason[:1].upper() + value.reason[1:]


def _notes(ecg: ECG) -> str:
    levels = [f"{level}: {meaning}" for level, meaning in CONFIDENCE.items()]
    text = f"Estimates are ours. Confidence, {'; '.join(levels)}."
    if "qtc" in ecg.measurements:
        text += f" {UNKNOWN_FORMULA}"
    return text


def _with_unit(name: str, value: float) -> str:
    unit = NAMES[name][1]
    number = f"{value:.0f}".replace("-0", "0") if round(value) == 0 else f"{value:.0f}"
    return f"{number}{'' if unit == '°' else ' '}{unit}".replace("-", "−")


def _samples(beat: MedianBeat) -> pd.DataFrame:
    """The median beat's samples, and at each the wave it belongs to."""
    times = [i / beat.fs - beat.r for i in range(beat.signal.shape[1])]
    waves = [
        next((wave for wave, (on, off) in beat.marks.items() if on <= time <= off), "")
        for time in times
    ]
    signals = {lead: beat.lead(lead) for lead in beat.leads}
    return pd.DataFrame({"time_from_r_s": times, "wave": waves, **signals})
