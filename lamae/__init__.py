"""LAMAE Explorer: read 12-lead ECGs with a latent-attention masked autoencoder.

    ecg = lamae.read(name, content)             # or lamae.read_path(path)
    predictor = lamae.Predictor.bundled()
    predictor.predict(ecg)                      # codes that the ECG suggests
    predictor.reconstruct(ecg, mask=["V1"])     # what the model reconstructs
    predictor.attention(ecg)                    # how it weighs and connects the leads
    lamae.explain(predictor, ecg, "I48.91")     # what speaks for a code

Names are imported when they are first used, so that `import lamae` loads no library.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamae.ecg import ECG, LEADS
    from lamae.errors import (
        AnswerNeeded,
        DataError,
        InputError,
        LamaeError,
        ReadError,
        WeightsError,
    )
    from lamae.inference.attribution import explain
    from lamae.inference.bundle import Bundle, load_bundle
    from lamae.inference.predictor import Predictor
    from lamae.io import read, read_path
    from lamae.results.attention import LeadAttention
    from lamae.results.attribution import Attribution
    from lamae.results.prediction import Prediction
    from lamae.results.reconstruction import Reconstruction
    from lamae.signal.preprocess import InputSpec, prepare

__all__ = [
    "ECG",
    "LEADS",
    "AnswerNeeded",
    "Attribution",
    "Bundle",
    "DataError",
    "InputError",
    "InputSpec",
    "LamaeError",
    "LeadAttention",
    "Prediction",
    "Predictor",
    "ReadError",
    "Reconstruction",
    "WeightsError",
    "__version__",
    "explain",
    "load_bundle",
    "prepare",
    "read",
    "read_path",
]

__version__ = "0.1.0"

# Where each name lives; the same as the imports above, which only type checkers follow.
_HOME: Mapping[str, str] = MappingProxyType(
    {
        "explain": "inference.attribution",
        "Bundle": "inference.bundle",
        "load_bundle": "inference.bundle",
        "ECG": "ecg",
        "LEADS": "ecg",
        "AnswerNeeded": "errors",
        "DataError": "errors",
        "InputError": "errors",
        "LamaeError": "errors",
        "ReadError": "errors",
        "WeightsError": "errors",
        "read": "io",
        "read_path": "io",
        "Predictor": "inference.predictor",
        "InputSpec": "signal.preprocess",
        "prepare": "signal.preprocess",
        "Attribution": "results.attribution",
        "LeadAttention": "results.attention",
        "Prediction": "results.prediction",
        "Reconstruction": "results.reconstruction",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
