"""The derivation of DPO from RLHF, line by line, with both sides as numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_option
from rlnotes.exact.bradley_terry import flipped_probs
from rlnotes.exact.language import expected_reward, gibbs_optimum, log_partition
from rlnotes.exact.rungs import Rung, finite_difference
from rlnotes.functional.inputs import require_tensors
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.preferences import implicit_rewards, preference_probs

RUNGS = (
    "the Lagrangian is stationary at pi*",
    "pi* sums to one",
    "each prompt has its multiplier",
    "the value of pi* is beta log Z",
    "the reward in terms of pi*",
    "log Z cancels within a prompt",
    "Bradley-Terry in implicit rewards",
    "the loss is level at pi*",
)
# Each saboteur, and the line whose assumption it breaks.
SABOTEURS = {
    "none": None,
    "KL the other way round": 1,
    "one lambda for all prompts": 1,
    "constraint forgotten": 2,
    "p(x) forgotten": 3,
    "Z dropped from the value": 4,
    "another reference in the ratio": 5,
    "one constant for all prompts": 5,
    "answers to different prompts": 6,
    "beta counted twice": 7,
    "labels are flipped": 8,
}
FLIP_RATE = 0.1  # of the last saboteur


@dataclass(frozen=True)
class Table:
    """Prompts with few answers, a reference and rewards; all float64.

    Raises:
        ValueError: for what is no torch tensor of float64, shapes that do not fit,
            numbers that are not finite or do not sum to one, or a beta that is not
            positive.
    """

    prompt_probs: Tensor  # [X] p(x)
    ref_log_probs: Tensor  # [X, N] log pi_ref(y | x), nats
    rewards: Tensor  # [X, N]
    beta: float  # reward per nat

    def __post_init__(self):
        parts = {"prompt_probs": self.prompt_probs, "ref_log_probs": self.ref_log_probs}
        _require_float64(**parts, rewards=self.rewards)
        _ = self.best  # checks the rest
        require_finite(**parts)
        object.__setattr__(self, "beta", float(self.beta))  # torch divides by no fraction
        if self.ref_log_probs.ndim != 2 or self.prompt_probs.shape != self.rewards.shape[:1]:
            raise ValueError(
                "prompt_probs and ref_log_probs must have shapes [X] and [X, N], got "
                f"{tuple(self.prompt_probs.shape)} and {tuple(self.ref_log_probs.shape)}"
            )
        if not (self.prompt_probs > 0).all() or abs(self.prompt_probs.sum().item() - 1) > 1e-6:
            raise ValueError(
                f"prompt_probs must be positive and sum to one, got {self.prompt_probs.tolist()}"
            )

    @cached_property
    def best(self) -> Tensor:
        """[X, N] log pi*."""
        return gibbs_optimum(self.ref_log_probs, self.rewards, beta=self.beta)

    @cached_property
    def log_z(self) -> Tensor:
        """[X] log Z(x)."""
        return log_partition(self.ref_log_probs, self.rewards, beta=self.beta)

    @cached_property
    def implicit(self) -> Tensor:
        """[X, N] implicit rewards of pi*."""
        return implicit_rewards(self.best, self.ref_log_probs, beta=self.beta)


def _require_float64(**tensors: Tensor) -> None:
    require_tensors(**tensors)
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float64:
            raise ValueError(f"{name} must be float64, got {tensor.dtype}")


def dpo_ladder(table: Table, *, saboteur: str = "none") -> list[Rung]:
    """Every line of the derivation of DPO, evaluated on its own.

        J = sum over x of p(x) (sum over y of pi(y | x) r(x, y) - beta KL(pi || pi_ref))

        1  r - beta (log pi*/pi_ref + 1) = lambda(x) / p(x), the same for every answer
        2  sum over y of pi*(y | x) = 1,  pi* = pi_ref exp(r / beta) / Z(x)
        3  lambda(x) = p(x) beta (log Z(x) - 1)
        4  J(pi*) = sum over x of p(x) beta log Z(x)
        5  r(x, y) = beta log(pi*(y | x) / pi_ref(y | x)) + beta log Z(x)
        6  r(x, y1) - r(x, y2) = the difference of the implicit rewards
        7  P(y1 preferred) = sigmoid(the same)
        8  what pulls an answer up in the population loss = what pulls it down

    The left of line 1 is autograd's derivative of J, at a table that is not tied to sum
    to one. lambda(x) is what one more unit of probability for prompt x is worth: a
    finite difference of J. A line that holds for many answers shows the one where its
    sides are furthest apart. The line below starts again from the right formula, so a
    broken assumption shows in its own line only.

    Args:
        table: prompts, reference, rewards and beta.
        saboteur: one of `SABOTEURS`, or "none".

    Returns:
        Eight rungs. Where nothing is broken, residuals are rounding errors.

    Raises:
        ValueError: for an unknown saboteur, or if a side of a line overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 3 to 7 and App. A.1. The order of
        the lines is ours.
    """
    require_option(SABOTEURS, saboteur=saboteur)
    sides = [line(table, saboteur) for line in _LINES]
    _require_finite_sides(table, sides)
    return [_rung(name, *both) for name, both in zip(RUNGS, sides, strict=True)]


def _require_finite_sides(table: Table, sides: list) -> None:
    for number, both in enumerate(sides, start=1):
        if not all(torch.isfinite(side).all() for side in both):
            raise ValueError(
                f"rewards and beta must not overflow in line {number}, got rewards up to "
                f"{table.rewards.abs().max().item():g} and beta {table.beta:g}"
            )


def objective(table: Table, probs: Tensor, *, forward: bool = False) -> Tensor:
    """J at a table of numbers [X, N] that need not sum to one; differentiable.

    forward: with the KL the other way round, from the reference to the policy.
    """
    ratios = probs.log() - table.ref_log_probs
    price = -table.ref_log_probs.exp() * ratios if forward else probs * ratios
    return table.prompt_probs @ (probs * table.rewards - table.beta * price).sum(dim=1)


def multipliers(table: Table, *, forward: bool = False) -> Tensor:
    """[X] lambda(x): slope of J as prompt x gets more probability, spread as pi* is."""
    best, rows = table.best.exp(), torch.eye(len(table.prompt_probs), dtype=torch.float64)
    slopes = [
        finite_difference(
            lambda mass, row=row: objective(
                table, best * (1 + (mass - 1) * row[:, None]), forward=forward
            ),
            1.0,
        )
        for row in rows
    ]
    return torch.stack(slopes)


def _stationary(table: Table, saboteur: str):
    forward = saboteur == "KL the other way round"
    probs = table.best.exp().requires_grad_(True)
    (slopes,) = torch.autograd.grad(objective(table, probs, forward=forward), probs)
    prices = multipliers(table, forward=forward)
    if saboteur == "one lambda for all prompts":
        prices = prices.sum() * table.prompt_probs
    return (slopes / table.prompt_probs[:, None], (prices / table.prompt_probs)[:, None])


def _sums_to_one(table: Table, saboteur: str):
    forgotten = saboteur == "constraint forgotten"  # then lambda is 0, and 1 stands for log Z
    log_z = torch.ones_like(table.log_z) if forgotten else table.log_z
    logs = table.ref_log_probs + table.rewards / table.beta - log_z[:, None]
    return logs.exp().sum(dim=1), torch.ones_like(log_z)


def _multiplier(table: Table, saboteur: str):
    weights = 1.0 if saboteur == "p(x) forgotten" else table.prompt_probs
    return multipliers(table), weights * table.beta * (table.log_z - 1)


def _value(table: Table, saboteur: str):
    rewards = expected_reward(table.best, table.rewards)
    values = rewards - table.beta * kl_divergence(table.best, table.ref_log_probs)
    dropped = saboteur == "Z dropped from the value"
    log_z = torch.zeros_like(table.log_z) if dropped else table.log_z
    return table.prompt_probs @ values, table.prompt_probs @ (table.beta * log_z)


def _reward(table: Table, saboteur: str):
    ref, constants = table.ref_log_probs, table.beta * table.log_z
    if saboteur == "another reference in the ratio":
        ref = torch.log_softmax(torch.zeros_like(ref), dim=1)
    if saboteur == "one constant for all prompts":
        constants = (table.prompt_probs @ constants).expand_as(constants)
    return table.rewards, implicit_rewards(table.best, ref, beta=table.beta) + constants[:, None]


def _differences(table: Table, saboteur: str):
    if saboteur == "answers to different prompts":
        others = table.rewards.roll(1, dims=0), table.implicit.roll(1, dims=0)
    else:
        others = table.rewards, table.implicit
    return _pairs(table.rewards, others[0]), _pairs(table.implicit, others[1])


def _preferences(table: Table, saboteur: str):
    scores = table.rewards.exp()  # odds, as Bradley and Terry have them
    odds = scores[:, :, None] / (scores[:, :, None] + scores[:, None, :])
    twice = table.beta if saboteur == "beta counted twice" else 1.0
    first, second = torch.broadcast_tensors(table.implicit[:, :, None], table.implicit[:, None, :])
    return odds, preference_probs(twice * first, twice * second)


def _pulls(table: Table, saboteur: str):
    flip_rate = FLIP_RATE if saboteur == "labels are flipped" else 0.0
    labels = flipped_probs(torch.sigmoid(_pairs(table.rewards)), flip_rate=flip_rate)
    ref = table.ref_log_probs.exp()
    weights = ref[:, :, None] * ref[:, None, :] * (1 - torch.eye(ref.shape[1]))
    weights = weights / weights.sum(dim=(1, 2), keepdim=True)
    pulls = 2 * table.beta * weights * labels * torch.sigmoid(-_pairs(table.implicit))
    return pulls.sum(dim=2), pulls.sum(dim=1)


_LINES: tuple[Callable, ...] = (
    _stationary,
    _sums_to_one,
    _multiplier,
    _value,
    _reward,
    _differences,
    _preferences,
    _pulls,
)


def _pairs(scores: Tensor, others: Tensor | None = None) -> Tensor:
    """[X, N, N] score of the first answer less that of the second."""
    return scores[:, :, None] - (scores if others is None else others)[:, None, :]


def _rung(name: str, left: Tensor, right: Tensor) -> Rung:
    """The rung where both sides are furthest apart; if nowhere, at the last answer."""
    left, right = torch.broadcast_tensors(left.detach(), right.detach())
    gaps = (left - right).abs().flatten()
    usual = left.shape[-1] - 1 if left.ndim > 1 else 0  # to the first prompt
    worst = int(gaps.argmax()) if gaps.max() > 1e-9 else usual
    where = tuple(map(int, np.unravel_index(worst, left.shape)))
    return Rung(name, left[where].item(), right[where].item(), _place(*where))


def _place(*where: int) -> str:
    """Which prompt, and which answer or answers."""
    letters = [chr(ord("A") + answer) for answer in where[1:]]
    parts = [f"prompt {number + 1}" for number in where[:1]]
    if letters:
        parts.append(f"answer{'s' if len(letters) > 1 else ''} {' and '.join(letters)}")
    return ", ".join(parts)
