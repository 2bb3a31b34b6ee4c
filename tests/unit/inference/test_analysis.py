"""An analysis gives what its parts would give alone, once each, and asks the model last."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lamae import measure
from lamae.ecg import ECG, LEADS
from lamae.errors import InputError, WeightsError
from lamae.inference.analysis import Analysis
from lamae.inference.lead_subsets import robustness, with_each
from lamae.inference.predictor import Predictor
from lamae.inference.reconstruction import impute
from lamae.results.masking import Masking

FLAT = ("I", "V5")
MASKING = Masking(("V1", "V2"), ratio=0.2, seed=3)


@pytest.fixture(scope="module")
def poor(sinus: ECG) -> ECG:
    signal = sinus.signal.copy()
    signal[[LEADS.index(lead) for lead in FLAT]] = 0.0
    return replace(sinus, signal=signal)


class Counting:
    """Loads a model and counts how often."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor, self.loaded = predictor, 0

    def __call__(self) -> Predictor:
        self.loaded += 1
        return self.predictor


def test_what_needs_no_model_loads_none(sinus: ECG, tiny: Predictor):
    load = Counting(tiny)
    analysis = Analysis(sinus, 0.0, load)
    window = sinus.window(0.0, 10.0)
    assert analysis.quality == measure.signal_quality(window)
    assert analysis.measurements.values == measure.measurements(window).values
    assert analysis.electrodes == measure.electrodes(window)
    assert {size.lead for size in analysis.amplitudes} == set(LEADS)
    assert analysis.readable.leads == LEADS
    assert analysis.shown is sinus
    assert load.loaded == 0
    assert analysis.prediction == tiny.predict(sinus)
    assert load.loaded > 0


def test_measuring_imports_no_torch():
    script = (
        "import sys\n"
        "import numpy as np\n"
        "from lamae.inference.analysis import Analysis\n"
        "from lamae.simulate import simulate\n"
        "ecg = simulate('sinus_rhythm', rng=np.random.default_rng(0)).ecg\n"
        "found = Analysis(ecg)\n"
        "assert found.quality and found.amplitudes and found.measurements.rhythm\n"
        "print(sorted({'torch', 'captum'} & set(sys.modules)))\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_model_is_shown_readable_leads_only(poor: ECG, tiny: Predictor):
    analysis = Analysis(poor, 0.0, tiny)
    left = tuple(lead for lead in LEADS if lead not in FLAT)
    assert analysis.input_check.leads == left
    assert analysis.shown.leads == left
    assert analysis.shown is analysis.shown
    assert analysis.shown_with(("V5",)).leads == tuple(lead for lead in LEADS if lead != "I")
    assert analysis.prediction == tiny.predict(poor, leads=left)
    assert analysis.attention("pretrained").leads == left
    assert analysis.refusal is None
    assert analysis.remarks == analysis.input_check.remarks(analysis.prediction)
    assert analysis.remarks
    imputed = analysis.imputation(("V5",))
    expected = impute(tiny, poor, ("V5",), unreadable=FLAT)
    np.testing.assert_array_equal(imputed.ecg.signal, expected.ecg.signal)
    assert imputed.shown == left


def test_a_masked_lead_is_reconstructed_even_where_it_cannot_be_read(poor: ECG, tiny: Predictor):
    analysis = Analysis(poor, 0.0, tiny)
    masking = Masking(("V5",))
    found = analysis.reconstruction(masking)
    expected = tiny.reconstruct(poor.only([*analysis.shown.leads, "V5"]), mask=("V5",))
    assert [error.lead for error in found.errors] == ["V5"]
    np.testing.assert_array_equal(found.output, expected.output)


def test_reconstructions_are_those_of_the_predictor(sinus: ECG, tiny: Predictor):
    analysis = Analysis(sinus, 0.0, tiny)
    expected = tiny.reconstruct(sinus, mask=MASKING.leads, ratio=0.2, seed=3)
    found = analysis.reconstruction(MASKING)
    np.testing.assert_array_equal(found.output, expected.output)
    assert analysis.reconstruction(replace(MASKING)) is found
    assert analysis.reconstruction(replace(MASKING, seed=4)) is not found
    assert not analysis.unmasked.masked.any()
    assert analysis.unmasked.errors == ()
    assert set(analysis.waves()) >= {"QRS"}
    assert analysis.band(MASKING).draws == 8


def test_sets_of_leads_are_scored_once_with_progress(sinus: ECG, tiny: Predictor):
    analysis, shares = Analysis(sinus, 0.0, tiny), []
    found = analysis.robustness(shares.append)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    shares.clear()
    assert analysis.robustness(shares.append) is found
    assert shares == []
    np.testing.assert_array_equal(found.mean, robustness(tiny, sinus).mean)
    few = analysis.with_each_lead(("I", "II"))
    np.testing.assert_array_equal(few.probability, with_each(tiny, sinus, ("I", "II")).probability)


def test_a_cancelled_computation_can_be_asked_for_again(sinus: ECG, tiny: Predictor):
    class Cancelled(BaseException):
        pass

    def cancel(share: float) -> None:
        if share > 0:
            raise Cancelled

    analysis = Analysis(sinus, 0.0, tiny)
    with pytest.raises(Cancelled):
        analysis.robustness(cancel)
    assert len(analysis.robustness().mean) == 11


def test_threads_share_one_result(sinus: ECG, tiny: Predictor):
    analysis = Analysis(sinus, 0.0, tiny)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: analysis.prediction, range(8)))
    assert all(one is found[0] for one in found)


def test_without_a_model_there_is_a_refusal_and_no_codes(sinus: ECG):
    analysis = Analysis(sinus)
    with pytest.raises(WeightsError) as raised:
        _ = analysis.prediction
    assert analysis.refusal == str(raised.value)
    assert analysis.readable.passed


def test_a_signal_that_cannot_be_read_is_refused_without_asking_the_model(tiny: Predictor):
    load = Counting(tiny)
    analysis = Analysis(ECG(np.zeros((12, 2500), np.float32), 250.0, LEADS, "CSV table"), 0.0, load)
    assert not analysis.input_check.passed
    assert analysis.refusal == analysis.readable.reason
    assert load.loaded == 0


def test_a_window_outside_the_recording_is_refused(sinus: ECG, tiny: Predictor):
    with pytest.raises(InputError):
        _ = Analysis(sinus, 1e4, tiny).quality
