import numpy as np
import pytest

from lamae.ecg import LEADS
from lamae.errors import InputError
from lamae.figures import layer_weights, lead_matrix, lead_weights
from lamae.results import LeadAttention


def attention(leads: tuple[str, ...] = LEADS) -> LeadAttention:
    rng = np.random.default_rng(3)
    count = len(leads)
    weights = rng.dirichlet(np.ones(count), size=(2, 3)).astype(np.float32)
    matrix = rng.dirichlet(np.ones(count), size=(2, 3, count)).astype(np.float32)
    return LeadAttention(leads, weights.mean((0, 1)), matrix.mean((0, 1)), weights, matrix)


@pytest.mark.parametrize("leads", [LEADS, ("I", "II", "V5")])
def test_weights_rise_and_fall_from_the_even_share(leads: tuple[str, ...]) -> None:
    given = attention(leads)
    figure = lead_weights(given)
    np.testing.assert_allclose(figure.data[0].y + figure.data[0].base, given.weights, atol=1e-6)
    low, high = figure.layout.yaxis.range
    assert low <= given.weights.min() < given.weights.max() < high
    assert tuple(figure.data[0].x) == tuple(figure.data[0].customdata) == leads
    assert figure.layout.shapes[0].y0 == pytest.approx(1 / len(leads))
    assert f"1/{len(leads)}" in figure.layout.annotations[0].text
    assert leads[int(given.weights.argmax())] in figure.layout.meta["alt"]


def test_rows_of_the_matrix_are_from_and_columns_to() -> None:
    given = attention()
    given.matrix[:] = 0
    given.matrix[LEADS.index("V1"), LEADS.index("aVL")] = 1
    figure = lead_matrix(given)
    heatmap = figure.data[0]
    row, column = list(heatmap.y).index("V1"), list(heatmap.x).index("aVL")
    assert heatmap.customdata[row, column] == 1
    assert heatmap.customdata.sum() == 1
    assert heatmap.z[row, column] == pytest.approx(np.log2(12))
    assert figure.layout.yaxis.title.text == "from lead"
    assert figure.layout.xaxis.title.text == "to lead"
    assert figure.layout.yaxis.autorange == "reversed"
    assert "from V1 to aVL" in figure.layout.meta["alt"]


@pytest.mark.parametrize("layer", [None, 0, 1])
@pytest.mark.parametrize("head", [None, 0, 2])
def test_block_and_head_are_chosen_or_averaged(layer: int | None, head: int | None) -> None:
    given = attention()
    blocks = slice(None) if layer is None else slice(layer, layer + 1)
    heads = slice(None) if head is None else slice(head, head + 1)
    expected = given.layer_matrix[blocks, heads].mean((0, 1))
    shown = lead_matrix(given, layer=layer, head=head).data[0].customdata
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"layer": 2}, {"head": 3}, {"layer": -1}])
def test_an_unknown_block_or_head_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="the model has"):
        lead_matrix(attention(), **wrong)


def test_lines_part_limb_from_chest_leads() -> None:
    assert {shape.x0 for shape in lead_matrix(attention()).layout.shapes} >= {5.5}
    few = lead_matrix(attention(("I", "V1", "V2"))).layout.shapes
    assert {shape.y0 for shape in few} >= {0.5}
    assert not lead_matrix(attention(("V1", "V2"))).layout.shapes


def test_every_block_has_its_heads_on_one_scale() -> None:
    given = attention()
    figure = layer_weights(given)
    assert len(figure.data) == 2
    for block, heatmap in zip(given.layer_weights, figure.data, strict=True):
        np.testing.assert_array_equal(heatmap.customdata, block)
        assert list(heatmap.y) == ["head 1", "head 2", "head 3"]
        assert heatmap.coloraxis == "coloraxis"
    assert figure.layout.coloraxis.cmin == -figure.layout.coloraxis.cmax


def test_nearly_even_shares_look_nearly_even() -> None:
    given = attention()
    given.matrix[:] = 1 / 12
    given.matrix[0, :2] += 0.001, -0.001
    heatmap = lead_matrix(given).data[0]
    assert heatmap.zmax == -heatmap.zmin == pytest.approx(np.log2(1.1))
    assert heatmap.z[0, 1] < 0 < heatmap.z[0, 0] < heatmap.zmax
    assert heatmap.z[3, 3] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("figure", [lead_weights, lead_matrix, layer_weights])
def test_figures_can_be_sent_to_a_browser(figure) -> None:
    for dark in (False, True):
        assert '"alt"' in figure(attention(), dark=dark).to_json()
