"""Worlds with values printed in Sutton & Barto (2018), and a two-state cycle."""

import numpy as np

from rlnotes.envs.maze import ACTIONS
from rlnotes.functional.finite_mdp import FiniteMDP


def gridworld_4x4() -> FiniteMDP:
    """Two opposite corners end the episode; every step costs 1 until then.

    Start anywhere else, each cell equally likely (the book fixes no start).

    References:
        Sutton & Barto (2018), Example 4.1 and Figure 4.1.
    """
    terminal = np.zeros(16, dtype=bool)
    terminal[[0, 15]] = True
    transition_probs = np.zeros((16, 4, 16))
    for state, action, target in _grid_moves(4):
        transition_probs[state, action, state if terminal[state] else target] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=np.where(terminal, 0.0, -1.0)[:, None].repeat(4, axis=1),
        start_probs=~terminal / 14,
        terminal=terminal,
        action_names=tuple(ACTIONS),
    )


def gridworld_5x5() -> FiniteMDP:
    """A grid that never ends: A pays 10 and jumps to A', B pays 5 and jumps to B'.

    A step off the grid costs 1 and stays. A = 1, A' = 21, B = 3, B' = 13, cells
    numbered row by row. The book's values hold at gamma = 0.9.

    References:
        Sutton & Barto (2018), Example 3.5, Figures 3.2 and 3.5.
    """
    jumps = {1: (21, 10.0), 3: (13, 5.0)}
    transition_probs, expected_rewards = np.zeros((25, 4, 25)), np.zeros((25, 4))
    for state, action, target in _grid_moves(5):
        default = (target, -1.0 if target == state else 0.0)
        target, expected_rewards[state, action] = jumps.get(state, default)
        transition_probs[state, action, target] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=expected_rewards,
        start_probs=np.full(25, 1 / 25),
        terminal=np.zeros(25, dtype=bool),
        action_names=tuple(ACTIONS),
    )


def two_state_cycle() -> FiniteMDP:
    """s0 -> s1 -> s0 -> ..., rewards 1, 0, 1, 0, ... At gamma = 1/2, V = (4/3, 2/3)."""
    return FiniteMDP(
        transition_probs=[[[0, 1]], [[1, 0]]],
        expected_rewards=[[1], [0]],
        start_probs=[1, 0],
        terminal=[False, False],
        action_names=("go",),
    )


def _grid_moves(size: int):
    """(state, action, target) of a square grid; a bump stays."""
    for state in range(size * size):
        row, column = divmod(state, size)
        for action, (down, right) in enumerate(ACTIONS.values()):
            inside = 0 <= row + down < size and 0 <= column + right < size
            yield state, action, state + size * down + right if inside else state
