"""The comparison's dot plot shows each row where its figures are."""

import pytest

from lamae.figures import comparison

ROWS = [
    {"title": "A probe", "kind": "probe", "macro_auroc": 0.8, "ci": [0.75, 0.83], "seeds": [0.8]},
    {
        "title": "Tuned",
        "kind": "finetuned",
        "macro_auroc": 0.9,
        "ci": [0.88, 0.93],
        "seeds": [0.89, 0.9, 0.91],
    },
    {"title": "Shipped", "kind": "shipped", "macro_auroc": 0.85, "ci": [0.8, 0.9], "seeds": [0.85]},
]


@pytest.mark.parametrize("dark", [False, True])
def test_rows_stand_with_their_intervals_in_the_order_given(dark):
    figure = comparison(ROWS, dark=dark)
    points = [trace for trace in figure.data if trace.error_x.array is not None]
    assert [trace.y[0] for trace in points] == ["A probe", "Tuned", "Shipped"]
    for trace, row in zip(points, ROWS, strict=True):
        low, high = row["ci"]
        assert trace.x[0] == row["macro_auroc"]
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(high)
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(low)
    bottom, top = figure.layout.yaxis.range
    assert bottom > len(ROWS) - 1 > 0 > top


def test_titles_stand_above_their_rows_and_take_no_width():
    figure = comparison(ROWS)
    titles = figure.layout.annotations
    assert [(title.text, title.y) for title in titles] == [(row["title"],) * 2 for row in ROWS]
    assert all(title.xref == "paper" and title.x == 0 and title.yshift > 0 for title in titles)
    assert figure.layout.yaxis.showticklabels is False


def test_seeds_are_drawn_where_there_are_several():
    seeds = [trace for trace in comparison(ROWS).data if trace.name == "one seed"]
    assert [list(trace.x) for trace in seeds] == [[0.89, 0.9, 0.91]]
    assert set(seeds[0].y) == {"Tuned"}


def test_kinds_differ_in_shape_and_each_has_one_legend_entry():
    figure = comparison([*ROWS, {**ROWS[0], "title": "Another probe"}])
    shown = [trace for trace in figure.data if trace.showlegend]
    assert len({trace.name for trace in shown}) == len(shown) == 4
    assert len({trace.marker.symbol for trace in shown}) == 4


def test_the_alt_text_names_the_best():
    assert "the highest is Tuned with 0.900" in comparison(ROWS).layout.meta["alt"]
