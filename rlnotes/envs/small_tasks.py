"""Tasks of a few states, each made to show one thing about policy gradients."""

from collections.abc import Sequence

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_positive_integer
from rlnotes.functional.finite_mdp import FiniteMDP


def arms(rewards: Sequence[float]) -> FiniteMDP:
    """One choice, then the end: arm a pays rewards[a]. Two arms are the coin.

    Example:
        >>> arms([1, 0]).expected_rewards[0]
        array([1., 0.])
    """
    rewards = np.asarray(rewards, dtype=np.float64)
    transition_probs = np.zeros((2, len(rewards), 2))
    transition_probs[..., 1] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=np.stack([rewards, 0 * rewards]),
        start_probs=[1, 0],
        terminal=[False, True],
        state_names=("choice", "end"),
    )


def now_and_later(first: float = 1.0, second: float = -1.05) -> FiniteMDP:
    """Two steps: action 1 pays `first`, then `second`; action 0 pays nothing.

    With one logit for both steps its gradient is first + gamma * second, times
    pi (1 - pi). The default pair changes sign if the gamma is dropped.
    """
    transition_probs = np.zeros((3, 2, 3))
    transition_probs[0, :, 1] = transition_probs[1, :, 2] = transition_probs[2, :, 2] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=[[0, first], [0, second], [0, 0]],
        start_probs=[1, 0, 0],
        terminal=[False, False, True],
        state_names=("step 0", "step 1", "end"),
        action_names=("leave", "take"),
    )


def keep_going(num_steps: int = 3) -> FiniteMDP:
    """Each of at most num_steps steps pays 1; action 0 stops, action 1 goes on."""
    require_positive_integer(num_steps=num_steps)
    size = num_steps + 1
    transition_probs = np.zeros((size, 2, size))
    transition_probs[:, 0, -1] = 1
    transition_probs[np.arange(size), 1, np.minimum(np.arange(size) + 1, num_steps)] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=np.where(np.arange(size) < num_steps, 1.0, 0.0)[:, None].repeat(2, 1),
        start_probs=np.eye(size)[0],
        terminal=np.arange(size) == num_steps,
        action_names=("stop", "go on"),
    )


def balancing(num_steps: int = 6, safe: float = 0.1, careless: float = 0.4) -> FiniteMDP:
    """A pole for a table: each step pays 1, and a careless one ends the game sooner.

    Action 0 falls with probability `careless`, action 1 with probability `safe`; after
    num_steps steps the game is over. The state is the number of steps so far.

    Raises:
        ValueError: if num_steps is not a positive integer, or a probability lies
            outside [0, 1].

    Example:
        >>> balancing(2).transition_probs[0].tolist()
        [[0.0, 0.6, 0.4], [0.0, 0.9, 0.1]]
    """
    require_positive_integer(num_steps=num_steps)
    require_in_unit_interval(safe=safe, careless=careless)
    size, before = num_steps + 1, np.arange(num_steps)
    transition_probs = np.zeros((size, 2, size))
    for action, fall in enumerate((careless, safe)):
        transition_probs[before, action, before + 1] += 1 - fall
        transition_probs[before, action, -1] += fall
    transition_probs[-1, :, -1] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=np.where(np.arange(size) < num_steps, 1.0, 0.0)[:, None].repeat(2, 1),
        start_probs=np.eye(size)[0],
        terminal=np.arange(size) == num_steps,
        action_names=("careless", "safe"),
    )


def switched_corridor() -> FiniteMDP:
    """Three cells, every step costs 1, the goal is right of the last one.

    In the middle cell left and right are switched. A policy that cannot tell the cells
    apart has one probability p of going right, and J(p) = (2p - 4) / (p (1 - p)) at
    gamma 1: best at p = 2 - sqrt(2), without end for p = 0 and p = 1.

    References:
        Sutton & Barto (2018), Example 13.1.
    """
    transition_probs = np.zeros((4, 2, 4))
    for cell, (left, right) in enumerate([(0, 1), (2, 0), (1, 3), (3, 3)]):
        transition_probs[cell, 0, left] = transition_probs[cell, 1, right] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=[[-1, -1]] * 3 + [[0, 0]],
        start_probs=[1, 0, 0, 0],
        terminal=[False, False, False, True],
        action_names=("left", "right"),
    )


def two_goal_corridor(
    left_reward: float = 8.0, right_reward: float = 10.0, step_reward: float = -0.5
) -> FiniteMDP:
    """Six cells in a row, an end at either side; the start is nearer to the left one.

    Cells 0 and 5 are the ends and pay on entering; the start is cell 2. A policy with
    one logit for all cells has a valley between two good habits: always left, always
    right. Dithering costs steps.
    """
    transition_probs, transition_rewards = np.zeros((6, 2, 6)), np.zeros((6, 2, 6))
    for cell in range(1, 5):
        transition_probs[cell, [0, 1], [cell - 1, cell + 1]] = 1
    transition_probs[[0, 5], :, [0, 5]] = 1
    transition_rewards[1:5] = step_reward
    transition_rewards[1, 0, 0] += left_reward
    transition_rewards[4, 1, 5] += right_reward
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=(transition_probs * transition_rewards).sum(axis=-1),
        start_probs=np.eye(6)[2],
        terminal=np.isin(np.arange(6), [0, 5]),
        action_names=("left", "right"),
    )


def two_forks(leave: float = 1.0, good: float = 3.0, bad: float = -2.0) -> FiniteMDP:
    """Leave at once for a sure reward, or go on to a second fork that may pay more.

    With p the probability to go on and q that of the good way there, at gamma 1
    J = (1 - p) leave + p (q good + (1 - q) bad): the second fork matters as often as it
    is reached, which a policy decides at the first.

    Example:
        >>> two_forks().expected_rewards[:2].tolist()
        [[1.0, 0.0], [-2.0, 3.0]]
    """
    transition_probs = np.zeros((3, 2, 3))
    transition_probs[0, [0, 1], [2, 1]] = 1
    transition_probs[1:, :, 2] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=[[leave, 0], [bad, good], [0, 0]],
        start_probs=[1, 0, 0],
        terminal=[False, False, True],
        state_names=("first fork", "second fork", "end"),
    )
