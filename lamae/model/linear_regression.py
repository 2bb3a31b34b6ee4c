"""Linear regression between leads, batched: where the decoder starts from."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lamae.signal.linear_regression import RIDGE

# Keeps the system solvable before any moments are known.
TINY = 1e-9


def linear_leads(
    x: Float[Tensor, "B L T"], visible: Bool[Tensor, "B L N"], moments: Float[Tensor, "L L"]
) -> Float[Tensor, "B L T"]:
    """Ridge regression of every lead from the leads whose patch is visible at the same time.

    The regression of `lamae.signal.linear_regression.linear_estimate` a second time: in
    training nearly every patch of a batch has another set of visible leads, so all systems are
    solved at once on the device of the signals, where grouping equal sets would make a GPU
    wait. `lamae.signal` in turn does without torch. A test holds the two equal.

    Args:
        x: Signals in model units; masked patches are not used.
        visible: Patches that may be used.
        moments: Mean products of the leads over the training ECGs.

    Returns:
        The estimate in model units; zero where no lead is visible.
    """
    seen = visible.mT.double()  # B N L
    both = seen[..., :, None] * seen[..., None, :]  # B N L L
    identity = torch.eye(len(moments), device=x.device, dtype=torch.double)
    ridge = RIDGE * moments.diagonal().mean() + TINY
    # Rows of masked leads become those of the identity, which keeps them out of the solution.
    gram = both * moments + ridge * identity + (1 - seen)[..., None] * identity
    # Never singular; asking whether it is would make a GPU wait.
    solved, _ = torch.linalg.solve_ex(gram, seen[..., None] * moments)
    weights = solved.to(x.dtype)  # B N L(seen) L
    with torch.autocast(x.device.type, enabled=False):
        patches = (x.unflatten(-1, (visible.shape[-1], -1)) * visible[..., None]).float()
        return torch.einsum("bnsl,bsnp->blnp", weights.float(), patches).flatten(2)
