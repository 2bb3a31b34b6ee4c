"""What the model reconstructs, and how far it is from the truth.

Arrays over leads have one row for each of `lamae.ecg.LEADS`, whichever the recording has.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from lamae.ecg import ECG


@dataclass(frozen=True)
class LeadError:
    """How well one lead was reconstructed where it was masked.

    Attributes:
        lead: Its name.
        masked_share: Share of the lead that was masked, 0 to 1.
        rmse: Root mean square error in mV of the model, on masked samples only.
        pearson_r: Correlation of model and truth there; None where either is constant.
        linear_rmse: The same error for the linear regression from the visible leads; None
            where no lead is visible at some masked sample.
        algebra_rmse: The same error for Einthoven's and Goldberger's relations, on the masked
            samples that the visible leads determine; None where these determine none.
        algebra_reach: Share of the masked samples that they determine, 0 to 1.
        rmse_in_reach: The model's error on the same samples; None where there are none.
    """

    lead: str
    masked_share: float
    rmse: float
    pearson_r: float | None
    linear_rmse: float | None
    algebra_rmse: float | None
    algebra_reach: float
    rmse_in_reach: float | None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A window of an ECG with parts masked, and what was reconstructed there.

    All signals are in mV after the model's own filter, at the model's sampling rate.

    Attributes:
        fs: Sampling rate in Hz.
        start: Where the window starts in the recording, in s.
        target: The true signal; zero where the recording has none.
        output: The target with its masked samples replaced by the model's.
        linear: Linear regression from leads visible at the same time; NaN where not masked
            or where nothing is visible.
        algebra: What the limb-lead relations give at masked samples; NaN elsewhere.
        masked: Samples that the model did not see but the recording has.
        present: Samples that the recording has.
        errors: One entry a lead that was masked at least in part.
    """

    fs: float
    start: float
    target: Float32[np.ndarray, "12 time"]
    output: Float32[np.ndarray, "12 time"]
    linear: Float32[np.ndarray, "12 time"]
    algebra: Float32[np.ndarray, "12 time"]
    masked: Bool[np.ndarray, "12 time"]
    present: Bool[np.ndarray, "12 time"]
    errors: tuple[LeadError, ...]


@dataclass(frozen=True)
class WaveError:
    """How well one kind of wave was reconstructed in one lead, root mean square in mV.

    Attributes:
        lead: Its name.
        wave: "P", "QRS", "ST", "T" or "rest".
        seconds: How much of it was masked.
        rmse: Of the model.
        linear_rmse: Of the linear regression; None where it leaves any of it open.
        algebra_rmse: Of the limb leads' relations, likewise.
    """

    lead: str
    wave: str
    seconds: float
    rmse: float
    linear_rmse: float | None
    algebra_rmse: float | None


@dataclass(frozen=True, eq=False)
class Band:
    """How far reconstructions differ when the model sees less than it might.

    Attributes:
        low: 10th percentile over the draws in mV; NaN where nothing was masked.
        high: 90th percentile, likewise.
        draws: How many reconstructions there were.
        shown: Share of the visible patches that each of them saw.
        coverage: Share of the masked samples whose true value lies in the band.
    """

    low: Float32[np.ndarray, "12 time"]
    high: Float32[np.ndarray, "12 time"]
    draws: int
    shown: float
    coverage: float


@dataclass(frozen=True, eq=False)
class MaskingCurve:
    """Error on masked samples against the share masked at random in every lead.

    Attributes:
        ratios: Masking ratio, 0 to 1.
        model: Root mean square error in mV, the mean over draws.
        linear: That of the linear regression, which says 0 mV where no lead is visible.
        draws: Draws at each share.
    """

    ratios: Float64[np.ndarray, " ratios"]
    model: Float64[np.ndarray, " ratios"]
    linear: Float64[np.ndarray, " ratios"]
    draws: int


@dataclass(frozen=True, eq=False)
class Imputation:
    """An ECG with imputed leads, for people to look at and never for the model.

    Attributes:
        ecg: The window with the reconstructed leads in it, at the model's rate and after its
            filter.
        leads: The reconstructed ones.
        shown: Leads that the model saw.
        reconstruction: The same as a figure draws it; `target` is not a number in reconstructed
            leads.
    """

    ecg: ECG
    leads: tuple[str, ...]
    shown: tuple[str, ...]
    reconstruction: Reconstruction
