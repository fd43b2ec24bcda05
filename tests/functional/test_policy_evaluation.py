"""The linear solve: fractions, narrow and full matrices, refinement, ends, errors."""

import re
from fractions import Fraction

import numpy as np
import pytest

from rlnotes.envs.maze import PICTURE_2X3, Maze, maze_2x3
from rlnotes.functional import policy_evaluation
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import (
    ending_states,
    policy_table,
    policy_transitions,
    policy_values,
    solve_on_live_states,
    values_and_sizes,
    values_of_policies,
)

MAZE = maze_2x3()
UNIFORM = np.full((6, 4), 0.25)


def random_walk(size: int, *, shuffled: bool = False) -> FiniteMDP:
    """A row of cells, an end at either side; shuffled numbers make the matrix wide."""
    rng = np.random.default_rng(size)
    number = rng.permutation(size) if shuffled else np.arange(size)
    probs, rewards = np.zeros((size, 2, size)), rng.normal(size=(size, 2))
    for cell in range(size):
        for action in range(2):
            if cell in (0, size - 1):
                probs[number[cell], action, number[cell]] = 1
                rewards[number[cell]] = 0
            else:
                share = rng.random()
                probs[number[cell], action, number[cell - 1]] = share
                probs[number[cell], action, number[cell + 1]] = 1 - share
    return FiniteMDP(
        transition_probs=probs,
        expected_rewards=rewards,
        start_probs=np.eye(size)[number[size // 2]],
        terminal=np.isin(np.arange(size), number[[0, size - 1]]),
    )


def solved_in_fractions(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Gauss-Jordan without any rounding, on the float64 numbers as they are."""
    rows = [[Fraction(x) for x in (*row, b)] for row, b in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        swap = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[swap] = rows[swap], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k]:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return np.array([float(row[-1]) for row in rows])


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("discount", [0.0, 0.7, 1.0])
def test_the_solution_is_that_of_exact_fractions(discount, transposed, shuffled):
    # 22 live cells: one block if they are shuffled, blocks of one if they are in order.
    mdp = random_walk(24, shuffled=shuffled)
    policy = np.random.default_rng(1).dirichlet([1, 1], size=24)
    right = np.random.default_rng(2).normal(size=(24, 2))
    live = ~mdp.terminal
    matrix = np.eye(22) - discount * policy_transitions(mdp, policy)[np.ix_(live, live)]
    matrix = matrix.T if transposed else matrix
    solution = solve_on_live_states(mdp, policy, right, discount=discount, transposed=transposed)
    assert (solution[~live] == 0).all()
    for column in range(2):
        exact = solved_in_fractions(matrix, right[live, column])
        np.testing.assert_allclose(solution[live, column], exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [7, 50, 51])
def test_narrow_blocks_give_what_one_block_gives(size):
    # The last block is shorter where the width does not divide the number of cells.
    picture = ("S" + "." * (size - 1), "." * (size - 1) + "G", "#" * (size - 2) + "..")
    mdp = Maze(picture=picture, step_noise=0.2, step_reward=-0.1).mdp()
    policy = np.random.default_rng(3).dirichlet(np.ones(4), size=mdp.num_states)
    live = np.flatnonzero(~mdp.terminal)
    matrix = np.eye(len(live)) - 0.99 * policy_transitions(mdp, policy)[np.ix_(live, live)]
    whole = np.linalg.solve(matrix, (policy * mdp.expected_rewards).sum(axis=1)[live])
    np.testing.assert_allclose(policy_values(mdp, policy, gamma=0.99)[live], whole, rtol=1e-11)


def test_several_discounts_are_solved_at_once():
    discounts = np.array([0.0, 0.5, 1.0])
    together = solve_on_live_states(MAZE, UNIFORM, np.ones((6, 1)), discount=discounts)
    for discount, solution in zip(discounts, together, strict=True):
        alone = solve_on_live_states(MAZE, UNIFORM, np.ones((6, 1)), discount=float(discount))
        np.testing.assert_allclose(solution, alone, rtol=1e-15)
    assert together[2, 0, 0] == pytest.approx(4.8)  # mean steps, worked out in test_mdp


def test_a_loop_that_nearly_sums_to_one_has_the_value_of_one_that_does():
    # Taken as it is, the row 1 + 9e-7 makes 1 - gamma * row negative: -1,250,000.
    loop = FiniteMDP(
        transition_probs=[[[1 + 9e-7]]], expected_rewards=[[1]], start_probs=[1], terminal=[False]
    )
    gamma = 1 - 1e-7
    assert policy_values(loop, [[1.0]], gamma=gamma)[0] == pytest.approx(1e7, rel=1e-8)
    assert policy_values(loop, [[1 - 9e-7]], gamma=gamma)[0] == pytest.approx(1e7, rel=1e-8)


def test_sizes_add_up_what_values_let_cancel():
    # From (0,1) in the maze 10 and -10 are equally likely: V = 0. W is the V of a maze
    # in which the trap pays 10 as well.
    values, sizes = values_and_sizes(MAZE, UNIFORM, gamma=0.9)
    both_pay = Maze(picture=("S..", "T.G"), trap_reward=10.0).mdp()
    np.testing.assert_allclose(sizes, policy_values(both_pay, UNIFORM, gamma=0.9), rtol=1e-14)
    assert abs(values[1]) < 1e-15 * sizes[1]


def test_ending_states_are_those_with_a_way_to_an_end():
    mdp = random_walk(40)
    assert ending_states(mdp, np.full((40, 2), 0.5)).all()
    maze = Maze(picture=("S.#.", "..#G")).mdp()
    expected = [False, False, True, False, False, True]  # the wall cuts off the left half
    assert ending_states(maze, UNIFORM).tolist() == expected


def test_a_short_row_of_landings_does_not_end_in_the_state_that_fills_it():
    # State 0 is an end, and what fills up the shorter rows of the table.
    mdp = FiniteMDP(
        transition_probs=[[[1, 0, 0]], [[0, 1, 0]], [[0.5, 0.25, 0.25]]],
        expected_rewards=np.zeros((3, 1)),
        start_probs=[0, 1, 0],
        terminal=[True, False, False],
    )
    assert ending_states(mdp, np.ones((3, 1))).tolist() == [True, False, True]


@pytest.mark.parametrize("size", [30, 90])
def test_small_values_keep_their_digits_in_a_full_matrix_too(size):
    # Cells in a row, numbered at random, half a chance to stay: the value falls by
    # gamma / 2 / (1 - gamma / 2) from cell to cell.
    number = np.random.default_rng(size).permutation(size)
    probs, rewards = np.zeros((size, 1, size)), np.zeros((size, 1))
    probs[number[:-1], 0, number[:-1]] = probs[number[:-1], 0, number[1:]] = 0.5
    probs[number[-1], 0, number[-1]] = 1
    rewards[number[-2]] = 1.0
    mdp = FiniteMDP(
        transition_probs=probs,
        expected_rewards=rewards,
        start_probs=np.eye(size)[number[0]],
        terminal=np.arange(size) == number[-1],
    )
    values = policy_values(mdp, np.ones((size, 1)), gamma=0.25)
    exact = (0.125 / 0.875) ** np.arange(size - 2, -1.0, -1) / 0.875
    np.testing.assert_allclose(values[number[:-1]], exact, rtol=1e-12)


def test_one_action_of_probability_zero_does_not_end():
    assert not ending_states(MAZE, np.tile([0.0, 0, 0, 1], (6, 1)))[0]


def test_an_end_too_rare_for_rounding_is_an_error_not_a_number():
    rare = FiniteMDP(
        transition_probs=[[[1.0, 1e-17]], [[0, 1]]],
        expected_rewards=[[1], [0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )
    with pytest.raises(ValueError, match="needs a policy that ends before rounding hides it"):
        policy_values(rare, [[1], [1]], gamma=1)


def test_a_world_of_ends_is_worth_nothing():
    over = FiniteMDP(
        transition_probs=[[[1]]], expected_rewards=[[0]], start_probs=[1], terminal=[True]
    )
    assert policy_values(over, [[1]], gamma=1).tolist() == [0]


BAD = [
    (UNIFORM[:5], 0.9, "policy must have shape (6, 4), got (5, 4)"),
    (UNIFORM * 2, 0.9, "policy must sum to one, got 2.0 at (0,)"),
    (UNIFORM - np.eye(6, 4), 0.9, "policy must not be negative, got -0.75"),
    (np.full((6, 4), np.nan), 0.9, "policy must be finite, got nan at (0, 0)"),
    ([["a"] * 4] * 6, 0.9, "policy must be a rectangular array of numbers"),
    (None, 0.9, "policy must be a rectangular array of numbers, got None"),
    (UNIFORM, "0.9", "gamma must lie in [0, 1], got '0.9'"),
    (UNIFORM, None, "gamma must lie in [0, 1], got None"),
    (UNIFORM, float("nan"), "gamma must lie in [0, 1], got nan"),
]


@pytest.mark.parametrize(("policy", "gamma", "message"), BAD)
def test_bad_input_names_the_argument_and_the_value(policy, gamma, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        policy_values(MAZE, policy, gamma=gamma)


def test_a_policy_of_integers_or_lists_is_a_policy():
    assert policy_table(MAZE, np.eye(4, dtype=np.int8)[[0] * 6]).dtype == np.float64
    assert policy_table(MAZE, UNIFORM.tolist()).tolist() == UNIFORM.tolist()


def test_small_and_large_worlds_are_solved_alike(monkeypatch):
    mdp = Maze(picture=("S.T", ".#G", "..."), step_noise=0.3, step_reward=-1).mdp()
    policy = np.random.default_rng(0).dirichlet(np.ones(4), mdp.num_states)
    small = policy_transitions(mdp, policy), policy_values(mdp, policy, gamma=0.9)
    monkeypatch.setattr(policy_evaluation, "_SMALL", 0)
    large = policy_transitions(mdp, policy), policy_values(mdp, policy, gamma=0.9)
    for one, other in zip(small, large, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_many_policies_have_the_values_of_each(gamma):
    mdp = Maze(picture=PICTURE_2X3, step_noise=0.3, step_reward=-1).mdp()
    policies = np.random.default_rng(0).dirichlet(np.ones(4), (3, 2, mdp.num_states))
    policies[1, 1] = [0, 0, 0, 1]  # always right: the noise ends it
    each = [[policy_values(mdp, policy, gamma=gamma) for policy in row] for row in policies]
    values = values_of_policies(mdp, policies, gamma=gamma)
    np.testing.assert_allclose(values, each, rtol=1e-12, atol=1e-12)


def test_one_of_many_policies_that_never_ends_is_refused_at_gamma_one():
    policies = np.stack([UNIFORM, np.tile([0.0, 0, 0, 1], (6, 1))])
    with pytest.raises(ValueError, match="needs a policy that ends from every state"):
        values_of_policies(MAZE, policies, gamma=1.0)
    assert values_of_policies(MAZE, policies, gamma=0.9)[1, 0] == 0
    with pytest.raises(ValueError, match=r"policies must have shape \(2, 6, 4\)"):
        values_of_policies(MAZE, np.ones((2, 6, 1)), gamma=0.9)
