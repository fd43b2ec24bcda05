"""What the trainers share: generators from seeds, Adam, and one step of it."""

import numpy as np
import torch
from torch import Tensor, nn


def torch_rng(seed: np.random.SeedSequence) -> torch.Generator:
    """A torch generator from a NumPy seed sequence."""
    return torch.Generator().manual_seed(int(seed.generate_state(1)[0]))


def adam(network: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    """Adam for all weights of a network, in one kernel."""
    return torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)


def descend(
    loss: Tensor, optimizer: torch.optim.Optimizer, *, max_norm: float | None = None
) -> None:
    """One step of the optimizer, with gradients cleared before.

    Args:
        loss: scalar.
        optimizer: of the weights; those without a gradient stay as they are.
        max_norm: positive; all gradients together are scaled down to this Euclidean
            norm if theirs is larger. None leaves them as they are.
    """
    optimizer.zero_grad()
    loss.backward()
    if max_norm is not None:
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        nn.utils.clip_grad_norm_(weights, max_norm)
    optimizer.step()


def falling_rate(optimizer: torch.optim.Optimizer, start: float, share: float) -> None:
    """Learning rate after this share of a run: from start linearly to start / 20."""
    for group in optimizer.param_groups:
        group["lr"] = start * (1 - 0.95 * share)
