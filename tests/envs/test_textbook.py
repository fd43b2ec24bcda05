"""The worlds of the textbook: the values that the book prints."""

import numpy as np
import pytest

from rlnotes.envs.textbook import gridworld_4x4, gridworld_5x5, two_state_cycle
from rlnotes.exact.mdp import optimal_values, policy_values

LEFT = 2


def uniform(mdp) -> np.ndarray:
    return np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def test_4x4_grid_under_the_uniform_policy():
    # Sutton & Barto (2018), Figure 4.1, k = infinity. Whole numbers up to rounding.
    mdp = gridworld_4x4()
    expected = numbers("0 -14 -20 -22 -14 -18 -20 -20 -20 -20 -18 -14 -22 -20 -14 0")
    values = policy_values(mdp, uniform(mdp), gamma=1)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-11)


def test_4x4_grid_at_its_best_counts_the_steps_to_the_nearer_corner():
    steps = [min(row + column, 6 - row - column) for row in range(4) for column in range(4)]
    exact = optimal_values(gridworld_4x4(), gamma=1)
    np.testing.assert_allclose(exact, [-n for n in steps], rtol=0, atol=1e-12)  # rounding


def test_4x4_grid_starts_anywhere_but_in_a_corner():
    mdp = gridworld_4x4()
    assert mdp.start_probs.tolist() == [0] + [1 / 14] * 14 + [0]
    assert np.flatnonzero(mdp.terminal).tolist() == [0, 15]
    assert mdp.expected_rewards[1:15].tolist() == [[-1] * 4] * 14


def test_4x4_grid_moves_in_the_order_up_down_left_right():
    mdp = gridworld_4x4()
    assert mdp.action_names == ("up", "down", "left", "right")
    assert mdp.transition_probs[6].argmax(axis=-1).tolist() == [2, 10, 5, 7]
    assert mdp.transition_probs[3].argmax(axis=-1).tolist() == [3, 7, 2, 3]  # a corner bumps
    assert mdp.transition_probs[12].argmax(axis=-1).tolist() == [8, 12, 12, 13]


UNIFORM_5X5 = """ 3.3  8.8  4.4  5.3  1.5    1.5  3.0  2.3  1.9  0.5    0.1  0.7  0.7  0.4 -0.4
                 -1.0 -0.4 -0.4 -0.6 -1.2   -1.9 -1.3 -1.2 -1.4 -2.0"""
OPTIMAL_5X5 = """22.0 24.4 22.0 19.4 17.5   19.8 22.0 19.8 17.8 16.0   17.8 19.8 17.8 16.0 14.4
                 16.0 17.8 16.0 14.4 13.0   14.4 16.0 14.4 13.0 11.7"""


def test_5x5_grid_prints_the_values_of_the_book():
    # Sutton & Barto (2018), Figures 3.2 and 3.5, one decimal.
    mdp = gridworld_5x5()
    values = policy_values(mdp, uniform(mdp), gamma=0.9)
    assert [f"{value:.1f}" for value in values] == UNIFORM_5X5.split()
    assert [f"{value:.1f}" for value in optimal_values(mdp, gamma=0.9)] == OPTIMAL_5X5.split()


def test_5x5_grid_at_its_best_jumps_from_a_every_fifth_step():
    # From A: 10, four steps back up, again: 10 / (1 - 0.9^5). Beside it: 0.9 of that.
    values = optimal_values(gridworld_5x5(), gamma=0.9)
    from_a = 10 / (1 - 0.9**5)
    assert values[1] == pytest.approx(from_a, abs=1e-11)
    assert values[[0, 2]] == pytest.approx([0.9 * from_a] * 2, abs=1e-11)


def test_5x5_grid_jumps_and_bumps():
    mdp = gridworld_5x5()
    assert not mdp.terminal.any()
    assert mdp.expected_rewards[1].tolist() == [10] * 4
    assert mdp.expected_rewards[3].tolist() == [5] * 4
    assert mdp.transition_probs[1, :, 21].tolist() == [1] * 4
    assert mdp.transition_probs[3, :, 13].tolist() == [1] * 4
    assert mdp.expected_rewards[24].tolist() == [0, -1, 0, -1]
    assert mdp.expected_rewards[10, LEFT] == -1
    assert mdp.transition_probs[10].argmax(axis=-1).tolist() == [5, 15, 10, 11]
    np.testing.assert_array_equal(mdp.start_probs, 0.04)
    assert mdp.action_names == ("up", "down", "left", "right")


def test_two_states_take_turns():
    mdp = two_state_cycle()
    # V0 = 1 + V1 / 2 and V1 = V0 / 2.
    values = policy_values(mdp, uniform(mdp), gamma=0.5)
    np.testing.assert_allclose(values, [4 / 3, 2 / 3], rtol=0, atol=1e-15)
    np.testing.assert_allclose(optimal_values(mdp, gamma=0.5), values, rtol=0, atol=1e-15)
    assert (mdp.start_probs.tolist(), mdp.action_names) == ([1, 0], ("go",))
    assert not mdp.terminal.any()
