"""ECGs whose leads were z-scored one by one, brought back to a plausible scale.

A lead divided by its own standard deviation has lost its amplitude, and with it the relations
between the leads. Part of that can be found again.

Recovered: the amplitudes of the six limb leads relative to each other, for only one set of
scales, up to a common factor, lets them obey Einthoven's and Goldberger's relations. On PTB-XL's
own recordings, z-scored and recovered, each is right within 0.8 %.

Not recovered: the common factor of the limb leads, and the factor of every chest lead. They are
set so that the root mean square is that of the median ECG: right on average, wrong for each
single one. Nothing that is read from voltages (hypertrophy, low voltage, the height of ST
segments, progression of R over the chest leads) may be learned or measured from such ECGs.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Float64

from lamae.ecg import CHEST_LEADS, LIMB_FROM_I_II, LIMB_LEADS

# Medians over the 3,395 ECGs in mV of PTB-XL's training folds here, after 0.5-40 Hz at 100 Hz.
LIMB_RMS = 0.113  # mV, over the six limb leads together
CHEST_RMS: Mapping[str, float] = MappingProxyType(  # mV
    {"V1": 0.146, "V2": 0.236, "V3": 0.230, "V4": 0.226, "V5": 0.202, "V6": 0.163}
)
# Mean squares by which z-scored leads, scaled, may and must fail the relations: the scales looked
# for, and the second-best ones. PTB-XL's z-scored ECGs fail by at most 2e-5 and at least 0.04, but
# for the one of 1,453 whose limb leads contradict each other (0.17 by any scales).
AGREE, DISAGREE = 1e-3, 1e-2

# Read from rhythm, intervals, shape of QRS and the axis, which limb leads keep between them.
FREE_OF_AMPLITUDE = frozenset(
    {
        *("SR", "SARRH", "STACH", "SBRAD", "SVARR", "AFIB", "AFLT", "SVTAC", "PSVT", "PACE"),
        *("PVC", "PAC", "PRC(S)", "BIGU", "TRIGU", "1AVB", "2AVB", "3AVB", "LPR", "LNGQT"),
        *("WPW", "CLBBB", "ILBBB", "CRBBB", "IRBBB", "IVCD", "LAFB", "LPFB"),
    }
)

_OFF_RELATIONS = np.eye(len(LIMB_LEADS)) - LIMB_FROM_I_II @ np.linalg.pinv(LIMB_FROM_I_II)


def restore_scale(signal: Float[np.ndarray, "12 time"]) -> Float64[np.ndarray, "12 time"]:
    """Give z-scored leads the scales that the module's text describes.

    Args:
        signal: The twelve leads in the order of `lamae.ecg.LEADS`, each in units of its own.

    Returns:
        Voltage in mV, the limb leads in exact agreement. Zero in all limb leads where no
        scales let them agree, and in a chest lead that is flat.
    """
    traces = signal.astype(np.float64)
    traces -= traces.mean(axis=1, keepdims=True)
    spread = traces.std(axis=1, keepdims=True)
    traces = np.divide(traces, spread, out=np.zeros_like(traces), where=spread > 0)
    limb, chest = traces[: len(LIMB_LEADS)], traces[len(LIMB_LEADS) :]
    scales = limb_scales(limb)
    if scales is None:
        limb = np.zeros_like(limb)
    else:
        # Scaled, they agree up to rounding; I and II by least squares make it exact.
        i_and_ii = np.linalg.pinv(LIMB_FROM_I_II) @ (scales[:, None] * limb)
        limb = LIMB_FROM_I_II @ i_and_ii
        limb *= LIMB_RMS / np.sqrt(np.mean(limb**2))
    chest_rms = np.array([CHEST_RMS[lead] for lead in CHEST_LEADS])
    return np.concatenate([limb, chest_rms[:, None] * chest])


def limb_scales(traces: Float64[np.ndarray, "6 time"]) -> Float64[np.ndarray, "6"] | None:
    """Amplitudes of z-scored limb leads relative to each other.

    With s the scales and u(t) the traces, s * u(t) must lie in the plane that I and II span.
    The square of what lies outside it, averaged over time, is s' (P * C) s, with P the
    projector that removes the plane, C the correlations of the traces and * element by
    element. Its least eigenvector is s; of three leads alone it is the null vector of
    a I + c III = b II.

    Args:
        traces: The limb leads in the order of `LIMB_LEADS`, each with mean 0 and spread 1.

    Returns:
        Scales above zero whose squares add up to 1; None where no scales let the leads agree,
        or several do.
    """
    correlations = traces @ traces.T / traces.shape[1]
    failures, vectors = np.linalg.eigh(_OFF_RELATIONS * correlations)
    scales = vectors[:, 0] * np.sign(vectors[:, 0].sum())
    found = failures[0] < AGREE and failures[1] > DISAGREE and bool((scales > 0).all())
    return scales if found else None
