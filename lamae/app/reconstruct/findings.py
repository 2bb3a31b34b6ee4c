"""The errors of a reconstruction in a few sentences."""

import statistics
from collections.abc import Sequence

from lamae.results.card import ModelCard
from lamae.results.prediction import as_tested
from lamae.results.reconstruction import LeadError, Reconstruction
from lamae.signal.reconstruction_error import algebra_error

SIMULATED = (
    "This ECG is simulated: all its leads follow from one dipole, which is easy for regression."
)


def of_this_ecg(found: Reconstruction) -> str:
    """The model's error beside those of regression and algebra, each over the same samples."""
    return f"{_beside_regression(found.errors)} {_beside_algebra(found)}"


def of_the_test(found: Reconstruction, shown: Sequence[str], card: ModelCard) -> str:
    """The errors on the test fold with the same leads masked; empty where they are not known.

    Args:
        found: What was reconstructed.
        shown: Leads of the ECG, masked ones included.
        card: Of the weights.
    """
    masked = ",".join(error.lead for error in found.errors)
    test = card.results.test
    measured = test.reconstruction.get(masked) if test else None
    whole = all(error.masked_share > 0.99 for error in found.errors)
    seconds = float(found.present.any(axis=0).sum() / found.fs)
    if not measured or not whole or not as_tested(shown, seconds):
        return ""
    model = statistics.median(lead.rmse_mv for lead in measured.values())
    linear = statistics.median(lead.linear_rmse_mv for lead in measured.values())
    return (
        "Over the ECGs of the test fold, with the same leads masked, the median is "
        f"{model:.3f} mV, and regression's {linear:.3f} mV."
    )


def _beside_regression(errors: Sequence[LeadError]) -> str:
    model = statistics.median(error.rmse for error in errors)
    what = (
        f"{errors[0].lead} with an error of {model:.3f} mV (root mean square)"
        if len(errors) == 1
        else f"{len(errors)} leads with a median error of {model:.3f} mV"
    )
    linear = [error.linear_rmse for error in errors if error.linear_rmse is not None]
    if len(linear) < len(errors):
        return (
            f"The model reconstructs {what}; linear regression does not reach all of it, as at "
            "times no lead is visible."
        )
    return (
        f"The model reconstructs {what}; linear regression with {statistics.median(linear):.3f} mV."
    )


def _beside_algebra(found: Reconstruction) -> str:
    reached = algebra_error(found)
    if reached is None:
        return "Algebra cannot reconstruct any of it."
    if reached.share == 1:
        return (
            "The masked signal follows from visible limb leads: algebra is enough here, with "
            f"{reached.rmse:.3f} mV."
        )
    # Neither all nor nothing, however the share is rounded.
    share = min(max(reached.share, 0.01), 0.99)
    return (
        f"Algebra reconstructs {share:.0%} of the masked signal (in {', '.join(reached.leads)}), "
        f"with {reached.rmse:.3f} mV; the model there with {reached.model_rmse:.3f} mV."
    )
