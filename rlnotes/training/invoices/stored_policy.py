"""A trained policy that is at hand at once, for documents of the reader's own."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import nn

from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.models.tiny_lm import frozen
from rlnotes.training.invoices.examples import new_policy
from rlnotes.training.recordings import load_arrays

NAME = "invoice_policy"


class StoredPolicy(NamedTuple):
    """A policy, frozen, and in a sentence or two what it was trained on."""

    policy: PointerPolicy
    settings: str


@lru_cache(maxsize=1)
def stored_policy() -> StoredPolicy:
    """The recorded policy; `python -m rlnotes.scripts.record invoice_policy` makes it.

    It saw invented documents only.

    Raises:
        ValueError: if its weights are not as many as a policy has, because what it
            reads has changed since.
    """
    recorded = load_arrays(NAME)
    policy = new_policy()
    weights = torch.from_numpy(recorded["weights"].copy())
    expected = sum(part.numel() for part in policy.parameters())
    if weights.shape != (expected,):
        raise ValueError(
            f"{NAME} must hold {expected} weights, got {tuple(weights.shape)}: record it again"
        )
    nn.utils.vector_to_parameters(weights, policy.parameters())
    return StoredPolicy(frozen(policy), recorded["settings"])
