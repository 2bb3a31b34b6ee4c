import numpy as np
import pytest

from lamae.ecg import LEADS
from lamae.ecg.statements import ICD10_TITLES
from lamae.figures import CONFIG, attribution_by_lead, auroc_intervals, code_bars, training_curve
from lamae.results.attribution import Attribution
from lamae.results.prediction import CodeScore, Prediction

VERDICTS = {True: "suggested", False: "not suggested"}


@pytest.fixture
def prediction() -> Prediction:
    chances = [0.9, 0.6, 0.4, 0.1]
    first = list(ICD10_TITLES.items())[: len(chances)]
    codes = tuple(
        CodeScore(code, title, chance, 0.5, VERDICTS[chance >= 0.5], (), 0.9, (0.85, 0.95))
        for (code, title), chance in zip(first, chances, strict=True)
    )
    return Prediction(codes, (), 0.0, 10.0, LEADS)


def test_bars_keep_the_predictions_order_and_show_thresholds(prediction: Prediction) -> None:
    figure = code_bars(prediction)
    bars, ticks = figure.data[0], figure.data[1]
    assert list(bars.customdata) == [score.code for score in prediction.codes]
    assert list(bars.x) == [0.9, 0.6, 0.4, 0.1]
    assert list(ticks.x) == [0.5] * 4
    low, high = figure.layout.yaxis.range
    assert low > high  # the first code stands at the top
    assert bars.marker.color[0] == bars.marker.color[1] != bars.marker.color[2]
    assert "suggested: E87.8, I24.89." in figure.layout.meta["alt"]
    assert "AUROC 0.90, 0.85–0.95" in bars.hovertext[0]


def test_the_code_in_hand_is_marked_and_the_rest_may_be_cut(prediction: Prediction) -> None:
    figure = code_bars(prediction, selected="I24.89", limit=2, dark=True)
    assert len(figure.data[0].x) == 2
    assert list(figure.data[0].marker.line.width) == [0, 2]
    titles = next(trace for trace in figure.data if trace.name == "titles").text
    assert [text.startswith("<b>▸") for text in titles] == [False, True]


def test_long_titles_are_cut_between_words(prediction: Prediction) -> None:
    titles = next(trace for trace in code_bars(prediction).data if trace.name == "titles").text
    assert titles[0] == "<b>E87.8</b>  Other disorders of electrolyte and …"


def test_leads_are_coloured_by_the_sign_of_their_attribution() -> None:
    leads = ("I", "II", "V1")
    values = np.zeros((3, 1000), np.float32)
    sums = np.array([0.5, -0.2, 0.1], np.float32)
    figure = attribution_by_lead(
        Attribution("I44.7", "lead_ablation", "", values, leads, sums, 1.0, 0.0, None)
    )
    bars = figure.data[0]
    np.testing.assert_array_equal(bars.y, sums)
    assert tuple(bars.customdata) == leads
    assert bars.marker.color[0] == bars.marker.color[2] != bars.marker.color[1]
    assert list(figure.layout.xaxis.ticktext) == list(LEADS)
    assert "I raises its score most (+0.50 log-odds), II least (-0.20)" in figure.layout.meta["alt"]


RESULTS = {
    "macro_auroc": 0.9,
    "ci": [0.88, 0.92],
    "codes": {
        "I44.7": {"auroc": 0.8, "ci": [0.7, 0.88], "auprc": 0.5, "positives": 20},
        "I48.91": {"auroc": 0.97, "ci": [0.95, 0.99], "auprc": 0.8, "positives": 40},
        "I45.6": {"auroc": None, "ci": None, "auprc": None, "positives": 1},
    },
}


def test_forest_plot_ends_each_line_at_its_interval() -> None:
    figure = auroc_intervals(RESULTS)
    codes, mean = figure.data
    assert list(codes.y) == ["I48.91 (n=40)", "I44.7 (n=20)"]
    high = np.array(codes.x) + np.array(codes.error_x.array)
    low = np.array(codes.x) - np.array(codes.error_x.arrayminus)
    np.testing.assert_allclose(np.stack([low, high], 1), [[0.95, 0.99], [0.7, 0.88]])
    assert list(mean.x) == [0.9]
    assert "mean 0.900 (0.880 to 0.920)" in figure.layout.meta["alt"]


def test_training_draws_losses_and_aurocs_apart() -> None:
    history = [
        {
            "epoch": n,
            "loss": 1 / n,
            "validation_loss": 1.1 / n,
            "validation_macro_auroc": 0.9,
            "rate": 1e-3,
        }
        for n in (1, 2, 3)
    ]
    figure = training_curve(history, dark=True)
    axes = {trace.name: trace.yaxis for trace in figure.data}
    assert set(axes) == {"training loss", "validation loss", "validation macro AUROC"}
    assert axes["training loss"] == axes["validation loss"] != axes["validation macro AUROC"]
    loss = next(trace for trace in figure.data if trace.name == "training loss")
    assert list(zip(loss.x, loss.y, strict=True)) == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]


def test_an_empty_history_is_an_empty_figure() -> None:
    assert not training_curve([]).data


def test_no_figure_offers_to_send_an_ecg_away() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""


def test_small_attributions_keep_their_digits() -> None:
    values = np.zeros((2, 1000), np.float32)
    sums = np.array([0.0004, -0.00012], np.float32)
    figure = attribution_by_lead(
        Attribution("I44.7", "lead_ablation", "", values, ("I", "II"), sums, 1.0, 0.0, None)
    )
    assert "(+0.00040 log-odds), II least (-0.00012)" in figure.layout.meta["alt"]
    assert figure.layout.yaxis.tickformat == ".5~f"
