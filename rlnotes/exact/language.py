"""Small languages by enumeration: every completion with its log-probability.

The functions take the model's step as a function, so a table, a bigram model and a
network are one and the same; the results keep the graph of the logits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_positive,
    require_positive_integer,
    require_same_shape,
)
from rlnotes.functional.log_probs import action_log_probs


@dataclass(frozen=True)
class Completions:
    """All V^T completions of a fixed length T, in the order of the tokens as digits."""

    tokens: Tensor  # [N, T] int64
    token_log_probs: Tensor  # [N, T] nats, log pi(y_t | y_<t)

    @property
    def log_probs(self) -> Tensor:
        """[N] log-probability of each completion, the sum over its tokens, nats."""
        return self.token_log_probs.sum(dim=-1)


def enumerate_completions(
    next_logits: Callable[[Tensor], Tensor], *, vocabulary_size: int, length: int
) -> Completions:
    """Walk the prefix tree, level by level.

        log pi(y) = sum over t of log pi(y_t | y_<t)

    Args:
        next_logits: the model: tokens so far [B, t] int64 to logits [B, V] of the next.
        vocabulary_size: V.
        length: T, at least 1.

    Returns:
        `Completions`, differentiable in whatever next_logits is made of.

    Raises:
        ValueError: if a number is not a positive integer, or the logits have another
            shape.

    Example:
        >>> fair = enumerate_completions(
        ...     lambda tokens: torch.zeros(len(tokens), 2), vocabulary_size=2, length=3)
        >>> fair.log_probs.exp().sum()
        tensor(1.)
    """
    require_positive_integer(vocabulary_size=vocabulary_size, length=length)
    tokens = torch.zeros(1, 0, dtype=torch.int64)
    token_log_probs = None
    for _ in range(length):
        logits = next_logits(tokens)
        if logits.shape != (len(tokens), vocabulary_size):
            raise ValueError(
                f"next_logits must return shape {(len(tokens), vocabulary_size)}, got "
                f"{tuple(logits.shape)}"
            )
        logits = logits.repeat_interleave(vocabulary_size, dim=0)
        new = torch.arange(vocabulary_size).repeat(len(tokens))
        tokens = torch.cat([tokens.repeat_interleave(vocabulary_size, dim=0), new[:, None]], dim=1)
        step = action_log_probs(logits, new)[:, None]
        if token_log_probs is not None:
            before = token_log_probs.repeat_interleave(vocabulary_size, dim=0)
            step = torch.cat([before, step], dim=1)
        token_log_probs = step
    return Completions(tokens, token_log_probs)


def expected_reward(log_probs: Tensor, rewards: Tensor) -> Tensor:
    """Objective of a language model: the mean reward of its completions.

        J = sum over y of pi(y) R(y)

    Args:
        log_probs: [N] of all completions, nats.
        rewards: [N] in the same order.

    Returns:
        Scalar, differentiable in log_probs: its gradient is exact, without sampling.

    Raises:
        ValueError: if the shapes differ, or the probabilities do not sum to one.
    """
    require_same_shape(log_probs=log_probs, rewards=rewards)
    _require_all_completions(log_probs=log_probs)
    return (log_probs.exp() * rewards).sum()


def gibbs_optimum(ref_log_probs: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """Log-probabilities of the best completions at a price of KL to a reference.

        pi* maximizes sum over y of pi(y) R(y) - beta KL(pi || pi_ref)
        pi*(y) = pi_ref(y) exp(R(y) / beta) / Z

    Z makes the probabilities sum to one; the objective at pi* is beta log Z. A constant
    added to every reward changes nothing.

    Args:
        ref_log_probs: [N] of all completions under the reference, nats; -inf is allowed
            and stays.
        rewards: [N] in the same order.
        beta: positive, reward per nat.

    Returns:
        [N] log pi*, nats.

    Raises:
        ValueError: if the shapes differ, a reward is not finite, beta is not positive,
            or the probabilities do not sum to one.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 4.

    Example:
        >>> ref = torch.tensor([0.5, 0.3, 0.2]).log()
        >>> gibbs_optimum(ref, torch.tensor([1.0, 0.0, 2.0]), beta=1.0).exp()
        tensor([0.4333, 0.0956, 0.4711])
    """
    require_same_shape(ref_log_probs=ref_log_probs, rewards=rewards)
    require_finite(rewards=rewards)
    require_positive(beta=beta)
    _require_all_completions(ref_log_probs=ref_log_probs)
    return torch.log_softmax(ref_log_probs + rewards / beta, dim=-1)


def _require_all_completions(**log_probs: Tensor) -> None:
    for name, values in log_probs.items():
        total = values.detach().exp().sum().item()
        if not abs(total - 1) < 1e-4:
            raise ValueError(f"{name} must be those of all completions, got a sum of {total}")
