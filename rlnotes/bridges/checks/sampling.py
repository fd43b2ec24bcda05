"""A few answers, sampled and rewarded as the trainer itself would do it."""

import copy
from typing import NamedTuple

import torch
import trl
from torch import Tensor
from transformers import Trainer
from trl.data_utils import is_conversational

from rlnotes.bridges.checks.data import some_rows


class Answers(NamedTuple):
    """Sampled answers, one group after the other.

    Attributes:
        rows: of the data, each once per answer.
        prompt_ids: tokens of the prompts, likewise.
        completion_ids: tokens of the answers, with the end token where there is one.
    """

    rows: list[dict]
    prompt_ids: list[list[int]]
    completion_ids: list[list[int]]


def why_not_sampled(trainer: Trainer) -> str:
    """What keeps this from sampling as the trainer does; empty if nothing does."""
    if getattr(trainer, "tools", None) or getattr(trainer, "environment_factories", None):
        return "the trainer works with tools or environments"
    if getattr(trainer, "rollout_func", None) is not None:
        return "the trainer has a function of its own to sample"
    if getattr(trainer, "_is_vlm", False):
        return "the model reads images"
    return ""


def sample_answers(trainer: Trainer, *, num_prompts: int) -> Answers:
    """Groups of answers, sampled as the trainer samples them.

    Draws from torch's random state: see `untouched`.

    Args:
        trainer: a `GRPOTrainer` or `RLOOTrainer`.
        num_prompts: groups; fewer if the data have fewer rows.
    """
    rows = some_rows(trainer.train_dataset, limit=num_prompts)
    repeated = [copy.deepcopy(row) for row in rows for _ in range(trainer.num_generations)]
    prompt_ids, images, fields = trainer._tokenize_prompts([row["prompt"] for row in repeated])
    if isinstance(trainer, trl.GRPOTrainer):
        completion_ids, _ = trainer._generate_single_turn(
            prompt_ids, images, fields, trainer.num_generations
        )
    else:
        completion_ids = trainer._generate_single_turn(prompt_ids, images, fields)
    return Answers(repeated, list(prompt_ids), list(completion_ids))


def rewards_of(trainer: Trainer, answers: Answers) -> Tensor:
    """Rewards [P * G, functions] by the trainer's own call; NaN stands for None."""
    prompts = [row["prompt"] for row in answers.rows]
    texts = trainer.processing_class.batch_decode(answers.completion_ids, skip_special_tokens=True)
    if is_conversational({"prompt": prompts[0]}):
        texts = [[{"role": "assistant", "content": text}] for text in texts]
    return trainer._calculate_rewards(answers.rows, prompts, texts, answers.completion_ids)


def total_rewards(rewards: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums [P * G] over functions without NaN; NaN where nothing else is."""
    totals = (rewards * weights.to(rewards)).nansum(dim=1)
    return totals.masked_fill(rewards.isnan().all(dim=1), torch.nan)
