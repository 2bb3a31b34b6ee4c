"""LAMAE, the latent-attention masked autoencoder: tensors in, tensors out.

Reading order: `config`, `layers`, `mask`, `encoder`, `latent`, `mae`, `classifier`.

Symbols: B ECGs, L = 12 leads, T samples, patches of P samples, N = T / P patches a lead,
width D. V and K are the most leads and the most patches of a lead that an ECG of the batch
shows; M = V (K + 1) is the number of tokens in the latent attention besides z.

Source: the idea is that of LAMAE (arXiv 2603.26475). Its full text was not at hand when this
was written: masked modelling, attention across leads in latent space, permutation-invariant
aggregation and adaptive lead weights follow its abstract; the rest is our reading of it.
"""

from lamae.model.classifier import Classifier
from lamae.model.config import ModelConfig
from lamae.model.latent import Backbone, Latent
from lamae.model.mae import MaskedAutoencoder

__all__ = [
    "Backbone",
    "Classifier",
    "Latent",
    "MaskedAutoencoder",
    "ModelConfig",
]
