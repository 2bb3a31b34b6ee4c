"""Just enough of a PDF reader to hold our own files against a ruler."""

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

POINTS_PER_MM = 72 / 25.4
NUMBER = r"-?[\d.]+"


@dataclass(frozen=True)
class Curve:
    """A line drawn on a page, in mm from its lower left corner."""

    colour: str
    width: float  # points
    clip: tuple[float, float, float, float]  # left, bottom, width, height
    points: np.ndarray  # [points, 2]; NaN rows between subpaths


def streams(content: bytes) -> list[bytes]:
    """Every stream of a PDF, unpacked where it is packed."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            # The checksum may end in what looks like the line break that follows it.
            found.append(zlib.decompressobj().decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found


def page_streams(content: bytes) -> list[str]:
    """What is drawn on each page, as drawing operators."""
    found = [stream.decode("latin-1") for stream in streams(content)]
    return [stream for stream in found if stream.startswith("/DeviceRGB")]


def sizes(content: bytes) -> list[tuple[float, float]]:
    """Width and height of each page in mm."""
    boxes = re.findall(rf"/MediaBox \[ 0 0 ({NUMBER}) ({NUMBER}) \]".encode(), content)
    return [(float(w) / POINTS_PER_MM, float(h) / POINTS_PER_MM) for w, h in boxes]


def texts(page: str) -> list[str]:
    """Each line of text on a page; what lies beyond Latin-1 is left out."""
    found = []
    for block in re.findall(r"BT(.*?)ET", page, re.DOTALL):
        line = "".join(re.findall(r"\(((?:\\.|[^()\\])*)\)", block)).replace("\\", "")
        found.append("".join(letter for letter in line if letter >= " "))
    return found


@lru_cache(maxsize=32)
def curves(page: str) -> list[Curve]:
    """Each stroked path on a page."""
    found = []
    for block in re.split(r"\nQ\b", page):
        if not re.search(r"\nS\s*$", block) or " RG" not in block:
            continue
        flat = " ".join(block.split())
        red, green, blue = (
            round(255 * float(part))
            for part in re.findall(rf"({NUMBER}) ({NUMBER}) ({NUMBER}) RG", flat)[-1]
        )
        clip = re.findall(rf"({NUMBER}) ({NUMBER}) ({NUMBER}) ({NUMBER}) re W n", flat)[-1]
        flat = flat[flat.rindex("re W n") :]
        points: list[tuple[float, float]] = []
        for x, y, operator in re.findall(rf"({NUMBER}) ({NUMBER}) ([ml])\b", flat):
            if operator == "m" and points:
                points.append((np.nan, np.nan))
            points.append((float(x), float(y)))
        found.append(
            Curve(
                colour=f"#{red:02X}{green:02X}{blue:02X}",
                width=float(re.findall(rf"({NUMBER}) w\b", flat)[-1]),
                clip=tuple(float(part) / POINTS_PER_MM for part in clip),
                points=np.array(points) / POINTS_PER_MM,
            )
        )
    return found
