"""A few sampled answers and their rewards: what the groups will have to compare."""

import copy
import traceback
from typing import NamedTuple

import torch
import trl
from torch import Tensor
from transformers import Trainer
from trl.data_utils import is_conversational

from rlnotes.bridges.checks.data import some_rows
from rlnotes.bridges.checks.report import Check, not_looked_at


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


def check_rewards(rewards: Tensor, *, group: int) -> Check:
    """Whether the functions give a number for each answer.

    Args:
        rewards: [P * G, functions], NaN where a function returned None.
        group: answers per prompt, G.
    """
    missing = rewards.isnan()
    per_group = missing.view(-1, group, rewards.shape[1]).sum(dim=1)
    mixed = int(((per_group > 0) & (per_group < group)).sum())
    empty = int(missing.all(dim=1).sum())
    infinite = int(rewards.isinf().sum())
    seen = {
        "answers": len(rewards),
        "None or NaN": int(missing.sum()),
        "in groups that also have numbers": mixed,
        "answers without any": empty,
        "infinite": infinite,
    }
    sentence = "Each answer has its numbers." if not missing.any() else ""
    if mixed:
        sentence = "Beside another function's number None counts as 0, not as left out."
    elif missing.any():
        sentence = "Where a function says nothing, it does so for the whole group."
    if empty:
        sentence += " An answer without any number has no part in training."
    if infinite:
        sentence += " An infinite reward makes the whole group NaN."
    passed = not (mixed or empty or infinite)
    return Check("rewards are numbers", seen, "all or none of a group", passed, sentence)


def check_spread(totals: Tensor, *, group: int) -> Check:
    """The spread of rewards within groups, beside that of the whole batch.

    Args:
        totals: [P * G] rewards, one group after the other; NaN is left out.
        group: answers per prompt, G.
    """
    spreads = [_spread(one) for one in totals.view(-1, group)]
    constant = sum(spread < 1e-8 for spread in spreads)
    within, batch = sum(spreads) / len(spreads), _spread(totals)
    seen = {
        "within groups": within,
        "whole batch": batch,
        "mean": totals.nanmean().item(),
        "groups of equal rewards": constant,
        "of": len(spreads),
    }
    sentence = f"{len(spreads) - constant} of {len(spreads)} groups have something to compare."
    if constant == len(spreads):
        sentence = (
            "No group has anything to compare, so the reward gives no gradient; the logged "
            f"reward_std is that of the batch, {batch:.4g}."
        )
    passed = constant < len(spreads)
    return Check("spread of rewards", seen, "within groups above 0", passed, sentence)


def _spread(values: Tensor) -> float:
    values = values[~values.isnan()].double()
    return values.std().item() if len(values) > 1 else 0.0


def check_sampled_ends(answers: Answers, ends: set[int], *, masked: bool) -> Check:
    """Whether sampled answers come to an end before they are cut.

    Args:
        answers: as sampled.
        ends: tokens that end an answer.
        masked: whether the loss leaves out answers that are cut.
    """
    ended = sum(tokens[-1] in ends for tokens in answers.completion_ids)
    count, longest = len(answers.completion_ids), max(map(len, answers.completion_ids))
    seen = {"ended": ended, "of": count, "longest": longest}
    sentence = f"{ended} of {count} sampled answers ended by themselves."
    if ended < count:
        cut = "are left out of the loss" if masked else "are judged as they stand"
        sentence += f" The others were cut at {longest} tokens and {cut}."
    return Check("answers end", seen, "above 0", ended > 0, sentence)


def failed_rewards(error: Exception) -> list[Check]:
    """The lines for a reward function that raised: where, and what."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    sentence = (
        f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno}). "
        "Training would stop here at its first step."
    )
    return [
        Check("rewards are numbers", {"raised": 1}, "no error", False, sentence),
        not_looked_at("spread of rewards", "Not looked at: there are no rewards."),
    ]
