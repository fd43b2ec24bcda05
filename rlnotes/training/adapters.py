"""Two tasks on one base: adapters of low rank, or a copy of all its weights.

The base is the help desk's model after supervised fine-tuning. Task A is what calm
customers like, which takes four words; task B is a brief reply to angry ones, which
takes one. The prompts are others, the network is shared.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes.data.brief_replies import brief_rewards
from rlnotes.data.help_desk import PROMPTS, TOPICS, gold_rewards
from rlnotes.exact.language import expected_reward
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.low_rank import add_low_rank
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.optimizing import adam
from rlnotes.training.replies import all_replies, gold_table
from rlnotes.training.rlhf import Config, Learner

CALM, ANGRY = slice(0, len(TOPICS)), slice(len(TOPICS), len(PROMPTS))  # rows of a table
SETTINGS = Config(
    algorithm="rloo", beta=0.1, num_updates=60, num_prompts=12, group_size=8, minibatch_size=96
)


class Task(NamedTuple):
    """Prompts, and what is wished of the replies to them."""

    prompts: tuple[int, ...]
    score: Callable[[Tensor, Tensor], Tensor]  # (prompts [B], replies [B, 5]) to [B]


def wished(prompts: Tensor, replies: Tensor) -> Tensor:
    """[B] gold rewards where the customer is calm, brief ones where angry."""
    calm = prompts < len(TOPICS)
    return torch.where(calm, gold_rewards(prompts, replies), brief_rewards(prompts, replies))


_NUMBERS = tuple(range(len(PROMPTS)))
TASKS = {
    "A": Task(_NUMBERS[CALM], gold_rewards),
    "B": Task(_NUMBERS[ANGRY], brief_rewards),
    "both": Task(_NUMBERS, wished),
}


def start_policy(base: TinyLM, *, rank: int | None, seed: int) -> TinyLM:
    """A copy of the base, with an adapter of this rank beside each of its linear maps.

    Args:
        base: not changed.
        rank: None makes no adapter: then every weight of the copy can be trained.
        seed: of the adapter's start weights.

    Raises:
        ValueError: if rank is neither None nor a positive integer.
    """
    policy = copy.deepcopy(base).requires_grad_(True)
    if rank is None:
        return policy
    return add_low_rank(policy, rank=rank, generator=torch.Generator().manual_seed(seed))


def train_on(
    task: Task,
    policy: TinyLM,
    config: Config,
    *,
    base: TinyLM,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Train what can be trained in a policy, in place, by RLOO.

    Each update is one step of Adam on fresh replies: with the settings here the ratios
    are 1, and it is REINFORCE with the mean of the other replies as its baseline. The
    price of KL is that of leaving the base.

    Args:
        task: its prompts replace those of config.
        policy: a model with or without adapters, such as `start_policy`'s.
        config: algorithm "rloo".
        base: the reference.
        watch: called after each update with its number.

    Raises:
        ValueError: if the algorithm is another one, or nothing can be trained.
    """
    if config.algorithm != "rloo":
        raise ValueError(f"config must have algorithm 'rloo', got {config.algorithm!r}")
    if not any(weights.requires_grad for weights in policy.parameters()):
        raise ValueError("policy must have weights that can be trained, got all of them frozen")
    learner = Learner(base, task.score, replace(config, prompts=task.prompts))
    learner.policy = policy
    learner.optimizers = {"policy": (adam(policy, config.learning_rate), config.learning_rate)}
    for number in range(config.num_updates):
        learner.update(learner.rollout(), number / config.num_updates)
        if watch:
            watch(number + 1)


class Standing(NamedTuple):
    """Both tasks and the way from the base, exactly; means over three prompts each."""

    reward_a: float  # gold reward on calm prompts
    reward_b: float  # brief reward on angry prompts
    kl_calm: float  # KL(policy || base) on calm prompts, nats
    kl_angry: float
    lost_calm: float  # KL(base || policy) on calm prompts, nats
    lost_angry: float


def standing(log_probs: Tensor, base_log_probs: Tensor) -> Standing:
    """Both tasks' rewards, the KL from the base, and what was lost of the base.

    What is lost is KL(base || policy): by so many nats the mean log-probability of the
    base's own replies fell.

    Args:
        log_probs: [6, 19608] of the policy, as `replies.reply_tree` gives them.
        base_log_probs: [6, 19608] of the base.

    Raises:
        ValueError: if the shapes are others, or the probabilities do not sum to one.
    """
    gold, brief = (
        expected_reward(log_probs[rows], table[rows]).mean()
        for rows, table in ((CALM, gold_table()), (ANGRY, brief_table()))
    )
    kl, lost = kl_divergence(log_probs, base_log_probs), kl_divergence(base_log_probs, log_probs)
    parts = (part[rows].mean() for part in (kl, lost) for rows in (CALM, ANGRY))
    return Standing(gold.item(), brief.item(), *(part.item() for part in parts))


@lru_cache(maxsize=1)
def brief_table() -> Tensor:
    """[6, 19608] brief reward of every reply to every prompt, float64."""
    prompts = torch.arange(len(PROMPTS))[:, None].expand(-1, len(all_replies()))
    return brief_rewards(prompts, all_replies().expand(len(PROMPTS), -1, -1)).double()
