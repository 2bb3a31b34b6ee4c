"""A visitor's current ECG, kept across pages under one typed key.

Widgets and uploads vanish when the page changes; what they led to is kept here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from lamae import io
from lamae.app import demos
from lamae.ecg import ECG
from lamae.errors import AnswerNeeded, LamaeError
from lamae.io import gather

KEY = "lamae"
# Bytes that may wait for the rest of their record: what the file picker takes, a few times over.
MOST_UNREAD = 100_000_000
UNKNOWN_DEMO = (
    "The link names a demo that does not exist. Choose one from the list under Record; the current "
    "ECG is unchanged."
)


@dataclass(frozen=True)
class CurrentECG:
    """The ECG that every page is about.

    Attributes:
        ecg: The recording.
        name: What we call it; never the name of a client's file.
        demo: Name of the demo it is, if it is one.
        record: Key of the record of the library that it is, if it is one.
    """

    ecg: ECG
    name: str
    demo: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class Question:
    """Files that lack a sampling rate or a unit, until someone answers.

    Attributes:
        files: Content by the client's file name.
        message: The question, for people.
        fields: What is missing: "fs", "unit".
        fs: The sampling rate in Hz, where it was answered already.
        unit: The unit, where it was answered already.
    """

    files: Mapping[str, bytes]
    message: str
    fields: tuple[str, ...]
    fs: float | None = None
    unit: str | None = None


@dataclass
class Session:
    """One visitor's state.

    Attributes:
        current: The ECG that every page is about.
        question: Files that wait for an answer.
        problem: Why the last file could not be opened, for people.
        unread: Files that make no ECG alone, the oldest first: a header may wait for signals.
        uploads: How many ECGs were uploaded so far; names the next one.
        batches: How often files arrived; a file picker serves one batch.
        link: The ?demo= of the address that was followed last.
        beside: The ECG that the current one is compared with.
    """

    current: CurrentECG
    question: Question | None = None
    problem: str | None = None
    unread: Mapping[str, bytes] = field(default_factory=dict)
    uploads: int = 0
    batches: int = 0
    link: str | None = None
    beside: CurrentECG | None = None


def state() -> Session:
    """This visitor's session; a new one holds the real demo recording."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Session(
            CurrentECG(demos.load(demos.RECORDING), demos.DEMOS[demos.RECORDING], demos.RECORDING)
        )
    session = st.session_state[KEY]
    assert isinstance(session, Session)
    return session


def follow_link() -> None:
    """Open the demo that the address names (?demo=atrial_fibrillation), once."""
    session = state()
    named = st.query_params.get("demo")
    if named is None or named == session.link:
        return
    session.link = named
    if named in demos.DEMOS:
        open_demo(named)
    else:
        session.problem = UNKNOWN_DEMO


def open_demo(name: str) -> None:
    """Make a demo the current ECG."""
    try:
        _take(CurrentECG(demos.load(name), demos.DEMOS[name], name))
    except LamaeError as error:
        state().problem = str(error)


def open_files(files: Mapping[str, bytes]) -> None:
    """Read uploaded files as the current ECG, or keep the question or problem.

    A record whose files arrive one by one is read once all are there.

    Args:
        files: Content by the client's file name; the names are only hints about the format.
    """
    session = state()
    session.batches += 1
    if _opened(files):
        return
    older = {name: content for name, content in session.unread.items() if name not in files}
    session.unread = gather.newest({**older, **files}, MOST_UNREAD)
    record = gather.record(session.unread, files.keys())
    if record:
        _opened(record)


def answer(fs: float | None, unit: str | None) -> None:
    """Read the waiting files with an answer, which can be completed or corrected.

    Args:
        fs: Sampling rate in Hz, where it was missing.
        unit: "mV", "uV", "V" or the size of a step, where it was missing.
    """
    session = state()
    question = session.question
    if question is None:
        return
    session.batches += 1
    if not _opened(question.files, fs, unit):
        # The files are kept: another answer may be the right one.
        session.question = replace(question, fs=fs, unit=unit)
    elif session.question is not None:
        # An answer stays on the screen: it may be the one to correct.
        session.question = replace(session.question, fields=question.fields, fs=fs, unit=unit)


def _opened(files: Mapping[str, bytes], fs: float | None = None, unit: str | None = None) -> bool:
    """Read files; whether they made an ECG or a question. Else the problem is kept."""
    session = state()
    session.problem = session.question = None
    try:
        content = files if len(files) > 1 else next(iter(files.values()))
        ecg = io.read(next(iter(files)), content, fs=fs, unit=unit)
    except AnswerNeeded as needed:
        session.question = Question(files, str(needed), needed.fields)
    except LamaeError as error:
        session.problem = f"{error} The current ECG is unchanged."
        return False
    else:
        session.uploads += 1
        _take(CurrentECG(ecg, f"Uploaded ECG {session.uploads}"))
    return True


def open_record(read: Callable[[], ECG], name: str, record: str | None = None) -> bool:
    """Open an ECG that the server fetches itself, or keep the problem.

    Args:
        read: Fetches it.
        name: What it is called.
        record: Its key in the library, if it is from there.

    Returns:
        Whether it was opened.
    """
    try:
        _take(CurrentECG(read(), name, record=record))
    except AnswerNeeded as needed:
        state().problem = f"{needed} Open it as a file to answer."
    except LamaeError as error:
        state().problem = f"{error} The current ECG is unchanged."
    else:
        return True
    return False


def _take(current: CurrentECG) -> None:
    session = state()
    session.current = current
    session.problem = session.question = None
    session.unread = {}
