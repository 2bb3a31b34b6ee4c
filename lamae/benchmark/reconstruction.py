"""How well a pretrained model reconstructs what is masked, for the ablations."""

import numpy as np
import torch
from jaxtyping import Bool, Float64
from torch import Generator, Tensor

from lamae.data import Records
from lamae.ecg import CHEST_LEADS, LEADS, lead_indices
from lamae.inference.bundle import Bundle
from lamae.model.mask import mask_random_patches
from lamae.signal.reconstruction_error import rmse
from lamae.train.device import cpu_has_bf16

BATCH = 16
RATIO = 0.75
SEED = 9


def reconstruction_errors(bundle: Bundle, records: Records) -> dict[str, float]:
    """Errors on two tasks that are the same for every pretraining.

    Args:
        bundle: A pretrained model.
        records: ECGs as it takes them.

    Returns:
        Medians over ECGs of the root mean square error in mV on masked samples: "chest",
        V1 to V6 from the limb leads, and "patches", three quarters of every lead.
    """
    patches = bundle.config.patches
    available = torch.from_numpy(records.present)[:, :, None].expand(-1, -1, patches)
    limb = torch.ones(len(LEADS), dtype=torch.bool)
    limb[lead_indices(CHEST_LEADS)] = False
    generator = Generator().manual_seed(SEED)
    tasks = {
        "chest": available & limb[:, None],
        "patches": mask_random_patches(available, RATIO, generator),
    }
    return {
        name: float(np.median(_errors(bundle, records, available, visible)) * bundle.input.scale)
        for name, visible in tasks.items()
    }


def _errors(
    bundle: Bundle,
    records: Records,
    available: Bool[Tensor, "n L N"],
    visible: Bool[Tensor, "n L N"],
) -> Float64[np.ndarray, " n"]:
    each = records.values.shape[-1] // visible.shape[-1]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    mae, errors = bundle.mae.to(device), []
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bf16()),
    ):
        for start in range(0, len(records), BATCH):
            part = slice(start, start + BATCH)
            x = torch.from_numpy(records.values[part]).to(device)
            difference = (mae(x, visible[part].to(device)).float() - x).cpu().flatten(1)
            masked = (available & ~visible)[part].repeat_interleave(each, dim=-1).flatten(1)
            errors.append(rmse(difference.numpy(), masked.numpy()))
    return np.concatenate(errors)
