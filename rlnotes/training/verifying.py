"""Scores as a verifier gives them."""

from collections.abc import Callable

import torch
from torch import Tensor


def scores_of(score: Callable, numbers: Tensor, replies: Tensor) -> tuple[Tensor, Tensor]:
    """Scores [B], and which of them count [B]: all."""
    scores = score(numbers, replies)
    return scores, torch.ones_like(scores, dtype=torch.bool)
