from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from figures_builders import make_ecg

from lamae.ecg import LEADS
from lamae.errors import InputError
from lamae.figures import LAYOUTS, imputed, reconstruction, selected_segments
from lamae.results.masking import Segment
from lamae.results.reconstruction import Band, Reconstruction

FS, SAMPLES = 100.0, 1000


def reconstructed(
    masked: np.ndarray, start: float = 0.0, missing: tuple[str, ...] = ()
) -> Reconstruction:
    present = np.ones((12, SAMPLES), bool)
    present[[LEADS.index(lead) for lead in missing]] = False
    masked = masked & present
    target = np.where(present, make_ecg(fs=FS).signal, np.float32(0))
    output = np.where(masked, target * np.float32(0.5) + np.float32(0.1), target)
    nowhere = np.float32(np.nan)
    linear = np.where(masked, target * np.float32(0.25), nowhere)
    algebra = np.full_like(target, nowhere)
    return Reconstruction(FS, start, target, output, linear, algebra, masked, present, ())


def mask(**segments: tuple[float, float]) -> np.ndarray:
    masked = np.zeros((12, SAMPLES), bool)
    for lead, (first, last) in segments.items():
        masked[LEADS.index(lead), round(first * FS) : round(last * FS)] = True
    return masked


def kind(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name]


def indices(trace: go.Scatter, start: float) -> slice:
    first = round((trace.x0 - start) * FS)
    return slice(first, first + len(trace.y))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_true_signal_of_every_lead_is_drawn_once(layout: str) -> None:
    recon = reconstructed(mask(V1=(0, 10), II=(2, 3)), start=20.0)
    drawn = kind(reconstruction(recon, layout=layout), "true signal")
    assert sorted(t.meta["lead"] for t in drawn if not t.meta["strip"]) == sorted(LEADS)
    for trace in drawn:
        truth = recon.target[LEADS.index(trace.meta["lead"]), indices(trace, 20.0)]
        if (layout, trace.meta["lead"]) == ("Cabrera", "aVR"):
            truth = -truth
        np.testing.assert_allclose(trace.y - trace.meta["offset"], truth, atol=2e-6)


