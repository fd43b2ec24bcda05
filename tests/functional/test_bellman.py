"""Backups and planners: known numbers, two other ways to the optimum, errors."""

import itertools
import re

import numpy as np
import pytest

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.textbook import gridworld_5x5, two_state_cycle
from rlnotes.functional.bellman import (
    bellman_backup,
    greedy_policy,
    policy_iteration,
    q_values,
    value_iteration,
)
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import policy_transitions, policy_values

ROUNDING = {"rtol": 0, "atol": 1e-12}  # a few dozen operations on numbers of size 10
MAZE = maze_2x3()
UNIFORM = np.full((6, 4), 0.25)
ALWAYS_RIGHT = np.tile([0.0, 0, 0, 1], (6, 1))
# By hand: the goal pays 10 on the last of 3, 2, 1, 1 steps, so 10 gamma^(steps - 1).
OPTIMAL = {
    0.0: [0, 0, 10, 0, 10, 0],
    0.5: [2.5, 5, 10, 0, 10, 0],
    0.9: [8.1, 9, 10, 0, 10, 0],
    1.0: [10, 10, 10, 0, 10, 0],
}


def live_and_end(stay_reward: float, end_reward: float) -> FiniteMDP:
    """One state with two actions, stay and end."""
    return FiniteMDP(
        transition_probs=[[[1, 0], [0, 1]], [[0, 1], [0, 1]]],
        expected_rewards=[[stay_reward, end_reward], [0, 0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )


def random_mdp(seed: int) -> FiniteMDP:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(5, 0.5), size=(5, 3))
    probs[4] = np.eye(5)[4]
    rewards = rng.normal(size=(5, 3))
    rewards[4] = 0
    return FiniteMDP(
        transition_probs=probs,
        expected_rewards=rewards,
        start_probs=np.full(5, 0.2),
        terminal=np.arange(5) == 4,
    )


def best_by_brute_force(mdp: FiniteMDP, gamma: float) -> np.ndarray:
    """The best of all deterministic policies, each followed for 400 steps."""
    live, best = np.flatnonzero(~mdp.terminal), np.full(mdp.num_states, -np.inf)
    for choice in itertools.product(range(mdp.num_actions), repeat=len(live)):
        actions = np.zeros(mdp.num_states, dtype=int)
        actions[live] = choice
        rows = (np.arange(mdp.num_states), actions)
        values = np.zeros(mdp.num_states)
        for _ in range(400):  # 0.9^400 < 1e-18
            values = mdp.expected_rewards[rows] + gamma * mdp.transition_probs[rows] @ values
        evaluated = policy_values(mdp, np.eye(mdp.num_actions)[actions], gamma=gamma)
        np.testing.assert_allclose(evaluated, values, **ROUNDING)
        best = np.maximum(best, values)
    return best


def test_q_values_by_hand():
    # gamma = 0.5. From (0,1) = state 1: up bumps, 0.5 * 2; down 0.5 * 5; left 0.5 * 1;
    # right 0.5 * 3. From (1,1) = state 4, left is the trap: -10 and nothing after it.
    values = np.array([1.0, 2, 3, 99, 5, 77])  # the values of both ends must be ignored
    table = q_values(MAZE, values, gamma=0.5)
    assert table[1].tolist() == [1, 2.5, 0.5, 1.5]
    assert table[4].tolist() == [1, 2.5, -10, 10]
    assert table[[3, 5]].tolist() == [[0] * 4] * 2
    assert bellman_backup(MAZE, values, gamma=0.5)[[1, 4, 5]].tolist() == [2.5, 10, 0]


def test_gamma_zero_leaves_the_expected_reward():
    np.testing.assert_array_equal(q_values(MAZE, np.ones(6), gamma=0), MAZE.expected_rewards)


def test_greedy_shares_among_ties_but_not_with_a_real_difference():
    table = [[1, 3, 3], [3, 3 - 1e-9, 0], [1e6, 1e6 - 1e-7, 0], [1e-3, 1e-3 - 1e-16, 0]]
    assert greedy_policy(table).tolist() == [[0, 0.5, 0.5], [1, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0]]
    negative = [[-5, -5 - 1e-9, -9], [-1e6, -1e6 - 1e-7, -1e6 - 1]]
    assert greedy_policy(negative).tolist() == [[1, 0, 0], [0.5, 0.5, 0]]


UNIFORM_MAZE = [(0.9, [-50 / 11, 0, 50 / 11, 0, 0, 0]), (1.0, [-5, 0, 5, 0, 0, 0])]


@pytest.mark.parametrize(("gamma", "expected"), UNIFORM_MAZE)
def test_uniform_policy_on_the_maze(gamma, expected):
    # By symmetry V(0,1) = V(1,1) = 0. So V(0,2) = (10 + gamma V(0,2)) / 4
    # + gamma V(0,2) / 4, that is V = 10 / (4 - 2 gamma): 50/11 at 0.9, 5 at 1.
    np.testing.assert_allclose(policy_values(MAZE, UNIFORM, gamma=gamma), expected, **ROUNDING)


def test_policy_transitions_mix_the_rows_of_the_actions():
    policy = UNIFORM.copy()
    policy[1] = [0, 0.5, 0.25, 0.25]  # down to (1,1), left to (0,0), right to (0,2)
    matrix = policy_transitions(MAZE, policy)
    assert matrix[1].tolist() == [0.25, 0, 0.25, 0, 0.5, 0]
    assert matrix[3].tolist() == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("gamma", OPTIMAL)
@pytest.mark.parametrize("planner", [value_iteration, policy_iteration])
def test_planners_find_the_hand_worked_optimum_of_the_maze(planner, gamma):
    result = planner(MAZE, gamma=gamma)
    np.testing.assert_allclose(result.values, OPTIMAL[gamma], **ROUNDING)
    np.testing.assert_allclose(
        policy_values(MAZE, result.policy, gamma=gamma), result.values, **ROUNDING
    )


@pytest.mark.parametrize("mdp", [MAZE, *map(random_mdp, range(3))])
def test_no_deterministic_policy_beats_the_planners_and_one_equals_them(mdp):
    best = best_by_brute_force(mdp, gamma=0.9)
    np.testing.assert_allclose(policy_iteration(mdp, gamma=0.9).values, best, **ROUNDING)
    swept = value_iteration(mdp, gamma=0.9, tolerance=1e-6).values
    assert np.abs(swept - best).max() <= 1e-6 * 0.9 / 0.1  # the bound of the docstring


def test_value_iteration_counts_its_sweeps():
    # The goal's 10 needs three sweeps to reach the start, a fourth sees no change.
    assert value_iteration(MAZE, gamma=0.9, max_iterations=4).num_iterations == 4
    with pytest.raises(ValueError, match="max_iterations=3 sweeps"):
        value_iteration(MAZE, gamma=0.9, max_iterations=3)
    # One reward of 1 in a loop: sweep n adds 0.5^(n-1); 0.25 is the third change.
    result = value_iteration(live_and_end(1, 0), gamma=0.5, tolerance=0.25)
    assert (result.num_iterations, result.values[0]) == (3, 1.75)


def test_the_policy_fits_the_values_where_an_end_is_the_better_choice():
    for planner in (value_iteration, policy_iteration):
        result = planner(live_and_end(-1, -3), gamma=0.5)  # staying costs 1 / (1 - 0.5) = 2
        assert result.values[0] == pytest.approx(-2, abs=1e-9)  # tolerance 1e-10, gamma 1/2
        assert result.policy[0].tolist() == [1, 0]
        assert planner(live_and_end(-1, -1.5), gamma=0.5).policy[0].tolist() == [0, 1]


def test_policy_iteration_stops_when_nothing_improves():
    # One action: nothing to improve. 25 states: a handful of rounds, not a hundred.
    assert policy_iteration(two_state_cycle(), gamma=0.5).num_iterations == 1
    assert policy_iteration(gridworld_5x5(), gamma=0.9).num_iterations < 10


def test_gamma_one_refuses_a_policy_that_never_ends():
    with pytest.raises(ValueError, match=r"gamma=1 .* never ends from state \(0,0\)"):
        policy_values(MAZE, ALWAYS_RIGHT, gamma=1)
    nearly = 1e-9 * UNIFORM + (1 - 1e-9) * ALWAYS_RIGHT  # now it ends, after a long time
    assert np.isfinite(policy_values(MAZE, nearly, gamma=1)).all()


def corridor(size: int, reward: float = 10.0) -> FiniteMDP:
    """Cells in a row, left and right; a wall at the left, a reward at the right end."""
    here = np.arange(size)
    probs, rewards = np.zeros((size, 2, size)), np.zeros((size, 2))
    probs[here, 0, np.maximum(here - 1, 0)] = probs[here, 1, np.minimum(here + 1, size - 1)] = 1
    probs[-1] = np.eye(size)[-1]
    rewards[-2, 1] = reward
    return FiniteMDP(
        transition_probs=probs,
        expected_rewards=rewards,
        start_probs=np.eye(size)[0],
        terminal=here == size - 1,
    )


@pytest.mark.parametrize("size", [30, 90, 400])
def test_values_many_orders_of_magnitude_apart_keep_their_digits(size):
    # 10 gamma^(steps - 1): 10 at the end, 2e-14 (30 cells) or 1e-207 (400) at first.
    result = policy_iteration(corridor(size), gamma=0.3)
    exact = 10 * 0.3 ** np.arange(size - 2, -1.0, -1)
    np.testing.assert_allclose(result.values[:-1], exact, rtol=1e-11)
    assert (result.policy[:-1, 1] == 1).all()


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_the_unit_of_the_rewards_does_not_change_the_plan(scale):
    for make in (
        lambda c: Maze(
            picture=("S..", "T.G"),
            goal_reward=10 * c,
            trap_reward=-10 * c,
            step_reward=-0.3 * c,
            step_noise=0.2,
        ).mdp(),
        lambda c: corridor(30, 10 * c),
    ):
        plain, scaled = (policy_iteration(make(c), gamma=0.3) for c in (1.0, scale))
        np.testing.assert_allclose(scaled.values, scale * plain.values, rtol=1e-11)
        np.testing.assert_array_equal(scaled.policy, plain.policy)


def test_a_forbidding_reward_does_not_make_the_others_tie():
    # -1e15 for the third action: 1e-12 of it is 1000, far more than the others differ.
    mdp = FiniteMDP(
        transition_probs=np.tile([0.0, 1.0], (2, 3, 1)),
        expected_rewards=[[1, 2, -1e15], [0, 0, 0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )
    result = policy_iteration(mdp, gamma=0.9)
    assert result.values.tolist() == [2, 0]
    assert result.policy[0].tolist() == [0, 1, 0]


def test_rounding_that_cancelled_terms_leave_is_no_difference():
    # 10 and -10 with equal chances are worth 0, up to rounding; so is the way there. Of
    # two actions worth 0 none is better. Sizes tell: 10 was added up, not 1e-16.
    noise = [[3e-17, 0.0], [1e-16, 2.0]]
    assert greedy_policy(noise).tolist() == [[1, 0], [0, 1]]
    assert greedy_policy(noise, sizes=np.full((2, 2), 10.0)).tolist() == [[0.5, 0.5], [0, 1]]


def test_policy_iteration_shares_among_actions_that_differ_by_rounding_alone():
    # 1.1 + 2.2 - 3.3 is 4e-16 in binary: a third of each is worth no more than nothing.
    probs = np.zeros((5, 2, 5))
    probs[0, 0, 1:4] = 1 / 3
    probs[0, 1, 4] = probs[1:, :, 4] = 1
    mdp = FiniteMDP(
        transition_probs=probs,
        expected_rewards=np.array([0, 1.1, 2.2, -3.3, 0])[:, None].repeat(2, axis=1),
        start_probs=np.eye(5)[0],
        terminal=np.arange(5) == 4,
    )
    result = policy_iteration(mdp, gamma=0.9)
    assert q_values(mdp, result.values, gamma=0.9)[0, 0] != 0
    assert result.policy[0].tolist() == [0.5, 0.5]


def test_policy_iteration_may_start_anywhere_and_ends_at_the_same_values():
    first = policy_iteration(MAZE, gamma=0.9)
    again = policy_iteration(MAZE, gamma=0.9, first_policy=first.policy)
    assert again.num_iterations == 1 < first.num_iterations
    far = policy_iteration(MAZE, gamma=0.9, first_policy=ALWAYS_RIGHT)
    np.testing.assert_allclose(far.values, OPTIMAL[0.9], **ROUNDING)


def test_value_iteration_goes_on_while_small_values_change():
    swept = value_iteration(corridor(90), gamma=0.3, tolerance=1e-300)
    np.testing.assert_allclose(swept.values[:-1], 10 * 0.3 ** np.arange(88, -1.0, -1), rtol=1e-13)


def test_value_iteration_settles_on_large_values_too():
    # A value of 1e14 changes by 0.01 or not at all; it must come to rest all the same.
    rich = Maze(picture=("S..", "T.G"), goal_reward=1e14, step_noise=0.2).mdp()
    swept = value_iteration(rich, gamma=0.9)
    assert swept.num_iterations < 500
    np.testing.assert_allclose(swept.values, policy_iteration(rich, gamma=0.9).values, rtol=1e-13)


def test_gamma_one_finds_an_end_that_is_many_steps_away():
    size = 30
    probs = np.eye(size, k=1)
    probs[-1, -1] = 1
    chain = FiniteMDP(
        transition_probs=probs[:, None],
        expected_rewards=[[1]] * (size - 1) + [[0]],
        start_probs=np.eye(size)[0],
        terminal=np.arange(size) == size - 1,
    )
    assert policy_values(chain, np.ones((size, 1)), gamma=1).tolist() == list(range(29, -1, -1))


def test_a_loop_that_earns_for_ever_has_no_answer_at_gamma_one():
    message = "gamma=1: values still change by 1 after max_iterations=50 sweeps"
    with pytest.raises(ValueError, match=re.escape(message)):
        value_iteration(live_and_end(1, 0), gamma=1, max_iterations=50)
    with pytest.raises(ValueError, match="never ends from state 0"):
        policy_iteration(live_and_end(1, 0), gamma=1)


BAD = [
    (lambda: q_values(MAZE, np.zeros(5), gamma=0.9), r"values must have shape (6,), got (5,)"),
    (lambda: q_values(MAZE, [np.nan] * 6, gamma=0.9), "values must be finite, got nan at (0,)"),
    (lambda: q_values(MAZE, np.zeros(6), gamma=2), "gamma must lie in [0, 1], got 2"),
    (lambda: bellman_backup(MAZE, np.zeros(6), gamma=-1), "gamma must lie in [0, 1], got -1"),
    (lambda: q_values(MAZE, ["a"] * 6, gamma=0.9), "values must be a rectangular array of num"),
    (lambda: q_values(MAZE, [None] * 6, gamma=0.9), "values must be a rectangular array of num"),
    (lambda: q_values(MAZE, np.zeros(6), gamma="0.9"), "gamma must lie in [0, 1], got '0.9'"),
    (lambda: q_values(MAZE, np.zeros(6), gamma=None), "gamma must lie in [0, 1], got None"),
    (lambda: q_values(MAZE, np.zeros(6), gamma=[0.9]), "gamma must lie in [0, 1], got [0.9]"),
    (lambda: value_iteration(MAZE, gamma=np.nan), "gamma must lie in [0, 1], got nan"),
    (lambda: value_iteration(MAZE, gamma=0.9, tolerance="1"), "tolerance must be positive and"),
    (lambda: policy_iteration(MAZE, gamma=1, first_policy=[[1]]), "policy must have shape (6, 4)"),
    (lambda: greedy_policy([]), "action_values must have shape [S, A] with S, A >= 1, got (0,)"),
    (lambda: greedy_policy([[]]), "S, A >= 1, got (1, 0)"),
    (lambda: greedy_policy(3.0), "S, A >= 1, got ()"),
    (lambda: greedy_policy([[1, 2], [3]]), "action_values must be a rectangular array of numbers"),
    (lambda: greedy_policy([[1, 2]], sizes=[1]), "sizes must have shape (1, 2), got (1,)"),
    (lambda: greedy_policy([[np.inf]]), "action_values must be finite, got inf at (0, 0)"),
    (lambda: policy_values(MAZE, UNIFORM, gamma=2), "gamma must lie in [0, 1], got 2"),
    (lambda: policy_values(MAZE, UNIFORM[:5], gamma=1), "policy must have shape (6, 4)"),
    (lambda: policy_values(MAZE, 2 * UNIFORM, gamma=0.9), "policy must sum to one, got 2.0"),
    (lambda: value_iteration(MAZE, gamma=2), "gamma must lie in [0, 1], got 2"),
    (
        lambda: value_iteration(MAZE, gamma=0.9, tolerance=0),
        "tolerance must be positive and finite, got 0",
    ),
    (lambda: value_iteration(MAZE, gamma=0, max_iterations=0), "max_iterations must be a positive"),
    (lambda: policy_iteration(MAZE, gamma=1.5), "gamma must lie in [0, 1], got 1.5"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
