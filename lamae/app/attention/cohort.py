"""Mean lead weights over many ECGs, computed until all are done or someone stops it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from jaxtyping import Float32

from lamae import figures
from lamae.app import cache, demos, library, widgets
from lamae.app.progress import progress
from lamae.ecg import ECG, LEADS
from lamae.ecg.statements import ICD10_CODES
from lamae.errors import LamaeError, ReadError
from lamae.inference.analysis import Analysis
from lamae.inference.cohort import FEWEST, group_weights, weigh
from lamae.results.attention import GroupWeights

STATE = "cohort"
DEMOS, LIBRARY = "Demo ECGs", "Library"
MOST, USUAL = 500, 100
SEED = 0
# The fold that PTB-XL keeps for tests, which the weights never saw.
TEST_FOLD = 10
BEFORE = (
    "Mean weights of the fine-tuned model with 95 % intervals, for all ECGs and for each code. "
    "Nothing is stored."
)
Item = tuple[Callable[[], ECG], tuple[str, ...] | None]


@dataclass
class Weighed:
    """What has been computed so far.

    Attributes:
        source: `DEMOS` or `LIBRARY`.
        weights: Lead weights of each ECG.
        codes: Codes of each, as labelled or as the model suggests.
        left_out: How many ECGs were left out.
    """

    source: str
    weights: list[Float32[np.ndarray, " 12"]] = field(default_factory=list)
    codes: list[tuple[str, ...]] = field(default_factory=list)
    left_out: int = 0


@st.fragment
def show() -> None:
    """Ask over which ECGs, compute, and draw the groups' weights with intervals."""
    st.subheader("Over many ECGs, fine-tuned model", anchor=False)
    root = library.root()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Over",
            [DEMOS, LIBRARY] if root else [DEMOS],
            default=DEMOS,
            required=True,
            key="cohort_source",
            persist_state="session",
        )
        count = len(demos.DEMOS)
        if source == LIBRARY:
            count = st.number_input(
                "ECGs at most",
                FEWEST,
                MOST,
                USUAL,
                step=50,
                key="cohort_count",
                persist_state="session",
                width=150,
            )
        start = st.button("Compute", key="cohort_start")
        st.button(
            "Stop",
            key="cohort_stop",
            help="Keeps what has been computed so far.",
        )
    if start:
        st.session_state[STATE] = Weighed(str(source))
        try:
            _compute(_library(root, int(count)) if source == LIBRARY and root else _demos())
        except LamaeError as error:
            widgets.trouble(error)
    state = st.session_state.get(STATE)
    if not isinstance(state, Weighed) or not state.weights:
        st.caption(BEFORE)
        return
    _draw(state)


def _compute(items: list[Item]) -> None:
    """Weigh one ECG after the other; a click meanwhile stops it between two of them."""
    state: Weighed = st.session_state[STATE]
    predictor = cache.predictor()
    with progress(f"Weighing the leads of {len(items)} ECGs") as report:
        for number, (read, labels) in enumerate(items):
            report(number / len(items))
            try:
                ecg = read()
                check = Analysis(ecg).readable
                # The weight of a lead that cannot be read would be that of its noise.
                if not check.usable or check.leads != LEADS:
                    state.left_out += 1
                    continue
                attention, suggested = weigh(predictor, ecg)
            except LamaeError:
                state.left_out += 1
                continue
            state.weights.append(attention.weights)
            state.codes.append(suggested if labels is None else labels)


def _demos() -> list[Item]:
    return [(_demo(name), None) for name in demos.DEMOS]


def _demo(name: str) -> Callable[[], ECG]:
    return lambda: demos.load(name)


def _library(root: Path, count: int) -> list[Item]:
    """A random draw of the library's records, of the test fold where folds are known.

    Raises:
        ReadError: The library cannot be listed.
    """
    catalogue = cache.table(root) if library.has_table(root) else cache.names(root, ())
    details = catalogue.details
    rows = np.arange(len(catalogue))
    if details is not None and (details.fold == TEST_FOLD).any():
        rows = np.flatnonzero(details.fold == TEST_FOLD)
    if not rows.size:
        raise ReadError("The library holds no records.")
    drawn = np.random.default_rng(SEED).permutation(rows)[:count]
    # The lowest sampling rate, which is the model's own, is the last.
    rate = list(catalogue.files)[-1]

    def reader(row: int) -> Callable[[], ECG]:
        return lambda: catalogue.read(root, row, rate)

    return [
        (
            reader(row),
            None
            if details is None
            else tuple(
                code
                for code, held in zip(ICD10_CODES, details.codes[row].tolist(), strict=True)
                if held
            ),
        )
        for row in drawn.tolist()
    ]


def _draw(state: Weighed) -> None:
    groups = group_weights(np.stack(state.weights), state.codes)
    names = {group.name: group for group in groups}
    name = st.selectbox(
        "Group",
        list(names),
        format_func=lambda name: _title(names[name]),
        key="cohort_group",
        width=420,
    )
    widgets.chart(
        figures.group_weights(names[name], groups[0], dark=widgets.dark()), "group_weights"
    )
    parts = [
        f"Fine-tuned model, {groups[0].ecgs} ECGs ({state.source}); 95 % bootstrap intervals over "
        "ECGs."
    ]
    if state.left_out:
        parts.append(f"{state.left_out} left out: poor signal or fewer leads.")
    labelled = state.source == LIBRARY and _labelled()
    parts.append(
        f"A group holds the ECGs {'labelled with' if labelled else 'for which the model suggests'} "
        f"its code; groups of fewer than {FEWEST} are not shown."
    )
    if state.source == DEMOS:
        parts.append("Simulated rhythms are alike: their intervals mean little.")
    st.caption(" ".join(parts))
    widgets.download(table(groups), "group_weights")


def table(groups: tuple[GroupWeights, ...]) -> pd.DataFrame:
    """All groups, one row a group and lead."""
    return pd.DataFrame(
        [
            {
                "Group": group.name or "all",
                "ECGs": group.ecgs,
                "Lead": lead,
                "Weight": group.mean[row],
                "Low": group.low[row],
                "High": group.high[row],
            }
            for group in groups
            for row, lead in enumerate(LEADS)
        ]
    )


def _labelled() -> bool:
    root = library.root()
    return root is not None and library.has_table(root)


def _title(group: GroupWeights) -> str:
    if not group.name:
        return f"All ECGs ({group.ecgs})"
    title = figures.short_title(cache.predictor().labels.title(group.name) or group.name)
    return f"{group.name}  {title} ({group.ecgs})"
