import numpy as np
import pytest

from lamae.figures import calibration
from lamae.figures.palette import palette

CURVE = {
    "edges": [[0.0, 0.2], [0.4, 0.6], [0.8, 1.0]],
    "predicted": [0.05, 0.5, 0.9],
    "observed": [0.04, 0.65, 1.0],
    "observed_ci": [[0.03, 0.06], [0.4, 0.8], [0.5, 1.0]],
    "count": [1200, 20, 3],
}


@pytest.mark.parametrize("dark", [False, True])
def test_reliability_stands_over_the_number_of_predictions(dark: bool) -> None:
    figure = calibration(CURVE, dark=dark)
    perfect, model, bars = figure.data
    assert (list(perfect.x), list(perfect.y)) == ([0, 1], [0, 1])
    assert perfect.line.dash is not None  # told apart without colour
    assert list(model.x) == CURVE["predicted"]
    assert list(model.y) == CURVE["observed"]
    assert model.marker.color == palette(dark).model
    assert list(bars.y) == CURVE["count"]
    assert list(bars.text) == ["1,200", "20", "3"]
    np.testing.assert_allclose(bars.x, [0.1, 0.5, 0.9])
    assert model.yaxis == perfect.yaxis != bars.yaxis
    # The tallest bar and its number fit in, and so does a bar of one.
    low, high = figure.layout.yaxis2.range
    assert low < 0
    assert high > np.log10(1200) + 1


def test_error_bars_end_at_the_interval() -> None:
    model = calibration(CURVE).data[1]
    low = np.array(model.y) - np.array(model.error_y.arrayminus)
    high = np.array(model.y) + np.array(model.error_y.array)
    np.testing.assert_allclose(np.stack([low, high], axis=1), CURVE["observed_ci"])


def test_the_widest_gap_is_said_in_words() -> None:
    alt = calibration(CURVE).layout.meta["alt"]
    assert alt == (
        "Calibration of 1,223 predictions in 3 bins, 1,200 of them in the lowest. Observed and "
        "predicted frequency differ by at most 0.15, at a predicted 0.50."
    )
