"""A format of two bytes' mark and twelve float32 leads at 250 Hz, read by one module."""

import numpy as np

from lamae.ecg import LEADS
from lamae.io import File
from lamae.io.assemble import Channel, Recording

MARK = b"\x01TOY"


def read(file: File, *, fs: float | None, unit: str | None) -> Recording:
    values = np.frombuffer(file.content, "<f4", offset=len(MARK)).reshape(len(LEADS), -1)
    channels = tuple(Channel(lead, row) for lead, row in zip(LEADS, values, strict=True))
    return Recording(channels, fs=250.0, source="toy")


def parts(content: bytes) -> tuple[str, ...]:
    return tuple(content.removeprefix(MARK).decode().split())


def read_parts(file: File, *, fs: float | None, unit: str | None) -> Recording:
    rows = [np.frombuffer(file.beside[name], "<f4") for name in parts(file.content)]
    channels = tuple(Channel(lead, row) for lead, row in zip(LEADS[: len(rows)], rows, strict=True))
    return Recording(channels, fs=250.0, source="toy")
