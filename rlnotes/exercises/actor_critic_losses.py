"""Exercise: the two losses of an actor-critic, with gradients in the right places."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.actor_critic_mistakes import HINTS, MISTAKES, losses
from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise


def _losses_by_loop(log_probs, values, next_values, rewards, terminated, gamma):
    policy_loss = value_loss = 0.0
    for t in range(len(rewards)):
        bootstrap = 0.0 if terminated[t] else gamma * next_values[t].item()
        error = rewards[t].item() + bootstrap - values[t]
        policy_loss = policy_loss - log_probs[t] * error.item() / len(rewards)
        value_loss = value_loss + error**2 / 2 / len(rewards)
    return policy_loss, value_loss


def _check_pair(answer, torch) -> None:
    if torch.is_tensor(answer) and answer.shape != (2,):
        raise Unreadable(
            "it wants two losses, the policy's and the value's, and got one tensor. Return "
            "both, and leave their sum to whoever trains."
        )
    if not hasattr(answer, "__len__") or len(answer) != 2:
        raise Unreadable("it wants two losses: return policy_loss, value_loss.")
    for loss in answer:
        if not torch.is_tensor(loss):
            raise Unreadable(
                f"each loss must be a tensor, got {type(loss).__name__}. A float, as from "
                ".item(), has no gradient."
            )
        if loss.numel() != 1:
            raise Unreadable(
                f"each loss must be one number, got shape {list(loss.shape)}. Take the mean."
            )


def _gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to the gradients of its two losses."""

    def gradients(log_probs, values, next_values, rewards, terminated, gamma):
        import torch

        leaves = [torch.tensor(a, requires_grad=True) for a in (log_probs, values, next_values)]
        others = {"rewards": torch.tensor(rewards), "terminated": torch.tensor(terminated)}
        names = ("log_probs", "values", "next_values")
        answer = candidate(**dict(zip(names, leaves, strict=True)), **others, gamma=gamma)
        if answer is None:
            return None
        _check_pair(answer, torch)
        rows = []
        for loss in answer:
            rows += _rows(torch, loss.sum(), leaves)
        return np.stack(rows)

    return gradients


def _rows(torch, loss, inputs) -> list[np.ndarray]:
    """Gradient in each input; zeros where the loss does not depend on it."""
    if not loss.requires_grad:
        return [np.zeros(len(leaf)) for leaf in inputs]
    found = torch.autograd.grad(loss, inputs, allow_unused=True, retain_graph=True)
    return [
        np.zeros(len(leaf)) if gradient is None else gradient.numpy()
        for leaf, gradient in zip(inputs, found, strict=True)
    ]


_ROWS = (
    "\nRows: gradient of the policy loss in log_probs, values, next_values; then of the value "
    "loss in the same three."
)


def _case(values, next_values, rewards, ends, gamma, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, or a dot."""
    return Case(
        {
            "log_probs": -np.arange(1.0, 1 + len(values)) / 2,
            "values": np.array(values, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "rewards": np.array(rewards, dtype=float),
            "terminated": np.array([letter == "E" for letter in ends]),
            "gamma": gamma,
        },
        expected,
        reason + _ROWS,
    )


_NONE = [0.0, 0.0, 0.0]

EXERCISE = Exercise(
    name="actor_critic_losses",
    cases=[
        _case(
            values=[1, 2, 8],
            next_values=[2, 9, 4],
            rewards=[3, 1, 3],
            ends=".E.",
            gamma=0.5,
            expected=[[-1, 1 / 3, 1], _NONE, _NONE, _NONE, [-1, 1 / 3, 1], _NONE],
            reason="targets 3 + 0.5 * 2 = 4, 1 (the end), 3 + 0.5 * 4 = 5; advantages 4 - 1 = 3, "
            "1 - 2 = -1, 5 - 8 = -3; each divided by 3 steps, with a minus.",
        ),
        _case(
            values=[4],
            next_values=[60],
            rewards=[0],
            ends=".",
            gamma=1.0,
            expected=[[-56.0], [0], [0], [0], [-56.0], [0]],
            reason="the target is 60, the advantage 60 - 4 = 56.",
        ),
        _case(
            values=[2, 1.5, 1],
            next_values=[7, 5, 6],
            rewards=[2, 1, 4],
            ends="E.E",
            gamma=0.2,
            expected=[[0, -1 / 6, -1], _NONE, _NONE, _NONE, [0, -1 / 6, -1], _NONE],
            reason="targets 2 (an end), 1 + 0.2 * 5 = 2, 4 (an end); advantages 0, 0.5, 3; "
            "divided by 3 steps, with a minus.",
        ),
        _case(
            values=[3, 1],
            next_values=[5, 5],
            rewards=[1, 2],
            ends="..",
            gamma=0.0,
            expected=[[1, -0.5], [0, 0], [0, 0], [0, 0], [1, -0.5], [0, 0]],
            reason="at gamma 0 the targets are the rewards: advantages 1 - 3 = -2 and 2 - 1 = 1; "
            "divided by 2 steps, with a minus.",
        ),
    ],
    solutions=[losses, _losses_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_gradients,
)
