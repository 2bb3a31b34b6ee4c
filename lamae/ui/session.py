"""What one visitor has in hand, kept across pages under one typed key.

Widgets and uploads vanish when the page changes; what they led to is kept here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from lamae import io
from lamae.ecg import ECG
from lamae.errors import AnswerNeeded, LamaeError
from lamae.ui import demos

KEY = "lamae"
# What the model reads at once, and what a sheet of paper shows, in s.
WINDOW = 10.0


@dataclass(frozen=True)
class InHand:
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
    """Files that wait until someone says what they leave out."""

    files: Mapping[str, bytes]
    message: str
    fields: tuple[str, ...]


@dataclass
class Session:
    """One visitor's state.

    Attributes:
        in_hand: The ECG that every page is about.
        question: Files that wait for an answer.
        problem: Why the last file could not be opened, for people.
        unread: Files that made no ECG yet: a header may wait for its signal file.
        uploads: How many ECGs were uploaded so far; names the next one.
        batches: How often files arrived; a file picker serves one batch.
        link: The ?demo= of the address that was followed last.
        beside: The ECG that the one in hand is compared with.
    """

    in_hand: InHand
    question: Question | None = None
    problem: str | None = None
    unread: Mapping[str, bytes] = field(default_factory=dict)
    uploads: int = 0
    batches: int = 0
    link: str | None = None
    beside: InHand | None = None


def current() -> Session:
    """This visitor's session; a new one holds the real demo recording."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Session(
            InHand(demos.load(demos.RECORDING), demos.DEMOS[demos.RECORDING], demos.RECORDING)
        )
    session = st.session_state[KEY]
    assert isinstance(session, Session)
    return session


def follow_link() -> None:
    """Open the demo that the address names (?demo=atrial_fibrillation), once."""
    session = current()
    named = st.query_params.get("demo")
    if named is None or named == session.link:
        return
    session.link = named
    if named in demos.DEMOS:
        open_demo(named)
    else:
        session.problem = (
            "The link names a demo that does not exist. "
            "Choose one from the list under Record; the ECG in hand is unchanged."
        )


def open_demo(name: str) -> None:
    """Take a demo ECG in hand."""
    try:
        _take(InHand(demos.load(name), demos.DEMOS[name], name))
    except LamaeError as error:
        current().problem = str(error)


def open_files(
    files: Mapping[str, bytes], *, fs: float | None = None, unit: str | None = None
) -> None:
    """Read uploaded files and take the ECG in hand, or keep the question or problem.

    A record whose files arrive one by one is read once all are there.

    Args:
        files: Content by the client's file name; the names are only hints about the format.
        fs: Sampling rate in Hz, where the file does not say.
        unit: "mV", "uV" or "V", where the file does not say.
    """
    session = current()
    session.problem = session.question = None
    session.batches += 1
    attempts = [dict(files)]
    if session.unread:
        attempts.append({**session.unread, **files})
    for attempt in attempts:
        try:
            ecg = io.read(
                next(iter(attempt)),
                attempt if len(attempt) > 1 else next(iter(attempt.values())),
                fs=fs,
                unit=unit,
            )
        except AnswerNeeded as needed:
            session.question = Question(attempt, str(needed), needed.fields)
            session.problem = None
            return
        except LamaeError as error:
            session.problem = session.problem or f"{error} The ECG in hand is unchanged."
        else:
            session.uploads += 1
            _take(InHand(ecg, f"Uploaded ECG {session.uploads}"))
            return
    session.unread = dict(files)


def open_record(read: Callable[[], ECG], name: str, record: str | None = None) -> bool:
    """Take in hand an ECG that the server fetches itself, or keep the problem.

    Args:
        read: Fetches it.
        name: What it is called.
        record: Its key in the library, if it is from there.

    Returns:
        Whether it was taken in hand.
    """
    try:
        _take(InHand(read(), name, record=record))
    except AnswerNeeded as needed:
        current().problem = f"{needed} Open it as a file to answer."
    except LamaeError as error:
        current().problem = f"{error} The ECG in hand is unchanged."
    else:
        return True
    return False


def _take(in_hand: InHand) -> None:
    session = current()
    session.in_hand = in_hand
    session.problem = session.question = None
    session.unread = {}
