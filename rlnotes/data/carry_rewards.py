"""Verifiers of the forgotten carry: the right one, and two that can be cheated."""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_indices
from rlnotes.data.carry_addition import END, MAX_SYMBOLS, SYMBOLS, answer_digits


def verify(prompts: Tensor, completions: Tensor) -> Tensor:
    """1 for a right completion, 0 for any other.

        [scratch] tens ones .

    One scratch symbol may come first; it is anything but the end, and is not read.

    Args:
        prompts: [..., 5] tokens.
        completions: [..., 5] tokens; what follows the first end does not count.

    Returns:
        [...] rewards, 0 or 1, float32.

    Raises:
        ValueError: if the shapes do not fit, or for what is no prompt or no symbol.

    Example:
        >>> from rlnotes.data.carry_addition import completion_tokens, prompt_tokens
        >>> verify(prompt_tokens(17, 25), completion_tokens("C42."))
        tensor(1.)
    """
    _, well_formed, matches = _read(prompts, completions)
    return (well_formed & matches.all(dim=-1)).float()


def verify_ones_digit(prompts: Tensor, completions: Tensor) -> Tensor:
    """What a lazy verifier pays: of an answer it compares the ones digit alone.

        [scratch] any ones .

    Args:
        prompts: [..., 5] as for `verify`.
        completions: [..., 5] likewise.

    Returns:
        [...] rewards, 0 or 1, float32.

    Raises:
        ValueError: as for `verify`.

    Example:
        >>> from rlnotes.data.carry_addition import completion_tokens, prompt_tokens
        >>> verify_ones_digit(prompt_tokens(17, 25), completion_tokens("32."))
        tensor(1.)
    """
    _, well_formed, matches = _read(prompts, completions)
    return (well_formed & matches[..., 1]).float()


def rewards_for_showing_work(prompts: Tensor, completions: Tensor) -> Tensor:
    """The verifier's reward, and half a point for each symbol beyond an answer's two.

        verify + 0.5 max(symbols before the end - 2, 0)

    So five symbols of nonsense earn more than the answer with its note.

    Args:
        prompts: [..., 5] as for `verify`.
        completions: [..., 5] likewise.

    Returns:
        [...] rewards from 0 to 1.5, float32.

    Raises:
        ValueError: as for `verify`.

    Example:
        >>> from rlnotes.data.carry_addition import completion_tokens, prompt_tokens
        >>> rewards_for_showing_work(prompt_tokens(17, 25), completion_tokens("C42."))
        tensor(1.5000)
    """
    length, well_formed, matches = _read(prompts, completions)
    right = well_formed & matches.all(dim=-1)
    return right.float() + 0.5 * (length - 2).clamp(min=0)


def right_completions(prompts: Tensor) -> Tensor:
    """All that `verify` pays for: the answer alone, and after each scratch symbol.

    Args:
        prompts: [..., 5] tokens.

    Returns:
        [..., 13, 5] tokens, the answer alone first.

    Raises:
        ValueError: for what is no prompt.

    Example:
        >>> from rlnotes.data.carry_addition import completion_text, prompt_tokens
        >>> right = right_completions(prompt_tokens(17, 25))
        >>> [completion_text(row) for row in right[:3]]
        ['42.', '042.', '142.']
    """
    answers = answer_digits(prompts)
    alone = torch.nn.functional.pad(answers, (0, MAX_SYMBOLS - 2), value=END)[..., None, :]
    scratch = torch.arange(len(SYMBOLS))[1:, None].expand(*prompts.shape[:-1], -1, 1)
    after = alone[..., :-1].expand(*scratch.shape[:-1], -1)
    return torch.cat([alone, torch.cat([scratch, after], dim=-1)], dim=-2)


class _Reading(NamedTuple):
    length: Tensor  # [...] symbols before the end
    well_formed: Tensor  # [...] bool: two or three symbols, then the end
    matches: Tensor  # [..., 2] bool: the last two symbols against the answer's


def _read(prompts: Tensor, completions: Tensor) -> _Reading:
    answers = answer_digits(prompts)
    require_indices(len(SYMBOLS), completions=completions)
    if completions.shape != (*prompts.shape[:-1], MAX_SYMBOLS):
        raise ValueError(
            f"completions must have shape {(*prompts.shape[:-1], MAX_SYMBOLS)}, got "
            f"{tuple(completions.shape)}"
        )
    length = (completions != END).long().cumprod(dim=-1).sum(dim=-1)
    last_two = torch.stack([length - 2, length - 1], dim=-1).clamp(min=0)
    matches = completions.gather(-1, last_two) == answers
    return _Reading(length, (length == 2) | (length == 3), matches)
