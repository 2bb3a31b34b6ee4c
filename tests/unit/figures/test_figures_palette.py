import numpy as np
import pytest

from lamae.figures.palette import DARK, LIGHT, LOWERS, RAISES, Palette, attribution_scale

# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as it is seen.
SEEN = {
    "full": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(colour: np.ndarray) -> np.ndarray:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def oklab(colour: np.ndarray, vision: str = "full") -> np.ndarray:
    seen = np.clip(np.asarray(SEEN[vision]) @ linear(colour), 0, 1)
    return TO_LAB @ np.cbrt(TO_LMS @ seen)


def contrast(first: str, second: str) -> float:
    lights = sorted(
        float(np.array([0.2126, 0.7152, 0.0722]) @ linear(rgb(c))) for c in (first, second)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("vision", SEEN)
def test_raising_and_lowering_look_different_to_everyone(vision: str) -> None:
    assert np.linalg.norm(oklab(rgb(RAISES), vision) - oklab(rgb(LOWERS), vision)) > 0.2


@pytest.mark.parametrize("side", [slice(0, 5), slice(4, 9)])
def test_equal_steps_of_attribution_look_equal(side: slice) -> None:
    ground = rgb(LIGHT.paper)
    seen = []
    for _, colour in attribution_scale()[side]:
        *channels, alpha = (float(v) for v in colour[5:-1].split(","))
        seen.append(oklab(ground * (1 - alpha) + np.array(channels) / 255 * alpha))
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.2


def test_the_scale_is_clear_at_zero() -> None:
    scale = attribution_scale()
    assert [place for place, _ in scale] == sorted(place for place, _ in scale)
    assert dict(scale)[0.5].endswith(",0)")


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_traces_and_print_can_be_read_on_the_paper(colours: Palette) -> None:
    assert contrast(colours.trace, colours.paper) > 10
    assert contrast(colours.print, colours.paper) > 7
    assert contrast(colours.faint_print, colours.paper) > 3
    assert contrast(colours.reconstructed, colours.paper) > 3
    assert contrast(colours.linear, colours.paper) > 3


@pytest.mark.parametrize(
    ("colours", "page"), [(LIGHT, "#FFFFFF"), (DARK, "#0E1117")], ids=["light", "dark"]
)
def test_shares_grow_and_fall_in_equal_steps_from_an_even_one(colours: Palette, page: str) -> None:
    seen = np.array([oklab(rgb(colour)) for colour in colours.shares])
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    for side in (steps[:3], steps[3:]):
        assert side.max() / side.min() < 1.2
    away = np.abs(seen[:, 0] - oklab(rgb(page))[0])
    assert away[3] == away.min()
    for vision in SEEN:
        less, more = (oklab(rgb(colours.shares[end]), vision) for end in (0, -1))
        assert np.linalg.norm(more - less) > 0.15
    assert contrast(colours.ink, page) > 7
    assert contrast(colours.model, page) > 4.5
    assert contrast(colours.baseline, page) > 3
