"""Rewards from a verifier, which may have no verdict on an answer."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_finite_numbers
from rlnotes.functional.inputs import at_least_float32

Scores = Tensor | Sequence[float | None]


def scores_of(
    score: Callable[[Tensor, Tensor], Scores], numbers: Tensor, replies: Tensor
) -> tuple[Tensor, Tensor]:
    """What a score function says of replies, and on which it says something.

    A reply without a score (None) gets the reward 0, which must not be taken for one:
    hand the second tensor as mask= to `group_relative_advantages` and its relatives.

    Args:
        score: (numbers of the prompts [B], replies [B, T]) to one score for each reply:
            a tensor [B], or a list or tuple of B numbers and Nones. True counts as 1.
        numbers: [B] int64, which prompt each reply answers.
        replies: [B, T] tokens.

    Returns:
        rewards [B], float32 unless the scores are a tensor of float64, without
        gradient, 0 where there is no score; and counted [B] bool, True where there is.

    Raises:
        ValueError: naming score, if it raises (the exception is chained), returns
            neither a tensor nor a list or tuple, not one score for each reply, or one
            that is no finite real number.

    Example:
        >>> numbers, replies = torch.tensor([0, 0, 1]), torch.ones(3, 5).long()
        >>> scores_of(lambda numbers, replies: [1, None, 0.5], numbers, replies)
        (tensor([1.0000, 0.0000, 0.5000]), tensor([ True, False,  True]))
    """
    try:
        scores = score(numbers, replies)
    except Exception as error:
        raise ValueError(
            f"score must return scores, got {type(error).__name__} from it: {error}"
        ) from error
    if isinstance(scores, Tensor):
        return _from_tensor(scores, len(replies))
    return _from_list(scores, len(replies))


def _from_tensor(scores: Tensor, num_replies: int) -> tuple[Tensor, Tensor]:
    if scores.shape != (num_replies,):
        raise ValueError(
            f"score must return shape ({num_replies},), one score for each reply, got "
            f"{tuple(scores.shape)}"
        )
    # A copy: a score function may write into the same memory the next time.
    (rewards,) = at_least_float32(score=scores.detach().clone())
    require_finite(score=rewards)
    return rewards, torch.ones(num_replies, dtype=torch.bool)


def _from_list(scores: Scores, num_replies: int) -> tuple[Tensor, Tensor]:
    if not isinstance(scores, list | tuple):
        raise ValueError(
            f"score must return a tensor, a list or a tuple, got {type(scores).__name__}"
        )
    if len(scores) != num_replies:
        raise ValueError(
            f"score must return one score for each of {num_replies} replies, got {len(scores)}"
        )
    given = {f"score[{place}]": _plain(number) for place, number in enumerate(scores)}
    require_finite_numbers(**{name: number for name, number in given.items() if number is not None})
    rewards = torch.tensor([number or 0.0 for number in given.values()], dtype=torch.float32)
    require_finite(score=rewards)  # what float32 cannot hold is infinite there
    return rewards, torch.tensor(
        [number is not None for number in given.values()], dtype=torch.bool
    )


def _plain(number):
    """The number in an array or tensor without axes, or what else it is."""
    return number.item() if getattr(number, "ndim", None) == 0 else number
