"""Exercise: the two losses of an actor-critic, with gradients in the right places."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise


def _losses(log_probs, values, next_values, rewards, terminated, gamma):
    targets = rewards + gamma * next_values.detach() * ~terminated
    advantages = (targets - values).detach()
    return -(log_probs * advantages).mean(), ((targets - values) ** 2).mean() / 2


def _losses_by_loop(log_probs, values, next_values, rewards, terminated, gamma):
    policy_loss = value_loss = 0.0
    for t in range(len(rewards)):
        bootstrap = 0.0 if terminated[t] else gamma * next_values[t].item()
        error = rewards[t].item() + bootstrap - values[t]
        policy_loss = policy_loss - log_probs[t] * error.item() / len(rewards)
        value_loss = value_loss + error**2 / 2 / len(rewards)
    return policy_loss, value_loss


def _losses_no_mask(log_probs, values, next_values, rewards, terminated, gamma):
    return _losses(log_probs, values, next_values, rewards, terminated & False, gamma)


def _losses_mask_turned_round(log_probs, values, next_values, rewards, terminated, gamma):
    return _losses(log_probs, values, next_values, rewards, ~terminated, gamma)


def _losses_masks_the_reward(log_probs, values, next_values, rewards, terminated, gamma):
    targets = (rewards + gamma * next_values.detach()) * ~terminated
    advantages = (targets - values).detach()
    return -(log_probs * advantages).mean(), ((targets - values) ** 2).mean() / 2


def _losses_policy_moves_critic(log_probs, values, next_values, rewards, terminated, gamma):
    targets = rewards + gamma * next_values.detach() * ~terminated
    return -(log_probs * (targets - values)).mean(), ((targets - values) ** 2).mean() / 2


def _losses_target_moves(log_probs, values, next_values, rewards, terminated, gamma):
    targets = rewards + gamma * next_values * ~terminated
    advantages = (targets - values).detach()
    return -(log_probs * advantages).mean(), ((targets - values) ** 2).mean() / 2


def _losses_nothing_detached(log_probs, values, next_values, rewards, terminated, gamma):
    errors = rewards + gamma * next_values * ~terminated - values
    return -(log_probs * errors).mean(), (errors**2).mean() / 2


def _losses_value_detached(log_probs, values, next_values, rewards, terminated, gamma):
    errors = rewards + gamma * next_values * ~terminated - values.detach()
    return -(log_probs * errors.detach()).mean(), (errors**2).mean() / 2


def _losses_all_detached(log_probs, values, next_values, rewards, terminated, gamma):
    errors = (rewards + gamma * next_values * ~terminated - values).detach()
    return -(log_probs * errors).mean(), (errors**2).mean() / 2


def _losses_policy_sign(log_probs, values, next_values, rewards, terminated, gamma):
    losses = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    return -losses[0], losses[1]


def _losses_critic_sign(log_probs, values, next_values, rewards, terminated, gamma):
    losses = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    return losses[0], -losses[1]


def _losses_swapped(log_probs, values, next_values, rewards, terminated, gamma):
    return _losses(log_probs, values, next_values, rewards, terminated, gamma)[::-1]


def _losses_no_half(log_probs, values, next_values, rewards, terminated, gamma):
    losses = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    return losses[0], 2 * losses[1]


def _losses_sums(log_probs, values, next_values, rewards, terminated, gamma):
    losses = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    return len(rewards) * losses[0], len(rewards) * losses[1]


def _losses_target_as_weight(log_probs, values, next_values, rewards, terminated, gamma):
    losses = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    targets = rewards + gamma * next_values.detach() * ~terminated
    return -(log_probs * targets).mean(), losses[1]


def _losses_sum_second(log_probs, values, next_values, rewards, terminated, gamma):
    policy, value = _losses(log_probs, values, next_values, rewards, terminated, gamma)
    return policy, policy + value


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
        pair = isinstance(answer, tuple | list) and len(answer) == 2
        if not pair or not all(torch.is_tensor(loss) and loss.ndim == 0 for loss in answer):
            raise Unreadable(
                "it wants two losses, each a tensor of one number (.mean() gives one)."
            )
        rows = []
        for loss in answer:
            rows += _rows(torch, loss, leaves)
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

EXERCISE = Exercise(
    name="actor_critic_losses",
    cases=[
        Case(
            {
                "log_probs": np.array([-0.5, -1.0]),
                "values": np.array([1.0, 2.0]),
                "next_values": np.array([2.0, 8.0]),
                "rewards": np.array([3.0, 1.0]),
                "terminated": np.array([False, True]),
                "gamma": 0.5,
            },
            [[-1.5, 0.5], [0, 0], [0, 0], [0, 0], [-1.5, 0.5], [0, 0]],
            "targets 3 + 0.5 * 2 = 4 and 1 (the end), advantages 4 - 1 = 3 and 1 - 2 = -1, "
            "each divided by 2 steps, with a minus." + _ROWS,
        ),
        Case(
            {
                "log_probs": np.array([-2.0]),
                "values": np.array([4.0]),
                "next_values": np.array([6.0]),
                "rewards": np.array([0.0]),
                "terminated": np.array([False]),
                "gamma": 1.0,
            },
            [[-2.0], [0], [0], [0], [-2.0], [0]],
            "the target is 6, the advantage 6 - 4 = 2." + _ROWS,
        ),
    ],
    solutions=[_losses, _losses_by_loop],
    wrong_answers={
        "no mask": _losses_no_mask,
        "mask turned round": _losses_mask_turned_round,
        "mask on the reward": _losses_masks_the_reward,
        "policy loss moves the critic": _losses_policy_moves_critic,
        "target moves": _losses_target_moves,
        "nothing detached": _losses_nothing_detached,
        "value detached instead": _losses_value_detached,
        "all detached": _losses_all_detached,
        "sign of the policy loss": _losses_policy_sign,
        "sign of the value loss": _losses_critic_sign,
        "swapped": _losses_swapped,
        "half missing": _losses_no_half,
        "sums": _losses_sums,
        "target for advantage": _losses_target_as_weight,
        "sum returned second": _losses_sum_second,
    },
    hints={
        "no mask": "where terminated is True nothing follows: the target is the reward alone.",
        "mask turned round": "terminated is True at the end. The next value counts everywhere "
        "else: multiply it by ~terminated.",
        "mask on the reward": "the step that ends the episode has a reward, too: only the next "
        "value is masked.",
        "policy loss moves the critic": "the policy loss reaches the critic through the "
        "advantage, and would raise or lower values to make the loss small. Detach the advantage.",
        "target moves": "the value loss reaches next_values through the target, and would move "
        "the target towards the value. Detach next_values.",
        "nothing detached": "advantages and targets are numbers to learn from: detach the "
        "advantage in the policy loss and next_values in the target.",
        "value detached instead": "you detached V(s) and let the target move. It is V(s) that "
        "must learn: detach next_values.",
        "all detached": "the error is detached in both losses, so the critic never learns. "
        "Detach it in the policy loss only, and next_values in the target.",
        "sign of the policy loss": "optimizers go downhill: the policy loss needs a minus, so "
        "that a positive advantage makes the action more likely.",
        "sign of the value loss": "this drives the value away from its target: the squared "
        "error itself is the loss.",
        "swapped": "return the policy loss first, then the value loss.",
        "half missing": "the value loss is half the mean squared error. Twice as much is no "
        "mistake of principle: it doubles the critic's learning rate.",
        "sums": "take means over the steps, not sums.",
        "target for advantage": "the policy loss multiplies log_probs by the target. Subtract "
        "V(s): the advantage is target - value.",
        "sum returned second": "the second loss moves log_probs, too. Return the value loss "
        "alone; whoever trains adds the two.",
    },
    measure=_gradients,
)
