"""Answers drawn from a policy that points, and what it thinks of them, exactly."""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import (
    require_indices,
    require_positive_integer,
    require_same_shape,
    require_shape,
)
from rlnotes.models.pointer_heads import NUM_FORMATS, Choices


class Actions(NamedTuple):
    """K answers to each of B documents with N segments."""

    segments: Tensor  # [B, K, F] int64, counted from 1; 0 is absent
    formats: Tensor  # [B, K, F] int64; 0 where absent
    lines: Tensor  # [B, K, N] bool, taken as the amount of a line
    line_format: Tensor  # [B, K] int64


@torch.no_grad()
def sample_actions(choices: Choices, count: int, *, generator: torch.Generator) -> Actions:
    """Answers drawn independently: K = count for each document.

    Args:
        choices: of a policy, for B documents.
        count: K.
        generator: source of the draws.

    Raises:
        ValueError: if count is not a positive integer.
    """
    require_positive_integer(count=count)
    batch, num_fields, places, _ = choices.pointers.shape
    probs = choices.pointers.exp().reshape(batch * num_fields, places * NUM_FORMATS)
    drawn = torch.multinomial(probs, count, replacement=True, generator=generator)
    drawn = drawn.view(batch, num_fields, count).transpose(1, 2)
    chances = choices.lines[:, None, :, 1].exp().expand(-1, count, -1)
    taken = torch.rand(chances.shape, generator=generator) < chances
    formats = choices.line_format.exp()
    line_format = torch.multinomial(formats, count, replacement=True, generator=generator)
    return Actions(drawn // NUM_FORMATS, drawn % NUM_FORMATS, taken, line_format)


@torch.no_grad()
def best_actions(choices: Choices) -> Actions:
    """The likeliest answer to each document, K = 1; a line at even odds is left out."""
    best = choices.pointers.flatten(2).argmax(dim=-1)[:, None]
    taken = (choices.lines[..., 1] > choices.lines[..., 0])[:, None]
    line_format = choices.line_format.argmax(dim=-1)[:, None]
    return Actions(best // NUM_FORMATS, best % NUM_FORMATS, taken, line_format)


def action_log_probs(choices: Choices, actions: Actions) -> Tensor:
    """[B, K, F + 1] log-probability of each field's choice, and of all lines, nats.

    Their sum is that of the answer:

        log pi(answer) = sum over F of log p(segment, format) + log p(lines)

    Args:
        choices: of a policy, for B documents.
        actions: K answers to each of them.

    Returns:
        [B, K, F + 1], differentiable in the choices. An answer that cannot be drawn,
        such as a segment of the padding, has about `PADDING_SCORE` in place of -inf.

    Raises:
        ValueError: if the actions are for another number of documents, fields or
            segments, or choose what is not there.
    """
    _require_fitting(choices, actions)
    places = (actions.segments * NUM_FORMATS + actions.formats).transpose(1, 2)
    fields = choices.pointers.flatten(2).gather(2, places).transpose(1, 2)
    left, taken = choices.lines[:, None].unbind(dim=-1)
    lines = torch.where(actions.lines, taken, left).sum(dim=-1)
    lines = lines + choices.line_format.gather(1, actions.line_format)
    return torch.cat([fields, lines[..., None]], dim=-1)


def choice_entropies(choices: Choices) -> Tensor:
    """[B, F + 1] entropy of each field's choice, and of all lines, nats; exact.

        H = -sum over choices of p log p

    Choices are independent, so that their sum is the entropy of whole answers.
    Differentiable.
    """
    return _summed([-(part.exp() * part) for part in choices[:3]])


def choice_divergences(choices: Choices, reference: Choices) -> Tensor:
    """[B, F + 1] KL(policy || reference) of each field's choice and of the lines, nats.

        KL = sum over choices of p (log p - log p_reference)

    Exact sums over each choice; over an answer they add up to the KL of whole answers.

    Args:
        choices: of the policy, for B documents.
        reference: of another one, for the same documents with the same padding.

    Returns:
        [B, F + 1], differentiable in both.

    Raises:
        ValueError: if the shapes differ.
    """
    for name, own, other in zip(Choices._fields, choices, reference, strict=True):
        require_same_shape(**{name: own, f"reference {name}": other})
    parts = zip(choices[:3], reference[:3], strict=True)
    return _summed([own.exp() * (own - other) for own, other in parts])


def _require_fitting(choices: Choices, actions: Actions) -> None:
    batch, num_fields, places, _ = choices.pointers.shape
    answers = batch, actions.line_format.shape[-1]
    require_shape((*answers, num_fields), segments=actions.segments, formats=actions.formats)
    require_shape((*answers, places - 1), lines=actions.lines)
    require_shape(answers, line_format=actions.line_format)
    require_indices(places, segments=actions.segments)
    require_indices(NUM_FORMATS, formats=actions.formats, line_format=actions.line_format)


def _summed(parts: list[Tensor]) -> Tensor:
    pointers, lines, line_format = (part.flatten(-2) if part.ndim > 2 else part for part in parts)
    whole = lines.sum(dim=-1) + line_format.sum(dim=-1)
    return torch.cat([pointers.sum(dim=-1), whole[:, None]], dim=1)
