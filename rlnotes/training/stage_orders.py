"""The three stages of RLHF in any order, on the help desk, each with its exact result.

So nothing is trained for long, and what goes wrong is the order's doing:

    imitate   ends at the recorded SFT model, wherever it starts
    compare   fits a judge to comparisons of the policy's replies as it stands
    climb     ends at the optimum for the judge at a price of KL to where it starts

A climb before the comparisons climbs what a new reward model says: a fresh head.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_option, require_positive, require_positive_integer
from rlnotes.exact.language import gibbs_optimum
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.defences import fitted_scores
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import gold_table, reply_scores, reply_tree
from rlnotes.training.word_count_reward import bags

STAGES = ("imitate", "compare", "climb")
JUDGE = "words and repeats"


class OrderEnd(NamedTuple):
    """Where an order of stages ends, exact means over the six prompts."""

    gold: float  # gold reward
    kl: float  # KL(policy || SFT model), nats


def run_order(order, *, seed: int, num_pairs: int = 3_000, beta: float = 0.5) -> OrderEnd:
    """The policy after some stages, from a model with random weights.

    Args:
        order: stages by name, each at most once.
        seed: of the weights and the comparisons.
        num_pairs: of the comparisons.
        beta: price of the climb, reward per nat.

    Raises:
        ValueError: for another stage, one that comes twice, or a number that is out of
            its range.
    """
    order = tuple(order)
    for stage in order:
        require_option(STAGES, order=stage)
    if len(set(order)) < len(order):
        raise ValueError(f"order must not have a stage twice, got {order}")
    require_positive(beta=beta)
    require_positive_integer(num_pairs=num_pairs)
    policy, scores = _untrained(seed), _unfitted_scores(seed)
    for stage in order:
        if stage == "imitate":
            policy = reference_log_probs()
        elif stage == "compare":
            generator = torch.Generator().manual_seed(seed)
            pairs = draw_comparisons(num_pairs, policy, generator)
            scores = fitted_scores(pairs, JUDGE)[:, bags().of_reply]
        else:
            policy = gibbs_optimum(policy, scores, beta=beta)
    gold = (policy.exp() * gold_table()).sum(dim=1).mean().item()
    return OrderEnd(gold, kl_divergence(policy, reference_log_probs()).mean().item())


@lru_cache(maxsize=16)
@torch.no_grad()
def _untrained(seed: int) -> Tensor:
    """[6, 19608] of all replies under a model with random weights."""
    return reply_tree(TinyLM(torch.Generator().manual_seed(seed))).log_probs


@lru_cache(maxsize=16)
@torch.no_grad()
def _unfitted_scores(seed: int) -> Tensor:
    """[6, 19608] what a reward model says that has seen no comparison."""
    generator = torch.Generator().manual_seed(seed)
    return reply_scores(TinyLM(generator).with_head(1, generator))