def test_the_reconstructed_line_holds_the_models_output_where_it_was_masked() -> None:
    recon = reconstructed(mask(V1=(0, 10), II=(2, 3), aVF=(4, 4.6)), start=5.0)
    drawn = {t.meta["lead"]: t for t in kind(reconstruction(recon), "reconstruction")}
    assert set(drawn) == {"V1", "II", "aVF"}
    for lead, trace in drawn.items():
        row = LEADS.index(lead)
        values = trace.y - np.float32(trace.meta["offset"])
        masked = recon.masked[row]
        np.testing.assert_allclose(values[masked], recon.output[row][masked], atol=2e-6)
        # One visible neighbour on each side joins the line to the true signal.
        joined = ~np.isnan(values) & ~masked
        assert joined.sum() <= 2
        np.testing.assert_allclose(values[joined], recon.target[row][joined], atol=2e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seconds", [2.4, 4.0, 7.0])
def test_a_short_recording_shows_every_lead_and_what_was_reconstructed(
    layout: str, seconds: float
) -> None:
    whole = reconstructed(mask(V1=(0, 10), V2=(0, 10)), start=20.0)
    held = round(seconds * FS)
    there = np.arange(SAMPLES) < held
    recon = replace(
        whole,
        target=np.where(there, whole.target, np.float32(0)),
        output=np.where(there, whole.output, np.float32(0)),
        masked=whole.masked & there,
        present=whole.present & there,
    )
    figure = reconstruction(recon, layout=layout, play=True)
    grid = [t for t in kind(figure, "true signal") if not t.meta["strip"]]
    assert sorted(t.meta["lead"] for t in grid) == sorted(LEADS)
    for trace in grid:
        assert not np.isnan(trace.y).any()
        assert trace.x0 + len(trace.y) / FS <= 20.0 + seconds + 1e-6
    drawn = [t for t in kind(figure, "reconstruction") if not t.meta["strip"]]
    assert {t.meta["lead"] for t in drawn} == {"V1", "V2"}
    assert not any(np.isnan(t.y).any() for t in drawn)
    assert kind(figure, "masked")
    assert figure.frames
    assert "masked: V1, V2" in figure.layout.meta["alt"]
    assert {p["lead"] for p in figure.layout.meta["places"]} == set(LEADS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hatching_covers_exactly_what_was_masked(layout: str) -> None:
    recon = reconstructed(mask(V1=(0, 10), II=(2, 3), aVF=(4, 4.6)))
    figure = reconstruction(recon, layout=layout)
    (hatching,) = kind(figure, "masked")
    assert hatching.fillpattern.shape == "/"
    corners = np.array([[v for v in a if v is not None] for a in (hatching.x, hatching.y)], float)
    boxes = corners.reshape(2, -1, 5)
    covered: dict[str, np.ndarray] = {lead: np.zeros(SAMPLES, bool) for lead in LEADS}
    shown: dict[str, np.ndarray] = {lead: np.zeros(SAMPLES, bool) for lead in LEADS}
    for trace in kind(figure, "true signal"):
        lead, span = trace.meta["lead"], indices(trace, 0.0)
        shown[lead][span] = True
        for x, y in boxes.transpose(1, 0, 2):
            if y.min() < trace.meta["offset"] < y.max():
                first, stop = round(x.min() * FS), round(x.max() * FS)
                covered[lead][max(first, span.start) : min(stop, span.stop)] = True
    for row, lead in enumerate(LEADS):
        np.testing.assert_array_equal(covered[lead], recon.masked[row] & shown[lead])


def test_the_legend_names_each_kind_once_and_nothing_else() -> None:
    figure = reconstruction(reconstructed(mask(V1=(0, 10), V2=(0, 10))), show_linear=True)
    legend = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert sorted(legend) == [
        "linear regression",
        "masked",
        "reconstruction",
        "true signal",
    ]


def test_the_linear_regression_is_drawn_on_request_only() -> None:
    recon = reconstructed(mask(V1=(0, 10)))
    assert not kind(reconstruction(recon), "linear regression")
    (trace,) = kind(reconstruction(recon, show_linear=True), "linear regression")
    np.testing.assert_allclose(trace.y - trace.meta["offset"], recon.linear[6], atol=2e-6)
    assert trace.line.dash


def test_with_nothing_masked_there_is_nothing_reconstructed() -> None:
    figure = reconstruction(reconstructed(mask()))
    assert not kind(figure, "reconstruction")
    assert not kind(figure, "masked")
    assert "nothing masked" in figure.layout.meta["alt"]


def test_a_lead_the_recording_lacks_is_named() -> None:
    figure = reconstruction(reconstructed(mask(V1=(0, 10)), missing=("V3",)))
    assert list(kind(figure, "not recorded")[0].text) == ["V3 not recorded"]
    assert "V3" not in {trace.meta["lead"] for trace in kind(figure, "true signal")}


def test_a_lead_that_was_recorded_but_cannot_be_read_is_not_called_missing() -> None:
    recon = reconstructed(mask(V1=(0, 10)), missing=("V3", "V6"))
    figure = reconstruction(recon, unread={"V3": "flat", "V1": "noisy"})
    said = kind(figure, "not recorded")[0].text
    assert sorted(said) == ["V3 flat, not used", "V6 not recorded"]


def test_it_says_what_was_masked_and_can_be_clicked() -> None:
    figure = reconstruction(reconstructed(mask(V1=(0, 10), II=(2, 3))), dark=True)
    alt = figure.layout.meta["alt"]
    assert "masked: V1" in alt
    assert "in part: II" in alt
    assert set(kind(figure, "leads")[0].customdata) == set(LEADS)
    assert len(figure.to_json()) < 0.3e6


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(InputError, match="4x3"):
        reconstruction(reconstructed(mask()), layout="4x3")


def test_the_residual_is_reconstructed_minus_true_under_its_row() -> None:
    recon = reconstructed(mask(V1=(0, 10)))
    assert not kind(reconstruction(recon), "reconstruction minus true")
    figure = reconstruction(recon, show_residual=True)
    (residual,) = kind(figure, "reconstruction minus true")
    difference = (recon.output - recon.target)[6]
    np.testing.assert_allclose(residual.y - residual.meta["offset"], difference, atol=1e-5)
    (true,) = [t for t in kind(figure, "true signal") if t.meta["lead"] == "V1"]
    assert residual.meta["offset"] < true.meta["offset"]


def test_the_band_encloses_what_lies_between_its_edges() -> None:
    recon = reconstructed(mask(V1=(0, 10), II=(2, 3)))
    nowhere = np.where(recon.masked, np.float32(0), np.float32(np.nan))
    band = Band(nowhere - np.float32(0.1), nowhere + np.float32(0.2), 8, 0.7, 0.5)
    figure = reconstruction(recon, band=band)
    (drawn,) = kind(figure, "10–90 % of 8 reconstructions")
    base = next(t for t in kind(figure, "true signal") if t.meta["lead"] == "V1").meta["offset"]
    heights = np.array([v for v in drawn.y if v is not None]).round(2)
    assert {round(base - 0.1, 2), round(base + 0.2, 2)} <= set(heights.tolist())
    assert len(heights) == 2 * (1000 + 100)


def test_playing_covers_all_that_is_masked_and_uncovers_it_reconstructed() -> None:
    recon = reconstructed(mask(V1=(0, 10), II=(2, 3)))
    figure = reconstruction(recon, play=True)
    assert not reconstruction(recon).frames
    lines = [i for i, t in enumerate(figure.data) if t.name == "reconstruction"]
    (cover,) = [i for i, t in enumerate(figure.data) if t.name == "cover"]
    before, covered, after = (
        next(f for f in figure.frames if f.name == name)
        for name in ("true", "mask 10", "reconstruct 10")
    )
    for frame, opacity in ((before, 0), (covered, 0), (after, 1)):
        assert list(frame.traces) == [*lines, cover]
        assert {trace.opacity for trace in frame.data[:-1]} == {opacity}
    assert set(before.data[-1].x) == set(after.data[-1].x) == {None}
    (hatching,) = kind(figure, "masked")
    np.testing.assert_allclose(
        [x for x in covered.data[-1].x if x is not None], [x for x in hatching.x if x is not None]
    )
    frames = sum(len(frame.to_plotly_json().__str__()) for frame in figure.frames)
    assert frames < 60_000
    assert figure.layout.updatemenus[0].buttons[0].method == "animate"


def test_a_box_touches_the_leads_and_times_it_covers() -> None:
    figure = reconstruction(
        reconstructed(mask(V1=(0, 10)), start=20.0), layout="6x2", drag="select"
    )
    assert figure.layout.dragmode == "select"
    at = figure.layout.meta["places"]
    rows = {p["lead"]: (p["low"] + p["high"]) / 2 for p in at}
    middle = rows["II"]
    assert selected_segments(at, (22.0, 21.0), (middle - 0.1, middle + 0.1)) == (
        Segment("II", 21.0, 22.0),
    )
    both = selected_segments(at, (24.0, 26.0), (middle - 0.1, middle + 0.1))
    assert both == (Segment("II", 24.0, 25.0), Segment("V2", 25.0, 26.0))
    assert {s.lead for s in selected_segments(at, (21.0, 22.0), (rows["I"], rows["II"]))} == {
        "I",
        "II",
    }
    everywhere = selected_segments(at, (21.0, 22.0), (middle, middle + 0.1), all_leads=True)
    assert everywhere == tuple(Segment(lead, 21.0, 22.0) for lead in [p["lead"] for p in at])
    assert selected_segments(at, (40.0, 41.0), (middle, middle + 0.1)) == ()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_filled_lead_is_marked_wherever_it_stands(layout: str) -> None:
    recon = reconstructed(mask(V2=(0, 10)), missing=("V5",))
    recon.target[7] = np.nan
    figure = imputed(recon, ("V2",), layout=layout)
    names = kind(figure, "lead names")[0].text
    assert [n for n in names if "imputed" in n] == ["<b>V2</b> <i>imputed</i>"]
    assert "V2 imputed by the model, not recorded" in figure.layout.meta["alt"]
    assert any("not recorded" in (a.text or "") for a in figure.layout.annotations)
    assert "V2" not in {t.meta["lead"] for t in kind(figure, "recorded")}
    assert {t.meta["lead"] for t in kind(figure, "reconstruction")} == {"V2"}
    assert kind(figure, "imputed, not recorded")
