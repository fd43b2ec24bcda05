"""How often a tiny model adds right, and notes the carry: exactly, without sampling."""

import torch
from torch import Tensor

from rlnotes.data.carry_addition import CARRY, END, MAX_SYMBOLS, NO_CARRY, SYMBOLS, addends
from rlnotes.data.carry_rewards import right_completions
from rlnotes.exact.prefix_tree import walk_prefixes
from rlnotes.functional.sequences import completion_mask, sequence_log_probs, token_log_probs
from rlnotes.models.tiny_lm import TinyLM, require_outputs


def exact_accuracy(model: TinyLM, prompts: Tensor) -> Tensor:
    """Probability of a right completion of each prompt, without sampling.

        p(right | x) = sum over the 13 right completions of pi(y | x)

    Args:
        model: with a head of the 13 symbols.
        prompts: [P, 5] tokens.

    Returns:
        [P] probabilities, float64, differentiable in the model's weights.

    Raises:
        ValueError: if the model's head is another, or for what is no prompt.
    """
    return completion_log_probs(model, prompts, right_completions(prompts)).exp().sum(dim=1)


def note_probability(model: TinyLM, prompts: Tensor) -> Tensor:
    """[P] probability that a completion of each prompt begins with C or N, float64.

    Raises:
        ValueError: as for `exact_accuracy`.
    """
    require_outputs(len(SYMBOLS), model=model)
    addends(prompts)
    logits, _ = model.start(prompts)
    return logits.double().softmax(dim=-1)[:, [CARRY, NO_CARRY]].sum(dim=-1)


def exact_length(model: TinyLM, prompts: Tensor) -> Tensor:
    """Mean number of tokens of a completion, the end included where it is written.

        E[length] = sum over t = 0 ... 4 of P(t symbols without an end)

    All prefixes of up to three symbols are read, 1,885 to a prompt: some 15 ms each.

    Args:
        model: with a head of the 13 symbols.
        prompts: [P, 5] tokens.

    Returns:
        [P] tokens, from 1 to 5, float64, differentiable in the model's weights.

    Raises:
        ValueError: as for `exact_accuracy`.
    """
    require_outputs(len(SYMBOLS), model=model)
    addends(prompts)
    words = torch.tensor([symbol for symbol in range(len(SYMBOLS)) if symbol != END])
    logits, cache = model.start(prompts)
    levels = walk_prefixes(logits, cache, model.step, words=words, depth=MAX_SYMBOLS - 2)
    going_on = torch.ones(len(prompts), 1, dtype=torch.float64)
    length = going_on.sum(dim=1)
    for level in levels:
        probs = level.double().softmax(dim=-1)[..., words]
        going_on = (going_on[..., None] * probs).flatten(1)
        length = length + going_on.sum(dim=1)
    return length


def completion_log_probs(model: TinyLM, prompts: Tensor, completions: Tensor) -> Tensor:
    """Log-probability of K completions of each prompt, which is read only once.

    Args:
        model: with a head of the 13 symbols.
        prompts: [P, 5] tokens.
        completions: [P, K, T] tokens.

    Returns:
        [P, K] nats, float64, differentiable in the model's weights.

    Raises:
        ValueError: as for `exact_accuracy`, or if the shapes do not fit.
    """
    require_outputs(len(SYMBOLS), model=model)
    if completions.ndim != 3 or len(completions) != len(prompts):
        raise ValueError(
            f"completions must have shape [{len(prompts)}, K, T], got {tuple(completions.shape)}"
        )
    tokens = completions.flatten(0, 1)
    mask = completion_mask(tokens, END)
    longest = int(mask.sum(dim=1).max())
    tokens, mask = tokens[:, :longest], mask[:, :longest]
    logits = model.groups(prompts, tokens[:, :-1]).double()
    log_probs = token_log_probs(logits, tokens, mask)
    return sequence_log_probs(log_probs, mask).view(completions.shape[:2])
