from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from figures_builders import make_ecg

from lamae.ecg import LEADS
from lamae.errors import InputError
from lamae.figures import (
    attention_over_time,
    frontal_plane,
    group_weights,
    horizontal_plane,
    layer_weights,
    lead_matrix,
    lead_weights,
    weights_against_ablation,
)
from lamae.figures.lead_weights import NAME, SIDES
from lamae.results.attention import GroupWeights, LeadAttention


def attention(leads: tuple[str, ...] = LEADS) -> LeadAttention:
    rng = np.random.default_rng(3)
    count = len(leads)
    weights = rng.dirichlet(np.ones(count), size=(2, 3)).astype(np.float32)
    matrix = rng.dirichlet(np.ones(count), size=(2, 3, count)).astype(np.float32)
    over_time = rng.dirichlet(np.ones(count * 50)).reshape(count, 50).astype(np.float32)
    means = weights.mean((0, 1)), matrix.mean((0, 1))
    return LeadAttention(leads, *means, weights, matrix, over_time, 0.0, 0.2)


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


def trace(figure, name: str):
    (found,) = [t for t in figure.data if t.name == name]
    return found


@pytest.mark.parametrize("leads", [LEADS, ("II", "aVR", "V2")])
def test_leads_stand_where_they_look_from_with_their_share(leads: tuple[str, ...]) -> None:
    given = attention(leads)
    frontal, horizontal = frontal_plane(given), horizontal_plane(given)
    shown = [*trace(frontal, "lead weights").customdata]
    shown += [*trace(horizontal, "lead weights").customdata]
    assert sorted(shown) == sorted(leads)
    limb = trace(frontal, "lead weights")
    where = dict(zip(limb.customdata, zip(limb.x, limb.y, strict=True), strict=True))
    # II points down and to the patient's left, which is right on the screen; aVR up and to the left.
    assert where["II"] == (pytest.approx(0.5), pytest.approx(-0.866, abs=1e-3))
    assert where["aVR"] == (pytest.approx(-0.866, abs=1e-3), pytest.approx(0.5))
    sizes = dict(zip(limb.customdata, limb.marker.size, strict=True))
    shares = dict(zip(given.leads, given.weights.tolist(), strict=True))
    for lead, size in sizes.items():
        assert size == pytest.approx(max(6, 30 * (shares[lead] * len(leads)) ** 0.5))
        assert f"<b>{lead}</b><br>{shares[lead]:.1%}" in trace(frontal, "shares").text
    assert f"II {shares['II']:.1%}" in frontal.layout.meta["alt"]
    chest = trace(horizontal, "lead weights")
    assert (np.array(chest.y)[np.array(chest.customdata) == "V2"] > 0).all()


@pytest.mark.parametrize("most", ["I", "aVR", "V3", "V5"])
@pytest.mark.parametrize("plane", [frontal_plane, horizontal_plane])
def test_a_label_stands_clear_of_its_disc_and_inside_the_drawing(plane, most: str) -> None:
    given = attention()
    given.weights[:] = 0.06
    given.weights[given.leads.index(most)] = 0.34
    figure = plane(given)
    discs, labels = trace(figure, "lead weights"), trace(figure, "shares")
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    for x, y, size, px, py in zip(
        discs.x, discs.y, discs.marker.size, labels.x, labels.y, strict=True
    ):
        # Where the label's box, 40 by 34 px, comes nearest to the middle of the disc; on a phone
        # the drawing is 98 px to the unit.
        aside, above = (max(0, abs(off) * 98 - half) for off, half in ((px - x, 20), (py - y, 17)))
        assert np.hypot(aside, above) >= max(size, 30) / 2
        assert left <= px - 20 / 98 < px + 20 / 98 <= right
        assert low <= py - 17 / 98 < py + 17 / 98 <= high


