"""Pairs of replies of which a rater has named the better one."""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import (
    require_in_unit_interval,
    require_indices,
    require_positive_integer,
)
from rlnotes.data.help_desk import END, MAX_WORDS, PROMPTS, SYMBOLS, prompt_tokens
from rlnotes.functional.inputs import require_tensors
from rlnotes.functional.preferences import preference_probs
from rlnotes.models.sampling import sample_replies
from rlnotes.models.tiny_lm import TinyLM, require_outputs
from rlnotes.training.replies import all_replies, gold_table, reply_numbers


class Comparisons(NamedTuple):
    """N pairs; all that a reward model ever sees of the gold reward."""

    prompts: Tensor  # [N] int64, index into `help_desk.PROMPTS`
    chosen: Tensor  # [N, 5] tokens of the preferred reply
    rejected: Tensor  # [N, 5] tokens of the other

    def rows(self, index) -> "Comparisons":
        """Some of the pairs, by a slice or by numbers."""
        return Comparisons(*(part[index] for part in self))


def draw_comparisons(
    num: int, ref_log_probs: Tensor, generator: torch.Generator, *, flip_rate: float = 0.0
) -> Comparisons:
    """Two replies of the reference to a random prompt, labelled by the gold reward.

        P(first preferred) = sigmoid(gold(first) - gold(second))     (Bradley-Terry)

    Then a label is flipped with probability flip_rate. With the same generator another
    rate flips more or fewer labels of the same pairs. A pair of two equal replies is
    drawn again: a rater has nothing to say about it, and it would teach nothing.

    Args:
        num: N.
        ref_log_probs: [6, 19608] of all replies under the reference, nats.
        generator: source of the draws.
        flip_rate: probability in [0, 1] that a label is the wrong way round.

    Raises:
        ValueError: if a number is out of its range, generator is none of torch's, the
            table has another shape or does not sum to one, or a prompt has but one
            likely reply.

    References:
        Bradley & Terry (1952); Ouyang et al. (2022), arXiv:2203.02155, Eq. 1.
    """
    _require_draws(num, generator, flip_rate)
    probs = _require_choice(ref_log_probs)
    prompts = torch.randint(len(probs), (num,), generator=generator)
    sums = probs.double().cumsum(dim=-1)
    # One search for all: each prompt's sums lie between its number and the next.
    edges = (sums / sums[:, -1:]).add_(torch.arange(len(sums))[:, None])
    pairs = _draw(edges, prompts, generator)
    while (equal := pairs[:, 0] == pairs[:, 1]).any():
        pairs[equal] = _draw(edges, prompts[equal], generator)
    return _labelled(prompts, pairs, generator, flip_rate)


def sample_comparisons(
    num: int, policy: TinyLM, generator: torch.Generator, *, flip_rate: float = 0.0
) -> Comparisons:
    """Two replies of a policy as it stands to a random prompt, labelled likewise.

    What a policy is trained on if raters judge its own replies, not the reference's.
    Equal replies stay: a policy that is sure of itself writes many, and they pull at
    nothing.

    Args:
        num: N.
        policy: with a head of words.
        generator: source of the draws.
        flip_rate: probability in [0, 1] that a label is the wrong way round.

    Raises:
        ValueError: if a number is out of its range, generator is none of torch's, or
            policy is no model of words.

    References:
        Guo et al. (2024), arXiv:2402.04792 (there with a language model as the rater).
    """
    _require_draws(num, generator, flip_rate)
    require_outputs(len(SYMBOLS), policy=policy)
    prompts = torch.randint(len(PROMPTS), (num,), generator=generator)
    twice = prompt_tokens()[prompts].repeat(2, 1)
    replies = sample_replies(policy, twice, generator=generator, length=MAX_WORDS, end=END).tokens
    pairs = reply_numbers(replies).view(2, num).T
    return _labelled(prompts, pairs, generator, flip_rate)


def require_replies(prompts: Tensor, **replies: Tensor) -> None:
    """Raise unless each row has a prompt [B] and replies [B, 5] that exist."""
    require_indices(len(PROMPTS), prompts=prompts)
    require_indices(len(SYMBOLS), **replies)
    for name, tokens in replies.items():
        if prompts.ndim != 1 or tokens.shape != (len(prompts), MAX_WORDS):
            raise ValueError(
                f"{name} must have shape [B, {MAX_WORDS}] for prompts of shape [B], got "
                f"{tuple(tokens.shape)} for {tuple(prompts.shape)}"
            )


def require_comparisons(comparisons: Comparisons, *, name: str = "comparisons") -> None:
    """Raise unless every pair has a prompt and two replies that exist."""
    if not isinstance(comparisons, Comparisons):
        raise ValueError(f"{name} must be Comparisons, got {type(comparisons).__name__}")
    require_replies(comparisons.prompts, chosen=comparisons.chosen, rejected=comparisons.rejected)


def _labelled(
    prompts: Tensor, pairs: Tensor, generator: torch.Generator, flip_rate: float
) -> Comparisons:
    """The better reply of each pair [N, 2] first, as a rater would have it."""
    gold = gold_table()[prompts[:, None], pairs]
    chance, flip = torch.rand(2, len(prompts), generator=generator, dtype=torch.float64)
    first = (chance < preference_probs(gold[:, 0], gold[:, 1])) ^ (flip < float(flip_rate))
    order = torch.stack([~first, first], dim=1).long()
    chosen, rejected = all_replies()[pairs.gather(1, order)].unbind(dim=1)
    return Comparisons(prompts, chosen, rejected)


def _draw(edges: Tensor, prompts: Tensor, generator: torch.Generator) -> Tensor:
    """[B, 2] numbers of two replies to each prompt [B], by running sums [6, N]."""
    chance = torch.rand(len(prompts), 2, generator=generator, dtype=torch.float64)
    places = torch.searchsorted(edges.flatten(), chance + prompts[:, None], right=True)
    return (places - prompts[:, None] * edges.shape[1]).clamp(0, edges.shape[1] - 1)


def _require_draws(num: int, generator: torch.Generator, flip_rate: float) -> None:
    require_positive_integer(num=num)
    require_in_unit_interval(flip_rate=flip_rate)
    if not isinstance(generator, torch.Generator):  # None would draw global numbers
        raise ValueError(f"generator must be a torch.Generator, got {type(generator).__name__}")


def _require_choice(ref_log_probs: Tensor) -> Tensor:
    """[6, 19608] the probabilities."""
    require_tensors(ref_log_probs=ref_log_probs)
    shape = tuple(gold_table().shape)
    if tuple(ref_log_probs.shape) != shape:
        raise ValueError(f"ref_log_probs must have shape {shape}, got {tuple(ref_log_probs.shape)}")
    probs = ref_log_probs.exp()
    total = probs.sum(dim=-1)
    if not ((total - 1).abs() < 1e-4).all():
        raise ValueError(f"ref_log_probs must sum to one, got {total.tolist()}")
    if not (probs.max() < 0.99):
        raise ValueError(
            f"ref_log_probs must leave a choice of replies, got one with {probs.max():.4f}"
        )
    return probs
