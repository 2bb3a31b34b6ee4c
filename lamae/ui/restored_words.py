"""What the errors of a restoration say, in a few sentences."""

import statistics
from collections.abc import Sequence

from lamae.baselines import algebra_where_it_reaches
from lamae.results import LeadError, Reconstruction


def of_this_ecg(found: Reconstruction) -> str:
    """The model's error beside those of regression and algebra, each over the same samples."""
    return f"{_beside_regression(found.errors)} {_beside_algebra(found)}"


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
            f"The model restores {what}; a linear regression does not reach all of it, for at "
            "times no lead is visible."
        )
    return (
        f"The model restores {what}; a linear regression with {statistics.median(linear):.3f} mV."
    )


def _beside_algebra(found: Reconstruction) -> str:
    reached = algebra_where_it_reaches(found)
    if reached is None:
        return "Algebra cannot restore any of it."
    if reached.share == 1:
        return (
            "Every hidden signal follows from visible limb leads: algebra is enough here, with "
            f"{reached.rmse:.3f} mV."
        )
    # Neither all nor nothing, however the share is rounded.
    share = min(max(reached.share, 0.01), 0.99)
    return (
        f"Algebra restores {share:.0%} of what is hidden (in {', '.join(reached.leads)}), with "
        f"{reached.rmse:.3f} mV; the model there with {reached.model_rmse:.3f} mV."
    )
