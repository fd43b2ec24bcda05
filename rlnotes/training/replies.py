"""Everything that a tiny model can say to the help desk's six prompts, exactly."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_indices
from rlnotes.data.help_desk import (
    END,
    MAX_WORDS,
    PROMPTS,
    SYMBOLS,
    gold_rewards,
    prompt_tokens,
)
from rlnotes.exact.language import expected_reward
from rlnotes.exact.prefix_tree import PrefixTree, all_completions, prefix_tree, walk_prefixes
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.sequences import completion_mask
from rlnotes.models.tiny_lm import TinyLM, require_outputs

RIGHT_FROM = 2.5  # gold reward from which a verifier passes a reply


@lru_cache(maxsize=1)
def all_replies() -> Tensor:
    """[19608, 5] tokens of every reply, in the order of all tables here."""
    return all_completions(len(SYMBOLS), MAX_WORDS, end=END)


@lru_cache(maxsize=1)
def gold_table() -> Tensor:
    """[6, 19608] gold reward of every reply to every prompt, float64."""
    prompts = torch.arange(len(PROMPTS))[:, None].expand(-1, len(all_replies()))
    replies = all_replies().expand(len(PROMPTS), -1, -1)
    return gold_rewards(prompts, replies).double()


@lru_cache(maxsize=1)
def reply_lengths() -> Tensor:
    """[19608] tokens of every reply, its end included: 1 ... 5, int64."""
    return completion_mask(all_replies(), END).sum(dim=-1)


@lru_cache(maxsize=1)
def right_replies() -> Tensor:
    """[6, 19608] bool, which replies are right: gold reward of `RIGHT_FROM` or more."""
    return gold_table() >= RIGHT_FROM


def reply_tree(model: TinyLM) -> PrefixTree:
    """The model's distribution over all replies to all prompts, in float64.

    Differentiable in the model's weights: an exact gradient without sampling.

    Raises:
        ValueError: if the model's head is none of words.
    """
    require_outputs(len(SYMBOLS), model=model)

    def step(tokens, cache):
        logits, cache = model.step(tokens, cache)
        return logits.double(), cache

    logits, cache = model.start(prompt_tokens())
    return prefix_tree(logits.double(), cache, step, length=MAX_WORDS, end=END)


def reply_scores(model: TinyLM) -> Tensor:
    """[6, 19608] a reward model's score of every reply, read after its last word.

    Raises:
        ValueError: if the model's head is not one number.
    """
    require_outputs(1, model=model)
    # One prompt after the other: all at once would hold more than a gigabyte.
    return torch.cat([_scores_after(prompt, model) for prompt in prompt_tokens()])


def _scores_after(prompt: Tensor, model: TinyLM) -> Tensor:
    """[1, 19608] scores of every reply to a prompt [T]."""
    scores, cache = model.start(prompt[None])
    words = torch.tensor([symbol for symbol in range(len(SYMBOLS)) if symbol != END])
    levels = walk_prefixes(scores, cache, model.step, words=words, depth=MAX_WORDS)
    return torch.cat([level.squeeze(-1) for level in levels], dim=1).double()


def reply_numbers(tokens: Tensor) -> Tensor:
    """[...] place of each reply [..., 5] in the tables.

    Raises:
        ValueError: for what is no int64 tensor of five symbols each.

    Example:
        >>> replies = torch.tensor([[0, 0, 0, 0, 0], [2, 1, 0, 0, 0], [7, 7, 7, 7, 7]])
        >>> reply_numbers(replies).tolist()
        [0, 15, 19607]
    """
    require_indices(len(SYMBOLS), tokens=tokens)
    if tokens.shape[-1:] != (MAX_WORDS,):
        raise ValueError(f"tokens must have shape [..., {MAX_WORDS}], got {tuple(tokens.shape)}")
    # Shorter replies come first, so a word behind a reply makes 7 places of its one.
    num_words = len(SYMBOLS) - 1
    is_word = (tokens != END).cumprod(dim=-1).bool()
    number = torch.zeros_like(tokens[..., 0])
    for t in range(MAX_WORDS):
        number = torch.where(is_word[..., t], number * num_words + tokens[..., t], number)
    return number


class Evaluation(NamedTuple):
    """Where a policy stands on the reward-KL plane; means over the prompts."""

    reward: float  # E[r]
    kl: float  # KL(policy || reference), nats


def evaluate(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor) -> Evaluation:
    """Exact reward and KL of a policy, all arguments [6, 19608]."""
    reward = expected_reward(log_probs, rewards).mean().item()
    return Evaluation(reward, kl_divergence(log_probs, ref_log_probs).mean().item())