@pytest.mark.parametrize("layout", ["12x1", "6x2", "3x4+II"])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_attention_over_time_lies_under_the_leads_it_belongs_to(layout, offset) -> None:
    """Also where an electrode's offset moved a trace to its baseline."""
    ecg = make_ecg()
    signal = ecg.signal.copy()
    signal[1] += offset
    given = attention()
    given.over_time[:] = 1 / 600
    given.over_time[1, 3] = 20 / 600
    figure = attention_over_time(
        type(ecg)(signal, ecg.fs, ecg.leads, ecg.source), given, layout=layout
    )
    band = trace(figure, "attention over time")
    times_even = np.array(band.z)
    row, patch = np.unravel_index(np.nanargmax(times_even), times_even.shape)
    assert patch == 3
    assert times_even[row, patch] == pytest.approx(20, rel=0.05)
    targets = trace(figure, "leads")
    baselines = [y for y, lead in zip(targets.y, targets.customdata, strict=True) if lead == "II"]
    below = [y for y in baselines if band.y[row] < y]
    # In the grid the strip of II shows this moment, too.
    assert min(abs(y - band.y[row + 1]) for y in below) < 1.5
    assert figure.data[0].name == "attention over time"
    assert "II at 0.7 s" in figure.layout.meta["alt"]


def test_a_band_of_another_recording_is_refused() -> None:
    with pytest.raises(InputError, match="another recording"):
        attention_over_time(make_ecg(leads=("I", "II")), attention())
    with pytest.raises(InputError, match="4x3"):
        attention_over_time(make_ecg(), attention(), layout="4x3")


def test_attention_stands_beside_ablation() -> None:
    given = attention()
    drop = np.linspace(-1, 1, 12, dtype=np.float32)
    points = trace(weights_against_ablation(given, drop), "leads")
    assert tuple(points.text) == LEADS
    np.testing.assert_allclose(points.x, given.weights, atol=1e-5)
    np.testing.assert_allclose(points.y, drop, atol=1e-5)
    assert "most without V6" in weights_against_ablation(given, drop).layout.meta["alt"]


@pytest.mark.parametrize("width", [280, 420, 900])
def test_names_of_leads_close_together_stand_on_different_sides(width: int) -> None:
    """V4, III and aVF lie within 12 px of each other on a narrow chart."""
    weights = np.linspace(0.06, 0.11, 12, dtype=np.float32)
    weights[[LEADS.index(lead) for lead in ("III", "aVF", "V4")]] = 0.085, 0.0851, 0.087
    drop = np.linspace(-1, 1, 12, dtype=np.float32)
    drop[[LEADS.index(lead) for lead in ("III", "aVF", "V4")]] = 0.0, 0.05, 0.02
    given = replace(attention(), weights=weights)
    points = trace(weights_against_ablation(given, drop), "leads")
    spread = np.stack(
        [(v - v.min()) / np.ptp(v) * px for v, px in ((weights, width), (drop, 250))], axis=1
    )
    sides = [np.array(SIDES[side]) for side in points.textposition]
    names = dict(zip(LEADS, spread + sides, strict=True))
    for one, other in combinations(("III", "aVF", "V4"), 2):
        apart = np.abs(names[one] - names[other])
        assert (apart >= NAME).any(), (one, other)


def test_a_group_stands_beside_all_ecgs_with_intervals() -> None:
    mean = np.full(12, 1 / 12)
    everyone = GroupWeights("", 40, mean, mean - 0.01, mean + 0.02)
    group = GroupWeights("I48.91", 7, mean, mean - 0.03, mean + 0.03)
    figure = group_weights(group, everyone)
    assert [t.name for t in figure.data] == ["all ECGs (40)", "I48.91 (7)"]
    np.testing.assert_allclose(figure.data[0].error_y.array, 0.02, atol=1e-4)
    np.testing.assert_allclose(figure.data[1].error_y.arrayminus, 0.03, atol=1e-4)
    assert len(group_weights(everyone, everyone).data) == 1
