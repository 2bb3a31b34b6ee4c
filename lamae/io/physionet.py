"""One ECG of PTB-XL by its number, straight from PhysioNet.

The two files of the record come over the network into memory and are read as any upload is, with
nothing kept on disk. They are fetched here and not by the wfdb library, which follows redirects,
waits without end and takes whatever size it is sent.

Source: Wagner et al., PTB-XL, a large publicly available electrocardiography dataset (version
    1.0.3), PhysioNet (2022), https://doi.org/10.13026/kfzx-aw45, CC BY 4.0.
"""

import http.client
import multiprocessing
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.pool import ThreadPool
from types import MappingProxyType
from typing import Any

from lamae.ecg import ECG
from lamae.errors import InputError, ReadError
from lamae.io import read

BASE = "https://physionet.org/files/ptb-xl/1.0.3/"
# Some of these numbers were never given: there are 21,799 ECGs.
LAST = 21_837
# Folder and suffix of the files by sampling rate in Hz.
RATES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {100: ("records100", "lr"), 500: ("records500", "hr")}
)
# For both files together, in s.
PATIENCE = 8.0
# Ten seconds of twelve leads at 500 Hz are 120 kB.
MAX_BYTES = 1_000_000
CHUNK = 65_536
UNREACHABLE = "PhysioNet cannot be reached from here; all that needs no network works as before."


def read_ptbxl(number: int, fs: int = 500, *, base: str = BASE, patience: float = PATIENCE) -> ECG:
    """Fetch and read one ECG of PTB-XL.

    Args:
        number: Its ecg_id, 1 to 21837.
        fs: Sampling rate in Hz, 100 or 500.
        base: Address of PTB-XL's folder, ending in a slash.
        patience: How long to wait in s, from the first question to the last byte.

    Raises:
        InputError: No such number or rate.
        ReadError: PhysioNet cannot be reached, has no such ECG, or what came is not this ECG.
    """
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= LAST:
        raise InputError(f"PTB-XL numbers its ECGs from 1 to {LAST}; choose a number in between.")
    if fs not in RATES:
        raise InputError(f"PTB-XL holds its ECGs at 100 and 500 Hz, not at {fs} Hz; choose one.")
    folder, suffix = RATES[fs]
    name = f"{number:05d}_{suffix}"
    address = f"{base}{folder}/{number // 1000 * 1000:05d}/{name}"
    files = _within(
        patience,
        lambda deadline: {
            name + ending: _fetch(address + ending, number, deadline) for ending in (".hea", ".dat")
        },
    )
    try:
        ecg = read(f"{name}.hea", files)
    except ReadError as error:
        raise ReadError(
            "What came in PhysioNet's place is not an ECG; the network may want a sign-in first, "
            "or the files came damaged. Try again later."
        ) from error
    if ecg.fs != fs:
        raise ReadError(
            f"What came is an ECG at {ecg.fs:g} Hz where {fs} Hz were asked for; try again later."
        )
    notes = (*ecg.notes, "The model learned from part of PTB-XL, perhaps from this ECG.")
    return replace(ecg, source=f"PTB-XL {number}, PhysioNet, CC BY 4.0", notes=notes)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """PhysioNet serves these files itself: whoever leads elsewhere is somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(address: str, number: int, deadline: float) -> bytes:
    """Content of one file, of at most `MAX_BYTES`.

    Args:
        address: Of the file.
        number: Of the ECG, for the message.
        deadline: On the monotonic clock, in s.
    """
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        content = b""
        with opener.open(address, timeout=max(0.1, deadline - time.monotonic())) as answer:
            while part := answer.read1(CHUNK):
                content += part
                if len(content) > MAX_BYTES:
                    raise ReadError(
                        f"What came is larger than {MAX_BYTES / 1e6:g} MB, far more than an ECG "
                        "of 10 s; it was not read on. Try again later."
                    )
                if time.monotonic() > deadline:
                    raise ReadError(UNREACHABLE)
            if answer.length:
                raise ReadError("The connection to PhysioNet broke off; try again.")
    except urllib.error.HTTPError as error:
        raise ReadError(_refused(error.code, number)) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ReadError(UNREACHABLE) from error
    return content


def _refused(status: int, number: int) -> str:
    if status == 404:
        return f"PTB-XL has no ECG number {number}; some numbers were never given. Try another."
    if 300 <= status < 400:
        return (
            "The answer leads to another address than PhysioNet's, which is not followed; the "
            "network may want a sign-in first."
        )
    return f"PhysioNet answers that it cannot serve this ECG now (status {status}); try later."


def _within(seconds: float, work: Callable[[float], dict[str, bytes]]) -> dict[str, bytes]:
    """Let a thread do the work and wait no longer than `seconds` s.

    The time-out of a socket counts from byte to byte and does not bound looking up a name.
    """
    # Unlike an executor, a pool waits for its thread neither here nor at exit: a name server that
    # does not answer would hold up both.
    with ThreadPool(1) as pool:
        try:
            return pool.apply_async(work, (time.monotonic() + seconds,)).get(timeout=seconds)
        except multiprocessing.TimeoutError:
            raise ReadError(UNREACHABLE) from None
