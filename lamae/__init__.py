"""LAMAE Explorer: read 12-lead ECGs with a latent-attention masked autoencoder.

    ecg = lamae.read(name, content)             # or lamae.read_path(path)
    predictor = lamae.Predictor.bundled()
    predictor.predict(ecg)                      # codes that the ECG suggests
    predictor.reconstruct(ecg, mask=["V1"])     # what the model reconstructs
    predictor.attention(ecg)                    # how it weighs and connects the leads
    lamae.explain(predictor, ecg, "I48.91")     # what speaks for a code

The public names are those of the stub beside this file; each is imported when it is first used,
so that `import lamae` loads no library.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
