"""Small languages by enumeration: every completion with its log-probability.

The functions take the model's step as a function, so a table, a bigram model and a
network are one and the same; the results keep the graph of the logits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_positive, require_same_shape
from rlnotes.exact.prefix_tree import all_completions, prefix_tree
from rlnotes.functional.inputs import at_least_float32, require_elements, require_tensors


@dataclass(frozen=True)
class Completions:
    """All completions of one prompt, in the order of `prefix_tree.all_completions`."""

    tokens: Tensor  # [N, T] int64
    token_log_probs: Tensor  # [N, T] nats, log pi(y_t | y_<t); 0 after the end

    @property
    def log_probs(self) -> Tensor:
        """[N] log-probability of each completion, the sum over its tokens, nats."""
        return self.token_log_probs.sum(dim=-1)


class _Prefixes(NamedTuple):
    tokens: Tensor  # [B, t]

    def rows(self, index: Tensor) -> "_Prefixes":
        return _Prefixes(self.tokens[index])


def enumerate_completions(
    next_logits: Callable[[Tensor], Tensor],
    *,
    vocabulary_size: int,
    length: int,
    end: int | None = None,
) -> Completions:
    """Walk the prefix tree of a model that reads the whole prefix at each step.

        log pi(y) = sum over t of log pi(y_t | y_<t)

    Args:
        next_logits: the model: tokens so far [B, t] int64 to logits [B, V] of the next.
        vocabulary_size: V.
        length: T, at least 1.
        end: the symbol that ends a completion, or None.

    Returns:
        `Completions`, differentiable in whatever next_logits is made of.

    Raises:
        ValueError: if a number is not a positive integer, end is no symbol, or the
            logits have another shape or are NaN.

    Example:
        >>> fair = enumerate_completions(
        ...     lambda tokens: torch.zeros(len(tokens), 2), vocabulary_size=2, length=3)
        >>> fair.log_probs.exp().sum()
        tensor(1.)
    """
    tokens = all_completions(vocabulary_size, length, end=end)

    def logits_after(prefixes):
        logits = next_logits(prefixes)
        if logits.shape != (len(prefixes), vocabulary_size):
            raise ValueError(
                f"next_logits must return shape {(len(prefixes), vocabulary_size)}, got "
                f"{tuple(logits.shape)}"
            )
        return logits, _Prefixes(prefixes)

    def step(new, cache):
        return logits_after(torch.cat([cache.tokens, new[:, None]], dim=1))

    start = logits_after(torch.zeros(1, 0, dtype=torch.int64))
    tree = prefix_tree(*start, step, length=length, end=end)
    return Completions(tokens, tree.token_log_probs[0])


def expected_reward(log_probs: Tensor, rewards: Tensor) -> Tensor:
    """Objective of a language model: the mean reward of its completions.

        J = sum over y of pi(y) R(y)

    Args:
        log_probs: [..., N] of all completions, nats.
        rewards: [..., N] in the same order.

    Returns:
        [...] differentiable in log_probs: the gradient is exact, without sampling.

    Raises:
        ValueError: for what is no torch tensor, if the shapes differ, a reward is not
            finite, or the probabilities do not sum to one.
    """
    require_tensors(log_probs=log_probs, rewards=rewards)
    require_same_shape(log_probs=log_probs, rewards=rewards)
    require_finite(rewards=rewards)
    require_all_completions(log_probs=log_probs)
    return (log_probs.exp() * rewards).sum(dim=-1)


def gibbs_optimum(ref_log_probs: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """Log-probabilities of the best completions at a price of KL to a reference.

        pi* maximizes sum over y of pi(y) R(y) - beta KL(pi || pi_ref)
        pi*(y) = pi_ref(y) exp(R(y) / beta) / Z

    Z makes the probabilities sum to one; the objective at pi* is beta log Z. A constant
    added to every reward changes nothing.

    Args:
        ref_log_probs: [..., N] of all completions under the reference, nats; -inf is
            allowed and stays.
        rewards: [..., N] in the same order.
        beta: positive, reward per nat.

    Returns:
        [..., N] log pi*, nats, float32 for half precision; -inf also for what is too
        improbable for its precision.

    Raises:
        ValueError: for what is no torch tensor, if the shapes differ, a reward is not
            finite, beta is not positive, or the probabilities do not sum to one.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 4.

    Example:
        >>> ref = torch.tensor([0.5, 0.3, 0.2]).log()
        >>> gibbs_optimum(ref, torch.tensor([1.0, 0.0, 2.0]), beta=1.0).exp()
        tensor([0.4333, 0.0956, 0.4711])
    """
    tilted, _ = _tilted(ref_log_probs, rewards, beta)
    return torch.log_softmax(tilted, dim=-1)


def log_partition(ref_log_probs: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """Logarithm of Z in `gibbs_optimum`; beta log Z is the objective at pi*.

        Z = sum over y of pi_ref(y) exp(R(y) / beta)

    Args:
        ref_log_probs: [..., N] as for `gibbs_optimum`.
        rewards: [..., N] as for `gibbs_optimum`.
        beta: positive, reward per nat.

    Returns:
        [...] nats.

    Raises:
        ValueError: as for `gibbs_optimum`, or if the result overflows.
    """
    tilted, highest = _tilted(ref_log_probs, rewards, beta)
    result = torch.logsumexp(tilted, dim=-1) + highest
    if not torch.isfinite(result).all():
        raise ValueError(
            f"rewards / beta must not overflow, got rewards up to {rewards.abs().max().item():g} "
            f"and beta = {beta:g}"
        )
    return result


def _tilted(ref_log_probs: Tensor, rewards: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """The tilted log pi_ref, lowered by best / beta, and best / beta itself."""
    require_tensors(ref_log_probs=ref_log_probs, rewards=rewards)
    require_same_shape(ref_log_probs=ref_log_probs, rewards=rewards)
    require_finite(rewards=rewards)
    require_positive(beta=beta)
    beta = float(beta)
    ref, wide = at_least_float32(ref_log_probs=ref_log_probs, rewards=rewards)
    require_all_completions(ref_log_probs=ref)
    possible = ref > -torch.inf
    best = torch.where(possible, wide, -torch.inf).amax(dim=-1, keepdim=True).detach()
    price = max(beta, torch.finfo(wide.dtype).tiny)  # 0 / 0 is no 0
    below = torch.where(possible, wide - best, 0.0)
    return ref + below / price, (best.double() / beta).to(best).squeeze(-1)


def require_all_completions(**log_probs: Tensor) -> None:
    """Raise unless the probabilities along the last axis sum to one."""
    require_tensors(**log_probs)
    require_elements(**log_probs)
    for name, values in log_probs.items():
        totals = values.detach().exp().sum(dim=-1)
        misses = (totals - 1).abs()
        if not misses.max().item() < 1e-4:
            total = totals.flatten()[misses.argmax()].item()
            raise ValueError(f"{name} must be those of all completions, got a sum of {total}")
