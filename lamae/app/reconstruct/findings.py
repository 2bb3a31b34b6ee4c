"""What the errors of a reconstruction say, in a few sentences."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from lamae.results.prediction import as_tested
from lamae.results.reconstruction import LeadError, Reconstruction
from lamae.signal.reconstruction_error import algebra_error

SIMULATED = (
    "This ECG is simulated: all its leads see one dipole, which makes regression's task easy."
)


def of_this_ecg(found: Reconstruction) -> str:
    """The model's error beside those of regression and algebra, each over the same samples."""
    return f"{_beside_regression(found.errors)} {_beside_algebra(found)}"


def of_the_test(found: Reconstruction, shown: Sequence[str], card: Mapping[str, Any]) -> str:
    """What the test fold says of the same masked leads; empty where it was not asked the same.

    Args:
        found: What was reconstructed.
        shown: Leads of the ECG, masked ones included.
        card: Of the weights.
    """
    masked = ",".join(error.lead for error in found.errors)
    measured = card.get("results", {}).get("test", {}).get("restoration", {}).get(masked)
    whole = all(error.masked_share > 0.99 for error in found.errors)
    seconds = float(found.present.any(axis=0).sum() / found.fs)
    if not measured or not whole or not as_tested(shown, seconds):
        return ""
    model, linear = (
        statistics.median(lead[key] for lead in measured.values())
        for key in ("rmse_mv", "linear_rmse_mv")
    )
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
            f"The model reconstructs {what}; a linear regression does not reach all of it, for at "
            "times no lead is visible."
        )
    return (
        f"The model reconstructs {what}; a linear regression with "
        f"{statistics.median(linear):.3f} mV."
    )


def _beside_algebra(found: Reconstruction) -> str:
    reached = algebra_error(found)
    if reached is None:
        return "Algebra cannot reconstruct any of it."
    if reached.share == 1:
        return (
            "Every masked signal follows from visible limb leads: algebra is enough here, with "
            f"{reached.rmse:.3f} mV."
        )
    # Neither all nor nothing, however the share is rounded.
    share = min(max(reached.share, 0.01), 0.99)
    return (
        f"Algebra reconstructs {share:.0%} of what is masked (in {', '.join(reached.leads)}), with "
        f"{reached.rmse:.3f} mV; the model there with {reached.model_rmse:.3f} mV."
    )
