"""Recording of the invoice case: what PPO takes off the reward, and what that does."""

from itertools import product

import numpy as np
import torch
from torch import Tensor

from rlnotes.models.pointer_actions import sample_actions
from rlnotes.scripts.record_invoices import PPO, SEEDS, numbers_of, start_of, test_set
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.evaluation import evaluate
from rlnotes.training.invoices.examples import Example
from rlnotes.training.invoices.on_policy import Config, Result, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore

# What differs from the settings of PPO in `invoice_methods`.
BASELINES = {
    "batch mean": {"value_coefficient": 0.0},  # the head stays 0, and V with it
    "shared trunk": {},
    "own trunk": {"critic": "own"},
    "fresh answers": {"critic": "answers"},
}
LAYOUTS = ("seen", "new")
JUDGED = 16  # answers to a document whose mean is its worth to the policy


def critics(pool) -> list[dict]:
    """PPO from the same starts with other baselines, judged on fresh documents."""
    jobs = list(product(BASELINES, SEEDS))
    return [row for rows in pool.map(_critic, jobs, chunksize=1) for row in rows]


def _critic(job: tuple[str, int]) -> list[dict]:
    name, seed = job
    start, config = start_of(seed), Config(seed=seed, **PPO, **BASELINES[name])
    result = train_on_policy(start.policy, start.others, RewardScore(), config)
    rows = []
    for layouts in LAYOUTS:
        documents = test_set(layouts)
        expected, worth = expectations(result, config, documents)
        rows.append(
            {
                "baseline": name,
                "seed": seed,
                "layouts": layouts,
                "correlation": correlation(expected, worth),
                "spread": expected.std().item(),
                "worth_spread": worth.std().item(),
                **numbers_of(evaluate(result.policy, documents)),
            }
        )
    return rows


@torch.no_grad()
def expectations(result: Result, config: Config, examples: list[Example]) -> tuple[Tensor, Tensor]:
    """What the baseline expects of documents, and the mean reward of other answers.

    Args:
        result: of a run of PPO.
        config: of the run.
        examples: D documents that it did not train on.

    Returns:
        [D] and [D], reward.
    """
    pages = draw_pages(examples, None)
    choices = result.policy(pages)
    generator = torch.Generator().manual_seed(config.seed)
    count = JUDGED + config.num_answers
    rewards = RewardScore()(examples, sample_actions(choices, count, generator=generator))
    if config.critic == "answers":
        expected = rewards[:, JUDGED:].mean(dim=1)
    else:
        expected = result.critic(pages).values
    return expected, rewards[:, :JUDGED].mean(dim=1)


def correlation(one: Tensor, other: Tensor) -> float:
    """Of two vectors; 0 with one that is constant, which tells nothing."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
