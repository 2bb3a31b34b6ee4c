"""The shape of a heart beat: tables of waves, and their placement in time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from lamae.simulate.waves import Wave, extent, frontal_axis

# Shares of a wave's largest dipole at which it begins and ends.
P_FRACTION = T_FRACTION = 0.05
QRS_FRACTION = 0.02


@dataclass(frozen=True)
class Shape:
    """Waves of one kind of beat before they are placed in time.

    Only proportions matter: a beat segments each group to the duration asked for. The
    time of `st_t` starts at the end of the QRS.
    """

    p: tuple[Wave, ...]
    qrs: tuple[Wave, ...]
    st_t: tuple[Wave, ...]


@dataclass(frozen=True)
class Beat:
    """Waves in ms from the R time, which is when the QRS dipole is largest."""

    p: tuple[Wave, ...]
    qrs: tuple[Wave, ...]
    st_t: tuple[Wave, ...]

    @property
    def axis(self) -> float:
        """Frontal axis of the QRS in degrees, from its net area in I and aVF."""
        return frontal_axis(self.qrs)


_P = (
    Wave((0.075, 0.095, -0.055), -14.0, 17.0, 17.0),
    Wave((0.090, 0.050, 0.015), 16.0, 17.0, 19.0),
)
_SEPTUM = Wave((-0.13, -0.05, -0.27), -20.0, 7.5, 8.0)
_T = (Wave((0.30, 0.16, -0.13), 0.62, 0.17, 0.105),)

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "normal": Shape(
            p=_P,
            qrs=(
                _SEPTUM,
                Wave((1.02, 0.82, 0.26), 0.0, 9.5, 9.5),
                Wave((0.06, 0.04, 0.66), 15.0, 9.0, 10.0),
                Wave((-0.12, -0.16, 0.10), 31.0, 8.0, 9.0),
            ),
            st_t=_T,
        ),
        # Activation from right to left through muscle: slow, leftward and backward all along.
        "left bundle branch block": Shape(
            p=_P,
            qrs=(
                Wave((0.06, 0.12, -0.14), -46.0, 8.0, 9.0),
                Wave((0.98, 0.30, 0.30), -22.0, 14.0, 19.0),
                Wave((0.80, 0.16, 0.30), 26.0, 17.0, 16.0),
                Wave((-0.05, 0.00, 0.92), 1.0, 25.0, 25.0),
            ),
            st_t=(
                Wave((-0.13, -0.02, -0.16), 0.0, 0.10, 0.20, top=0.25),
                Wave((-0.26, -0.05, -0.28), 0.62, 0.18, 0.11),
            ),
        ),
        # A normal start, then the right ventricle late, slowly and unopposed.
        "right bundle branch block": Shape(
            p=_P,
            qrs=(
                _SEPTUM,
                Wave((1.05, 0.72, 0.20), 0.0, 9.0, 9.0),
                Wave((0.05, 0.00, 0.26), 15.0, 9.0, 9.0),
                Wave((-0.46, -0.06, -0.50), 56.0, 14.0, 17.0),
            ),
            st_t=(
                Wave((0.05, 0.01, 0.06), 0.05, 0.10, 0.25),
                Wave((0.31, 0.16, 0.15), 0.62, 0.16, 0.105),
            ),
        ),
        "left ventricular hypertrophy": Shape(
            p=_P,
            qrs=(
                _SEPTUM,
                Wave((1.90, 0.75, 0.85), 0.0, 10.0, 10.0),
                Wave((0.25, 0.08, 0.95), 15.0, 9.0, 10.0),
                Wave((-0.05, -0.10, 0.15), 33.0, 8.0, 9.0),
            ),
            st_t=(
                Wave((-0.13, -0.02, -0.13), 0.05, 0.09, 0.20, top=0.15),
                Wave((-0.30, -0.05, -0.20), 0.66, 0.20, 0.085),
            ),
        ),
        "inferior injury": Shape(
            p=_P,
            qrs=(
                _SEPTUM,
                Wave((0.95, 0.70, 0.24), 0.0, 9.5, 9.5),
                Wave((0.06, 0.00, 0.62), 15.0, 9.0, 10.0),
            ),
            st_t=(
                Wave((-0.13, 0.27, 0.07), 0.0, 0.09, 0.22, top=0.36),
                Wave((0.05, 0.28, -0.02), 0.60, 0.20, 0.12),
            ),
        ),
        "anterior injury": Shape(
            p=_P,
            qrs=(
                _SEPTUM,
                Wave((0.92, 0.72, 0.30), 0.0, 9.5, 9.5),
                Wave((0.06, 0.00, 0.66), 15.0, 9.0, 10.0),
            ),
            st_t=(
                Wave((0.06, -0.05, -0.29), 0.0, 0.09, 0.22, top=0.36),
                Wave((0.26, 0.08, -0.26), 0.60, 0.20, 0.12),
            ),
        ),
        # From the right ventricular outflow tract: like left bundle branch block, axis down.
        "ventricular": Shape(
            p=(),
            qrs=(
                Wave((0.20, 0.60, 0.30), -34.0, 14.0, 14.0),
                Wave((0.55, 1.60, 1.15), 0.0, 20.0, 22.0),
                Wave((0.15, 0.35, 0.55), 42.0, 14.0, 16.0),
            ),
            st_t=(
                Wave((-0.08, -0.20, -0.16), 0.0, 0.10, 0.20, top=0.20),
                Wave((-0.22, -0.48, -0.36), 0.58, 0.20, 0.13),
            ),
        ),
    }
)


def vary(shape: Shape, rng: np.random.Generator) -> Shape:
    """The same kind of beat in another person: waves and the heart's position differ a little.

    Source: the heart's rotation as in Sameni et al. 2007, section 3.
    """
    frontal, transverse = np.radians(rng.uniform(-6, 6, 2))
    turn = np.array(
        [
            [np.cos(frontal), -np.sin(frontal), 0],
            [np.sin(frontal), np.cos(frontal), 0],
            [0, 0, 1],
        ]
    ) @ np.array(
        [
            [np.cos(transverse), 0, -np.sin(transverse)],
            [0, 1, 0],
            [np.sin(transverse), 0, np.cos(transverse)],
        ]
    )

    def varied(waves: tuple[Wave, ...]) -> tuple[Wave, ...]:
        found = []
        for wave in waves:
            x, y, z = (turn @ np.array(wave.vector) * rng.uniform(0.92, 1.08)).tolist()
            found.append(replace(wave, vector=(x, y, z)))
        return tuple(found)

    return Shape(varied(shape.p), varied(shape.qrs), varied(shape.st_t))


def place(
    shape: Shape, *, p: float, pr: float, qrs: float, qt: float, amplitude: float = 1.0
) -> Beat:
    """Segment and move a shape's waves until its intervals are exactly these, in ms.

    Args:
        shape: Which waves.
        p: Duration of the P wave.
        pr: Onset of P to onset of QRS.
        qrs: Onset to offset of QRS.
        qt: Onset of QRS to offset of T.
        amplitude: Factor on every wave.
    """
    onset, peak, offset = extent(shape.qrs, QRS_FRACTION)
    scale = qrs / (offset - onset)
    start, end = (onset - peak) * scale, (offset - peak) * scale
    t_end = extent(shape.st_t, T_FRACTION)[2]
    placed = {
        "qrs": [wave.stretched(scale, -peak * scale) for wave in shape.qrs],
        "st_t": [wave.stretched((qt - qrs) / t_end, end) for wave in shape.st_t],
        "p": [],
    }
    if shape.p:
        p_onset, _, p_offset = extent(shape.p, P_FRACTION)
        p_scale = p / (p_offset - p_onset)
        placed["p"] = [wave.stretched(p_scale, start - pr - p_onset * p_scale) for wave in shape.p]

    def louder(waves: list[Wave]) -> tuple[Wave, ...]:
        return tuple(
            replace(
                wave,
                vector=(
                    wave.vector[0] * amplitude,
                    wave.vector[1] * amplitude,
                    wave.vector[2] * amplitude,
                ),
            )
            for wave in waves
        )

    return Beat(louder(placed["p"]), louder(placed["qrs"]), louder(placed["st_t"]))
