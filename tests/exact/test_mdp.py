"""Oracles: values, variances and visits, by hand, enumeration and simulation."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.rollouts import sample_rollouts
from rlnotes.envs.textbook import gridworld_5x5, two_state_cycle
from rlnotes.exact.mdp import (
    greedy_value,
    greedy_values,
    occupancy,
    optimal_values,
    policy_values,
    q_values,
    return_variances,
)
from rlnotes.functional import bellman, policy_evaluation
from rlnotes.functional.finite_mdp import FiniteMDP

ROUNDING = {"rtol": 0, "atol": 1e-11}  # differences of squares of numbers of size 10
ROOT = Path(__file__).parents[2]
MAZE = maze_2x3()
UNIFORM = np.full((6, 4), 0.25)


def coin(pays_at_the_end: bool) -> FiniteMDP:
    """Each step ends with probability 1/2; pays 2 at the end, or 1 at every step."""
    rewards = np.zeros((2, 1, 2))
    rewards[0, 0] = [0, 2] if pays_at_the_end else [1, 1]
    return FiniteMDP(
        transition_probs=[[[0.5, 0.5]], [[0, 1]]],
        expected_rewards=[[1], [0]],
        start_probs=[1, 0],
        terminal=[False, True],
        transition_rewards=rewards,
    )


def loop(reward: float) -> FiniteMDP:
    """One state that pays for staying and nothing for ending."""
    return FiniteMDP(
        transition_probs=[[[1, 0], [0, 1]], [[0, 1], [0, 1]]],
        expected_rewards=[[reward, 0], [0, 0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )


def return_moments_by_enumeration(mdp: FiniteMDP, gamma: float, start: int) -> list[float]:
    """First four moments of the uniform policy's return, in worlds paid at the end.

    Follows the probability of every state step by step; 400 steps leave less than
    1e-60 of it in the maze. An episode that ends at step t with reward r returns
    gamma^t r.
    """
    weights = np.eye(mdp.num_states)[start]
    moments = np.zeros(4)
    for t in range(400):
        following = np.zeros(mdp.num_states)
        for s, a, landing in zip(*np.nonzero(mdp.transition_probs), strict=True):
            share = weights[s] / mdp.num_actions * mdp.transition_probs[s, a, landing]
            if mdp.terminal[landing]:
                paid = gamma**t * mdp.transition_rewards[s, a, landing]
                moments += share * paid ** np.arange(1, 5)
            else:
                following[landing] += share
        weights = following
    return moments.tolist()


def test_an_oracle_has_one_address():
    assert policy_values is policy_evaluation.policy_values
    assert q_values is bellman.q_values


def test_everything_takes_the_oracles_from_that_address():
    for path in [*(ROOT / "rlnotes").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        below = {"bellman.py", "test_bellman.py", "test_policy_evaluation.py", "mdp.py"}
        if path.name in below:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and "functional" in (node.module or ""):
                names = {alias.name for alias in node.names}
                assert not names & {"policy_values", "q_values"}, path
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        source = re.findall(
            r"from rlnotes.functional.(?:bellman|policy_evaluation) import [^)]*", path.read_text()
        )
        assert not re.findall(r"\b(?:policy_values|q_values)\b", " ".join(source)), path


UNITS = [1e-15, 1e-12, 1e-9, 1e-3, 1e3, 1e9, 1e12]


def maze_in_unit(unit: float) -> FiniteMDP:
    return Maze(
        picture=("S..", "T.G"),
        goal_reward=10 * unit,
        trap_reward=-10 * unit,
        step_reward=-0.1 * unit,
        step_noise=0.2,
    ).mdp()


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_the_rewards_scales_the_optimal_values_and_nothing_else(unit, gamma):
    plain = optimal_values(maze_in_unit(1.0), gamma=gamma)
    scaled = optimal_values(maze_in_unit(unit), gamma=gamma)
    np.testing.assert_allclose(scaled, unit * plain, rtol=1e-9)


@pytest.mark.parametrize("unit", [*UNITS, 1.0, 1e-13])
def test_a_long_corridor_is_worth_its_reward_many_steps_ahead(unit):
    # 30 cells, the last of 29 steps pays 10: 10 gamma^28, so 2.3e-14 at gamma 0.3.
    mdp = Maze(picture=("S" + "." * 28 + "G",), goal_reward=10 * unit).mdp()
    exact = 10 * unit * 0.3 ** np.arange(28, -1.0, -1)
    values = optimal_values(mdp, gamma=0.3)
    np.testing.assert_allclose(values[:-1], exact, rtol=1e-12)
    policy = bellman.greedy_policy(q_values(mdp, values, gamma=0.3))
    assert (policy[:-1, 3] == 1).all()


def large_maze() -> Maze:
    rows = ["." * 30] * 28
    return Maze(picture=("S" + "." * 29, *rows, "." * 29 + "G"), step_noise=0.2)


@pytest.mark.parametrize("gamma", [0.9, 0.99, 0.999])
def test_optimal_values_of_a_large_maze_are_those_of_many_sweeps(gamma):
    mdp = large_maze().mdp()
    swept = bellman.value_iteration(mdp, gamma=gamma, tolerance=1e-300).values
    np.testing.assert_allclose(optimal_values(mdp, gamma=gamma), swept, rtol=5e-14)


def test_a_large_maze_without_a_discount_is_worth_its_goal_everywhere():
    mdp = large_maze().mdp()
    np.testing.assert_allclose(optimal_values(mdp, gamma=1)[:-1], 10, rtol=1e-11)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.0])
def test_optimal_values_of_the_maze(gamma):
    # The goal pays 10 on the last of 3, 2, 1, 1 steps.
    expected = [10 * gamma**2, 10 * gamma, 10, 0, 10, 0]
    np.testing.assert_allclose(optimal_values(MAZE, gamma=gamma), expected, **ROUNDING)


def test_optimal_values_at_gamma_one_although_the_best_policy_never_ends():
    # All that can be reached is a trap: the best is to walk for ever, for nothing.
    trapped = Maze(picture=("S.T",)).mdp()
    assert optimal_values(trapped, gamma=1).tolist() == [0, 0, 0]
    assert optimal_values(loop(0), gamma=1).tolist() == [0, 0]
    # Sweeps halve the distance to 2, so a last change of 1e-12 leaves as much.
    np.testing.assert_allclose(optimal_values(coin(False), gamma=1), [2, 0], rtol=0, atol=2e-12)


def test_a_loop_that_earns_has_an_optimum_only_with_a_discount():
    np.testing.assert_allclose(optimal_values(loop(1), gamma=0.75), [4, 0], **ROUNDING)
    with pytest.raises(ValueError, match="a loop earns or costs for ever"):
        optimal_values(loop(1), gamma=1)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_variance_of_a_geometric_ending_by_hand(gamma):
    # Paid 2 g^k with probability 2^-(k+1): E G = 1 / (1 - g/2),
    # E G^2 = 2 / (1 - g^2/2). At g = 1/2: 16/7 - 16/9 = 32/63.
    expected = 2 / (1 - gamma**2 / 2) - 1 / (1 - gamma / 2) ** 2
    variances = return_variances(coin(True), [[1], [1]], gamma=gamma)
    np.testing.assert_allclose(variances, [expected, 0], **ROUNDING)


def test_variance_depends_on_whether_the_landing_pays():
    # The same means, but 1 at each of N steps: G = 2 (1 - 2^-N) at gamma 1/2,
    # E 2^-N = 1/3 and E 4^-N = 1/7, so the variance is 4 (1/7 - 1/9) = 8/63.
    one = return_variances(coin(False), np.ones((2, 1)), gamma=0.5)
    two = return_variances(coin(True), np.ones((2, 1)), gamma=0.5)
    np.testing.assert_allclose([one[0], two[0]], [8 / 63, 32 / 63], **ROUNDING)
    # At gamma 1 the return is the number of steps N, whose variance is 2.
    np.testing.assert_allclose(return_variances(coin(False), [[1], [1]], gamma=1)[0], 2)


def test_the_choice_of_action_counts_as_noise():
    bandit = FiniteMDP(
        transition_probs=np.tile([0.0, 1.0], (2, 2, 1)),
        expected_rewards=[[4, 0], [0, 0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )
    # 4 with probability 1/4: 16/4 - 1 = 3.
    assert return_variances(bandit, [[0.25, 0.75], [1, 0]], gamma=0.9).tolist() == [3, 0]


def test_maze_variance_at_gamma_one_by_hand():
    # Every return is 10 or -10, so its square is 100: 100 - V^2 with V = -5, 0, 5, 0.
    variances = return_variances(MAZE, UNIFORM, gamma=1)
    np.testing.assert_allclose(variances, [75, 100, 75, 0, 100, 0], **ROUNDING)


@pytest.mark.parametrize("gamma", [0.5, 0.9])
@pytest.mark.parametrize("step_noise", [0.0, 0.3])
def test_maze_variance_by_enumerating_all_episodes(gamma, step_noise):
    mdp = Maze(picture=("S..", "T.G"), step_noise=step_noise).mdp()
    variances = return_variances(mdp, UNIFORM, gamma=gamma)
    values = policy_values(mdp, UNIFORM, gamma=gamma)
    for state in (0, 1, 2, 4):
        mean, square, _, _ = return_moments_by_enumeration(mdp, gamma, state)
        assert values[state] == pytest.approx(mean, abs=1e-11)
        assert variances[state] == pytest.approx(square - mean**2, abs=1e-11)


def test_simulated_returns_scatter_as_predicted():
    num_episodes, gamma = 20_000, 0.9
    rollouts = sample_rollouts(
        MAZE, UNIFORM, num_episodes=num_episodes, max_steps=300, rng=np.random.default_rng(3)
    )
    assert not rollouts.truncated.any()
    returns = rollouts.rewards @ gamma ** np.arange(rollouts.rewards.shape[1])
    variance = return_variances(MAZE, UNIFORM, gamma=gamma)[0]
    # Five standard errors: sqrt(var / n) for the mean, sqrt((mu_4 - var^2) / n) for the
    # variance, with the fourth central moment from the enumeration.
    m1, m2, m3, m4 = return_moments_by_enumeration(MAZE, gamma, 0)
    mu4 = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    assert abs(returns.mean() + 50 / 11) < 5 * np.sqrt(variance / num_episodes)
    assert abs(returns.var() - variance) < 5 * np.sqrt((mu4 - variance**2) / num_episodes)


def test_a_policy_without_chance_has_no_variance():
    policy = np.tile([0.0, 0, 0, 1], (6, 1))
    policy[2] = [0, 1, 0, 0]
    np.testing.assert_allclose(return_variances(MAZE, policy, gamma=0.9), 0, atol=1e-12)
    # M - V^2 = 10^6 - 10^6 rounds to a number below zero here.
    for_ever = return_variances(loop(10), [[1, 0], [1, 0]], gamma=0.99)
    assert (for_ever >= 0).all()
    np.testing.assert_allclose(for_ever, 0, atol=1e-8)


def test_occupancy_by_hand():
    # From s0, gamma 1/2: s0 at steps 0, 2, 4, ... 1 + 1/4 + 1/16 + ... = 4/3, s1 half.
    visits = occupancy(two_state_cycle(), [[1], [1]], gamma=0.5)
    np.testing.assert_allclose(visits, [4 / 3, 2 / 3], **ROUNDING)
    # A fair coin: two steps on average, and none is counted in the end.
    np.testing.assert_allclose(occupancy(coin(True), [[1], [1]], gamma=1), [2, 0], **ROUNDING)


def test_visits_of_the_maze_add_up_to_the_mean_episode_length():
    # Steps left, uniform: L0 = 1 + L0/2 + L1/4, L1 = 1 + (L0 + L1 + L2 + L4)/4,
    # L4 = 1 + L4/4 + L1/4, L2 = 1 + L2/2 + L1/4, hence L1 = 5.6 and L0 = 4.8.
    visits = occupancy(MAZE, UNIFORM, gamma=1)
    assert visits.sum() == pytest.approx(4.8, abs=1e-12)
    assert visits[[3, 5]].tolist() == [0, 0]


def test_discounted_visits_of_a_world_without_end_sum_to_the_horizon():
    visits = occupancy(gridworld_5x5(), np.full((25, 4), 0.25), gamma=0.9)
    assert visits.sum() == pytest.approx(10, abs=1e-11)  # 1 / (1 - 0.9)


def test_gamma_zero_visits_only_the_start():
    np.testing.assert_array_equal(occupancy(MAZE, UNIFORM, gamma=0), MAZE.start_probs)


@pytest.mark.parametrize("gamma", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_rewards_weighted_by_visits_are_the_value_of_the_start(gamma, seed):
    mdp = Maze(picture=("..#", ".ST", "#.G"), step_reward=-0.5, step_noise=0.2).mdp()
    policy = np.random.default_rng(seed).dirichlet(np.ones(4), size=mdp.num_states)
    visits = occupancy(mdp, policy, gamma=gamma)
    objective = (visits[:, None] * policy * mdp.expected_rewards).sum()
    value = mdp.start_probs @ policy_values(mdp, policy, gamma=gamma)
    assert objective == pytest.approx(value, abs=1e-11)


@pytest.mark.parametrize("oracle", [return_variances, occupancy])
def test_bad_input_names_the_argument(oracle):
    always_right = np.tile([0, 0, 0, 1], (6, 1))
    for policy, gamma, message in [
        (UNIFORM, 1.5, "gamma must lie in [0, 1], got 1.5"),
        (UNIFORM, "0.9", "gamma must lie in [0, 1], got '0.9'"),
        (UNIFORM, None, "gamma must lie in [0, 1], got None"),
        (UNIFORM / 2, 0.9, "policy must sum to one, got 0.5"),
        (UNIFORM[:3], 0.9, "policy must have shape (6, 4), got (3, 4)"),
        (always_right, 1, "this one never ends from state (0,0)"),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            oracle(MAZE, policy, gamma=gamma)
    for gamma in (-1, "0.9", None, [0.9], np.nan):
        with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got"):
            optimal_values(MAZE, gamma=gamma)


def test_optimal_values_at_gamma_one_do_not_keep_a_value_that_no_policy_reaches():
    # Entering the middle pays 5, then one must pay 10: a trap, or back to the start.
    # Best is to bump into the wall at the start for ever, which is worth 0. Sweeps from
    # zero first see the 5 and never forget it.
    maze = Maze(picture=("#T#", "S.T", "#T#"), cell_rewards={(1, 1): 5.0, (1, 0): -10.0})
    values = optimal_values(maze.mdp(), gamma=1.0)
    start, middle = maze.cells.index((1, 0)), maze.cells.index((1, 1))
    assert values[[start, middle]] == pytest.approx([0, -10], abs=1e-12)
    almost = optimal_values(maze.mdp(), gamma=0.9999)
    assert almost[[start, middle]] == pytest.approx([0, -10], abs=0.01)


def test_optimal_values_at_gamma_one_know_that_never_ending_may_be_best():
    stay_or_pay = FiniteMDP(
        transition_probs=[[[1, 0], [0, 1]], [[0, 1], [0, 1]]],
        expected_rewards=[[0, -1], [0, 0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )
    assert optimal_values(stay_or_pay, gamma=1.0).tolist() == [0, 0]


def test_resting_does_not_depend_on_which_state_comes_first():
    # State 0, an end, fills up the short rows of the table. State 1 may stay for free,
    # or pay 1 and end in state 0 or 2.
    mdp = FiniteMDP(
        transition_probs=[[[1, 0, 0]] * 2, [[0, 1, 0], [0.5, 0, 0.5]], [[0, 0, 1]] * 2],
        expected_rewards=[[0, 0], [0, -1], [0, 0]],
        start_probs=[0, 1, 0],
        terminal=[True, False, True],
    )
    assert optimal_values(mdp, gamma=1).tolist() == [0, 0, 0]


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_optimal_values_at_gamma_one_refuse_a_loop_that_earns_or_costs_for_ever(reward):
    loop = FiniteMDP(
        transition_probs=[[[1.0]]], expected_rewards=[[reward]], start_probs=[1], terminal=[False]
    )
    with pytest.raises(ValueError, match="gamma=1 needs finite sums"):
        optimal_values(loop, gamma=1.0)


@pytest.mark.parametrize(
    ("liked", "value", "ends"),
    [
        ({}, 0, False),  # up everywhere: it bumps for ever
        ({0: ["right"]}, 0, False),  # then up in (0,1)
        ({0: ["right", "down"]}, -5, True),  # half into the trap, half bumping for ever
        ({0: ["right"], 1: ["right"], 2: ["down"]}, 10, True),  # (1,1) still bumps
    ],
)
@pytest.mark.parametrize("gamma", [1.0, 0.9])
def test_a_greedy_policy_that_goes_on_for_ever_earns_nothing(liked, value, ends, gamma):
    mdp, table = MAZE, np.tile([1.0, 0, 0, 0], (6, 1))
    for state, names in liked.items():
        table[state] = [name in names for name in mdp.action_names]
    discount = gamma**2 if value == 10 else 1  # the goal is met at the third step
    assert greedy_value(mdp, table, gamma=gamma) == (pytest.approx(discount * value), ends)


def test_greedy_values_stand_in_every_state_and_are_0_where_nothing_ends():
    # (0,0) and (0,1) bump upwards for ever, (0,2) and (1,1) step into the goal.
    table = np.tile([1.0, 0, 0, 0], (6, 1))
    table[2], table[4] = [0, 1, 0, 0], [0, 0, 0, 1]
    values, ends = greedy_values(MAZE, table, gamma=0.9)
    assert values.tolist() == [0, 0, 10, 0, 10, 0]
    assert ends.tolist() == [False, False, True, True, True, True]
    table[0] = [0, 0, 0, 1]  # to (0,1), which goes on to (0,2)
    table[1] = [0, 0, 0, 1]
    values, _ = greedy_values(MAZE, table, gamma=0.9)
    assert values == pytest.approx([8.1, 9, 10, 0, 10, 0])
